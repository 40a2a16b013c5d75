"""What cannot be mapped is named: each issue of the guide's mapping, with its severity, its code, its rule and its place."""

import pytest

from shared.hl7 import parse
from shared.mapping.guide import convert
from tests.shared.mapping.converting import OBR, PID, message


def put(segment: str, **fields: str) -> str:
    """The segment with these fields, ``_29="20260101"``."""
    sent = segment.split("|")
    for name, value in fields.items():
        number = int(name[1:])
        sent += [""] * (number + 1 - len(sent))
        sent[number] = value
    return "|".join(sent)


VXU, MDM, SIU, OMG = "VXU^V04^VXU_V04", "MDM^T02^MDM_T02", "SIU^S12^SIU_S12", "OMG^O19^OMG_O19"
PV1, TXA = "PV1|1|I", put("TXA|1|CN|TX", _12="D1")
RXA = "RXA|0|1|20260115||1^x^CVX|1"
AIS = "AIS|1||1^x^L|20260116090000|||30|min"
CASES: list[tuple[str, tuple[str, ...], tuple[str, str, str, str]]] = [
    ("ORU^R01", ("PID|1||1||J||1970-01-01",), ("warning", "value", "value-not-mapped", "PID-7")),
    ("ORU^R01", ("PID|1||1||J^^^^^^Q",), ("warning", "code-invalid", "code-not-mapped", "PID-5.7")),
    ("ORU^R01", ("PID|1||1||J~K^^^^^^Q",), ("warning", "code-invalid", "code-not-mapped", "PID-5[2].7")),
    ("ORU^R01", ("PID|1||1||J||||||1^^^^^^Q",), ("warning", "code-invalid", "code-not-mapped", "PID-11.7")),
    ("ORU^R01", ("PID|1||1||J||||||||1^Q^PH",), ("warning", "code-invalid", "code-not-mapped", "PID-13.2")),
    ("ORU^R01", ("PID|1||1||J||||||||1^PRN^Q",), ("warning", "code-invalid", "code-not-mapped", "PID-13.3")),
    ("ORU^R01", (put(PID, _29="20260101", _30="N"),), ("warning", "conflict", "death-against-indicator", "PID-30")),
    ("ORU^R01", (put(PID, _30="Q"),), ("warning", "code-invalid", "code-not-mapped", "PID-30")),
    ("ADT^A01", (PID, "PV1|1|Q"), ("warning", "code-invalid", "code-not-mapped", "PV1-2")),
    ("ADT^A12", (PID, PV1), ("warning", "not-supported", "event-not-mapped", "MSH-9.2")),
    ("ADT", (PID, PV1), ("warning", "required", "element-absent", "MSH-9.2")),
    ("ADT^A99", (PID, PV1), ("warning", "code-invalid", "code-kept-as-text", "MSH-9.2")),
    ("XXX^A01", (PID, PV1), ("warning", "not-supported", "type-not-mapped", "MSH-9.1")),
    ("ADT^A01", (PID, PV1, "ZZZ|1"), ("information", "not-supported", "segment-not-mapped", "ZZZ")),
    ("ADT^A01", (PID, PV1, "AL1|"), ("information", "informational", "segment-says-nothing", "AL1")),
    ("ORU^R01", (PID, OBR, "OBX|1|XX|1^x^L||7||||||F"), ("warning", "not-supported", "value-type-not-mapped", "OBX-2")),
    ("ORU^R01", (PID, OBR, "OBX|1|NM|1^x^L||seven||||||F"), ("warning", "value", "value-not-mapped", "OBX-5")),
    ("ORU^R01", (PID, OBR, "OBX|1|ST|1^x^L||7||||||Q"), ("warning", "code-invalid", "code-not-mapped", "OBX-11")),
    (
        "ORU^R01",
        (PID, OBR, "OBX|1|ST|1^x^L|1|7||||||F", "OBX|2|ST|2^y^L|1|8||||||F"),
        ("information", "informational", "sub-id-not-mapped", "OBX-4"),
    ),
    (OMG, (PID, "ORC|CA|P1", "OBR|1|P1||1^x^L"), ("warning", "informational", "cancel-requested", "ORC-1")),
    (OMG, (PID, "ORC|OC|P1|||IP", "OBR|1|P1||1^x^L"), ("warning", "conflict", "event-against-status", "ORC-5")),
    (OMG, (PID, "ORC|QQ|P1", "OBR|1|P1||1^x^L"), ("warning", "code-invalid", "code-not-mapped", "ORC-1")),
    (OMG, (PID, "ORC|NW|P1|||QQ", "OBR|1|P1||1^x^L"), ("warning", "code-invalid", "code-not-mapped", "ORC-5")),
    (
        OMG,
        (PID, "ORC|NW|P1", "TQ1|1||||||||||||x^day", "OBR|1|P1||1^x^L"),
        ("warning", "value", "value-not-mapped", "TQ1-13"),
    ),
    (MDM, (PID, PV1, put(TXA, _19="QQ")), ("warning", "code-invalid", "code-not-mapped", "TXA-19")),
    ("MDM^T11^MDM_T01", (PID, PV1, put(TXA, _19="AV")), ("warning", "conflict", "event-against-status", "TXA-19")),
    (
        MDM,
        (PID, PV1, put(TXA, _19="AV"), "OBX|1|NM|1^x^L||7||||||F"),
        ("warning", "not-supported", "value-type-not-mapped", "OBX-2"),
    ),
    (SIU, (PID, AIS), ("warning", "required", "element-absent", "SCH")),
    (
        "ORM^O01^ORM_O01",
        (PID, "ORC|NW|P1", "RXO|1^x^L|1|||||||Q"),
        ("warning", "code-invalid", "code-kept-as-text", "RXO-9"),
    ),
    (
        "SIU^S15^SIU_S12",
        ("SCH|1|F1|||||||||||||||||||||||Booked", PID),
        ("warning", "conflict", "event-against-status", "SCH-25"),
    ),
    (SIU, ("SCH|1|F1|||||||||^^^20260116100000^20260116090000", PID), ("warning", "value", "period-not-mapped", "SCH-11")),
    (SIU, ("SCH|1|F1|||||||||^^^20260116100000", PID), ("warning", "required", "element-absent", "SCH-11")),
    ("SIU^S14^SIU_S12", ("SCH|1|F1", PID), ("warning", "required", "element-absent", "SCH-25")),
    ("SIU^S14^SIU_S12", ("SCH|1|F1|||||||||||||||||||||||QQ", PID), ("warning", "code-invalid", "code-not-mapped", "SCH-25")),
    (VXU, (PID, "ORC|RE|P1|F1", RXA), ("information", "required", "element-absent", "RXA-20")),
    (
        VXU,
        (PID, "ORC|RE|P1|F1", put(RXA, _18="00^refused^NIP002", _20="CP", _21="A")),
        ("error", "conflict", "refusal-against-status", "RXA-20"),
    ),
    (VXU, (PID, "ORC|RE|P1|F1", put(RXA, _20="QQ", _21="A")), ("warning", "code-invalid", "code-not-mapped", "RXA-20")),
]


