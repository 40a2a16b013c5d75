"""The hub, as the relay sees it: one message, one answer."""

import asyncio
import ssl
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING

import aiohttp

from relay.gate import Gate, State, Unavailable
from relay.settings import Endpoint
from shared.destinations.wire.acknowledgement import control_id, read_reply
from shared.destinations.wire.framing import BadFrame, framed
from shared.destinations.wire.tls import context_for
from shared.hl7.batch import is_batch, lines

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

CONTENT_TYPE = "x-application/hl7-v2+er7"
LARGEST_ANSWER = 16 * 1024 * 1024
LARGE = 64 * 1024  # bytes; above it the hub may have no memory for a message and have room for all smaller ones
BUSY, AWAY, REFUSES = (429,), (502, 503, 504), (301, 302, 303, 307, 308, 401, 403, 404, 405, 407)


class Hub:
    """The address of one sender's integration. Use it between ``open`` and ``close``."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.gate = Gate(endpoint.patience, endpoint.longest_pause)
        self._entra: AsyncTokenCredential | None = None
        self._is_token_refused = False

    async def open(self) -> None:
        """Prepare the connection. ``OSError`` or ``ValueError``: a key or a certificate cannot be read."""
        key = self.endpoint.sign_in.key()
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context(self.endpoint), limit=0),
            timeout=aiohttp.ClientTimeout(total=self.endpoint.timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Content-Type": CONTENT_TYPE, "Accept": CONTENT_TYPE} | ({"x-hub-key": key} if key else {}),
        )
        if self.endpoint.sign_in.entra_scope:
            self._entra = _identity()

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()
        if self._entra:
            await self._entra.close()

    async def ask(self, message: bytes) -> bytes:
        """The hub's acknowledgement of this message; empty if the sender requests none. Raises ``Unavailable``."""
        return await self.gate.ask(lambda: self._ask(message))

    async def _ask(self, message: bytes) -> bytes:
        headers = await self._signed_in()
        try:
            async with self._http.post(self.endpoint.url, data=message, headers=headers, allow_redirects=False) as answer:
                if answer.status in (200, 204):
                    return acknowledgement(message, answer.status, await _read(answer))
                self._is_token_refused = answer.status == 401
                raise _problem(answer, len(message))
        except aiohttp.ClientSSLError:
            raise Unavailable("refuses") from None
        except (aiohttp.ClientError, TimeoutError):
            raise Unavailable("away") from None

    async def _signed_in(self) -> dict[str, str]:
        if self._entra is None:
            return {}
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        if self._is_token_refused:
            # A credential keeps its token until it expires, for up to a day, also one that was given before the role was.
            self._is_token_refused = False
            refused, self._entra = self._entra, _identity()
            await refused.close()
        try:
            async with asyncio.timeout(self.endpoint.timeout):
                token = await self._entra.get_token(self.endpoint.sign_in.entra_scope)
        except ClientAuthenticationError:
            raise Unavailable("refuses") from None
        except (AzureError, TimeoutError):
            raise Unavailable("away") from None
        return {"Authorization": f"Bearer {token.token}"}


def _identity() -> "AsyncTokenCredential":
    from shared.destinations.wire.identity import managed_identity

    return managed_identity()


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise Unavailable("fails")
    return bytes(body)


def _problem(answer: aiohttp.ClientResponse, size: int) -> Unavailable:
    """Why there is no verdict. Only what fails for every message closes the gate for every sender."""
    if answer.status in REFUSES:
        return Unavailable("refuses")
    asked = answer.headers.get("Retry-After", "")
    wait = float(asked) if asked.isascii() and asked.isdecimal() else 0
    busy: State = "large" if size > LARGE else "busy"
    return Unavailable(busy if answer.status in BUSY else "away" if answer.status in AWAY else "fails", wait)


def acknowledgement(message: bytes, status: int, body: bytes) -> bytes:
    """The body, if it is the hub's verdict on this message. ``Unavailable``: it is not, but a page of some gateway in between."""
    if status == 204:
        return b""
    with suppress(BadFrame, ValueError):
        if status == 200 and (_answers_batch(message, body) if is_batch(message) else _answers_message(message, body)):
            framed(body)
            return body
    raise Unavailable("fails")


def _answers_message(message: bytes, body: bytes) -> bool:
    return body.startswith(b"MSH") and read_reply(body).control_id == control_id(message)


def _answers_batch(message: bytes, body: bytes) -> bool:
    """Whether the answer begins with the same header, and refers to its control id (FHS-11 or BHS-11). It may have no MSA."""
    sent, answered = _header(message), _header(body)
    return sent[0] == answered[0] and sent[10:11] == answered[11:12]


def _header(batch: bytes) -> list[bytes]:
    """The fields of the first segment of a batch; the control id is field 11, and the reference to another one field 12."""
    first = next(lines(BytesIO(batch)), b"")
    return [*first.split(first[3:4] or b"|"), *[b""] * 12]


def context(endpoint: Endpoint) -> ssl.SSLContext:
    """TLS to the hub, with the relay's certificate if it signs in by one. ``OSError``, ``ValueError``: a file cannot be used."""
    return context_for(endpoint.authority, endpoint.sign_in.certificate, endpoint.sign_in.private_key)
