"""FHIR to HL7 v2: an element that finds no field is named, and nothing is written as its opposite."""

import copy
import pickle
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.fhir.resource import Received
from shared.hl7 import Message, parse
from shared.mapping import to_bundle
from shared.mapping.back.bundle import compose_bundle, from_bundle
from shared.mapping.back.reading import Read, expressed, forget, peek, unread
from tests.shared.mapping.test_round_trip import SAMPLES

Json = dict[str, Any]
PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}],
}
SUBJECT = {"reference": "Patient/p"}
CODE = {"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hb"}]}


def bundle(*resources: Json, patient: Json = PATIENT) -> Json:
    entries = [{"resource": copy.deepcopy(each)} for each in (patient, *resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def result(**more: Any) -> Json:
    return {"resourceType": "Observation", "id": "o", "status": "final", "code": CODE, "subject": SUBJECT, **more}


def report(observation: Json, **more: Any) -> tuple[Json, Json]:
    made = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": CODE, "subject": SUBJECT}
    return {**made, "result": [{"reference": "Observation/o"}], **more}, observation


def written(*resources: Json, patient: Json = PATIENT, kind: str = "") -> tuple[Message, list[tuple[str, str]]]:
    composed = compose_bundle(bundle(*resources, patient=patient), kind)
    return composed.message, [(issue.rule, issue.where) for issue in composed.issues]


def test_a_result_that_is_written_whole_leaves_nothing_to_name() -> None:
    message, named = written(*report(result(valueQuantity={"value": 7, "unit": "g/L"})))
    assert message["OBX-5"] == "7"
    assert named == []


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"contact": [{"name": {"family": "Un"}}]}, "contact"),
        ({"active": False}, "active"),
        ({"photo": [{"url": "https://example.wales/p.png"}]}, "photo"),
        ({"gender": "other-than-known"}, "gender"),
        ({"name": [{"family": "Un", "use": "usual", "text": "Un"}]}, "name[0].text"),
        ({"telecom": [{"system": "phone", "value": "1", "rank": 1}]}, "telecom[0].rank"),
        ({"communication": [{"language": {"coding": [{"code": "cy"}]}, "preferred": True}]}, "communication[0].preferred"),
        ({"extension": [{"url": "https://example.wales/x", "valueString": "y"}]}, "extension[0].valueString"),
        ({"managingOrganization": {"display": "A practice"}}, "managingOrganization"),
    ],
)
def test_what_a_patient_says_and_no_field_holds_is_named(more: Json, where: str) -> None:
    _, named = written(patient={**PATIENT, **more})
    assert ("element-not-mapped", f"Bundle.entry[0].resource.{where}") in named


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"dataAbsentReason": {"text": "not done"}}, "dataAbsentReason"),
        ({"issued": "2026-01-15T10:00:00Z"}, "issued"),
        ({"effectivePeriod": {"start": "2026-01-15", "end": "2026-01-16"}}, "effectivePeriod.end"),
        ({"status": "unknown"}, "status"),
        ({"referenceRange": [{"low": {"value": 1}, "appliesTo": [{"text": "women"}]}]}, "referenceRange"),
        ({"referenceRange": [{"text": "1-5"}, {"text": "2-6"}]}, "referenceRange[1]"),
        ({"subject": {"reference": "Patient/another"}}, "subject"),
    ],
)
def test_what_a_result_says_and_no_field_holds_is_named(more: Json, where: str) -> None:
    _, named = written(*report(result(**more)))
    assert ("element-not-mapped", f"Bundle.entry[2].resource.{where}") in named


def test_a_result_of_another_patient_of_the_bundle_is_named() -> None:
    other = {"resourceType": "Patient", "id": "q"}
    _, named = written(*report(result(subject={"reference": "Patient/q"})), other)
    assert ("element-not-mapped", "Bundle.entry[2].resource.subject") in named


