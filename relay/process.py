"""The process: all listeners and the health pages, until a signal ends it in order."""

import asyncio
import signal
from collections.abc import Callable

from relay.frames import Places
from relay.health import Pages
from relay.hub import context
from relay.listener import LARGE_AT_ONCE, Server, server_context
from relay.metrics import Metrics
from relay.settings import BadSettings, Settings


class CannotStart(Exception):
    """A port is taken, or a file of the settings cannot be used; the text says which."""


class Process:
    """All listeners of a settings file, with one set of counts."""

    def __init__(self, settings: Settings) -> None:
        self.metrics = Metrics()
        large = Places(LARGE_AT_ONCE)
        self.servers = [Server(one, self.metrics, large) for one in settings.listeners]
        self.pages = Pages(settings.health, self.servers, self.metrics) if settings.health else None

    async def start(self) -> None:
        """Listen everywhere, or nowhere. ``CannotStart``."""
        started: list[Server] = []
        try:
            for server in self.servers:
                place = f"listener {server.listener.name}, port {server.listener.port}"
                await server.start()
                started.append(server)
            place = "health"
            if self.pages:
                await self.pages.start()
        except (OSError, ValueError) as error:
            for server in started:
                await server.stop()
            raise CannotStart(f"{place}: {getattr(error, 'strerror', None) or error}") from None

    async def stop(self) -> None:
        """No new connection; what is on its way is answered first."""
        if self.pages:
            self.pages.is_stopping = True
        await asyncio.gather(*(server.stop() for server in self.servers))
        if self.pages:
            await self.pages.stop()


def check(settings: Settings) -> None:
    """Read every key and certificate that the settings name. ``BadSettings``: one cannot be used."""
    for one in settings.listeners:
        try:
            one.endpoint.sign_in.key()
            context(one.endpoint)
            if one.certificate:
                server_context(one)
        except OSError as error:
            raise BadSettings(
                f"listener {one.name}: a certificate, key or authority cannot be used: {error.strerror or error}"
            ) from None


async def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Run until SIGTERM or Ctrl-C; ``say`` shows a line to a person. Raises ``BadSettings``, ``CannotStart``."""
    check(settings)
    process, stopped = Process(settings), asyncio.Event()
    _on_signals(stopped)
    await process.start()
    for server in process.servers:
        say(f"MLLP on {server.listener.host}:{server.port}, to {server.listener.endpoint.url}")
    await stopped.wait()
    await process.stop()
    say(f"{_total(process, answered=True)} answered, {_total(process, answered=False)} not answered")


def _on_signals(stopped: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stopped.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))


def _total(process: Process, *, answered: bool) -> int:
    samples = [sample for family in process.metrics.messages.collect() for sample in family.samples]
    return int(sum(s.value for s in samples if s.name.endswith("_total") and (s.labels["answer"] != "unanswered") == answered))
