"""Who holds which role on the ops page, claim by claim, and what the token of a form is bound to."""

import base64
import hmac

import orjson
import pytest

from shared.ops import access
from shared.ops.access import ROLES, Person
from shared.platform_headers import PRINCIPAL


def signed_in(*claims: tuple[str, str]) -> Person | None:
    document = {"claims": [{"typ": name, "val": value} for name, value in claims]}
    headers = {PRINCIPAL: base64.b64encode(orjson.dumps(document)).decode()}
    return access.person(headers, on_developers_machine=False)


@pytest.fixture(autouse=True)
def platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "hub-ops")  # the platform counts in Azure only
    monkeypatch.setenv("HUB_PLATFORM_AUTH", "principal")


@pytest.mark.parametrize("roles", [("Hub.Reader", "Hub.Admin"), ("Hub.Admin", "Hub.Operator", "Hub.Reader")])
def test_the_highest_role_counts(roles: tuple[str, ...]) -> None:
    assert signed_in(("oid", "p"), *(("roles", role) for role in roles)) == Person("p", "admin")


@pytest.mark.parametrize(("given", "role"), [("Hub.Reader", "reader"), ("Hub.Operator", "operator"), ("Hub.Admin", "admin")])
def test_each_role_of_the_application_is_one_of_the_hub(given: str, role: str) -> None:
    who = signed_in(("oid", "p"), ("roles", given))
    assert who
    assert (who.name, who.role, who.is_sample) == ("p", role, False)


@pytest.mark.parametrize("kind", [("idtyp", "app"), ("scp", "user_impersonation"), ("idtyp", "device")])
def test_the_token_of_an_application_is_no_person(kind: tuple[str, str]) -> None:
    assert signed_in(("oid", "p"), ("roles", "Hub.Admin")) == Person("p", "admin")
    assert signed_in(("oid", "p"), ("roles", "Hub.Admin"), kind) is None


def test_a_person_has_a_subject_and_a_role_of_the_hub() -> None:
    assert signed_in(("roles", "Hub.Admin")) is None
    assert signed_in(("oid", "p"), ("roles", "Hub.Other")) is None


@pytest.mark.parametrize("held", ROLES)
def test_a_role_opens_itself_and_what_is_lower(held: str) -> None:
    allowed = [role for role in ROLES if Person("p", held).may(role)]
    assert allowed == list(ROLES[: ROLES.index(held) + 1])


def test_a_token_is_bound_to_secret_person_role_and_day() -> None:
    who = Person("p", "reader")
    tokens = {
        access.token(b"s", who, "2026-05-01"),
        access.token(b"t", who, "2026-05-01"),
        access.token(b"s", Person("q", "reader"), "2026-05-01"),
        access.token(b"s", Person("p", "admin"), "2026-05-01"),
        access.token(b"s", who, "2026-05-02"),
    }
    assert len(tokens) == 5
    assert access.token_is_right(access.token(b"s", who, "2026-05-01"), access.token(b"s", who, "2026-05-01"))


@pytest.mark.parametrize(
    ("cookie", "role"),
    [
        ("", "reader"),
        ("hub-sample-role=admin", "admin"),
        ("a=b; hub-sample-role=operator ;c=d", "operator"),
        ("hub-sample-role=reader", "reader"),
        ("hub-sample-role=", "reader"),
        ("hub-sample-role", "reader"),
        ("hub-sample-role=root", "reader"),
        ("sample-role=admin", "reader"),
    ],
)
def test_the_sample_person_of_a_developers_machine(monkeypatch: pytest.MonkeyPatch, cookie: str, role: str) -> None:
    monkeypatch.delenv("WEBSITE_SITE_NAME")
    assert access.person({"cookie": cookie}, on_developers_machine=True) == Person(f"sample-{role}", role, is_sample=True)
    assert access.person({"cookie": cookie}, on_developers_machine=False) is None
    assert access.person({}, on_developers_machine=True) == Person("sample-reader", "reader", is_sample=True)


def test_a_sign_in_counts_before_the_sample_person() -> None:
    document = {"claims": [{"typ": "oid", "val": "p"}, {"typ": "roles", "val": "Hub.Reader"}]}
    headers = {PRINCIPAL: base64.b64encode(orjson.dumps(document)).decode(), "cookie": "hub-sample-role=admin"}
    assert access.person(headers, on_developers_machine=True) == Person("p", "reader")


def test_a_token_is_the_same_for_each_instance_of_the_app() -> None:
    token = access.token(b"s", Person("p", "reader"), "2026-05-01")
    assert token == hmac.new(b"s", b"ops\0p\0reader\x002026-05-01", "sha256").hexdigest()
    assert not access.token_is_right("", token)
    assert not access.token_is_right(token[:-1], token)