@pytest.mark.parametrize(
    ("held", "field"),
    [
        ({"low": {"value": 1}, "high": {"value": 5}}, "1-5"),
        ({"low": {"value": 1, "unit": "g/L"}, "high": {"value": 5, "unit": "g/L"}}, "1-5"),
        ({"low": {"value": 1, "unit": "mg/L"}, "high": {"value": 5, "unit": "g/L"}}, "1 mg/L-5"),
        ({"low": {"value": 0}}, ">=0"),
        ({"high": {"value": 5}}, "<=5"),
        ({"text": "negative"}, "negative"),
    ],
)
def test_a_reference_range(held: Json, field: str) -> None:
    message, named = written(*report(result(valueQuantity={"value": 7, "unit": "g/L"}, referenceRange=[held])))
    assert message["OBX-7"] == field
    assert named == []


RESULT_STATUS = {
    "registered": "I", "preliminary": "P", "final": "F", "amended": "C", "corrected": "C", "cancelled": "X",
    "entered-in-error": "D",
}  # fmt: skip
REPORT_STATUS = {
    "registered": "O", "partial": "R", "preliminary": "P", "final": "F", "amended": "C", "corrected": "C", "appended": "C",
    "cancelled": "X", "entered-in-error": "X",
}  # fmt: skip


@pytest.mark.parametrize(("status", "code"), RESULT_STATUS.items())
def test_the_status_of_a_result(status: str, code: str) -> None:
    message, named = written(*report(result(status=status)))
    assert message["OBX-11"] == code
    assert named == []


@pytest.mark.parametrize(("status", "code"), REPORT_STATUS.items())
def test_the_status_of_a_report(status: str, code: str) -> None:
    message, named = written(*report(result(), status=status))
    assert message["OBR-25"] == code
    assert named == ([("status-written-as-another", "Bundle.entry[1].resource.status")] if status == "entered-in-error" else [])


def test_a_status_without_a_code_is_named_and_not_written() -> None:
    message, named = written(*report(result(), status="unknown"))
    assert message["OBR-25"] == ""
    assert named == [("element-not-mapped", "Bundle.entry[1].resource.status")]


def test_each_component_is_a_result_of_its_own_code() -> None:
    parts = [
        {"code": {"text": "systolic"}, "valueQuantity": {"value": 120, "unit": "mm[Hg]"}},
        {"code": {"text": "diastolic"}, "valueQuantity": {"value": 80}, "interpretation": [{"text": "low"}]},
    ]
    message, named = written(*report(result(component=parts)))
    assert [(obx["2"], obx["3.2"], obx["4"], obx["5"], obx["6"]) for obx in message.segments("OBX")] == [
        ("NM", "systolic", "1", "120", "mm[Hg]"),
        ("NM", "diastolic", "1", "80", ""),
    ]
    assert [obx["1"] for obx in message.segments("OBX")] == ["1", "2"]
    assert [obx["11"] for obx in message.segments("OBX")] == ["F", "F"]
    assert {rule for rule, _ in named} == {"element-not-mapped"}, "the code of the whole, which no OBX has"
    assert all(where.startswith("Bundle.entry[2].resource.code") for _, where in named)


def test_a_value_of_its_own_stays_beside_the_components() -> None:
    parts = [{"code": {"text": "systolic"}, "valueQuantity": {"value": 120}}]
    message, _ = written(*report(result(valueString="normal", component=parts)))
    assert [(obx["3.1"] or obx["3.2"], obx["5"]) for obx in message.segments("OBX")] == [("718-7", "normal"), ("systolic", "120")]


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ({"valueDateTime": "2026-01-15T09:30:00.123456Z"}, ("DTM", "20260115093000.1234")),
        ({"valueDateTime": "2026-01"}, ("DT", "202601")),
        ({"valueTime": "09:30:00"}, ("TM", "093000")),
        ({"valueRange": {"low": {"value": 5}}}, ("SN", ">=^5")),
        ({"valueRange": {"high": {"value": 5}}}, ("SN", "<=^5")),
        ({"valueRange": {"low": {"value": 1}, "high": {"value": 5}}}, ("SN", "^1^-^5")),
        ({"valueInteger": 3}, ("NM", "3")),
        ({"valueBoolean": False}, ("ID", "N")),
    ],
)
def test_numbers_and_times_in_the_forms_of_v2(value: Json, fields: tuple[str, str]) -> None:
    message, _ = written(*report(result(**value)))
    assert (message["OBX-2"], str(message.raw("OBX-5"))) == fields


