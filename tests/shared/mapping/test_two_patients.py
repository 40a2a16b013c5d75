"""Several patients in one message: whatever is open when the patient changes stays with the patient it was opened for."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.mapping.guide import Converted
from tests.shared.mapping.converting import OBR, PID, converted, only, resources, rules

UN = "PID|1||L1002^^^154^PI||Un^Nia||19881231|F"
DAU = "PID|2||L9999^^^154^PI||Dau^Dafydd||19800202|M"
ORDER = "OBR|{0}|P{0}|F{0}|CRP^Test^L|||20260115093000||||||||BLD|||||||20260115100000||CH|F"
OBX = "OBX|1|NM|1^x^L||{}|mg/L|||||F"


def about(found: Converted) -> dict[str, set[str]]:
    """Each patient's family name -> the kinds of resource that are about that patient."""
    names = {"urn:uuid:" + each["id"]: each["name"][0]["family"] for each in resources(found, "Patient")}
    found_by_name: dict[str, set[str]] = {name: set() for name in names.values()}
    for entry in found.bundle["entry"]:
        for name in subjects(entry["resource"]):
            found_by_name[names[name]].add(f"{entry['resource']['resourceType']}/{mark(entry['resource'])}")
    return found_by_name


def subjects(made: dict[str, Any]) -> Iterator[str]:
    for key in ("subject", "patient", "beneficiary"):
        if isinstance(made.get(key), dict) and "reference" in made[key]:
            yield made[key]["reference"]


def mark(made: dict[str, Any]) -> str:
    return next((each["value"] for each in made.get("identifier", ()) if each.get("value")), "")


@pytest.mark.parametrize("specimen", ["", "SPM|1|S{0}||BLD"])
def test_every_result_is_of_its_own_patient(specimen: str) -> None:
    groups = [(pid, ORDER.format(n), OBX.format(n), *filter(None, [specimen.format(n)])) for n, pid in ((1, UN), (2, DAU))]
    found_by_name = about(converted(*groups[0], *groups[1]))
    kinds = {name: sorted(each.split("/")[0] for each in found) for name, found in found_by_name.items()}
    own = ["DiagnosticReport", "Observation", "ServiceRequest", "Specimen"]
    assert kinds == {"Un": own, "Dau": own}
    assert {"DiagnosticReport/P1", "ServiceRequest/P1"} <= found_by_name["Un"]
    assert {"DiagnosticReport/P2", "ServiceRequest/P2"} <= found_by_name["Dau"]


@pytest.mark.parametrize("kind", ["OML^O21^OML_O21", "ORM^O01^ORM_O01"])
def test_an_order_that_waits_is_that_of_its_own_patient(kind: str) -> None:
    found_by_name = about(converted(UN, "ORC|NW|P1", DAU, "ORC|NW|P2", ORDER.format(2), kind=kind))
    assert "ServiceRequest/P1" in found_by_name["Un"]
    assert not {each for each in found_by_name["Dau"] if each.endswith("P1")}


@pytest.mark.parametrize("waiting", ["ORC|RE|P1", "TQ1|1||||||||S"])
def test_what_found_no_place_is_named_and_goes_to_no_other_patient(waiting: str) -> None:
    found = converted(UN, waiting, DAU, ORDER.format(2), OBX.format(2))
    assert ("segment-not-mapped", waiting[:3]) in rules(found)
    request = only(found, "ServiceRequest")
    assert "priority" not in request
    assert [each["value"] for each in request["identifier"]] == ["P2", "F2"]


def test_a_visit_and_notes_end_with_their_patient() -> None:
    found = converted(UN, "PV1|1|I|W1", DAU, "NTE|1||a word", "DG1|1||J18^Pneumonia^I10", kind="ADT^A08^ADT_A01")
    assert "encounter" not in only(found, "Condition")
    assert "diagnosis" not in only(found, "Encounter")


def test_a_vaccination_ends_with_its_patient() -> None:
    rxa = "RXA|0|1|20260110||207^COVID^CVX|0.3|mL^mL^UCUM||||||||L1|||||CP"
    found = converted(UN, "ORC|RE||1^A", rxa, DAU, OBX.format(1), "RXR|IM^im^HL70162", kind="VXU^V04^VXU_V04")
    assert "partOf" not in only(found, "Observation")
    assert "route" not in only(found, "Immunization")


def test_a_document_ends_with_its_patient() -> None:
    txa = "TXA|1|CN|TX|||||||||D{}|||||AU"
    words = "OBX|1|TX|1^x^L||{}||||||F"
    found = converted(UN, txa.format(1), words.format("one"), DAU, txa.format(2), words.format("two"), kind="MDM^T02^MDM_T02")
    found_by_name = about(found)
    assert [len(each["content"]) for each in resources(found, "DocumentReference")] == [1, 1]
    assert len(found_by_name["Un"]) == len(found_by_name["Dau"]) == 1


def test_an_appointment_of_two_patients_has_both_and_its_request_is_of_the_first() -> None:
    sch = "SCH|P1^PAS|F1^PAS|||||CHECKUP^Check^L||30|min|^^30^20260201090000^20260201093000||||||||||||||Booked|PL1"
    found = converted(sch, UN, DAU, kind="SIU^S12^SIU_S12")
    assert len(only(found, "Appointment")["participant"]) == 2
    assert any(each.startswith("ServiceRequest") for each in about(found)["Un"])
    assert not about(found)["Dau"]


def test_a_referral_is_about_its_first_patient() -> None:
    found_by_name = about(converted("RF1|A|R||||R1^GP", UN, DAU, kind="REF^I12^REF_I12"))
    assert (len(found_by_name["Un"]), len(found_by_name["Dau"])) == (1, 0)


def test_the_same_patient_said_twice_is_one() -> None:
    found = converted(PID, OBR, OBX.format(1), PID.replace("PID|1", "PID|2"), ORDER.format(2), OBX.format(2))
    assert len(resources(found, "Patient")) == 1
    assert len(resources(found, "DiagnosticReport")) == 2


def test_specimens_of_obr_are_not_lost_because_another_order_has_its_own() -> None:
    orders = (UN, "ORC|NW|P1", ORDER.format(1), DAU, "ORC|NW|P2", ORDER.format(2), "SPM|1|S2||BLD")
    assert len(resources(converted(*orders, kind="OML^O21^OML_O21"), "Specimen")) == 2
