"""A provider of a referral: where it stands by its role, and when there is a practitioner for it."""

from typing import Any

import pytest

from shared.mapping import from_bundle
from shared.mapping.back.bundle import compose_bundle
from shared.mapping.segments.referral import prd_place
from tests.shared.mapping.converting import PID, converted, only, resources, rules

PLACES = {"RP": "requester", "RT": "performer", "CP": "performer", "PP": "generalPractitioner", "RX": "", "": ""}


def referral(prd: str) -> Any:
    return converted("RF1|A|R|MED|||R1", prd, PID, kind="REF^I12^REF_I12")


@pytest.mark.parametrize("role", PLACES)
def test_the_place_of_a_provider_is_that_of_its_role(role: str) -> None:
    assert prd_place(role) == PLACES[role]
    found = referral(f"PRD|{role}^Role^HL70286|Meddyg^Ann")
    request, patient = only(found, "ServiceRequest"), only(found, "Patient")
    own = only(found, "PractitionerRole")["id"]
    held = {
        "requester": [request.get("requester", {})],
        "performer": request.get("performer", []),
        "generalPractitioner": patient.get("generalPractitioner", []),
    }
    there = [place for place, links in held.items() for link in links if link.get("reference", "").endswith(own)]
    assert there == ([PLACES[role]] if PLACES[role] else [])


@pytest.mark.parametrize(
    ("prd", "practitioners"),
    [
        ("PRD|RP|Meddyg^Ann|||||G1^GMC", 1),
        ("PRD|RP|Meddyg^Ann", 1),
        ("PRD|RP||||||G1^GMC", 1),
        ("PRD|RP||1 Heol Fawr^^Bangor||01248555020^WPN^PH", 0),
    ],
)
def test_a_practitioner_needs_a_name_or_a_number(prd: str, practitioners: int) -> None:
    found = referral(prd)
    assert len(resources(found, "Practitioner")) == practitioners
    assert ("practitioner" in only(found, "PractitionerRole")) == bool(practitioners)


def test_the_number_of_a_provider_without_a_name_is_that_of_its_role_and_its_address_is_named() -> None:
    found = referral("PRD|RT||1 Heol Fawr^^Bangor||01248555020^WPN^PH|||||Clinig^^1")
    assert only(found, "PractitionerRole")["telecom"] == [{"system": "phone", "value": "01248555020", "use": "work"}]
    assert ("element-absent", "PRD-2") in rules(found)
    assert [str(line) for line in from_bundle(found.bundle).lines][
        2
    ] == "PRD|RT^^HL70286||||01248555020^WPN^PH|||||Clinig^^^^^^^^^1"
    named = referral("PRD|RT|Meddyg^Ann|1 Heol Fawr^^Bangor||01248555020^WPN^PH")
    assert "telecom" not in only(named, "PractitionerRole")
    assert ("element-absent", "PRD-2") not in rules(named)


@pytest.mark.parametrize(
    ("own", "of_role", "written"),
    [
        (["01"], ["02"], "01^^PH~02^^PH"),
        (["01"], ["01"], "01^^PH"),
        (["01", "03"], ["03", "02"], "01^^PH~03^^PH~02^^PH"),
        ([], ["02"], "02^^PH"),
        (["01"], [], "01^^PH"),
    ],
)
def test_the_numbers_of_a_provider_and_of_the_role_are_repetitions_without_one_twice(
    own: list[str], of_role: list[str], written: str
) -> None:
    points = [[{"system": "phone", "value": each} for each in numbers] for numbers in (own, of_role)]
    held = [
        {"resourceType": "ServiceRequest", "id": "s", "requester": {"reference": "PractitionerRole/r"}},
        {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/d"}, "telecom": points[1]},
        {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Meddyg"}], "telecom": points[0]},
        {"resourceType": "Patient", "id": "p"},
    ]
    message, issues = compose_bundle(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in held]}
    )
    assert str(message.segment("PRD").raw("5")) == written
    assert not [issue.where for issue in issues if "telecom" in issue.where]