# Leaves that a bundle has twice, so that the message is the same without one of them.
SAID_TWICE = ("reference", "id", "type", "system", "url", "code", "display", "use", "status", "intent", "recorded")
WITHHELD: list[tuple[Json, str]] = [
    ({"resourceType": "AllergyIntolerance", "patient": SUBJECT, "verificationStatus": {"coding": [{"code": "refuted"}]}}, "AL1"),
    (
        {
            "resourceType": "AllergyIntolerance",
            "patient": SUBJECT,
            "verificationStatus": {"coding": [{"code": "entered-in-error"}]},
        },
        "AL1",
    ),
    ({"resourceType": "AllergyIntolerance", "patient": SUBJECT, "clinicalStatus": {"coding": [{"code": "resolved"}]}}, "AL1"),
    ({"resourceType": "Condition", "subject": SUBJECT, "verificationStatus": {"coding": [{"code": "refuted"}]}}, "DG1"),
    ({"resourceType": "Procedure", "subject": SUBJECT, "status": "not-done", "code": CODE}, "PR1"),
    ({"resourceType": "Coverage", "beneficiary": SUBJECT, "status": "cancelled", "identifier": [{"value": "1"}]}, "IN1"),
    ({"resourceType": "Procedure", "subject": SUBJECT, "status": "completed", "modifierExtension": [{"url": "u"}]}, "PR1"),
]


@pytest.mark.parametrize(
    ("made", "segment"), WITHHELD, ids=lambda value: value if isinstance(value, str) else value["resourceType"]
)
def test_what_does_not_hold_is_not_written_as_if_it_did(made: Json, segment: str) -> None:
    message, named = written(made, kind="ADT^A08^ADT_A01")
    assert not message[segment]
    assert ("not-written", "Bundle.entry[1].resource") in named


@pytest.mark.parametrize(
    ("more", "control"),
    [
        ({"status": "active"}, "NW"),
        ({"status": "revoked"}, "CA"),
        ({"status": "entered-in-error"}, "CA"),
        ({"status": "on-hold"}, "SC"),
    ],
)
def test_an_order_says_what_its_status_says(more: Json, control: str) -> None:
    order = {"resourceType": "ServiceRequest", "intent": "order", "code": CODE, "subject": SUBJECT, **more}
    message, _ = written(order, kind="OML^O21^OML_O21")
    assert message["ORC-1"] == control


@pytest.mark.parametrize("more", [{"doNotPerform": True}, {"intent": "proposal"}, {"status": "draft"}])
def test_what_is_no_order_becomes_none(more: Json) -> None:
    order = {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": CODE, "subject": SUBJECT, **more}
    message, named = written(order, kind="OML^O21^OML_O21")
    assert not message["ORC"]
    assert ("not-written", "Bundle.entry[1].resource") in named


def test_a_deleted_procedure_says_so() -> None:
    made = {"resourceType": "Procedure", "subject": SUBJECT, "status": "entered-in-error", "code": CODE}
    message, _ = written(made, kind="ADT^A08^ADT_A01")
    assert message["PR1-20"] == "D"


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(each, dict | list):
            yield from leaves(each, (*path, key))
        else:
            yield (*path, key)


def without(value: Any, path: tuple[Any, ...]) -> Any:
    """A copy without the leaf at this path."""
    if not path:
        return value
    if isinstance(value, list):
        return [without(each, path[1:]) if n == path[0] else each for n, each in enumerate(value)]
    kept = {key: each for key, each in value.items() if key != path[0] or path[1:]}
    return {key: without(each, path[1:]) if key == path[0] else each for key, each in kept.items()}


def said_once(resource: Json, all_values: Counter[str]) -> Iterator[tuple[Any, ...]]:
    """The leaves that no other leaf of the bundle repeats, and that are no reference, code or name of a system."""
    found = {path: str(value_at(resource, path)) for path in leaves(resource)}
    for path, value in found.items():
        is_text = path[0] not in ("id", "resourceType", "meta", "text") and path[-1] not in SAID_TWICE
        if is_text and isinstance(path[-1], str) and all_values[value] == 1 and value != "unknown":
            yield path


def value_at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name.removesuffix(".in.hl7"))
def test_every_leaf_that_changes_nothing_when_it_goes_is_named(sample: Any) -> None:
    """The law behind the names: without an element the message is another one, or the element was named."""
    whole = to_bundle(parse(sample.read_bytes()))
    composed = compose_bundle(whole)
    named = [issue.where for issue in composed.issues]
    silent, tried = [], 0
    all_values = Counter(str(value_at(whole, path)) for path in leaves(whole))
    for n, entry in enumerate(whole["entry"]):
        for path in said_once(entry["resource"], all_values):
            where = f"Bundle.entry[{n}].resource" + "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)
            if not any(where == each or where.startswith((f"{each}.", f"{each}[")) for each in named):
                tried += 1
                if compose_bundle(without(whole, ("entry", n, "resource", *path))).message.lines == composed.message.lines:
                    silent.append(where)
    assert not silent, silent
    assert tried


