"""What a sender withdraws, refuses or leaves empty is never shown as a live statement."""

import pytest

from shared.mapping.guide import MESSAGES
from shared.validation.standard import standard
from tests.shared.mapping.converting import OBR, PID, converted, only, resources, rules

SIU, MDM, ADT = "SIU^S12^SIU_S12", "MDM^T02^MDM_T02", "ADT^A08^ADT_A01"
SCH = "SCH|P1^PAS|F1^PAS|||||CHECKUP^Check^L||30|min|^^30^20260201090000^20260201093000||||||||||||||{}"
TXA = "TXA|1|DS^Discharge summary^L|AP|20260114||||||||D2^PAS|||||{}||{}"
IAM = "IAM|1|DA^Drug^HL70127|PEN^Penicillin^L|SV|Rash|{}|IAM1^PAS||||||||||{}"
PR1 = "PR1|1||H01^Appendicectomy^OPCS4||{}|||||||||||||||{}"


def status_of(made: dict[str, object], name: str = "verificationStatus") -> str:
    return made[name]["coding"][0]["code"] if name in made else ""  # type: ignore[index]


@pytest.mark.parametrize("action", ["D^Delete^HL70323", "D"])
def test_a_deleted_allergy_is_entered_in_error(action: str) -> None:
    made = only(converted(PID, IAM.format(action, ""), kind=ADT), "AllergyIntolerance")
    assert (status_of(made), status_of(made, "clinicalStatus")) == ("entered-in-error", "")


@pytest.mark.parametrize(
    ("code", "verification", "clinical"),
    [
        ("", "", "active"),
        ("C", "confirmed", "active"),
        ("I", "confirmed", "inactive"),
        ("E", "entered-in-error", ""),
        ("D", "unconfirmed", "active"),
        ("P", "unconfirmed", "active"),
        ("S", "unconfirmed", "active"),
        ("U", "unconfirmed", "active"),
    ],
)
def test_the_clinical_status_of_an_allergy_is_read_by_table_0438(code: str, verification: str, clinical: str) -> None:
    made = only(converted(PID, IAM.format("A", code), kind=ADT), "AllergyIntolerance")
    assert (status_of(made), status_of(made, "clinicalStatus")) == (verification, clinical)


def test_a_clinical_status_that_is_none_is_named() -> None:
    assert ("code-not-mapped", "IAM-17") in rules(converted(PID, IAM.format("A", "Q"), kind=ADT))


@pytest.mark.parametrize(
    ("date", "action", "status"),
    [("20260110", "D", "entered-in-error"), ("20260110", "A", "completed"), ("", "", "unknown"), ("20270110", "", "unknown")],
)
def test_a_procedure_is_completed_only_when_its_day_has_come(date: str, action: str, status: str) -> None:
    assert only(converted(PID, PR1.format(date, action), kind=ADT), "Procedure")["status"] == status


@pytest.mark.parametrize(
    ("event", "availability", "status"),
    [
        ("T11", "", "entered-in-error"),
        ("T11", "AV", "entered-in-error"),
        ("T02", "CA", "entered-in-error"),
        ("T02", "", "current"),
    ],
)
def test_a_cancelled_document_is_entered_in_error(event: str, availability: str, status: str) -> None:
    found = converted(PID, TXA.format("AU", availability), kind=f"MDM^{event}^MDM_T02")
    assert only(found, "DocumentReference")["status"] == status
    assert (("event-against-status", "TXA-19") in rules(found)) == (event == "T11" and availability == "AV")


@pytest.mark.parametrize(
    ("event", "filler", "status", "named"),
    [
        ("S15", "Booked", "cancelled", True),
        ("S15", "Cancelled", "cancelled", False),
        ("S16", "Complete", "cancelled", True),
        ("S16", "Noshow", "noshow", False),
        ("S17", "Booked", "entered-in-error", True),
        ("S26", "Booked", "noshow", True),
        ("S12", "", "booked", False),
        ("S12", "Pending", "pending", False),
        ("S14", "", "proposed", True),
        ("S20", "", "proposed", True),
    ],
)
def test_the_event_of_an_appointment_counts_before_its_status(event: str, filler: str, status: str, named: bool) -> None:
    found = converted(SCH.format(filler), PID, kind=f"SIU^{event}^SIU_S12")
    made = only(found, "Appointment")
    assert made["status"] == status
    assert bool({"event-against-status", "element-absent"} & {rule for rule, _ in rules(found)}) == named
    replies = {each["status"] for each in made["participant"]}
    assert replies == ({"accepted"} if status == "booked" else {"needs-action"})


