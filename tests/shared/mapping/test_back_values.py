"""Datatypes in both directions, exact: each component with a value of its own, so that a swap or a lost one shows."""

from itertools import product
from typing import Any

import pytest

from shared.hl7 import parse
from shared.mapping import from_bundle, to_bundle
from shared.mapping.back import datatypes as back
from shared.mapping.back import values
from shared.mapping.datatypes.person import HL7, period
from shared.mapping.datatypes.timing import minutes
from shared.mapping.datatypes.value import sn_value
from tests.shared.mapping.converting import OBR, PID, converted, message, only

Json = dict[str, Any]
PERIOD = {"start": "2020-01-02", "end": "2021-03-04"}


def extended(name: str, value: str) -> Json:
    return {"url": HL7 + name, "valueString": value}


NAME: Json = {
    "use": "official",
    "family": "Family",
    "_family": {
        "extension": [
            extended(f"humanname-{part}", part) for part in ("own-prefix", "own-name", "partner-prefix", "partner-name")
        ]
    },
    "given": ["First", "Second", "Third", "Fourth"],
    "prefix": ["Prof", "Dr"],
    "suffix": ["Jr", "MBE", "FRCP"],
    "period": PERIOD,
    "extension": [{"url": HL7 + "humanname-assembly-order", "valueCode": "F"}],
}
FAMILY = ("Family", "own-prefix", "own-name", "partner-prefix", "partner-name")
ADDRESS: Json = {
    "use": "work",
    "line": ["One", "Two", "Three", "Four"],
    "city": "City",
    "state": "State",
    "postalCode": "Code",
    "country": "Country",
    "district": "District",
    "period": PERIOD,
}
NUMBER: Json = {
    "type": {"coding": [{"code": "MR"}]},
    "system": "urn:oid:2.16.840.1.113883.19.5",
    "value": "Value",
    "period": PERIOD,
    "assigner": {"display": "Assigner"},
    "extension": [extended("identifier-checkDigit", "7")],
}
AUTHORITY = ("Assigner", "2.16.840.1.113883.19.5", "ISO")
CONCEPT: Json = {
    "coding": [
        {"system": "http://loinc.org", "code": "Code1", "display": "Display1", "version": "Version1"},
        {"system": "http://snomed.info/sct", "code": "Code2", "display": "Display2", "version": "Version2"},
    ],
    "text": "Text",
}

OURS, THEIRS = "http://terminology.hl7.org/CodeSystem/v2-0078", "urn:x-hub:coding-system:L"
# A coding of an own system or another one, with a display or none, of a concept with a text or none: CWE.2, CWE.3 and CWE.9.
CODED = {
    (THEIRS, "Display", "Text"): ("Display", "L", "Text"),
    (THEIRS, "Display", ""): ("Display", "L", ""),
    (THEIRS, "", "Text"): ("Text", "L", ""),
    (THEIRS, "", ""): ("", "L", ""),
    (OURS, "Display", "Text"): ("Text", "HL70078", ""),
    (OURS, "Display", ""): ("", "HL70078", ""),
    (OURS, "", "Text"): ("Text", "HL70078", ""),
    (OURS, "", ""): ("", "", ""),
}


def coded(system: str, display: str, text: str) -> Json:
    return {"coding": [{"system": system, "code": "Code1", **({"display": display} if display else {})}], "text": text}


def phone(**more: Any) -> Json:
    parts = ("country", "area", "local", "extension")
    return {"system": "phone", "value": "Number", "extension": [extended(f"contactpoint-{name}", name) for name in parts], **more}


