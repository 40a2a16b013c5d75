"""Callers: each is a partner in the settings, with the integrations it may call and the senders it may send for.

``HUB_PARTNERS`` is JSON: ``[{"name", "keys": [SHA-256 of a key], "certificates": [SHA-256 of the certificate (DER)],
"applications": [Entra application id], "integrations": [names or "*"], "senders": [...], "roles": ["admin"]}]``. A sender is
``"MSH-3|MSH-4"``, ``"MSH-3"`` (any facility) or ``"*"``; one whose name has a ``|`` is written as a list,
``["MSH-3", "MSH-4"]``, and compared exactly. With two keys at once, a key can be changed without an interruption.
Without the setting a developer's machine has one sample partner with all rights; anywhere else every call is rejected.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from shared import platform_headers
from shared.envelope import Identity
from shared.issue import Issue
from shared.platform_headers import Headers
from shared.settings import on_developers_machine, setting

WRONG_SENDER = Issue(
    severity="error",
    code="forbidden",
    where="MSH-3",
    text="the caller is not authorised to send for this sender",
    rule="sender-not-the-callers",
    hl7="207",
)
SETTING = "HUB_PARTNERS"
APP_ROLE = "Hub.Partner"  # the app role that Entra grants to a partner's application
SHA_256 = re.compile(r"[0-9a-f]{64}")
LISTS = ("keys", "certificates", "applications", "integrations", "senders", "roles")
ROLES = {"admin", "legacy"}  # legacy: the replaced engine of a parallel run, which reports its output and sends no message


class Sender(NamedTuple):
    """A sender that a partner may send for: MSH-3 and MSH-4, compared exactly; ``None`` matches any."""

    application: str | None
    facility: str | None

    def covers(self, who: Identity) -> bool:
        return self.application in (None, who.sender) and self.facility in (None, who.facility)


ANY_SENDER = Sender(None, None)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Partner:
    """One caller: how it is authenticated, and its rights."""

    name: str
    keys: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    integrations: tuple[str, ...] = ()
    senders: tuple[Sender, ...] = ()
    roles: tuple[str, ...] = ()

    def may_call(self, integration: str) -> bool:
        return bool({"*", integration} & set(self.integrations))

    def may_send_for(self, who: Identity) -> bool:
        return any(sender.covers(who) for sender in self.senders)


SAMPLE = Partner("sample-partner", integrations=("*",), senders=(ANY_SENDER,), roles=("admin", "legacy"))


class Named(NamedTuple):
    """A credential that a call carries in its body: the name of a partner, and its key."""

    name: str
    key: str


class BadPartners(ValueError):
    """``HUB_PARTNERS`` is not valid; the text names the place, never a value."""


def partners() -> tuple[Partner, ...]:
    """The partners of the setting; without it, on a developer's machine, the sample partner.

    Raises:
        BadPartners: the setting is not valid.
    """
    text = setting(SETTING).strip()
    if text:
        return _parsed(text)
    return (SAMPLE,) if on_developers_machine() else ()


def at_start() -> str:
    """The warning to log when the app starts; ``""`` if the setting names at least one partner."""
    try:
        known = partners()
    except BadPartners as problem:
        return f"every call fails: {problem}"
    if known == (SAMPLE,):
        return f"{SETTING} is empty: on this machine every caller is the sample partner, which has all rights"
    return "" if known else f"{SETTING} names no partner: every call is rejected"


def caller(headers: Headers, now: float, named: Named | None = None) -> Partner | None:
    """The partner of a request; ``None`` if the caller is not recognised, or its credentials belong to two partners.

    ``now`` is the time in seconds since 1970. A key is in ``x-hub-key``; a token and a certificate are read only from headers of
    the platform. The token of an application must be for the application itself, with the hub's role for partners. ``named`` is
    a credential in the body of the request; if there is one, it must be right.
    """
    known = partners()
    if known == (SAMPLE,):
        return SAMPLE
    application, certificate, key = _application(headers), _certificate(headers, known, now), _key(headers)
    found = [
        partner
        for partner in known
        if _is_one_of(application, partner.applications)
        or _is_one_of(certificate, partner.certificates)
        or _is_one_of(key, partner.keys)
        or _is_named(named, partner)
    ]
    if named and not any(_is_named(named, partner) for partner in found):
        return None
    return found[0] if len(found) == 1 else None


def wrong_sender(partner: str, who: Identity) -> Issue | None:
    """The issue if a partner is not authorised for a sender; ``None`` if it is."""
    found = next((one for one in partners() if one.name == partner), None)
    return None if found and found.may_send_for(who) else WRONG_SENDER


def _is_one_of(credential: str, known: tuple[str, ...]) -> bool:
    """Whether a credential is known. The time does not depend on how many characters match."""
    return bool(credential) and any(hmac.compare_digest(credential.encode(), each.encode()) for each in known)


def _is_named(named: Named | None, partner: Partner) -> bool:
    """Whether name and key are those of a partner. Both are compared in any case, in a time that shows neither."""
    if named is None:
        return False
    is_name = hmac.compare_digest(_sha256(named.name.encode()), _sha256(partner.name.encode()))
    return _is_one_of(_sha256(named.key.encode()), partner.keys) and is_name


def _application(headers: Headers) -> str:
    """The application of a token for itself; ``""`` for a person, a delegated token, or a token without the role."""
    who = platform_headers.sign_in(headers)
    return who.application if who and who.kind == "application" and APP_ROLE in who.roles else ""


def _certificate(headers: Headers, known: tuple[Partner, ...], now: float) -> str:
    """SHA-256 of the client certificate if it belongs to a partner and is valid now; ``""`` otherwise.

    Only a known certificate is parsed, so that bytes of an unknown caller reach no parser.
    """
    der = platform_headers.certificate(headers)
    digest = _sha256(der)
    return digest if any(digest in partner.certificates for partner in known) and _is_valid(der, now) else ""


def _is_valid(der: bytes, now: float) -> bool:
    from cryptography.x509 import load_der_x509_certificate

    try:
        read = load_der_x509_certificate(der)
    except ValueError:
        return False
    return read.not_valid_before_utc.timestamp() <= now <= read.not_valid_after_utc.timestamp()


def _key(headers: Headers) -> str:
    """SHA-256 of the key; ``""`` without one. Keys are ASCII, because HTTP does not define other bytes."""
    key = headers.get("x-hub-key", "")
    return _sha256(key.encode()) if key and key.isascii() else ""


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@lru_cache(maxsize=4)
def _parsed(text: str) -> tuple[Partner, ...]:
    try:
        entries = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadPartners(f"{SETTING} is not JSON") from None
    if not isinstance(entries, list):
        raise BadPartners(f"{SETTING} is not a list")
    known = tuple(_partner(place, one) for place, one in enumerate(entries, 1))
    for what in ("names", "keys", "certificates", "applications"):
        held = [each for one in known for each in ((one.name,) if what == "names" else getattr(one, what))]
        if len(held) != len(set(held)):
            raise BadPartners(f"{SETTING}: {what}: the same value twice")
    return known


def _partner(place: int, one: Any) -> Partner:
    """One entry. An unknown word raises, because a restriction with a typing error would have no effect."""

    def wrong(what: str) -> BadPartners:
        return BadPartners(f"{SETTING}: entry {place}: {what}")

    if not isinstance(one, dict) or not isinstance(one.get("name"), str) or not one["name"]:
        raise wrong("name is missing")
    if set(one) - {"name", *LISTS} or not all(isinstance(one.get(name, []), list) for name in LISTS):
        raise wrong("only lists are expected, under the documented names")
    values = {name: tuple(one.get(name, [])) for name in LISTS if name != "senders"}
    if not all(isinstance(each, str) and each for each in sum(values.values(), ())):
        raise wrong("a text is expected")
    for name in ("keys", "certificates"):
        values[name] = tuple(each.lower().replace(":", "") for each in values[name])
        if not all(SHA_256.fullmatch(each) for each in values[name]):
            raise wrong(f"{name}: a SHA-256 in hexadecimal is expected")
    values["applications"] = tuple(each.lower() for each in values["applications"])
    if set(values["roles"]) - ROLES:
        raise wrong("roles: not a role")
    try:
        return Partner(one["name"], senders=tuple(map(_sender, one.get("senders", []))), **values)
    except ValueError:
        raise wrong('senders: "MSH-3|MSH-4", "MSH-3", "*" or a list of MSH-3 and MSH-4 is expected') from None


def _sender(pattern: Any) -> Sender:
    """One sender of the setting. Raises ``ValueError``.

    >>> _sender("A|B"), _sender("A|*") == _sender("A"), _sender(["A|B", "C"])
    (Sender(application='A', facility='B'), True, Sender(application='A|B', facility='C'))
    """
    if isinstance(pattern, list) and len(pattern) == 2 and all(isinstance(each, str) for each in pattern):
        return Sender(*pattern)
    if not isinstance(pattern, str):
        raise ValueError
    if pattern == "*":
        return ANY_SENDER
    application, has_facility, facility = pattern.partition("|")
    if not application or "|" in facility or "*" in application or ("*" in facility and facility != "*"):
        raise ValueError
    return Sender(application, None if not has_facility or facility == "*" else facility)