@pytest.mark.parametrize(
    ("event", "status"),
    [
        *(("A11", "cancelled"), ("A27", "cancelled"), ("A38", "cancelled"), ("A23", "entered-in-error")),
        *(("A01", "in-progress"), ("A03", "finished"), ("A05", "planned"), ("A13", "in-progress"), ("A12", "in-progress")),
    ],
)
def test_the_event_of_a_visit_counts_before_its_class(event: str, status: str) -> None:
    made = only(converted(PID, "PV1|1|I|W1", kind=f"ADT^{event}"), "Encounter")
    assert made["status"] == status
    here = {"in-progress": "active", "planned": "planned"}.get(status)
    assert made["location"][0].get("status") == here


CANCELS = ("A12", "A13", "A23", "A25", "A26", "A29", "A32", "A33", "A37", "A52", "A53", "A55", "A61")


@pytest.mark.parametrize("event", CANCELS)
def test_each_event_that_takes_something_back_is_read_or_named(event: str) -> None:
    found = converted(PID, "PV1|1|I|W1", kind=f"ADT^{event}")
    assert ("event-not-mapped", "MSH-9.2") in rules(found) or event in ("A13", "A23")


def test_a_person_who_is_deleted_is_no_active_patient() -> None:
    assert only(converted(PID, kind="ADT^A29^ADT_A21"), "Patient")["active"] is False


def test_a_referral_that_is_cancelled_is_revoked() -> None:
    made = resources(converted("RF1|A^^HL70283|R||||R1^GP", "PRD|RP|A^B", PID, kind="REF^I14^REF_I12"), "ServiceRequest")
    assert made[0]["status"] == "revoked"


@pytest.mark.parametrize(
    ("control", "status", "expected"),
    [("OC", "SC", "revoked"), ("CR", "IP", "revoked"), ("OD", "CM", "revoked"), ("NW", "", "active"), ("QQ", "", "unknown")],
)
def test_an_order_that_is_taken_back_is_no_active_request(control: str, status: str, expected: str) -> None:
    found = converted(PID, f"ORC|{control}|P1|F1||{status}", "OBR|1|P1|F1|CRP^Test^L", kind="ORM^O01^ORM_O01")
    assert only(found, "ServiceRequest")["status"] == expected
    assert rules(found) & {("event-against-status", "ORC-5"), ("code-not-mapped", "ORC-1")} or control == "NW"


def test_a_request_to_cancel_is_named() -> None:
    found = converted(PID, "ORC|CA|P1|F1", "OBR|1|P1|F1|CRP^Test^L", kind="ORM^O01^ORM_O01")
    assert only(found, "ServiceRequest")["status"] == "active"
    assert ("cancel-requested", "ORC-1") in rules(found)


RXA = "RXA|0|1|20260110||207^COVID^CVX|0.3|mL^mL^UCUM||00^new^NIP001||||||L1|||{}||{}|{}"


@pytest.mark.parametrize(
    ("refused", "completion", "action", "status"),
    [
        ("00^Refused^NIP002", "", "", "not-done"),
        ("00^Refused^NIP002", "RE", "", "not-done"),
        ("00^Refused^NIP002", "CP", "", "not-done"),
        ("00^Refused^NIP002", "", "D", "entered-in-error"),
        ("", "CP", "", "completed"),
        ('""', "CP", "", "completed"),
    ],
)
def test_a_refusal_is_no_vaccination(refused: str, completion: str, action: str, status: str) -> None:
    found = converted(PID, "ORC|RE||1^A", RXA.format(refused, completion, action), kind="VXU^V04^VXU_V04")
    made = only(found, "Immunization")
    assert made["status"] == status
    assert ("statusReason" in made) == (refused.startswith("00"))
    assert (("refusal-against-status", "RXA-20") in rules(found)) == (refused.startswith("00") and completion == "CP")


@pytest.mark.parametrize("completion", ["ZZ", ""])
def test_a_vaccination_of_no_known_status_is_not_shown_as_given_without_a_word(completion: str) -> None:
    found = converted(PID, "ORC|RE||1^A", RXA.format("", completion, ""), kind="VXU^V04^VXU_V04")
    assert only(found, "Immunization").get("status", "") == ("" if completion else "completed")
    assert [place for _, place in rules(found) if place == "RXA-20"]