@pytest.mark.parametrize(
    ("convert", "element", "field"),
    [
        (
            back.human_name_xpn,
            NAME,
            (FAMILY, "First", "Second Third Fourth", "Jr", "Prof Dr", "MBE FRCP", "L", "", "", "", "F", "20200102", "20210304"),
        ),
        (back.human_name_xpn, {"given": ["First"]}, ("", "First", *[""] * 11)),
        (back.human_name_xpn, {"text": "Whole Name"}, ("Whole Name", *[""] * 12)),
        (back.human_name_xpn, {"text": "Whole Name", "given": ["First"]}, ("", "First", *[""] * 11)),
        (
            back.address_xad,
            ADDRESS,
            (
                "One",
                "Two, Three, Four",
                "City",
                "State",
                "Code",
                "Country",
                "B",
                "",
                "District",
                "",
                "",
                "",
                "20200102",
                "20210304",
            ),
        ),
        (back.address_xad, {"text": "Whole"}, ("Whole", *[""] * 13)),
        (
            back.identifier_cx,
            NUMBER,
            ("Value", "7", "", AUTHORITY, "MR", "", "20200102", "20210304"),
        ),
        (back.identifier_ei, NUMBER, ("Value", *AUTHORITY)),
        (back.identifier_ei, {}, ("", "")),
        (values.concept_cwe, CONCEPT, ("Code1", "Display1", "LN", "Code2", "Display2", "SCT", "Version1", "Version2", "Text")),
        (values.concept_cwe, {"text": "Text"}, ("", "Text")),
        *(
            (values.concept_cwe, coded(*case), ("Code1", words, system, "", "", "", "", "", text))
            for case, (words, system, text) in CODED.items()
        ),
        (back.contact_point_xtn, phone(use="home"), ("Number", "PRN", "PH", "", "country", "area", "local", "extension")),
        (back.contact_point_xtn, phone(use="work"), ("Number", "WPN", "PH", "", "country", "area", "local", "extension")),
        (back.contact_point_xtn, phone(use="mobile"), ("Number", "", "CP", "", "country", "area", "local", "extension")),
        (back.contact_point_xtn, phone(system="fax"), ("Number", "", "FX", "", "country", "area", "local", "extension")),
        (back.contact_point_xtn, phone(system="pager"), ("Number", "", "BP", "", "country", "area", "local", "extension")),
        (
            back.practitioner_xcn,
            {"identifier": [NUMBER], "name": [NAME], "qualification": [{"code": CONCEPT}]},
            ("Value", FAMILY, "First", "Second Third Fourth", "Jr", "Prof Dr", "Code1", "", AUTHORITY, "L", "", "", "MR"),
        ),
        (
            back.organization_xon,
            {"name": "Organisation", "identifier": [NUMBER]},
            ("Organisation", "", "", "", "", AUTHORITY, "MR", "", "", "Value"),
        ),
        (
            values.quantity_cq,
            {"value": 5, "unit": "Unit", "code": "mg", "system": "http://unitsofmeasure.org"},
            ("5", ("mg", "Unit", "UCUM")),
        ),
        (values.quantity_cq, {"value": 5, "unit": "Unit"}, ("5", ("Unit",))),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_component_has_its_place(convert: Any, element: Json, field: tuple[Any, ...]) -> None:
    assert convert(element) == field


@pytest.mark.parametrize(
    ("text", "dtm"),
    [
        ("2024", "2024"),
        ("2024-05", "202405"),
        ("2024-05-06", "20240506"),
        ("14:05:06", "140506"),
        ("2024-07-01T14:05:06+01:00", "20240701140506"),
        ("2024-12-01T14:05:06+00:00", "20241201140506"),
        ("2024-12-01T14:05:06Z", "20241201140506"),
        ("2024-07-01T14:05:06Z", "20240701140506+0000"),
        ("2024-12-01T14:05:06+01:00", "20241201140506+0100"),
        ("2024-12-01T14:05:06-05:00", "20241201140506-0500"),
        ("2024-12-01T14:05:06.1234Z", "20241201140506.1234"),
        ("2024-12-01T14:05:06.123456Z", "20241201140506.1234"),  # DTM has four places
    ],
)
def test_each_form_of_a_time(text: str, dtm: str) -> None:
    assert values.date_time_dtm(text) == dtm


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        (("", "10", "", ""), {"valueQuantity": {"value": 10}}),
        (("=", "10", "", ""), {"valueQuantity": {"value": 10}}),
        (("<", "10", "", ""), {"valueQuantity": {"value": 10, "comparator": "<"}}),
        (("<=", "10", "", ""), {"valueQuantity": {"value": 10, "comparator": "<="}}),
        ((">", "10", "", ""), {"valueQuantity": {"value": 10, "comparator": ">"}}),
        ((">=", "10", "", ""), {"valueQuantity": {"value": 10, "comparator": ">="}}),
        (("<>", "10", "", ""), {"valueString": "<> 10"}),
        (("<>", "10", "-", "20"), {"valueString": "<> 10 - 20"}),
        (("", "2", "+", ""), {"valueString": "2 +"}),
        (("", "", "-", "20"), {"valueString": "- 20"}),
        (("", "10", "-", "20"), {"valueRange": {"low": {"value": 10}, "high": {"value": 20}}}),
        (("=", "10", "-", "10"), {"valueRange": {"low": {"value": 10}, "high": {"value": 10}}}),
        (("", "1", ":", "128"), {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}),
        (("", "1", "/", "128"), {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}),
        (
            (">", "1", ":", "128"),
            {"valueRatio": {"numerator": {"value": 1, "comparator": ">"}, "denominator": {"value": 128}}},
        ),
        (("", "", "", ""), {}),
    ],
)
def test_each_form_of_a_structured_number(parts: tuple[str, ...], value: Json) -> None:
    assert sn_value(dict(zip("1234", parts, strict=True))) == value


