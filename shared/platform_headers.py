"""Headers that only the platform in front of the app may set. Without a platform they are a caller's own words, and are ignored.

App Service authentication checks a token, removes whatever a caller wrote into ``x-ms-client-principal`` and states the
claims there. The front end checks that a caller holds the key of its client certificate and states the certificate in
``x-arr-clientcert``; a public certificate alone proves nothing. ``HUB_PLATFORM_AUTH`` says which of the two are on.
"""

import base64
import ipaddress
from collections.abc import Mapping
from typing import NamedTuple

import orjson

from shared.settings import platform_checks

PRINCIPAL, CERTIFICATE = "x-ms-client-principal", "x-arr-clientcert"
HOST, SCHEME, ADDRESSES = "x-forwarded-host", "x-forwarded-proto", "x-forwarded-for"
NEEDS = {PRINCIPAL: {"principal"}, CERTIFICATE: {"certificate"}}
EITHER = {"principal", "certificate"}
MICROSOFT = "http://schemas.microsoft.com"
ROLES = ("roles", f"{MICROSOFT}/ws/2008/06/identity/claims/role")
OBJECTS = ("oid", f"{MICROSOFT}/identity/claims/objectidentifier")
SCOPES = ("scp", f"{MICROSOFT}/identity/claims/scope")
APPLICATIONS = ("azp", "appid")  # of a token of version 2.0 and 1.0

Headers = Mapping[str, str]


class SignIn(NamedTuple):
    """Who signed in: ``subject`` and ``application`` are Entra's object and application id, ``""`` when absent.

    ``kind`` is ``application`` for a token that an application got for itself, ``person`` for a person's own sign-in, and
    ``delegated`` for a token with which an application acts for a person.
    """

    kind: str
    subject: str
    application: str
    roles: frozenset[str]


def stated(headers: Headers, name: str) -> str:
    """The value of a platform header; ``""`` when it is absent, or when no platform that sets it is in front."""
    return headers.get(name, "") if NEEDS.get(name, EITHER) & platform_checks() else ""


def sign_in(headers: Headers) -> SignIn | None:
    """The sign-in that the platform states; ``None`` when there is none or it cannot be read."""
    claims = _claims(stated(headers, PRINCIPAL))
    if claims is None:
        return None
    kinds = _values(claims, ("idtyp",))
    delegated = bool(_values(claims, SCOPES)) or kinds not in (set(), {"app"}, {"user"})
    kind = "delegated" if delegated else "application" if kinds == {"app"} else "person"
    return SignIn(
        kind=kind,
        subject=_only(claims, OBJECTS),
        application=_only(claims, APPLICATIONS).lower(),
        roles=frozenset(_values(claims, ROLES)),
    )


def certificate(headers: Headers) -> bytes:
    """The caller's client certificate (DER) that the platform states; empty when there is none or it cannot be read."""
    try:
        return base64.b64decode(stated(headers, CERTIFICATE), validate=True)
    except ValueError:
        return b""


def address(headers: Headers) -> str:
    """The caller's network address as the front end saw it; ``""`` without a front end.

    The front end appends to ``x-forwarded-for``; what stands before the last comma is the caller's own text. Of an IPv6
    address the network of 64 bits is meant, because one caller has all of it.
    """
    text = stated(headers, ADDRESSES).rpartition(",")[2].strip()
    host = text.partition("]")[0].strip("[") if text.startswith("[") else text.partition(":")[0] if text.count(":") == 1 else text
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{found}/64", strict=False)) if found.version == 6 else str(found)


def _claims(principal: str) -> list[tuple[str, str]] | None:
    try:
        document = orjson.loads(base64.b64decode(principal, validate=True))
        return [(str(claim["typ"]), str(claim["val"])) for claim in document["claims"]]
    except (ValueError, KeyError, TypeError):
        return None


def _values(claims: list[tuple[str, str]], names: tuple[str, ...]) -> set[str]:
    return {value for name, value in claims if name in names}


def _only(claims: list[tuple[str, str]], names: tuple[str, ...]) -> str:
    """The one value of a claim; ``""`` when it is absent, or when two values contradict each other."""
    found = _values(claims, names)
    return found.pop() if len(found) == 1 else ""
