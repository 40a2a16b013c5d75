"""A worker that needs no app: each test says what its functions answer."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from toolkit.local.host.functions import Call, Done, Function, Reply, Value
from toolkit.local.host.host import Host, Options


@dataclass
class FakeWorker:
    """Remembers its calls; ``code`` answers them."""

    functions: tuple[Function, ...]
    code: Callable[[Call], Awaitable[Done]] | None = None
    calls: list[Call] = field(default_factory=list)

    async def invoke(self, call: Call) -> Done:
        self.calls.append(call)
        return await self.code(call) if self.code else Done(True, Value("http", Reply(200, {}, (), b"ok")))


def http(name: str, route: str | None = None, methods: tuple[str, ...] = (), level: str = "function") -> Function:
    trigger = {"type": "httpTrigger", "name": "req", "authLevel": level, "methods": methods}
    return Function(
        name, ({**trigger, **({"route": route} if route is not None else {})}, {"type": "http", "name": "$return"}), name
    )


def other(name: str, kind: str, **more: Any) -> Function:
    return Function(name, ({"type": kind, "name": "it", **more},), name)


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., Any]:
    """``async with serve(function, ..., auth=..., http={...}) as (host, worker, session):``"""

    @asynccontextmanager
    async def running(*functions: Function, auth: bool = False, code: Any = None, **document: Any) -> AsyncIterator[Any]:
        (tmp_path / "host.json").write_text(json.dumps({"version": "2.0", **document}))
        worker = FakeWorker(functions, code)
        host = Host(Options(tmp_path, 0, enable_auth=auth, state=tmp_path / "state"), load=lambda _: worker)
        await host.start()
        try:
            async with aiohttp.ClientSession(f"http://127.0.0.1:{host.port}") as session:
                yield host, worker, session
        finally:
            await host.stop()

    return running
