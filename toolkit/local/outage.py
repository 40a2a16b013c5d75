"""The storage of a hub that is up, taken away and brought back on command: what a sender then gets is rehearsed with it."""

import asyncio
from pathlib import Path

from aiohttp import web

from toolkit.local.azurite import Azurite


class Outage:
    """``POST /503`` stops the storage, ``POST /off`` starts it again, on a port of its own; the file names the port."""

    def __init__(self, storage: Azurite, file: Path) -> None:
        self.storage, self.file = storage, file

    async def __aenter__(self) -> "Outage":
        app = web.Application()
        app.add_routes([web.post("/503", self._away), web.post("/off", self._back)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.file.write_text(str(self._runner.addresses[0][1]), "utf-8")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.file.unlink(missing_ok=True)
        await self._runner.cleanup()

    async def _away(self, request: web.Request) -> web.Response:
        await asyncio.to_thread(self.storage.stop)
        return web.json_response({})

    async def _back(self, request: web.Request) -> web.Response:
        if self.storage.process is None or self.storage.process.poll() is not None:
            await asyncio.to_thread(self.storage.start)
        return web.json_response({})
