"""One invocation: the host's log lines around it, the time-out, and the count of what is outstanding."""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from toolkit.local.host.functions import Call, Done, Function, Value, Worker

log = logging.getLogger("host")
TRACEPARENT = "00-{}-{}-00"


@dataclass
class Invoker:
    """Runs functions of the app. ``timeout`` is host.json's ``functionTimeout`` in seconds, ``None`` for unlimited."""

    worker: Worker
    timeout: float | None = 1800
    on_timeout: Callable[[], None] = lambda: None
    outstanding: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def invoke(self, function: Function, value: Value, reason: str, **more: object) -> Done:
        """Call the function and tell how it ended; never raises for what the function does."""
        call = make_call(function, value, reason, **more)
        started = time.monotonic()
        log.info("Executing 'Functions.%s' (Reason='%s', Id=%s)", function.name, reason, call.id)
        if call.details:
            log.info("Trigger Details: %s", call.details)
        done = await self._counted(call)
        log.log(
            logging.INFO if done.ok else logging.ERROR,
            "Executed 'Functions.%s' (%s, Id=%s, Duration=%dms)",
            function.name,
            "Succeeded" if done.ok else "Failed",
            call.id,
            (time.monotonic() - started) * 1000,
        )
        if not done.ok:
            log.error("Result: Failure\nException: %s\nStack: %s", done.error, done.stack)
        return done

    async def _counted(self, call: Call) -> Done:
        self.outstanding += 1
        self.idle.clear()
        try:
            return await asyncio.wait_for(self.worker.invoke(call), self.timeout)
        except TimeoutError:
            self.on_timeout()  # the worker is restarted: with it goes every call that runs
            return Done(False, None, f"Timeout value of {self.timeout:g} s exceeded by function: Functions.{call.function.name}")
        finally:
            self.outstanding -= 1
            if not self.outstanding:
                self.idle.set()

    async def wait_until_idle(self) -> None:
        if self.outstanding:
            await self.idle.wait()


def make_call(function: Function, value: Value, reason: str, **more: object) -> Call:
    """A call with an id of its own; a trigger that carries no trace context starts a new one."""
    identifier = str(uuid.uuid4())
    started = TRACEPARENT.format(uuid.uuid4().hex, uuid.uuid4().hex[:16])
    metadata = more.get("metadata") or {}
    return Call(
        id=identifier,
        function=function,
        value=value,
        metadata=metadata if isinstance(metadata, Mapping) else {},
        reason=reason,
        details=str(more.get("details") or ""),
        traceparent=str(more.get("traceparent") or started),
        tracestate=str(more.get("tracestate") or ""),
    )
