"""Every kind of caller, as the headers that it sends, and who it is taken for in each mode."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.ledger_world import NOW

APP, ADMIN_APP, UNKNOWN_APP = (f"00000000-0000-0000-0000-0000000000{n}" for n in ("a1", "a2", "a3"))
ROLE_CLAIM = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
SCOPE_CLAIM = "http://schemas.microsoft.com/identity/claims/scope"
OBJECT_CLAIM = "http://schemas.microsoft.com/identity/claims/objectidentifier"
SENT = ("idtyp", "app"), ("roles", "Hub.Partner")


@cache
def certificate(name: str, begins: float, ends: float) -> bytes:
    """A certificate (DER) of synthetic names, valid between two times in days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.fromtimestamp(NOW, UTC)
    made = x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now + timedelta(days=begins)).not_valid_after(now + timedelta(days=ends))
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


VALID, ADMINS = certificate("own", -1, 1), certificate("admin", -1, 1)
EXPIRED, EARLY, UNKNOWN = certificate("old", -9, -1), certificate("early", 1, 9), certificate("unknown", -1, 1)


def digest(data: str | bytes) -> str:
    return sha256(data.encode() if isinstance(data, str) else data).hexdigest()


PARTNERS: list[dict[str, Any]] = [
    {
        "name": "own",
        "keys": [digest("key-own"), digest("key-own-next"), digest("clé")],
        "certificates": [digest(VALID), digest(EXPIRED), digest(EARLY).upper(), digest(b"not a certificate")],
        "applications": [APP],
        "integrations": ["*"],
        "senders": ["*"],
    },
    {"name": "other", "keys": [digest("key-other")], "integrations": ["*"], "senders": ["*"]},
    {"name": "elsewhere", "keys": [digest("key-elsewhere")], "integrations": ["another-one"], "senders": ["*"]},
    {
        "name": "admin",
        "keys": [digest("key-admin")],
        "certificates": [digest(ADMINS)],
        "applications": [ADMIN_APP.upper()],
        "integrations": ["*"],
        "senders": ["*"],
        "roles": ["admin"],
    },
    {
        "name": "admin-elsewhere",
        "keys": [digest("key-admin-elsewhere")],
        "integrations": ["another-one"],
        "senders": ["*"],
        "roles": ["admin"],
    },
    {"name": "nothing", "keys": [digest("key-nothing")]},
]


def key(value: str) -> dict[str, str]:
    return {"x-hub-key": value}


def shown(der: bytes) -> dict[str, str]:
    return {"x-arr-clientcert": base64.b64encode(der).decode()}


def principal(*claims: tuple[str, str]) -> dict[str, str]:
    document = {"auth_typ": "aad", "claims": [{"typ": kind, "val": value} for kind, value in claims]}
    return {"x-ms-client-principal": encoded(document)}


def encoded(document: object) -> str:
    return base64.b64encode(json.dumps(document).encode()).decode()


def person(*roles: str, **more: str) -> dict[str, str]:
    return principal(("oid", "someone"), *(("roles", role) for role in roles), *more.items())


class Kind(NamedTuple):
    """One kind of caller.

    ``partner`` and ``page`` say who it is for the API and for the ops page: in Azure behind the platform, and where no platform
    is in front (in Azure or outside it), whose headers it then forges.
    """

    headers: Mapping[str, str]
    partner: str = "stranger"
    partner_without_platform: str = "stranger"
    page: str = "noone"


def by_key(partner: str, value: str) -> Kind:
    return Kind(key(value), partner, partner)


