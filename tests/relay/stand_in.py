"""A stand-in for the hub's endpoint, and what a sender does with a connection."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from selectors import DefaultSelector, SelectorKey
from typing import Any

from aiohttp import web

from relay.listener import Server
from relay.settings import Endpoint, Listener, SignIn
from shared.destinations.wire.acknowledgement import control_id, read_reply
from shared.destinations.wire.framing import read_frame
from shared.hl7 import ParseError, parse
from shared.hl7.ack import acknowledge
from shared.issue import Issue, Verdict
from tests.waiting import PATIENCE

LONG = 12_000_000  # more than the two sides of a line hold
ENDPOINT = {"timeout", "patience", "longest_pause"}


def message(control: str = "A1", size: int = 0) -> bytes:
    head = f"MSH|^~\\&|252|X|100|Y|20240501120000||ADT^A31^ADT_A05|{control}|P|2.5\rPID|1||9990000018\r"
    return head.encode() + (b"NTE|1||" + b"x" * size + b"\r" if size else b"")


def verdict(body: bytes, code: str) -> bytes:
    """The acknowledgement of the hub; AR for what is no message."""
    try:
        read = parse(body)
    except ParseError:
        read, code = None, "AR"
    issues = () if code == "AA" else (Issue(severity="error", code="required", where="PID-5", text="absent"),)
    made = Verdict("AR" if code == "AR" else "AE" if code == "AE" else "AA", issues)
    return acknowledge(read, made, "2024-05-01T12:00:00.000Z")


class StandIn:
    """``says`` are its next verdicts or statuses; ``away`` cuts every connection, as a hub does that is down."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.accepted: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.says: list[str] = []
        self.retry_after = ""
        self.away = False
        self.url = ""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read()
        self.received.append(body)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        says = "cut" if self.away else self.says.pop(0) if self.says else "AA"
        if says == "cut" and request.transport:
            request.transport.abort()
        if says == "slow":
            await asyncio.sleep(0.6)
        if says == "taken, then cut" and request.transport:
            self._accept(body)
            request.transport.abort()
        if says == "redirect":
            return web.Response(status=307, headers={"Location": "/elsewhere"})
        if says == "page":
            return web.Response(text="<html>AA</html>", content_type="text/html")
        if says == "other":
            return web.Response(body=verdict(message("B2"), "AA"))
        if says.isdecimal():
            return web.Response(status=int(says), headers={"Retry-After": self.retry_after} if self.retry_after else {})
        answer = verdict(body, "AA" if says == "long" else says) + (b"NTE|1||" + b"x" * LONG + b"\r" if says == "long" else b"")
        if b"MSA|AA" in answer:
            self._accept(body)
        return web.Response(body=answer)

    def _accept(self, body: bytes) -> None:
        if (control := control_id(body)) not in self.accepted:  # the hub knows a message that is sent again
            self.accepted.append(control)


def relay_to(url: str, *, key_env: str = "", **changes: Any) -> Server:
    """A relay on any free port; by default it tries once, and pauses hardly at all."""
    endpoint = {"patience": 0.0, "longest_pause": 0.01} | {name: changes.pop(name) for name in ENDPOINT & changes.keys()}
    return Server(Listener(endpoint=Endpoint(url=url, sign_in=SignIn(key_env=key_env), **endpoint), port=0, **changes))


async def opened(relay: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", relay.port)


async def heard(reader: asyncio.StreamReader) -> tuple[str, str]:
    """The code and the control id of the next answer."""
    return read_reply(await asyncio.wait_for(read_frame(reader), PATIENCE))[:2]


class Hurried(DefaultSelector):
    """Waits for no clock: when nothing is ready, the time of the loop goes on at once. So ten minutes take no time."""

    ahead = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        ready = super().select(0.002 if timeout is None or timeout > 0.002 else timeout)  # what is under way on this machine
        if not ready and timeout is None:
            return super().select(None)
        if not ready and timeout and timeout > 0:
            self.ahead += timeout
        return ready


@contextmanager
def hurried_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop whose waiting takes no time."""
    selector = Hurried()
    loop = asyncio.SelectorEventLoop(selector)
    real = loop.time
    loop.time = lambda: real() + selector.ahead  # type: ignore[method-assign]
    try:
        yield loop
    finally:
        loop.close()
