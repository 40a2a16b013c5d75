"""HTTP to a destination: declared addresses only, no redirects, no cookies, and a limit on the size of an answer."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, NoReturn
from urllib.parse import urlsplit

from shared.destinations.wire import fence
from shared.destinations.wire.loops import PerLoop
from shared.destinations.wire.tls import https_context, time_limit
from shared.problems import Undelivered
from shared.settings import setting

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession, TraceConfig

LOOPBACK = ("127.0.0.1", "localhost", "::1")
LARGEST_REPLY = 16 * 1024 * 1024
Body = bytes | AsyncIterator[bytes]


class Reply(NamedTuple):
    """The answer; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(slots=True, eq=False, repr=False)
class _Held:
    session: "ClientSession | None" = None


_SESSIONS = PerLoop(_Held)


def is_safe(url: str) -> bool:
    """Whether a message, a key or a token may be sent to this address: over TLS, or to this machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def address(name: str, key: str = "URL") -> str:
    """The declared address ``<name>__URL``, without a slash at its end."""
    url = setting(f"{name}__{key}")
    if not is_safe(url):
        raise Undelivered(
            kind="misconfigured", code="no-address", text=f"setting {name}__{key} is absent or does not begin with https"
        )
    return url.rstrip("/")


async def send(name: str, method: str, url: str, body: Body, headers: Mapping[str, str]) -> Reply:
    """One request to this destination and its answer, with any status. ``Undelivered``: there was no answer.

    A body in pieces may take as long as the integration gives a delivery. If it was accepted, the answer is not read,
    since it may repeat the whole body.
    """
    import aiohttp

    session, streamed = _session(name), not isinstance(body, bytes)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=session.timeout.total) if streamed else session.timeout
    try:
        async with session.request(method, url, data=body, headers=headers, allow_redirects=False, timeout=timeout) as answer:
            return Reply(answer.status, {}, b"") if streamed and 200 <= answer.status < 300 else await _read(answer)
    except (aiohttp.ClientError, TimeoutError, ssl.SSLError) as error:
        _broken(error)


async def close(name: str) -> None:
    """Close this loop's connections to the destination."""
    held = _SESSIONS.take(name)
    if held and held.session:
        await held.session.close()
        await asyncio.sleep(0)


def _session(name: str) -> "ClientSession":
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

    held = _SESSIONS.get(name)
    if held.session is None or held.session.closed:
        try:
            connector = TCPConnector(ssl=https_context(name), limit=0)
        except (OSError, ValueError):
            text = f"settings {name}__CA, {name}__CERT or {name}__KEY cannot be read"
            raise Undelivered(kind="misconfigured", code="tls-setting", text=text) from None
        timeout = ClientTimeout(total=time_limit(name))
        held.session = ClientSession(connector=connector, timeout=timeout, cookie_jar=DummyCookieJar(), trace_configs=[_fenced()])
    return held.session


def _fenced() -> "TraceConfig":
    """Checks the claim when the connection is open, immediately before the first byte."""
    from aiohttp import TraceConfig

    async def check(*_: object) -> None:
        fence.check()

    config = TraceConfig()
    config.on_connection_create_end.append(check)
    config.on_connection_reuseconn.append(check)
    return config


async def _read(answer: "ClientResponse") -> Reply:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > LARGEST_REPLY:
            raise Undelivered(kind="transient", code="reply-too-large", text="the answer is too large", ambiguous=True)
    return Reply(answer.status, {key.lower(): value for key, value in answer.headers.items()}, bytes(body))


def _broken(error: Exception) -> NoReturn:
    import aiohttp

    if isinstance(error, aiohttp.InvalidURL):
        raise Undelivered(kind="misconfigured", code="no-address", text="the address in the settings is not a URL") from None
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        raise Undelivered(kind="misconfigured", code="tls", text="the two sides do not trust each other") from None
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        raise Undelivered(kind="transient", code="refused", text="the destination cannot be reached") from None
    if isinstance(error, TimeoutError):
        raise Undelivered(kind="transient", code="timeout", text="no answer in time", ambiguous=True) from None
    raise Undelivered(
        kind="transient", code="line-broken", text="the connection broke before the whole answer arrived", ambiguous=True
    ) from None
