"""What an OBX says besides its value: the parts of its sub-identifier, and its specimen; and who is behind an OBR, in a CNN."""

from decimal import Decimal
from typing import Any

import pytest

from shared.hl7 import parse
from shared.hl7.repetition import Repetition
from shared.mapping.back.segments.orders import specimen_spm
from shared.mapping.back.writing import Writing
from shared.mapping.datatypes import code
from shared.mapping.datatypes.provider import cnn_practitioner, cwe_device, cwe_organization
from shared.mapping.reading import UNKNOWN
from shared.mapping.segments.administration.patient import deceased
from tests.shared.mapping.converting import OBR, PID, converted, only, resources

Json = dict[str, Any]
SUB_ID = "http://hl7.org/fhir/StructureDefinition/observation-v2-subid"


def obx(**fields: str) -> str:
    filled = {"1": "1", "2": "NM", "3": "X^Test^L", "5": "7", "11": "F"} | {name[1:]: text for name, text in fields.items()}
    return "OBX|" + "|".join(filled.get(str(n), "") for n in range(1, 34)).rstrip("|")


@pytest.mark.parametrize(
    ("sent", "parts"),
    [
        ("1.5^2^3^d", [("original-sub-identifier", "1.5"), ("group", 2), ("sequence", 3), ("identifier", "d")]),
        ("a", [("original-sub-identifier", "a")]),
        ("^1.5", [("group", Decimal("1.5"))]),
        ("^a^b", [("group", "a"), ("sequence", "b")]),
        ("^^^d", [("identifier", "d")]),
    ],
)
def test_each_part_of_a_sub_identifier_is_an_extension_of_its_type(sent: str, parts: list[tuple[str, Any]]) -> None:
    observation = only(converted(PID, OBR, obx(_4=sent)), "Observation")
    (found,) = [each for each in observation["extension"] if each["url"] == SUB_ID]
    kinds = {name: "valueString" if isinstance(value, str) else "valueDecimal" for name, value in parts}
    assert found["extension"] == [{"url": name, kinds[name]: value} for name, value in parts]


@pytest.mark.parametrize(("sent", "code"), [("S1&LAB", "PLAC"), ("^S2&LAB", "FILL")])
def test_a_specimen_of_one_number_is_that_number(sent: str, code: str) -> None:
    found = converted(PID, OBR, obx(_33=sent))
    assert not resources(found, "Specimen")
    specimen = only(found, "Observation")["specimen"]
    assert specimen["identifier"]["value"] == ("S1" if code == "PLAC" else "S2")
    assert [each["code"] for each in specimen["identifier"]["type"]["coding"]] == [code]


def test_a_specimen_of_two_numbers_is_a_specimen_with_both() -> None:
    found = converted(PID, OBR, obx(_33="S1&LAB^S2&LAB"))
    numbers = [(each["type"]["coding"][0]["code"], each["value"]) for each in only(found, "Specimen")["identifier"]]
    assert numbers == [("PLAC", "S1"), ("FILL", "S2")]
    assert "reference" in only(found, "Observation")["specimen"]


def test_several_specimens_are_not_one() -> None:
    found = converted(PID, OBR, obx(_33="S1&LAB~S2&LAB"))
    assert "specimen" not in only(found, "Observation")


CNN = "N1&Family&Given&Second&Suffix&Prefix&Degree&Source&RYR&1.2.840.1&ISO"
NAME = {"family": "Family", "given": ["Given", "Second"], "prefix": ["Prefix"], "suffix": ["Suffix", "Degree"]}


@pytest.mark.parametrize(("sent", "component"), [(CNN, "1"), (f"x&y^{CNN}", "2")])
def test_each_part_of_a_cnn_has_its_place(sent: str, component: str) -> None:
    encoding = parse(b"MSH|^~\\&|A\r").encoding
    found = cnn_practitioner(Repetition(sent, encoding), component)
    (identifier,) = found["identifier"]
    assert (identifier["value"], identifier["system"], identifier["assigner"]["display"]) == ("N1", "urn:oid:1.2.840.1", "RYR")
    assert found["name"] == [NAME]


@pytest.mark.parametrize(("sent", "is_someone"), [("N1", True), ("&Family", True), ("&&Given", False), ("", False)])
def test_a_cnn_needs_a_number_or_a_family_name(sent: str, is_someone: bool) -> None:
    encoding = parse(b"MSH|^~\\&|A\r").encoding
    assert bool(cnn_practitioner(Repetition(sent, encoding))) == is_someone


CWE = "C1^Words1^S1^C2^Words2^S2^V1^V2^Text^C3^Words3^S3"
CODES = [{"system": f"urn:x-hub:coding-system:S{n}", "value": f"C{n}"} for n in (1, 2, 3)]


def test_each_part_of_a_cwe_has_its_place_in_a_device_and_in_an_organization() -> None:
    """A device has the words of each code before the text; of an organization the text is the name."""
    part = Repetition(CWE, parse(b"MSH|^~\\&|A\r").encoding)
    device, organization = cwe_device(part), cwe_organization(part)
    assert device["identifier"] == organization["identifier"] == CODES
    assert [each["name"] for each in device["deviceName"]] == ["Words1", "Words2", "Words3", "Text"]
    assert {each["type"] for each in device["deviceName"]} == {"user-friendly-name"}
    assert (organization["name"], organization["alias"]) == ("Text", ["Words1", "Words2", "Words3"])


