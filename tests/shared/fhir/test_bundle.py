"""Resources, ids, transactions and outcomes as plain dicts."""

import uuid

import pytest

from shared.fhir import Decimal, Ids, element, entry, outcome, reference, resource, to_json, transaction_bundle
from shared.fhir.reference import HUB
from shared.issue import Issue

MESSAGE = {"MSH-3": "WLIMS", "MSH-4": "7A4", "MSH-10": "M1"}


def test_an_id_is_uuid_version_5_of_sender_facility_control_id_and_path() -> None:
    assert Ids.of(MESSAGE)("OBX[2]") == str(uuid.uuid5(HUB, "WLIMS|7A4|M1|OBX[2]"))


def test_empty_things_are_dropped_and_false_and_zero_stay() -> None:
    made = resource("Observation", status="", valueBoolean=False, valueInteger=0, note=[{}, None], code={}, component=[[]])
    assert made == {"resourceType": "Observation", "valueBoolean": False, "valueInteger": 0}


def test_a_list_keeps_zero_and_false() -> None:
    assert element(values=[0, False, "", 1]) == {"values": [0, False, 1]}


def test_a_decimal_keeps_its_digits() -> None:
    assert to_json({"value": Decimal("0.10"), "low": Decimal("1e3")}) == b'{"value":0.10,"low":1e3}'
    assert Decimal("0.10") == 0.1


@pytest.mark.parametrize(
    ("text", "written"),
    [("0", b"0"), ("007", b"7"), ("-.5", b"-0.5"), ("+5.", b"5"), ("0.10", b"0.10"), ("100", b"100"), ("1E-3", b"1E-3")],
)
def test_a_decimal_is_written_as_json_wants_it(text: str, written: bytes) -> None:
    assert to_json({"value": Decimal(text)}) == b'{"value":%s}' % written


@pytest.mark.parametrize("text", ["", ".", "-", "nan", "1_000", " 5", "5 mg", "<5", "1.2.3"])
def test_what_is_no_number_is_refused_without_its_value(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a decimal number$"):
        Decimal(text)


def test_only_json_is_written() -> None:
    with pytest.raises(TypeError):
        to_json({"value": object()})


def test_a_transaction_puts_each_resource_under_its_own_stable_id() -> None:
    bundle = transaction_bundle(MESSAGE, {"resourceType": "Encounter", "id": "e"}, {})
    assert bundle["entry"] == [
        {
            "fullUrl": "urn:uuid:e",
            "resource": {"resourceType": "Encounter", "id": "e"},
            "request": {"method": "PUT", "url": "Encounter/e"},
        }
    ]
    assert bundle["identifier"]["value"] == f"urn:uuid:{bundle['id']}"


def test_an_entry_may_be_conditional() -> None:
    patient = {"resourceType": "Patient", "id": "p"}
    made = entry(patient, if_none_exist="identifier=s|1")
    assert transaction_bundle(MESSAGE, made)["entry"] == [made]


def test_an_entry_may_be_merged_into_what_the_server_holds() -> None:
    made = entry({"resourceType": "Patient", "id": "p"}, merge="identifier=s|1", removed=["maritalStatus"])
    assert made["request"] == {"method": "PUT", "url": "Patient?identifier=s|1"}
    assert made["extension"] == [{"url": "urn:x-hub:removed-element", "valueString": "maritalStatus"}]


def test_a_reference_to_nothing_is_empty() -> None:
    assert reference("Patient", "") == {}


def test_an_issue_becomes_one_issue_with_its_expression() -> None:
    made = outcome(
        [
            Issue(severity="error", code="required", where="PID-5", text="absent", rule="surname", clause="6.3"),
            Issue(severity="warning", code="value", text="odd"),
        ]
    )
    assert made["issue"] == [
        {
            "severity": "error",
            "code": "required",
            "details": {"coding": [{"system": "urn:x-hub:rule", "code": "surname"}], "text": "absent"},
            "diagnostics": "6.3",
            "expression": ["PID-5"],
        },
        {"severity": "warning", "code": "value", "details": {"text": "odd"}},
    ]


def test_no_issue_at_all_is_said() -> None:
    assert [issue["severity"] for issue in outcome([])["issue"]] == ["information"]
