"""Who may see and do what on the ops page: Entra app roles, checked here as well as by the platform.

Only a person's own sign-in counts. An application's token opens the dead-letter API but not the page: a token with which an
application acts for a person would let it act in that person's name. On a developer's machine there is no sign-in; each role can
be tried as a sample.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from shared.platform_headers import PRINCIPAL, platform_header, sign_in

ROLES = ("reader", "operator", "admin")
APP_ROLES = {"Hub.Reader": "reader", "Hub.Operator": "operator", "Hub.Admin": "admin"}


@dataclass(frozen=True, slots=True)
class Person:
    """The person who is signed in, and the highest role they hold."""

    name: str
    role: str
    is_sample: bool = False

    def may(self, role: str) -> bool:
        """Whether the person holds this role or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)


def person(headers: Mapping[str, str], *, on_developers_machine: bool) -> Person | None:
    """The person behind a request; ``None`` if the caller has not signed in with a role of the hub."""
    if on_developers_machine and not platform_header(headers, PRINCIPAL):
        return _sample(headers.get("cookie", ""))
    return _signed_in(headers)


def _signed_in(headers: Mapping[str, str]) -> Person | None:
    who = sign_in(headers)
    if who is None or who.kind != "person" or not who.subject:
        return None
    held = [APP_ROLES[role] for role in who.roles if role in APP_ROLES]
    return Person(who.subject, max(held, key=ROLES.index)) if held else None


def _sample(cookie: str) -> Person:
    pairs = dict(part.strip().partition("=")[::2] for part in cookie.split(";"))
    role = next((role for role in ROLES if pairs.get("hub-sample-role") == role), "reader")
    return Person(f"sample-{role}", role, is_sample=True)


def token(secret: bytes, who: Person, day: str) -> str:
    """The token of a form, bound to the person and the day, so that no other site can post the form."""
    return hmac.new(secret, f"ops\0{who.name}\0{who.role}\0{day}".encode(), hashlib.sha256).hexdigest()


def token_is_right(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
