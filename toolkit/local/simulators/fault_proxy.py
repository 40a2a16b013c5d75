"""An HTTP proxy that sits in front of a server (Azurite, a FHIR server) and fails on command.

python -m toolkit.local.simulators.fault_proxy --to http://127.0.0.1:10002 --port 11002 --control-port 11003
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

import aiohttp
from aiohttp import web
from yarl import URL

from toolkit.local.simulators.control import serve
from toolkit.local.simulators.script import Script
from toolkit.local.simulators.web_server import drop, half

BEHAVIOURS = {
    "ok": "pass the request on",
    "slow": "pass it on after so many seconds (1)",
    "slow-answer": "pass it on, and hold the answer back for so many seconds (1)",
    "status": "answer with this status (500); nothing is passed on",
    "status-after": "pass it on, and answer with this status (500) all the same",
    "throttle": "503 as Azure Storage says it: ServerBusy; nothing is passed on",
    "cut-before": "close the connection; nothing is passed on",
    "cut-after": "pass it on, then close the connection without an answer",
    "cut-body": "pass it on, then send half of the answer's body and close",
    "short": "pass it on, and answer whole but without the last part, or the last half, of the body",
    "bare": "pass it on, and answer with the status alone: no body, and no header of storage",
    "hang": "nothing is passed on and nothing is answered",
}
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-authorization"}


class FaultProxy:
    """``async with FaultProxy("http://127.0.0.1:10002") as proxy: proxy.script.will("cut-after")``.

    ``proxy.only`` narrows the trouble to the requests it is true for; the others pass and use up nothing of the script.
    """

    def __init__(self, to: str, port: int = 0, host: str = "127.0.0.1") -> None:
        self.to, self.port, self.host = URL(to), port, host
        self.script = Script(BEHAVIOURS)
        self.requests: Counter[str] = Counter()
        self.only: Callable[[str, str], bool] = lambda method, path: True

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        self._stopped = asyncio.Event()
        self._session = aiohttp.ClientSession(
            auto_decompress=False,
            connector=aiohttp.TCPConnector(limit=0),
            skip_auto_headers=("Content-Type", "User-Agent", "Accept", "Accept-Encoding"),  # they would break a signature
        )
        self._server = web.Server(self._handle, access_log=None)
        await self.up()

    async def stop(self) -> None:
        self._stopped.set()
        await self.down()
        await self._server.shutdown(0)
        await self._session.close()

    async def up(self) -> None:
        """Listen (again), on the same port."""
        self._runner = web.ServerRunner(self._server, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]

    async def down(self) -> None:
        """Stop listening and drop every connection: the next caller is refused."""
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def clear(self) -> None:
        self.requests.clear()

    def state(self) -> dict[str, Any]:
        """How many requests came, by method and by what was done with them."""
        return {"requests": dict(self.requests)}

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        name, number = self.script.next() if self.only(request.method, request.raw_path) else ("ok", 0)
        self.requests[f"{request.method} {name}"] += 1
        before = await self._before(request, name, number)
        if before is not None:
            return before
        try:
            answer = await self._pass_on(request)
        except aiohttp.ClientError:  # the server is down: the caller sees what it would see without a proxy
            return drop(request)
        return await _after(request, answer, name, number)

    async def _before(self, request: web.BaseRequest, name: str, number: float) -> web.Response | None:
        match name:
            case "slow":
                await asyncio.sleep(number or 1)
            case "status":
                return web.Response(status=int(number or 500))
            case "throttle":
                busy = "<?xml version='1.0'?><Error><Code>ServerBusy</Code><Message>The server is busy.</Message></Error>"
                return web.Response(
                    status=503, text=busy, content_type="application/xml", headers={"x-ms-error-code": "ServerBusy"}
                )
            case "cut-before":
                return drop(request)
            case "hang":
                await self._stopped.wait()
                return drop(request)
        return None

    async def _pass_on(self, request: web.BaseRequest) -> web.Response:
        url = self.to.join(URL(request.raw_path, encoded=True))
        headers = [(k, v) for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP]
        body = await request.content.read() or None  # read() refuses more than a megabyte
        async with self._session.request(request.method, url, headers=headers, data=body, allow_redirects=False) as answer:
            kept = [(k, v) for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP | {"content-length"}]
            response = web.Response(status=answer.status, reason=answer.reason, body=await answer.read())
            response.headers.clear()
            response.headers.extend(kept)
            if request.method == "HEAD" and "Content-Length" in answer.headers:
                response.headers["Content-Length"] = answer.headers["Content-Length"]
            return response


async def _after(request: web.BaseRequest, answer: web.Response, name: str, number: float) -> web.StreamResponse:
    match name:
        case "slow-answer":
            await asyncio.sleep(number or 1)
        case "status-after":
            return web.Response(status=int(number or 500))
        case "cut-after":
            return drop(request)
        case "cut-body":
            return await half(request, answer)
        case "short":
            return _short(answer)
        case "bare":
            return web.Response(status=answer.status)
    return answer


def _short(answer: web.Response) -> web.Response:
    """An answer that is whole by its own length, and says less than it should: of a transaction, one part is missing."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    parts = body.split(b"--changesetresponse_")
    lessened = b"--changesetresponse_".join([*parts[:-2], parts[-1]]) if len(parts) > 3 else body[: len(body) // 2]
    return web.Response(status=answer.status, reason=answer.reason, headers=answer.headers, body=lessened)


def main() -> None:
    arguments = argparse.ArgumentParser(description="An HTTP proxy that makes trouble on command.")
    arguments.add_argument("--to", required=True)
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--control-port", type=int, default=0)
    chosen = arguments.parse_args()
    asyncio.run(serve(FaultProxy(chosen.to, chosen.port), chosen.control_port))


if __name__ == "__main__":
    main()
