"""What a transaction writes has a stable identity, or the output does not pass its check."""

from typing import Any

import pytest

from shared.fhir import FhirProfile, Ids, entry, transaction_bundle
from shared.fhir.identity import own_id, unstable
from shared.mapping.transaction import numbered, search

NAMES = {"MSH-3": "A", "MSH-4": "", "MSH-10": "M1"}
NUMBER = {"system": "urn:x", "value": "1"}


def order(identifier: dict[str, str], resource_id: str = "m1") -> dict[str, Any]:
    return {"resourceType": "ServiceRequest", "id": resource_id, "identifier": [identifier]}


STABLE = {
    "a search for a number": entry(order(NUMBER), merge=search(NUMBER)),
    "created once by a number": entry(order(NUMBER), if_none_exist=search(NUMBER)),
    "an id of its own number": entry(order(NUMBER, own_id("ServiceRequest", NUMBER))),
    "read only": {"request": {"method": "GET", "url": "Patient/1"}},
}
UNSTABLE = {
    "an id of the message": entry(order(NUMBER)),
    "a number without a system": entry(order({"value": "1"}), merge=numbered(order({"value": "1"}))),
    "a search without a system": entry(order({"value": "1"}), merge=search({"value": "1"})),
    "a search without a value": entry(order(NUMBER), merge=search({"system": "urn:x", "value": ""})),
    "a search with a blank value": entry(order(NUMBER), merge=search({"system": "urn:x", "value": " "})),
    "a search for something else": entry(order(NUMBER), merge="name=urn:x|1"),
    "created each time": {"resource": order(NUMBER), "request": {"method": "POST", "url": "ServiceRequest"}},
    "an id of another type": entry(order(NUMBER, own_id("Patient", NUMBER))),
    "an id of an empty number": entry(order({"system": "urn:x", "value": ""}, "m1")),
}


@pytest.mark.parametrize("which", STABLE)
def test_a_stable_identity_passes(which: str) -> None:
    assert list(unstable({"entry": [STABLE[which]]})) == []


@pytest.mark.parametrize("which", UNSTABLE)
def test_an_identity_that_no_later_message_has_is_an_error_at_its_request(which: str) -> None:
    found = list(unstable({"entry": [STABLE["read only"], UNSTABLE[which]]}))
    assert [(issue.severity, issue.rule, issue.where) for issue in found] == [
        ("error", "no-stable-identity", "Bundle.entry[1].request")
    ]


def test_a_declared_type_passes_and_no_other() -> None:
    bundle = transaction_bundle(NAMES, {"resourceType": "Basic", "id": Ids.of(NAMES)("X"), "code": {"text": "a"}})
    rules = [[issue.rule for issue in profile.check(bundle)] for profile in PROFILES]
    assert rules == [["no-stable-identity"], [], [], ["no-stable-identity"]]


PROFILES = (
    FhirProfile(),
    FhirProfile(new_id={"Basic": "a reason"}),
    FhirProfile(same_id={"Basic": "a number"}),
    FhirProfile(new_id={"Patient": "a reason"}),
)


@pytest.mark.parametrize("content", [{"resourceType": "Patient"}, {"entry": [{"resource": order(NUMBER)}]}, [], None])
def test_what_is_not_written_needs_no_identity(content: Any) -> None:
    assert list(unstable(content)) == []