KINDS: dict[str, Kind] = {
    "noone": Kind({}),
    "a key": by_key("own", "key-own"),
    "the key of a rotation": by_key("own", "key-own-next"),
    "another partner's key": by_key("other", "key-other"),
    "a key for another integration": by_key("elsewhere", "key-elsewhere"),
    "an administrator's key": by_key("admin", "key-admin"),
    "an administrator's key for another integration": by_key("elsewhere", "key-admin-elsewhere"),
    "a key that may call nothing": by_key("elsewhere", "key-nothing"),
    "a wrong key": Kind(key("key-own-")),
    "a key in capitals": Kind(key("KEY-OWN")),
    "an empty key": Kind(key("")),
    "the hash of a key": Kind(key(digest("key-own"))),
    "a key beyond ASCII, and known": Kind(key("clé")),
    "a key of raw bytes": Kind(key("cl\udce9")),
    "a key of NUL": Kind(key("\0")),
    "a very long key": Kind(key("k" * 100_000)),
    "a certificate": Kind(shown(VALID), "own"),
    "an administrator's certificate": Kind(shown(ADMINS), "admin"),
    "an expired certificate": Kind(shown(EXPIRED)),
    "a certificate of tomorrow": Kind(shown(EARLY)),
    "an unknown certificate": Kind(shown(UNKNOWN)),
    "bytes for a certificate": Kind(shown(b"not a certificate")),
    "text for a certificate": Kind({"x-arr-clientcert": "no base64!"}),
    "raw bytes for a certificate": Kind({"x-arr-clientcert": "\udcff"}),
    "an application": Kind(principal(("azp", APP), *SENT), "own"),
    "an application with a token of version 1": Kind(
        principal(("appid", APP.upper()), ("idtyp", "app"), (ROLE_CLAIM, "Hub.Partner")), "own"
    ),
    "an administrator's application": Kind(principal(("azp", ADMIN_APP), *SENT), "admin"),
    "an application without the role": Kind(principal(("azp", APP), ("idtyp", "app"), ("roles", "Other.Role"))),
    "an application that does not say so": Kind(principal(("azp", APP), ("roles", "Hub.Partner"))),
    "an unknown application": Kind(principal(("azp", UNKNOWN_APP), *SENT)),
    "an application of two names": Kind(principal(("azp", APP), ("appid", ADMIN_APP), *SENT)),
    "an application without a name": Kind(principal(*SENT)),
    "an application as a person": Kind(principal(("azp", APP), ("oid", "it"), ("idtyp", "app"), ("roles", "Hub.Admin"))),
    "a user's delegated token": Kind(principal(("azp", APP), ("oid", "someone"), ("scp", "access"), ("roles", "Hub.Partner"))),
    "a delegated token that says app": Kind(principal(("azp", APP), (SCOPE_CLAIM, "access"), *SENT)),
    "a delegated token of an administrator": Kind(person("Hub.Admin", "Hub.Partner", azp=APP, scp="access", idtyp="user")),
    "a user's token": Kind(person("Hub.Partner", azp=APP, idtyp="user")),
    "a token of two kinds": Kind(principal(("azp", APP), *SENT, ("idtyp", "user"))),
    "a token of a kind that is not known": Kind(principal(("azp", APP), ("idtyp", "service"), ("roles", "Hub.Partner"))),
    "a person of a kind that is not known": Kind(person("Hub.Admin", idtyp="service")),
    "a person of two kinds": Kind(principal(("oid", "someone"), ("idtyp", "user"), ("idtyp", "app"), ("roles", "Hub.Admin"))),
    "a reader": Kind(person("Hub.Reader"), page="reader"),
    "an operator": Kind(person("Hub.Operator"), page="operator"),
    "an administrator": Kind(person("Hub.Admin"), page="admin"),
    "a person of several roles": Kind(
        principal((OBJECT_CLAIM, "someone"), (ROLE_CLAIM, "Hub.Reader"), (ROLE_CLAIM, "Hub.Operator")), page="operator"
    ),
    "a person without a role": Kind(person("Hub.Partner", "Someone.Else")),
    "a person without a name": Kind(principal(("roles", "Hub.Admin"))),
    "a person by a claim of another name": Kind(principal(("not-oid", "someone"), ("roles", "Hub.Admin"))),
    "text for a principal": Kind({"x-ms-client-principal": "no base64!"}),
    "a list for a principal": Kind({"x-ms-client-principal": encoded([1])}),
    "claims of no form": Kind({"x-ms-client-principal": encoded({"claims": [1, {"typ": "azp"}]})}),
    "claims of numbers": Kind({"x-ms-client-principal": encoded({"claims": [{"typ": 1, "val": None}]})}),
    "two partners at once": Kind({**key("key-other"), **shown(VALID)}, "stranger", "other"),
    "a key and an unknown certificate": Kind({**key("key-own"), **shown(UNKNOWN)}, "own", "own"),
    "a key and the same partner's application": Kind({**key("key-own"), **principal(("azp", APP), *SENT)}, "own", "own"),
    "a key and an administrator's sign-in": Kind({**key("key-own"), **person("Hub.Admin")}, "own", "own", "admin"),
    "the cookie of a sample role": Kind({"cookie": "hub-sample-role=admin"}),
}  # fmt: skip