def test_the_record_of_what_was_read() -> None:
    element = Read({"a": 1, "b": {"c": 2, "d": [{"e": 3}, {"e": 4}]}, "f": {"g": 5}}, "X")
    assert unread(element) == ["X.a", "X.b", "X.f"]
    assert element["a"] == 1
    assert element["b"]["d"][0]["e"] == 3
    assert unread(element) == ["X.b.c", "X.b.d[1]", "X.f"]
    forget(element, "a")
    assert peek(element, "a") == 1
    assert unread(element) == ["X.a", "X.b.c", "X.b.d[1]", "X.f"]
    expressed(element, "b", "f")
    assert unread(element) == ["X.a"]


def test_an_order_is_written_with_its_notes_reasons_answers_and_specimens_in_this_order() -> None:
    order = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "code": CODE,
        "subject": SUBJECT,
        "note": [{"text": "Note1"}, {"text": "Note2"}],
        "reasonReference": [{"reference": "Condition/c"}],
        "supportingInfo": [{"reference": "Observation/o"}],
        "specimen": [{"reference": "Specimen/s"}],
    }
    reason = {"resourceType": "Condition", "id": "c", "subject": SUBJECT, "code": {"text": "Reason"}}
    specimen = {"resourceType": "Specimen", "id": "s", "subject": SUBJECT, "type": {"text": "Blood"}}
    message, _ = written(order, reason, result(valueString="Answer"), specimen, kind="OML^O21^OML_O21")
    lines = [each.name for each in message.segments()]
    assert lines[lines.index("ORC") :] == ["ORC", "OBR", "NTE", "NTE", "DG1", "OBX", "SPM"]
    assert [message[path] for path in ("NTE-3", "NTE[2]-3", "DG1-4", "OBX-5")] == ["Note1", "Note2", "Reason", "Answer"]


@pytest.mark.parametrize(
    ("status", "code"),
    [("final", "AU"), ("preliminary", "DO"), ("amended", "AU"), ("entered-in-error", "DO"), ("other", ""), ("", "")],
)
def test_a_document_says_how_complete_it_is(status: str, code: str) -> None:
    made = {"resourceType": "DocumentReference", "status": "current", "subject": SUBJECT, "docStatus": status}
    message, named = written({key: value for key, value in made.items() if value}, kind="MDM^T02^MDM_T02")
    assert message["TXA-17"] == code
    assert (("element-not-mapped", "Bundle.entry[1].resource.docStatus") in named) is (status == "other")


@pytest.mark.parametrize(
    ("status", "code"), [("current", "AV"), ("superseded", "OB"), ("entered-in-error", "CA"), ("other", ""), ("", "")]
)
def test_a_document_says_whether_it_is_available(status: str, code: str) -> None:
    made = {"resourceType": "DocumentReference", "docStatus": "final", "subject": SUBJECT, "status": status}
    message, _ = written({key: value for key, value in made.items() if value}, kind="MDM^T02^MDM_T02")
    assert message["TXA-19"] == code


DATA = {"contentType": "application/pdf", "data": "UERG"}
ELSEWHERE = {"contentType": "image/png", "url": "https://example.wales/p.png"}


