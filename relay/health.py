"""Where the platform and a person see whether the relay lives: ``/live``, ``/ready``, ``/metrics``."""

from collections.abc import Sequence

from aiohttp import web

from relay.listener import Server
from relay.metrics import Metrics
from relay.settings import Health


class Pages:
    """The three pages.

    ``/ready`` does not depend on the hub: all relays have the same hub, and to take all of them away helps no one.
    """

    def __init__(self, health: Health, servers: Sequence[Server], metrics: Metrics) -> None:
        self.health, self.servers, self.metrics = health, servers, metrics
        self.port = health.port
        self.is_stopping = False

    async def start(self) -> None:
        """Listen. ``OSError``: the port is taken."""
        app = web.Application()
        app.add_routes([web.get("/live", self._live), web.get("/ready", self._ready), web.get("/metrics", self._metrics)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.health.host, self.health.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the port."""
        await self._runner.cleanup()

    async def _live(self, _: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def _ready(self, _: web.Request) -> web.Response:
        states = {server.listener.name: server.hub.gate.state for server in self.servers}
        ready = not self.is_stopping
        return web.json_response({"ready": ready, "hub": states}, status=200 if ready else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=self.metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