@pytest.mark.parametrize(("kind", "segments", "issue"), CASES)
def test_what_is_not_mapped_is_named(kind: str, segments: tuple[str, ...], issue: tuple[str, str, str, str]) -> None:
    found = convert(parse(message(*segments, kind=kind))).issues
    assert issue in [(each.severity, each.code, each.rule, each.where) for each in found]


def test_a_version_that_the_guide_does_not_read_is_named() -> None:
    for version, named in (("2.5.1", False), ("2.3.1", False), ("2.8", False), ("2.2", True), ("3.0", True), ("", True)):
        found = convert(parse(message(PID).replace("|2.5.1|", f"|{version}|"))).issues
        assert (("version-not-mapped", "MSH-12") in [(each.rule, each.where) for each in found]) is named


def test_clean_segments_have_no_issue() -> None:
    clean = put(PID, _29="20260101", _30="Y")
    for kind, segments in (("ADT^A01^ADT_A01", (clean, PV1)), ("ORU^R01^ORU_R01", (PID, OBR, "OBX|1|ST|1^x^L||7||||||F"))):
        assert [each for each in convert(parse(message(*segments, kind=kind))).issues if each.severity != "information"] == []


LEFT_OUT = {  # segments that have values, but none of those without which there is nothing to say
    "AL1|1|DA||SV||20240501": "none of AL1-3, AL1-5 has a value; the segment is not mapped",
    "ROL|1|UC|AT^^HL70443||20240501": "none of ROL-4, ROL-10, ROL-14 has a value; the segment is not mapped",
    "AL1|1": "none of AL1-3, AL1-5 has a value; the segment is not mapped",
    'PV1|1|""': "the segment has no values or only nulls; it is not mapped",
}


@pytest.mark.parametrize("segment", LEFT_OUT)
def test_what_is_said_of_a_segment_that_is_left_out_is_true(segment: str) -> None:
    found = convert(parse(message(PID, segment, kind="ADT^A31^ADT_A05"))).issues
    assert [each.text for each in found if each.rule == "segment-says-nothing"] == [LEFT_OUT[segment]]
