"""What every simulator with an HTTP interface has: it listens, and it stops without waiting for a caller."""

import asyncio
import ssl
from typing import Self

from aiohttp import web


class WebServer:
    """``async with`` starts and stops it. ``port`` 0 is replaced by the port that it got."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.port, self.host, self.tls = port, host, tls
        self.stopped = asyncio.Event()  # for a behaviour that never answers

    def app(self) -> web.Application:
        """The routes."""
        raise NotImplementedError

    async def start(self) -> None:
        self.stopped.clear()
        self._runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port, ssl_context=self.tls).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        self.stopped.set()
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
