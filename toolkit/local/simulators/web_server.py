"""What every simulator with an HTTP interface has: it listens, drops connections, and stops without waiting for a caller."""

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

    async def is_dropped(self, request: web.Request, behaviour: str, number: float) -> bool:
        """Whether the connection was dropped. ``late``: wait so many seconds (1); ``never``: until the simulator stops."""
        if behaviour == "late":
            await asyncio.sleep(number or 1)
        elif behaviour == "never":
            await self.stopped.wait()
        if behaviour in ("never", "drop", "reset"):
            drop(request)
            return True
        return False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


def drop(request: web.BaseRequest) -> web.Response:
    """Drop the connection; an answer for the framework, which no one receives."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def half(request: web.BaseRequest, whole: web.Response) -> web.StreamResponse:
    """An answer with half of its body; then the connection is dropped."""
    body = whole.body if isinstance(whole.body, bytes) else b""
    part = web.StreamResponse(status=whole.status, headers=whole.headers)
    part.content_length = len(body)
    await part.prepare(request)
    await part.write(body[: len(body) // 2])
    drop(request)
    return part
