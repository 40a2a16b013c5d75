"""A provider of a referral: where it stands by its role, and when there is a practitioner for it."""

from typing import Any

import pytest

from shared.mapping.segments.referral import prd_place
from tests.shared.mapping.converting import PID, converted, only, resources

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
