"""Who calls: every caller is a partner, named in settings with what it may call and whom it may speak for.

``HUB_PARTNERS`` is JSON: ``[{"name", "keys": [SHA-256 of a key], "certificates": [SHA-256 of the certificate],
"applications": [Entra application id], "integrations": [names or "*"], "senders": ["MSH-3|MSH-4" or "*"], "roles": []}]``.
Two keys at once make a rotation without a gap. Outside Azure, with no such setting, one sample partner may do everything.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from shared.envelope import Identity
from shared.issue import Issue
from shared.settings import in_azure, setting

WRONG_SENDER = Issue(
    "error", "forbidden", "MSH-3", "the caller may not speak for this sender", "sender-not-the-callers", hl7="207"
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Partner:
    """One caller: how it is known, and what it may do."""

    name: str
    keys: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    integrations: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def may_call(self, integration: str) -> bool:
        return bool({"*", integration} & set(self.integrations))

    def may_speak_for(self, who: Identity) -> bool:
        return bool({"*", f"{who.sender}|{who.facility}", f"{who.sender}|*", who.sender} & set(self.senders))


SAMPLE = Partner("sample-partner", integrations=("*",), senders=("*",), roles=("admin",))


def partners() -> tuple[Partner, ...]:
    """The partners of the setting; the sample one on a developer's machine that sets none."""
    text = setting("HUB_PARTNERS")
    return _parsed(text) if text else () if in_azure() else (SAMPLE,)


@lru_cache(maxsize=4)
def _parsed(text: str) -> tuple[Partner, ...]:
    return tuple(_partner(one) for one in orjson.loads(text))


def _partner(one: dict[str, Any]) -> Partner:
    return Partner(one["name"], **{name: tuple(values) for name, values in one.items() if name != "name"})


def caller(headers: Mapping[str, str]) -> Partner | None:
    """The partner that a request comes from; ``None``: nobody that we know.

    An Entra token and a client certificate are checked by the platform, which hands over ``x-ms-client-principal`` and
    ``x-arr-clientcert`` and strips them from what a caller sends; a key comes as ``x-hub-key``.
    """
    known = partners()
    application, certificate, key = _application(headers), _certificate(headers), headers.get("x-hub-key", "")
    for partner in known:
        if application and application in partner.applications:
            return partner
        if certificate and certificate in partner.certificates:
            return partner
        if key and any(hmac.compare_digest(_sha256(key.encode()), kept) for kept in partner.keys):
            return partner
    return SAMPLE if known == (SAMPLE,) else None


def wrong_sender(partner: str, who: Identity) -> Issue | None:
    """The finding when a partner sends in somebody else's name."""
    found = next((one for one in partners() if one.name == partner), None)
    return None if found and found.may_speak_for(who) else WRONG_SENDER


def _application(headers: Mapping[str, str]) -> str:
    """The application id that the platform's sign-in found (claim ``azp`` or ``appid``)."""
    try:
        principal = orjson.loads(base64.b64decode(headers.get("x-ms-client-principal", ""), validate=True))
        claims = {claim["typ"]: claim["val"] for claim in principal.get("claims", [])}
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    return str(claims.get("azp") or claims.get("appid") or "")


def _certificate(headers: Mapping[str, str]) -> str:
    """SHA-256 of the client certificate that the platform hands over."""
    try:
        der = base64.b64decode(headers.get("x-arr-clientcert", ""), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return _sha256(der) if der else ""


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