@pytest.mark.parametrize(
    "parts",
    [
        ("=<", "10", "", ""),
        ("<", "", "", ""),
        ("", "", "", "20"),
        ("", "10", "", "20"),
        ("", "10", "-", ""),
        ("", "10", ":", ""),
        ("<", "10", "-", "20"),
        ("", "20", "-", "10"),
        ("", "x", "", ""),
        ("", "10", "*", "20"),
    ],
)
def test_a_structured_number_that_is_none_is_never_made_into_one(parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        sn_value(dict(zip("1234", parts, strict=True)))


def result(**fields: str) -> str:
    filled = {"1": "1", "2": "NM", "3": "X^Test^L", "5": "7", "11": "F"} | {name[1:]: text for name, text in fields.items()}
    return "OBX|" + "|".join(filled.get(str(n), "") for n in range(1, 26)).rstrip("|")


@pytest.mark.parametrize(
    ("sent", "ranges"), [("4 - 9", [{"text": "4 - 9"}]), ('""', None), ("", None), ("see \\T\\ note", [{"text": "see & note"}])]
)
def test_a_range_that_was_withdrawn_is_no_range(sent: str, ranges: list[Json] | None) -> None:
    """The null says that there is none; its two quotation marks are no words for a clinician."""
    observation = only(converted(PID, OBR, result(_7=sent)), "Observation")
    assert observation.get("referenceRange") == ranges


@pytest.mark.parametrize("field", range(1, 30))
def test_no_null_of_a_result_becomes_words(field: int) -> None:
    """Whatever else the message becomes, no element holds the two quotation marks."""
    parts = result().split("|") + [""] * 30
    parts[field] = '""'
    found = converted(PID, OBR, "|".join(parts).rstrip("|"))
    assert [text for each in found.bundle["entry"] for text in words(each) if '""' in text] == []


def words(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in words(each)]
    if isinstance(value, list):
        return [text for each in value for text in words(each)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(("action", "comes_back"), [("A", ""), ("U", ""), ("", ""), ("D", "D")])
def test_a_deleted_diagnosis_comes_back_deleted(action: str, comes_back: str) -> None:
    """And one that stands comes back without an action: it would be read as a new one, or as none."""
    dg1 = f"DG1|1||I10^Hypertension^I10||20240101|W||||||||||||||DX1^HIS|{action}".rstrip("|")
    sent = parse(message("EVN||20260115", PID, "PV1|1|I|WARD", dg1, kind="ADT^A01^ADT_A01"))
    written = from_bundle(to_bundle(sent))
    assert (written["DG1-3.1"], written["DG1-20.1"], written["DG1-21"]) == ("I10", "DX1", comes_back)


@pytest.mark.parametrize(
    ("number", "unit", "length"),
    [
        *(("60", unit, 1.0) for unit in ("S", "s")),
        *(("3", unit, 3.0) for unit in ("", "M", "min", "MIN", "m")),
        *(("3", unit, 180.0) for unit in ("H", "h", "HR")),
        *(("3", unit, 4320.0) for unit in ("D", "d")),
        *(("3", unit, 30240.0) for unit in ("W", "wk")),
        ("0", "h", 0.0),
        ("105407999", "", 105407999.0),
    ],
)
def test_each_unit_of_a_duration(number: str, unit: str, length: float) -> None:
    assert minutes(number, unit) == length


@pytest.mark.parametrize(
    ("number", "unit"), [("1", "L"), ("1", "y"), ("x", "h"), ("105408000", ""), ("-105408000", ""), ("1756800", "h")]
)
def test_what_is_no_duration_raises(number: str, unit: str) -> None:
    with pytest.raises(ValueError):
        minutes(number, unit)


@pytest.mark.parametrize("unit", ["S", "M", "H", "D", "W"])
def test_each_unit_is_a_multiple_of_the_smaller_ones(unit: str) -> None:
    per = {"S": 1, "M": 60, "H": 3600, "D": 86400, "W": 604800}
    assert minutes(str(604800 // per[unit]), unit) == 10080.0


DAYS = ("20240101", "20240202", "20230303", "20230404")  # begin and end of their own components, and of the older range
FHIR_DAYS = {"": "", **{sent: f"{sent[:4]}-{sent[4:6]}-{sent[6:]}" for sent in DAYS}}


@pytest.mark.parametrize(
    "sent", [*product((True, False), repeat=4)], ids=lambda sent: "".join("x" if each else "-" for each in sent)
)
def test_a_period_is_of_its_own_components_or_else_of_the_older_range(sent: tuple[bool, ...]) -> None:
    """The two are never mixed: a begin of one and an end of the other would be a period that no one sent."""
    begins, ends, since, until = (day if is_sent else "" for day, is_sent in zip(DAYS, sent, strict=True))
    pair = (begins, ends) if begins or ends else (since, until)
    expected = {name: FHIR_DAYS[day] for name, day in zip(("start", "end"), pair, strict=True) if day}
    assert period(begins, ends, since, until) == expected
