"""The small HTTP port that sets the behaviour of a simulator in its own process and returns what it received.

``POST /will`` and ``POST /always`` take behaviours, one a line; ``POST /forget`` clears both and what was received;
``GET /state`` answers with JSON.
"""

import asyncio
import signal
from typing import Any, Protocol

from aiohttp import web

from toolkit.local.simulators.script import Script


class Simulator(Protocol):
    """What every simulator offers."""

    port: int
    script: Script

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def state(self) -> dict[str, Any]: ...
    def clear(self) -> None: ...


class Control:
    """The control port of one simulator."""

    def __init__(self, simulator: Simulator, port: int = 0, host: str = "127.0.0.1") -> None:
        self.simulator, self.port, self.host = simulator, port, host

    async def start(self) -> None:
        app = web.Application()
        app.add_routes(
            [
                web.post("/will", self._will),
                web.post("/always", self._always),
                web.post("/forget", self._forget),
                web.get("/state", self._state),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _will(self, request: web.Request) -> web.Response:
        return self._set(lambda *lines: self.simulator.script.will(*lines), (await request.text()).split())

    async def _always(self, request: web.Request) -> web.Response:
        return self._set(self.simulator.script.always, (await request.text()).split()[:1])

    async def _forget(self, request: web.Request) -> web.Response:
        self.simulator.script.forget()
        self.simulator.clear()
        return web.json_response({})

    async def _state(self, request: web.Request) -> web.Response:
        return web.json_response(self.simulator.state())

    @staticmethod
    def _set(change: Any, lines: list[str]) -> web.Response:
        try:
            change(*lines)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({})


async def serve(simulator: Simulator, control_port: int) -> None:
    """Run the simulator and its control port until the process gets a signal to stop; prints one line when both listen."""
    control = Control(simulator, control_port)
    await simulator.start()
    await control.start()
    print(f"listening on {simulator.port}, control on {control.port}", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await control.stop()
    await simulator.stop()