@pytest.mark.parametrize(
    ("kind", "attachment", "value_type", "value"),
    [
        ("DocumentReference", DATA, "ED", "^AP^PDF^Base64^UERG"),
        ("DocumentReference", ELSEWHERE, "RP", "https://example.wales/p.png^^IM^PNG"),
        ("Media", DATA, "ST", "Own"),
    ],
)
def test_a_result_that_comes_from_a_document_is_written_as_the_document(
    kind: str, attachment: Json, value_type: str, value: str
) -> None:
    """A resource of another type that the result comes from changes nothing: the result keeps its own value."""
    source = {"resourceType": kind, "id": "d", "status": "current", "content": [{"attachment": attachment}]}
    made = result(valueString="Own", derivedFrom=[{"reference": f"{kind}/d"}])
    message, _ = written(*report(made), source)
    obx = message.lines[-1].split("|")
    assert (obx[0], obx[2], obx[5]) == ("OBX", value_type, value)


def test_a_range_of_a_panel_is_written_or_the_code_of_the_panel_is_named() -> None:
    """A panel without a value of its own has an OBX only for what it says itself."""
    panel = {"code": {"text": "blood pressure"}, "component": [{"code": {"text": "systolic"}, "valueQuantity": {"value": 120}}]}
    made = {"resourceType": "Observation", "id": "o", "status": "final", "subject": {"reference": "Patient/p"}, **panel}
    report = {"resourceType": "DiagnosticReport", "id": "d", "status": "final", "code": {"text": "t"}}
    linked = {**report, "subject": {"reference": "Patient/p"}, "result": [{"reference": "Observation/o"}]}

    def composed(**more: object) -> tuple[list[str], list[str]]:
        resources = [{"resourceType": "Patient", "id": "p"}, linked, {**made, **more}]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}
        found = compose_bundle(bundle, "ORU^R01")
        lines = [line for line in found.message.lines if line.startswith("OBX")]
        return lines, [issue.where for issue in found.issues if issue.where.endswith("code")]

    lines, named = composed(referenceRange=[{"low": {"value": 1}, "high": {"value": 5}}])
    assert [line.split("|")[1] for line in lines] == ["1", "2"]
    assert lines[0].split("|")[7] == "1-5"
    assert not named
    lines, named = composed()
    assert [line.split("|")[1] for line in lines] == ["1"]
    assert named == ["Bundle.entry[2].resource.code"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name.removesuffix(".in.hl7"))
def test_a_message_is_the_same_whether_what_is_read_is_recorded_or_not(sample: Path) -> None:
    made = to_bundle(parse(sample.read_bytes()))
    assert from_bundle(made).encode() == compose_bundle(made).message.encode()


def test_a_bundle_as_received_is_composed_once_for_its_check_and_its_mapping() -> None:
    received = Received(bundle(*report(result(valueString="a"))))
    message = compose_bundle(received).message
    assert from_bundle(received) is message
    again = from_bundle(received)
    assert again is not message
    assert again.encode() == message.encode()


COPIES = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": lambda received: pickle.loads(pickle.dumps(received))}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_a_copy_that_is_changed_gives_its_own_message(copied: Callable[[Received], Json]) -> None:
    received = Received(bundle(*report(result(valueString="a"))))
    compose_bundle(received)
    changed = copied(received)
    changed["entry"] = bundle(*report(result(valueString="b")))["entry"]
    assert from_bundle(changed)["OBX-5"] == "b"
    assert from_bundle(received)["OBX-5"] == "a"


def test_a_message_of_another_type_is_composed_for_itself() -> None:
    received = Received(bundle(*report(result(valueString="a"))))
    compose_bundle(received)
    assert from_bundle(received, "ADT^A31^ADT_A05")["MSH-9.1"] == "ADT"


def test_what_was_composed_as_another_type_is_not_the_message_of_the_bundle() -> None:
    received = Received(bundle(*report(result(valueString="a"))))
    compose_bundle(received, "ADT^A31^ADT_A05")
    assert from_bundle(received)["MSH-9.1"] == "ORU"
