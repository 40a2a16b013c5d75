"""The host: loads the app, starts a listener for each trigger, serves HTTP, drains and stops."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from toolkit.local.host import settings, worker
from toolkit.local.host.admin import Admin
from toolkit.local.host.functions import Function, Worker
from toolkit.local.host.invoker import Invoker
from toolkit.local.host.keys import Keys
from toolkit.local.host.storage import queue_clients
from toolkit.local.host.triggers import event_grid
from toolkit.local.host.triggers.event_grid import EventGridWebhook
from toolkit.local.host.triggers.http import LARGEST_BODY, HttpTriggers
from toolkit.local.host.triggers.queue_options import QueueOptions
from toolkit.local.host.triggers.queues import QueueListener
from toolkit.local.host.triggers.timers import TimerListener

log = logging.getLogger("host")
LONGEST_BODY_SETTING = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"


@dataclass(frozen=True, slots=True)
class Options:
    """How the host is started, as ``func start`` takes it."""

    folder: Path
    port: int = 7071
    address: str = "127.0.0.1"
    enable_auth: bool = False
    functions: tuple[str, ...] = ()
    state: Path = Path(".hub/host")


@dataclass
class Host:
    """One running host."""

    options: Options
    load: Callable[[Path], Worker] = worker.load
    errors: dict[str, str] = field(default_factory=dict)
    draining: bool = False
    port: int = 0

    async def start(self) -> None:
        """Load the app, then listen. What is wrong with one function's binding fails that function alone."""
        settings.apply_local_settings(self.options.folder)
        self.json = settings.host_json(self.options.folder)
        self.keys = Keys.kept_in(self.options.state / "keys.json", self.options.enable_auth)
        loaded = self.load(self.options.folder)
        self.functions = [one for one in loaded.functions if not self.options.functions or one.name in self.options.functions]
        self.disabled = frozenset(one.name for one in self.functions if settings.is_disabled(one.name))
        self.invoker = Invoker(loaded, settings.timespan(str(self.json.get("functionTimeout", "00:30:00"))), self._timed_out)
        self._background: set[asyncio.Task[Any]] = set()
        self._listeners: list[QueueListener | TimerListener] = []
        await self._serve()
        for function in self.functions:
            if function.name not in self.disabled:
                self._listen(function)

    def _of(self, kind: str) -> list[Function]:
        return [function for function in self.functions if function.kind == kind]

    async def _serve(self) -> None:
        http = HttpTriggers(self._of("httpTrigger"), self.invoker, self.keys, settings.section(self.json, "extensions", "http"))
        http.disabled = self.disabled
        events = EventGridWebhook(self._of("eventGridTrigger"), self.invoker, self.keys)
        application = web.Application(client_max_size=int(os.environ.get(LONGEST_BODY_SETTING, LARGEST_BODY)))
        application.router.add_route("*", event_grid.PATH, events.handle)
        application.router.add_routes(Admin(self).routes())
        application.router.add_route("*", "/{path:.*}", http.handle)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, auto_decompress=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.options.address, self.options.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    def _listen(self, function: Function) -> None:
        makers: dict[str, Callable[[Function], QueueListener | TimerListener]]
        makers = {"queueTrigger": self._queue, "timerTrigger": self._timer}
        maker = makers.get(function.kind)
        if maker is None:
            return
        try:
            listener = maker(function)
        except (settings.SettingError, ValueError) as error:
            self.errors[function.name] = f"The '{function.name}' function is in error: {error}"
            log.error("%s", self.errors[function.name])
            return
        self._listeners.append(listener)
        self.background(listener.run())

    def _queue(self, function: Function) -> QueueListener:
        trigger = function.trigger
        options = QueueOptions.of(settings.section(self.json, "extensions", "queues"))
        clients = queue_clients(settings.resolved(str(trigger.get("connection") or "")))
        return QueueListener(function, settings.resolved(str(trigger["queueName"])), clients, self.invoker, options)

    def _timer(self, function: Function) -> TimerListener:
        return TimerListener(function, self.invoker, self.options.state / "timers")

    def background(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception():
            log.error("a listener stopped: %r", task.exception())

    def _timed_out(self) -> None:
        log.error("a function ran longer than functionTimeout: the worker is restarted")
        self.on_timeout()

    on_timeout: Callable[[], None] = lambda: None

    async def drain(self) -> None:
        """Listeners stop polling; what runs is let finish, and its deletes with it."""
        self.draining = True
        listeners, self._listeners = self._listeners, []
        await asyncio.gather(*(listener.stop() for listener in listeners))
        await self.invoker.wait_until_idle()

    async def stop(self) -> None:
        """Drain, then close the server."""
        await self.drain()
        await self._runner.cleanup()
        await drain_app()
        for task in list(self._background):
            task.cancel()


async def drain_app() -> None:
    """A kindness that Azure does not do: an app with a ``drain`` may bring what it began in the background to its end."""
    drain = getattr(sys.modules.get("function_app"), "drain", None)
    if drain:
        await drain()