SEGMENTS = {  # each with what it would become
    "AL1|1|{0}|{0}": "AllergyIntolerance",
    "AL1|1|DA|{0}": "AllergyIntolerance",
    "AL1|1": "AllergyIntolerance",
    "AL1|1|DA||SV|{0}": "AllergyIntolerance",
    "IAM|1|{0}|{0}|{0}|{0}|A": "AllergyIntolerance",
    "NK1|1|{0}|{0}|{0}|{0}": "RelatedPerson",
    "NK1|1||MTH": "RelatedPerson",
    "GT1|1|{0}|{0}": "RelatedPerson",
    "IN1|1|{0}|{0}|{0}": "Coverage",
    "DG1|1||{0}|{0}": "Condition",
    "PR1|1||{0}|{0}|20260110": "Procedure",
    "PV1|1": "Encounter",
    "PV1|1|{0}": "Encounter",
    "OBX|1|NM|{0}||{0}||||||F": "Observation",
    "OBX|1": "Observation",
    "ROL|1|AD|{0}|{0}": "CareTeam",
    "PD1|||||||{0}": "Observation",
    "ORC|": "ServiceRequest",
    "OBR|1|{0}|{0}|{0}": "ServiceRequest",
    "SPM|1|{0}|{0}|{0}": "Specimen",
}


@pytest.mark.parametrize("segment", SEGMENTS)
@pytest.mark.parametrize("null", ["", '""', '""^""', "^"])
def test_a_segment_that_says_nothing_becomes_nothing(segment: str, null: str) -> None:
    kind = "OML^O21^OML_O21" if segment[:3] in ("ORC", "OBR", "SPM") else ADT
    found = converted(PID, segment.format(null), kind=kind)
    assert not resources(found, SEGMENTS[segment])
    assert ("segment-says-nothing", segment[:3]) in rules(found) or segment.startswith("PD1")
    assert '""' not in str(found.bundle)


def test_a_merge_without_a_second_patient_merges_none() -> None:
    found = converted(PID, 'MRG|""', kind="ADT^A40^ADT_A39")
    assert "link" not in only(found, "Patient")
    assert ("segment-says-nothing", "MRG") in rules(found)


@pytest.mark.parametrize("null", ["", '""'])
def test_documents_appointments_and_vaccinations_of_nothing(null: str) -> None:
    assert not resources(converted(PID, f"TXA|1|{null}", kind=MDM), "DocumentReference")
    assert not resources(converted(f"SCH|{null}", PID, kind=SIU), "Appointment")
    assert not resources(converted(PID, f"RXA|0|1|{null}||{null}", kind="VXU^V04^VXU_V04"), "Immunization")
    assert not resources(converted(f"RF1|{null}", PID, kind="REF^I12^REF_I12"), "ServiceRequest")


TABLES = ("0206", "0287", "0323")


def test_every_action_code_of_the_segments_we_read_is_here() -> None:
    known = standard("2.5.1")
    assert known
    read = {name for handlers, _ in MESSAGES.values() for name in handlers}
    found = {f"{name}-{n}" for name in read for n, field in enumerate(known.fields(name), 1) if field.table in TABLES}
    assert found == {f"{name}-2" for name in ("AIG", "AIL", "AIP", "AIS", "RGS", "ROL")} | {"IAM-6", "PR1-20", "DG1-21", "RXA-21"}


@pytest.mark.parametrize(
    "segment", ["AIS|1|{}|X^Echo^L", "AIG|1|{}|R^Room^L", "AIL|1|{}|W1", "AIP|1|{}|C1^Enghraifft^Siwan^^^^^^GMC"]
)
@pytest.mark.parametrize("code", ["A", "D"])
def test_what_is_taken_out_of_an_appointment_is_not_in_it(segment: str, code: str) -> None:
    found = converted(SCH.format("Booked"), PID, "RGS|1", segment.format(code), kind=SIU)
    made = only(found, "Appointment")
    extra = len(made["participant"]) - 1 + len(made.get("serviceType", ()))
    assert extra == (1 if code == "A" else 0)
    assert (("withdrawn-not-mapped", f"{segment[:3]}-2") in rules(found)) == (code == "D")


