"""What a platform header says, claim by claim; one that cannot be read says nothing."""

import base64
import json
from typing import Any

import pytest

from shared import platform_headers
from shared.platform_headers import SignIn, platform_header, sign_in

SCHEMAS = "http://schemas.microsoft.com"


@pytest.fixture(autouse=True)
def platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "an-app")
    monkeypatch.setenv("HUB_PLATFORM_AUTH", "principal")


@pytest.mark.parametrize(
    ("checks", "counted"),
    [
        ("", set()),
        ("principal", {"x-ms-client-principal", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-for"}),
        ("certificate", {"x-arr-clientcert", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-for"}),
        ("something else", set()),
    ],
)
def test_a_header_counts_if_the_platform_checks_it(monkeypatch: pytest.MonkeyPatch, checks: str, counted: set[str]) -> None:
    monkeypatch.setenv("HUB_PLATFORM_AUTH", checks)
    names = ("x-ms-client-principal", "x-arr-clientcert", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-for")
    assert {name for name in names if platform_header(dict.fromkeys(names, "v"), name) == "v"} == counted
    assert [platform_header({}, name) for name in names] == [""] * len(names)


def by(*claims: tuple[str, str]) -> SignIn | None:
    return written({"claims": [{"typ": name, "val": value} for name, value in claims]})


def written(document: Any) -> SignIn | None:
    return sign_in({"x-ms-client-principal": base64.b64encode(json.dumps(document).encode()).decode()})


NOONE = SignIn(kind="person", subject="", application="", roles=frozenset())


@pytest.mark.parametrize(
    ("claims", "read"),
    [
        ([], NOONE),
        ([("oid", "o")], NOONE._replace(subject="o")),
        ([(f"{SCHEMAS}/identity/claims/objectidentifier", "o")], NOONE._replace(subject="o")),
        ([("oid", "o"), (f"{SCHEMAS}/identity/claims/objectidentifier", "o")], NOONE._replace(subject="o")),
        ([("oid", "o"), ("oid", "p")], NOONE),
        ([("sub", "o")], NOONE),
        ([("azp", "A-B")], NOONE._replace(application="a-b")),
        ([("appid", "A-B")], NOONE._replace(application="a-b")),
        ([("azp", "a"), ("appid", "b")], NOONE),
        ([("roles", "r"), (f"{SCHEMAS}/ws/2008/06/identity/claims/role", "s")], NOONE._replace(roles=frozenset({"r", "s"}))),
        ([("role", "r")], NOONE),
        ([("idtyp", "app")], NOONE._replace(kind="application")),
        ([("idtyp", "user")], NOONE),
        ([("idtyp", "app"), ("idtyp", "user")], NOONE._replace(kind="delegated")),
        ([("idtyp", "device")], NOONE._replace(kind="delegated")),
        ([("scp", "read")], NOONE._replace(kind="delegated")),
        ([(f"{SCHEMAS}/identity/claims/scope", "read")], NOONE._replace(kind="delegated")),
        ([("idtyp", "app"), ("scp", "read")], NOONE._replace(kind="delegated")),
        ([("idtyp", "user"), ("scp", "read")], NOONE._replace(kind="delegated")),
    ],
)
def test_each_claim_says_one_thing(claims: list[tuple[str, str]], read: SignIn) -> None:
    assert by(*claims) == read


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        "x",
        5,
        None,
        {"claims": 5},
        {"claims": [5]},
        {"claims": [{}]},
        {"claims": [{"typ": "oid"}]},
        {"claims": [{"val": "o"}]},
    ],
)
def test_a_principal_in_another_form_is_none(document: Any) -> None:
    assert written(document) is None
    assert written({"claims": []}) == NOONE


@pytest.mark.parametrize("damage", ["{}!", "!{}", "{}\n", "{}=", "{} ", "é{}"])
def test_what_is_not_base64_to_the_letter_is_not_read(monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    """A lenient decoder skips what it does not know, so that two different texts would be one."""
    text = base64.b64encode(b'{"claims": [] }').decode()
    assert sign_in({"x-ms-client-principal": text}) == NOONE
    assert sign_in({"x-ms-client-principal": damage.format(text)}) is None
    monkeypatch.setenv("HUB_PLATFORM_AUTH", "certificate")
    assert platform_headers.certificate({"x-arr-clientcert": "Zm9v"}) == b"foo"
    assert platform_headers.certificate({"x-arr-clientcert": damage.format("Zm9v")}) == b""


def test_a_principal_that_is_not_json_is_none() -> None:
    assert sign_in({"x-ms-client-principal": base64.b64encode(b"{").decode()}) is None
    assert sign_in({}) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("  192.0.2.1  ", "192.0.2.1"),
        ("198.51.100.1,203.0.113.9,192.0.2.1", "192.0.2.1"),
        ("192.0.2.1,", ""),
        ("[2001:db8:1:2:3::9]:4711", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3::9]", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3::9", "2001:db8:1:2::/64"),
        ("192.0.2.1:1:2", ""),
        ("192.0.2", ""),
        ("[", ""),
    ],
)
def test_an_address_is_one_host_or_one_network(text: str, address: str) -> None:
    assert platform_headers.address({"x-forwarded-for": text}) == address
