"""Who may see and do what on the ops page: Entra app roles, checked here as well as by the platform.

Azure's sign-in puts the caller's claims into ``X-MS-CLIENT-PRINCIPAL``. On a developer's machine there is no sign-in; a sample
of each role can be tried instead.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

ROLES = ("reader", "operator", "admin")
APP_ROLES = {"Hub.Reader": "reader", "Hub.Operator": "operator", "Hub.Admin": "admin"}
ROLE_CLAIMS = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")


@dataclass(frozen=True, slots=True)
class Person:
    """Who is looking, and the highest role they hold."""

    name: str
    role: str
    is_sample: bool = False

    def may(self, role: str) -> bool:
        """Whether the person holds this role or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)


def person(headers: Mapping[str, str], *, on_developers_machine: bool) -> Person | None:
    """The person behind a request; ``None`` when nobody with a role of the hub is signed in."""
    if principal := headers.get("x-ms-client-principal"):
        return _signed_in(principal)
    return _sample(headers.get("cookie", "")) if on_developers_machine else None


def _signed_in(principal: str) -> Person | None:
    try:
        document = orjson.loads(base64.b64decode(principal, validate=True))
        claims = [(claim["typ"], claim["val"]) for claim in document["claims"]]
    except (binascii.Error, orjson.JSONDecodeError, KeyError, TypeError):
        return None
    held = [APP_ROLES[value] for kind, value in claims if kind in ROLE_CLAIMS and value in APP_ROLES]
    subject = next((value for kind, value in claims if kind.endswith(("objectidentifier", "oid"))), "")
    return Person(subject, max(held, key=ROLES.index)) if held and subject else None


def _sample(cookie: str) -> Person:
    pairs = dict(part.strip().partition("=")[::2] for part in cookie.split(";"))
    role = pairs.get("hub-sample-role", "")
    return Person(f"sample-{role}" if role in ROLES else "sample-reader", role if role in ROLES else "reader", is_sample=True)


def token(secret: bytes, who: Person, day: str) -> str:
    """What a form carries so that no other site can post it: bound to the person and the day."""
    return hmac.new(secret, f"ops\0{who.name}\0{who.role}\0{day}".encode(), hashlib.sha256).hexdigest()


def token_is_right(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