@pytest.mark.parametrize("place", range(12))
def test_each_part_of_a_cwe_alone(place: int) -> None:
    """A code or a text is enough; a system or a version alone says nothing."""
    sent = "^" * place + CWE.split("^")[place]
    part = Repetition(sent, parse(b"MSH|^~\\&|A\r").encoding)
    is_code, is_text = place in (0, 3, 9), place in (1, 4, 8, 10)
    device, organization = cwe_device(part), cwe_organization(part)
    assert ("identifier" in device, "deviceName" in device) == (is_code, is_text)
    assert organization.get("name", "") == (sent.lstrip("^") if is_code or is_text else "")


@pytest.mark.parametrize(
    ("date", "indicator", "expected"),
    [
        ('""', "Y", {"deceasedBoolean": True}),
        ('""', "N", {"deceasedBoolean": False}),
        ('""', "", {}),
        ("", '""', {}),
        ("20240501", "N", {"deceasedDateTime": "2024-05-01"}),
    ],
)
def test_a_date_of_death_that_was_withdrawn_is_none(date: str, indicator: str, expected: Json) -> None:
    assert deceased(date, indicator) == expected


def test_the_notes_of_a_specimen_are_lines_of_its_description() -> None:
    made = {"resourceType": "Specimen", "note": [{"text": "one"}, {"text": "two"}]}
    write = Writing({"entry": [{"resource": made}]})
    assert specimen_spm(write, write.resources[0])["14"] == "one\ntwo"


@pytest.mark.parametrize(
    ("collected", "expected"),
    [
        ({"collectedDateTime": "2024-05-01"}, ["20240501", ""]),
        ({"collectedPeriod": {"start": "2024-05-01", "end": "2024-05-02"}}, ["20240501", "20240502"]),
        ({"collectedPeriod": {"start": "2024-05-01"}}, ["20240501", ""]),
        ({"collectedPeriod": {"end": "2024-05-02"}}, ["", "20240502"]),
        ({}, ["", ""]),
    ],
    ids=["a time", "a period", "a start", "an end", "nothing"],
)
def test_when_a_specimen_was_collected_is_a_range(collected: Json, expected: list[str]) -> None:
    write = Writing({"entry": [{"resource": {"resourceType": "Specimen", "collection": collected}}]})
    made = specimen_spm(write, write.resources[0])
    assert [made["17.1"], made["17.2"]] == expected


@pytest.mark.parametrize("kind", ["NM", "CWE"])
def test_a_sub_identifier_of_one_result_makes_no_group(kind: str) -> None:
    found = converted(PID, OBR, obx(_2=kind, _4="1"))
    assert "hasMember" not in only(found, "Observation")
    assert "sub-id-not-mapped" not in {issue.rule for issue in found.issues}


def test_a_diagnosis_before_any_order_is_one_of_the_visit() -> None:
    found = converted(PID, "PV1|1|I", "DG1|1||J45^Asthma^I10", kind="OMG^O19^OMG_O19")
    condition = only(found, "Condition")
    assert condition["code"]["coding"][0]["code"] == "J45"
    (diagnosis,) = only(found, "Encounter")["diagnosis"]
    assert diagnosis["condition"]["reference"].endswith(condition["id"])
    assert not resources(found, "ServiceRequest")


@pytest.mark.parametrize(("place", "words"), [(n, f"w{n}") for n in (2, 5, 11)])
def test_a_concept_without_a_code_keeps_any_of_its_words(place: int, words: str) -> None:
    code = "^".join(words if n == place else "" for n in range(1, 12)).rstrip("^")
    assert only(converted(PID, OBR, obx(_3=code)), "Observation")["code"]["text"] == words


def test_a_report_without_a_code_has_an_unknown_one() -> None:
    (report,) = resources(converted(PID, "OBR|1|P1|F1|||||||||||||||||||||F"), "DiagnosticReport")
    assert report["code"] == UNKNOWN


def test_each_value_of_several_is_a_component_with_its_own_range_and_unit() -> None:
    """The range of the observation is that of each value: a component alone would say nothing of what is normal."""
    found = converted(PID, OBR, obx(_3="CRP^Test^L", _5="5~7", _6="mg/L^mg/L^UCUM", _7="0-10", _8="H"))
    seen = only(found, "Observation")
    assert not [name for name in seen if name.startswith("value")]
    whole = {"code": seen["code"], "referenceRange": [{"text": "0-10"}]}
    unit = {"unit": "mg/L", "system": "http://unitsofmeasure.org", "code": "mg/L"}
    assert seen["component"] == [{**whole, "valueQuantity": {"value": value, **unit}} for value in (5, 7)]
    assert seen["referenceRange"] == whole["referenceRange"]


def test_a_single_value_is_no_component() -> None:
    seen = only(converted(PID, OBR, obx(_7="0-10")), "Observation")
    assert ("component" in seen, seen["valueQuantity"]["value"], seen["referenceRange"]) == (False, 7, [{"text": "0-10"}])


def test_the_words_of_a_sender_are_kept_where_they_are_neither_the_display_nor_the_text() -> None:
    """Words that are the display already would be there twice."""
    part = Repetition(CWE, parse(b"MSH|^~\\&|A\r").encoding)
    codings: list[Json] = [{"display": "Words1"}, {"display": "of the table"}, {}]
    shown = {"Words3"}
    code._keep_words(part, list(zip(code.TRIPLETS, codings, strict=True)), shown)
    kept = [[each["valueString"] for each in coding.get("extension", [])] for coding in codings]
    assert (kept, shown) == ([[], ["Words2"], []], {"Words2", "Words3"})
