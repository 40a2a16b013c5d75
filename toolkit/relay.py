"""MLLP in: a small process next to a sender, which forwards each frame to the hub over HTTP and returns its answer.

It never answers AA itself. If the hub gives no answer, the connection is closed, so that the sender sends again.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

import aiohttp
from hl7.mllp import HL7StreamProtocol, HL7StreamReader, HL7StreamWriter, InvalidBlockError

from shared.destinations.mllp import control_id, read_reply
from shared.destinations.wire.framing import START, BadFrame, framed
from shared.hl7 import header
from shared.hl7.ack import acknowledge
from shared.issue import Issue, Verdict

CONTENT_TYPE = "x-application/hl7-v2+er7"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
NO_ANSWER = Issue(severity="error", code="transient", text="the hub gave no answer; send the message again", rule="hub-away")


class NoAnswer(Exception):
    """The hub could not be reached, or its answer does not match this message."""


@dataclass(frozen=True)
class Settings:
    """The hub's address, the sender's key, and the answer to a sender if the hub is unavailable."""

    url: str
    key: str = ""
    host: str = "127.0.0.1"
    port: int = 0
    on_failure: Literal["close", "ae"] = "close"
    timeout: float = 60
    idle: float = 0  # seconds without a message after which a connection is closed; 0 is never
    largest: int = 100 * 1024 * 1024

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("the hub's address must begin with https:// (http:// only on this machine)")


class Reader(HL7StreamReader):  # type: ignore[misc]  # the package has no types
    """The frames of a sender, as the ``hl7`` package reads them; anything before a start block is dropped.

    Some senders end a frame with CR LF, or send a byte to keep a line alive: neither is a reason to close it.
    """

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        block: bytes = await super().readuntil(separator)
        return block[max(block.rfind(START), 0) :]


class Relay:
    """The MLLP server: ``async with Relay(Settings(url="https://...")) as relay``."""

    def __init__(self, settings: Settings, tls: ssl.SSLContext | None = None) -> None:
        self.settings, self.tls, self.port = settings, tls, settings.port
        self.relayed = self.failed = 0
        self._busy: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        timeout = aiohttp.ClientTimeout(total=self.settings.timeout)
        self._http = aiohttp.ClientSession(timeout=timeout, headers={"x-hub-key": self.settings.key} if self.settings.key else {})
        self._stopping = asyncio.Event()
        place = (self.settings.host, self.settings.port)
        self._server = await asyncio.get_running_loop().create_server(self._connection, *place, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Take no more; messages that are on their way get their answer first."""
        self._server.close()
        self._stopping.set()
        if self._busy:
            await asyncio.wait(self._busy, timeout=self.settings.timeout)
        await self._http.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _connection(self) -> HL7StreamProtocol:
        loop = asyncio.get_running_loop()
        reader = Reader(limit=self.settings.largest, loop=loop)
        return HL7StreamProtocol(reader, self._serve, loop=loop)

    async def _serve(self, reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._busy.add(task)
        try:
            async for message in self._messages(reader):
                if answer := await self._answer(message):
                    writer.writeblock(answer)
                    await writer.drain()
        except (EOFError, OSError, InvalidBlockError, ValueError, TimeoutError, NoAnswer):
            pass  # closing the connection is all that a sender has to know
        finally:
            self._busy.discard(task)
            writer.close()

    async def _messages(self, reader: HL7StreamReader) -> AsyncIterator[bytes]:
        """One message after the other, until the relay stops or the connection has been idle too long."""
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            while True:
                frame = asyncio.create_task(reader.readblock())
                await asyncio.wait({frame, stopping}, timeout=self.settings.idle or None, return_when=asyncio.FIRST_COMPLETED)
                if not frame.done():
                    frame.cancel()
                    return
                yield frame.result()
        finally:
            stopping.cancel()

    async def _answer(self, message: bytes) -> bytes:
        try:
            answer = await self._ask(message)
        except NoAnswer:
            self.failed += 1
            if self.settings.on_failure == "close":
                raise
            return refusal(message)
        self.relayed += 1
        return answer

    async def _ask(self, message: bytes) -> bytes:
        """The hub's acknowledgement; empty if the sender requests none. Raises ``NoAnswer``."""
        headers = {"Content-Type": CONTENT_TYPE, "Accept": CONTENT_TYPE}
        try:
            async with self._http.post(self.settings.url, data=message, headers=headers, allow_redirects=False) as answer:
                return acknowledgement(message, answer.status, await answer.content.read())
        except (aiohttp.ClientError, TimeoutError):
            raise NoAnswer from None


def acknowledgement(message: bytes, status: int, body: bytes) -> bytes:
    """The body, when it is the hub's verdict on this message: a page of some gateway in between is none."""
    if status == 204:
        return b""
    with contextlib.suppress(BadFrame, ValueError):
        if status == 200 and body.startswith(b"MSH") and read_reply(body).control_id == control_id(message):
            framed(body)
            return body
    raise NoAnswer


def refusal(message: bytes) -> bytes:
    """AE: try again. Never AR, which many senders take as an order not to resend."""
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return acknowledge(header(message), Verdict("AE", (NO_ANSWER,)), stamp)


def server_context(certificate: Path, key: Path | None, authority: Path | None) -> ssl.SSLContext:
    """TLS with this certificate; with an authority, only for senders that have a certificate of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if authority:
        context.load_verify_locations(authority)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
