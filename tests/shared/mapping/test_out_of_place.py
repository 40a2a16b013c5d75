"""Segments where few senders write them: a result without its report, a specimen without an order, an unexpected role."""

from typing import Any

import pytest

from shared.fhir.resource import Resource
from tests.shared.mapping.converting import OBR, PID, converted, resources

OBX, SPM = "OBX|1|ST|1^x^L||seen||||||F", "SPM|1|S1||BLD"
OMG, REF, VXU = "OMG^O19^OMG_O19", "REF^I12^REF_I12", "VXU^V04^VXU_V04"
ORDER = ("ORC|NW|P1", "OBR|1|P1||1^x^L")
RF1, PRD = "RF1|A|R|MED|||R1", "PRD|RP|Meddyg^Ann"
DOCTOR = "PRT|1|AD||{}|C1^Enghraifft^Siwan"


def of(kind: str, *segments: str) -> dict[str, list[Resource]]:
    """The resources of a message, by type."""
    found = converted(PID, *segments, kind=kind)
    return {name: resources(found, name) for name in {entry["resource"]["resourceType"] for entry in found.bundle["entry"]}}


def to(made: Resource) -> str:
    return f"urn:uuid:{made['id']}"


@pytest.mark.parametrize(
    ("kind", "segments", "name"),
    [("ORU^R01^ORU_R01", (OBX,), "Observation"), ("ORU^R01^ORU_R01", (SPM,), "Specimen"), (OMG, (SPM,), "Specimen")],
)
def test_what_is_about_no_report_or_order_is_in_the_focus_of_the_message(kind: str, segments: tuple[str, ...], name: str) -> None:
    found = of(kind, *segments)
    (one,) = found[name]
    assert to(one) in [each["reference"] for each in found["MessageHeader"][0]["focus"]]


def test_an_observation_before_any_order_is_one_of_its_own() -> None:
    found = of(OMG, OBX, *ORDER)
    assert [each["valueString"] for each in found["Observation"]] == ["seen"]
    assert "supportingInfo" not in found["ServiceRequest"][0]


def test_an_observation_of_an_order_is_what_was_known_when_it_was_made() -> None:
    found = of(OMG, *ORDER, OBX)
    assert [each["reference"] for each in found["ServiceRequest"][0]["supportingInfo"]] == [to(found["Observation"][0])]


@pytest.mark.parametrize(("kind", "is_result"), [("RSLT", True), ("QST", False), ("", True)])
def test_what_was_asked_with_the_order_is_no_result(kind: str, is_result: bool) -> None:
    """OBX-29: answers to questions of the order belong to the request."""
    found = of("ORU^R01^ORU_R01", "ORC|RE|P1", OBR, f"{OBX}{'|' * 18}{kind}")
    made = to(found["Observation"][0])
    results = [each["reference"] for each in found["DiagnosticReport"][0].get("result", [])]
    known = [each["reference"] for request in found["ServiceRequest"] for each in request.get("supportingInfo", [])]
    assert ((made in results), (made in known)) == (is_result, not is_result)


def test_what_is_seen_after_the_specimen_is_about_it() -> None:
    found = of("ORU^R01^ORU_R01", OBR, OBX, SPM, OBX.replace("1^x", "2^y").replace("OBX|1", "OBX|2"))
    about = {each["code"]["coding"][0]["code"]: each.get("focus") for each in found["Observation"]}
    assert about["1"] is None
    assert [each["reference"] for each in about["2"]] == [to(found["Specimen"][0])]
    assert len(found["DiagnosticReport"][0]["result"]) == 1
    assert [each["reference"] for each in found["DiagnosticReport"][0]["specimen"]] == [to(found["Specimen"][0])]


@pytest.mark.parametrize(
    ("code", "element", "of_type"),
    [
        ("OP", "requester", "ServiceRequest"),
        ("PRI", "resultsInterpreter", "DiagnosticReport"),
        ("AD", "performer", "ServiceRequest"),
        ("XX", "performer", "ServiceRequest"),
    ],
)
def test_each_role_of_an_order_has_its_element(code: str, element: str, of_type: str) -> None:
    found = of("ORU^R01^ORU_R01", "ORC|RE|P1", OBR, DOCTOR.format(f"{code}^^HL70443"))
    role = to(found["PractitionerRole"][0])
    held = found[of_type][0][element]
    assert [each["reference"] for each in (held if isinstance(held, list) else [held])] == [role]
    others = [
        (name, key)
        for name in ("ServiceRequest", "DiagnosticReport")
        for key, value in found[name][0].items()
        if role in str(value)
    ]
    assert others == [(of_type, element)]


def test_what_goes_with_a_referral_supports_it() -> None:
    alone = of(REF, RF1, PRD, OBX)
    (request,) = alone["ServiceRequest"]
    assert [each["reference"] for each in request["supportingInfo"]] == [to(alone["Observation"][0])]
    reported = of(REF, RF1, PRD, OBR, OBX)
    assert to(reported["DiagnosticReport"][0]) in [each["reference"] for each in reported["ServiceRequest"][0]["supportingInfo"]]
    insured = of(REF, RF1, PRD, "IN1|1|P1|I1|Yswiriant")
    assert [each["reference"] for each in insured["ServiceRequest"][0]["insurance"]] == [to(insured["Coverage"][0])]
    ill = of(REF, RF1, PRD, "DG1|1||J45^Asthma^I10")
    assert [each["reference"] for each in ill["ServiceRequest"][0]["reasonReference"]] == [to(ill["Condition"][0])]


def place_of(*segments: str) -> Any:
    found = of(VXU, *segments)
    return next(each for each in found["Location"] if to(each) == found["Immunization"][0]["location"]["reference"])


def test_where_a_vaccine_was_given_has_its_address() -> None:
    given = "RXA|0|1|20260115||1^x^CVX|1|||||{}||||||||||||||||{}|{}"
    assert place_of("ORC|RE", given.format("", "WARD", "1 Stryd^^Abertawe"))["address"]["city"] == "Abertawe"
    assert "address" not in place_of("ORC|RE", given.format("", "WARD", ""))
    assert place_of("ORC|RE", given.format("OLD", "", ""))["name"] == "OLD"
    assert place_of("ORC|RE", given.format("OLD", "WARD", ""))["name"] == "WARD"
