"""Headers that only the platform in front of the app may set. Without a platform they are texts of the caller, and are ignored.

App Service authentication checks a token, removes any ``x-ms-client-principal`` of the caller and sets it to the claims. The
front end checks that the caller has the key of its client certificate and puts the certificate into ``x-arr-clientcert``; the
certificate alone, which is public, proves nothing. ``HUB_PLATFORM_AUTH`` lists which of the two are on.
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
    """A sign-in: ``subject`` and ``application`` are the object id and application id of Entra, ``""`` if absent.

    ``kind`` is ``application`` for the token of an application itself, ``person`` for the sign-in of a person, and ``delegated``
    for a token with which an application acts for a person.
    """

    kind: str
    subject: str
    application: str
    roles: frozenset[str]


def platform_header(headers: Headers, name: str) -> str:
    """The value of a platform header; ``""`` if it is absent, or if there is no platform that sets it."""
    return headers.get(name, "") if NEEDS.get(name, EITHER) & platform_checks() else ""


def sign_in(headers: Headers) -> SignIn | None:
    """The sign-in from the platform; ``None`` if there is none or it cannot be read."""
    claims = _claims(platform_header(headers, PRINCIPAL))
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
    """The caller's client certificate (DER) from the platform; empty if there is none or it cannot be read."""
    try:
        return base64.b64decode(platform_header(headers, CERTIFICATE), validate=True)
    except ValueError:
        return b""


def address(headers: Headers) -> str:
    """The caller's network address from the front end; ``""`` without a front end.

    The front end appends to ``x-forwarded-for``; the part before the last comma is a text of the caller. An IPv6 address is
    reduced to its /64 network, because one caller has all of it.
    """
    text = platform_header(headers, ADDRESSES).rpartition(",")[2].strip()
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
    """The value of a claim; ``""`` if it is absent, or has two different values."""
    found = _values(claims, names)
    return found.pop() if len(found) == 1 else ""
