"""Who holds which role on the ops page, claim by claim, and what the token of a form is bound to."""

import base64

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