def test_a_group_of_resources_that_is_deleted_takes_them_along() -> None:
    found = converted(SCH.format("Booked"), PID, "RGS|1|D", "AIL|1|A|W1", "RGS|2|A", "AIL|1|A|W2", kind=SIU)
    assert len(only(found, "Appointment")["participant"]) == 2
    assert ("withdrawn-not-mapped", "RGS-2") in rules(found)


@pytest.mark.parametrize(("code", "there"), [("AD", True), ("DE", False), ("UN", False), ("CO", True)])
def test_a_deleted_role_is_left_out(code: str, there: bool) -> None:
    for more in ((), ("PV1|1|I|W1",)):
        found = converted(PID, *more, f"ROL|1|{code}|AT|C1^Enghraifft^Siwan^^^^^^GMC", kind=ADT)
        assert bool(resources(found, "CareTeam") + resources(found, "PractitionerRole")) == there
        assert (("withdrawn-not-mapped", "ROL-2") in rules(found)) == (not there)


def test_a_deleted_diagnosis_is_no_diagnosis_of_the_visit() -> None:
    found = converted(PID, "PV1|1|I|W1", "DG1|1||J18^Pneumonia^I10" + "|" * 18 + "D", kind=ADT)
    made = only(found, "Condition")
    assert status_of(made) == "entered-in-error"
    assert "diagnosis" not in only(found, "Encounter")


@pytest.mark.parametrize("word", ["Severe", "XX"])
def test_a_severity_that_the_table_does_not_know_is_kept_in_words_and_named(word: str) -> None:
    for segment in (f"AL1|1|DA|PEN^Penicillin^L|{word}|Rash", f"IAM|1|DA|PEN^Penicillin^L|{word}|RASH^Rash^L|A"):
        found = converted(PID, segment, kind=ADT)
        assert only(found, "AllergyIntolerance")["reaction"][0]["note"] == [{"text": word}]
        assert ("code-not-mapped", f"{segment[:3]}-4") in rules(found)


@pytest.mark.parametrize(
    ("segments", "kind", "place"),
    [
        ((OBR.replace("|||20260115093000", "|Q||20260115093000"),), "ORU^R01^ORU_R01", "OBR-5"),
        (("AL1|1|ZZ|PEN^Penicillin^L",), ADT, "AL1-2"),
        (("ORC|NW|P1|||||^^^^^QQ", "OBR|1|P1||CRP^Test^L"), "OML^O21^OML_O21", "ORC-7.6"),
        (("OBR|1|P1||CRP^Test^L", "TQ1|1||||||||QQ"), "OML^O21^OML_O21", "TQ1-9"),
        (("OBR|1|P1||CRP^Test^L|||||||QQ",), "OML^O21^OML_O21", "OBR-11"),
        ((TXA.format("QQ", ""),), MDM, "TXA-17"),
        ((TXA.format("AU", "QQ"),), MDM, "TXA-19"),
        ((OBR, "SPM|1|||BLD||||||||||||||||QQ"), "ORU^R01^ORU_R01", "SPM-20"),
        (("PV1|1|I|W1^1^2" + "|" * 37 + "QQ",), ADT, "PV1-40"),
        ((f"{PID}|||||01792 555555^QQ^PH",), ADT, "PID-13.2"),
        ((f"{PID}|||||01792 555555^PRN^QQ",), ADT, "PID-13.3"),
        (("PID|1||1^^^140||A^B^^^^^QQ",), ADT, "PID-5.7"),
        (("PID|1||1^^^140||A^B||||||1 St^^^^^^QQ",), ADT, "PID-11.7"),
        (("PID|1||1^^^140||A^B" + "|" * 19 + "QQ",), ADT, "PID-24"),
        (("PID|1||1^^^140||A^B" + "|" * 25 + "QQ",), ADT, "PID-30"),
        (("RF1|QQ|R||||R1^GP",), "REF^I12^REF_I12", "RF1-1"),
        (("RF1|A|QQ||||R1^GP",), "REF^I12^REF_I12", "RF1-2"),
    ],
)
def test_no_code_vanishes_in_a_bare_look_up(segments: tuple[str, ...], kind: str, place: str) -> None:
    about = () if segments[0].startswith("PID") else (PID,)
    assert {("code-not-mapped", place), ("code-kept-as-text", place)} & rules(converted(*about, *segments, kind=kind))
