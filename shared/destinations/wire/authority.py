"""How the hub signs in to a destination: without a sign-in, as an OAuth 2 client, or with the app's managed identity."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson

from shared.destinations.kinds.kind import Setting
from shared.destinations.kinds.status import undelivered
from shared.destinations.wire import https
from shared.destinations.wire.identity import managed_identity
from shared.destinations.wire.loops import PerLoop
from shared.problems import Undelivered
from shared.settings import setting

SETTINGS = (
    Setting("AUTH", "how we sign in: `none` (if absent), `client` or `identity`"),
    Setting("TOKEN_URL", "address of the token server, for `client`"),
    Setting("CLIENT_ID", "our id at the token server, for `client`"),
    Setting("CLIENT_SECRET", "our secret, for `client`"),
    Setting("SCOPE", "scope of the token; required for `identity`"),
)
EARLY = 60.0  # a token is renewed so many seconds before it expires


@dataclass(slots=True, eq=False, repr=False)
class _Token:
    text: str = ""
    ends: float = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    credential: Any = None


_TOKENS = PerLoop(_Token)


async def authorization(name: str) -> dict[str, str]:
    """The header that identifies us, by ``<name>__AUTH``: ``none``, ``client`` or ``identity``.

    ``client`` requires ``<name>__TOKEN_URL``, ``__CLIENT_ID`` and ``__CLIENT_SECRET``, with an optional ``__SCOPE``; ``identity``
    requires ``__SCOPE``. A token is kept until a minute before it expires. One request for it serves all deliveries that wait.
    """
    method = setting(f"{name}__AUTH", "none")
    if method == "none":
        return {}
    if method not in ("client", "identity"):
        raise Undelivered(
            kind="misconfigured", code="auth-setting", text=f"setting {name}__AUTH must be none, client or identity"
        )
    token = _TOKENS.get(name)
    async with token.lock:
        if time.time() > token.ends - EARLY:
            token.text, token.ends = await (_by_client(name) if method == "client" else _by_identity(name, token))
    return {"Authorization": f"Bearer {token.text}"}


def forget(name: str) -> None:
    """Get a new token for the next request, because this one was refused."""
    _TOKENS.get(name).ends = 0


async def close(name: str) -> None:
    token = _TOKENS.take(name)
    if token and token.credential:
        await token.credential.close()


async def _by_client(name: str) -> tuple[str, float]:
    form = {"grant_type": "client_credentials", "scope": setting(f"{name}__SCOPE")}
    form |= {"client_id": setting(f"{name}__CLIENT_ID"), "client_secret": setting(f"{name}__CLIENT_SECRET")}
    body = urlencode({key: value for key, value in form.items() if value}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    reply = await https.send(name, "POST", https.address(name, "TOKEN_URL"), body, headers)
    if reply.status != 200:
        raise _not_granted(reply)
    return _granted(reply.body)


def _not_granted(reply: https.Reply) -> Undelivered:
    """If the token server is busy we wait; if it refuses us, a setting is wrong."""
    return undelivered(reply.status, retry_after=reply.headers.get("retry-after", ""), of="token")


def _granted(body: bytes) -> tuple[str, float]:
    try:
        granted = orjson.loads(body)
        text, seconds = str(granted["access_token"]), float(granted.get("expires_in", 300))
    except (ValueError, TypeError, KeyError):
        raise Undelivered(
            kind="misconfigured", code="token-unreadable", text="the answer of the token server holds no token"
        ) from None
    return text, time.time() + max(seconds, EARLY + 1)


async def _by_identity(name: str, token: _Token) -> tuple[str, float]:
    from azure.core.exceptions import AzureError

    token.credential = token.credential or managed_identity()
    try:
        given = await token.credential.get_token(setting(f"{name}__SCOPE"))
    except AzureError:
        raise Undelivered(kind="misconfigured", code="token-refused", text="the managed identity got no token") from None
    return given.token, float(given.expires_on)
