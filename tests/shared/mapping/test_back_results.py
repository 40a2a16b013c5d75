"""FHIR to HL7 v2: the type, value and unit of a result, exact, and who performed it."""

from typing import Any

import pytest

from shared.mapping.back.segments import results
from shared.mapping.back.writing import Writing

Json = dict[str, Any]
UCUM = "http://unitsofmeasure.org"
MG: Json = {"value": 5, "unit": "milligram", "code": "mg", "system": UCUM}
UNIT = ("mg", "milligram", "UCUM")


def amount(value: float, **more: Any) -> Json:
    return {**MG, "value": value, **more}


VALUES: dict[str, tuple[str, Any, Any]] = {
    "quantity": ("valueQuantity", MG, ("NM", "5", UNIT)),
    "quantity without a code": ("valueQuantity", {"value": 5, "unit": "drops"}, ("NM", "5", ("drops",))),
    "more than": ("valueQuantity", amount(5, comparator=">"), ("SN", (">", "5"), UNIT)),
    "range": ("valueRange", {"low": amount(2), "high": amount(9)}, ("SN", ("", "2", "-", "9"), UNIT)),
    "range without an end": ("valueRange", {"low": amount(2)}, ("SN", (">=", "2"), UNIT)),
    "range without a beginning": ("valueRange", {"high": amount(9)}, ("SN", ("<=", "9"), UNIT)),
    "ratio": ("valueRatio", {"numerator": amount(1), "denominator": {"value": 128}}, ("SN", ("", "1", ":", "128"), UNIT)),
    "ratio with a comparator": (
        "valueRatio",
        {"numerator": amount(1, comparator=">"), "denominator": {"value": 128}},
        ("SN", (">", "1", ":", "128"), UNIT),
    ),
    "ratio of one": ("valueRatio", {"numerator": amount(1)}, ("SN", ("", "1", ":", ""), UNIT)),
    "period": ("valuePeriod", {"start": "2024-05-01", "end": "2024-06"}, ("DR", ("20240501", "202406"), "")),
    "period without an end": ("valuePeriod", {"start": "2024-05-01"}, ("DR", ("20240501", ""), "")),
    "period without a beginning": ("valuePeriod", {"end": "2024-05-01"}, ("DR", ("", "20240501"), "")),
    "date": ("valueDateTime", "2024-05-01", ("DT", "20240501", "")),
    "date and time": ("valueDateTime", "2024-05-01T10:20:30+05:30", ("DTM", "20240501102030+0530", "")),
    "time": ("valueTime", "10:20:30", ("TM", "102030", "")),
    "samples": ("valueSampledData", {"data": "1 E 3.5 E"}, ("NA", ("1", "", "3.5", ""), "")),
    "no samples": ("valueSampledData", {}, ("NA", (), "")),
    "one line": ("valueString", "a line", ("ST", "a line", "")),
    "two lines": ("valueString", "one\ntwo", ("TX", ["one", "two"], "")),
    "true": ("valueBoolean", True, ("ID", "Y", "")),
    "false": ("valueBoolean", False, ("ID", "N", "")),
    "integer": ("valueInteger", 0, ("NM", "0", "")),
}


@pytest.mark.parametrize("name", VALUES)
def test_each_kind_of_value_has_its_type(name: str) -> None:
    element, value, expected = VALUES[name]
    write = Writing({"entry": [{"resource": {"resourceType": "Observation", element: value}}]})
    assert results.observation_value(write, write.resources[0]) == expected


def test_a_coded_value_is_a_cwe() -> None:
    coded = {"coding": [{"code": "C", "display": "D", "system": "http://loinc.org"}]}
    write = Writing({"entry": [{"resource": {"resourceType": "Observation", "valueCodeableConcept": coded}}]})
    kind, value, unit = results.observation_value(write, write.resources[0])
    assert (kind, list(value)[:3], unit) == ("CWE", ["C", "D", "LN"], "")


def test_an_observation_without_a_value_has_no_type() -> None:
    write = Writing({"entry": [{"resource": {"resourceType": "Observation"}}]})
    assert results.observation_value(write, write.resources[0]) == ("", "", "")


@pytest.mark.parametrize(
    ("attachment", "expected"),
    [
        ({"contentType": "application/pdf", "data": "QQ=="}, ("ED", ("", "AP", "PDF", "Base64", "QQ=="))),
        ({"contentType": "image/png", "data": "QQ=="}, ("ED", ("", "IM", "PNG", "Base64", "QQ=="))),
        ({"contentType": "text/plain", "data": "QQ=="}, ("ED", ("", "TEXT", "PLAIN", "Base64", "QQ=="))),
        ({"contentType": "audio/mp4", "data": "QQ=="}, ("ED", ("", "AU", "MP4", "Base64", "QQ=="))),
        ({"contentType": "video/mp4", "data": "QQ=="}, ("ED", ("", "video", "MP4", "Base64", "QQ=="))),
        ({"contentType": "application/pdf", "url": "https://x/1"}, ("RP", ("https://x/1", "", "AP", "PDF"))),
        ({"url": "https://x/1"}, ("RP", ("https://x/1", "", "", ""))),
        ({"contentType": "text/plain"}, ("RP", ("", "", "TEXT", "PLAIN"))),
    ],
)
def test_an_attachment_is_its_data_or_its_address(attachment: Json, expected: tuple[str, Any]) -> None:
    assert results.attachment_value(attachment) == expected


@pytest.mark.parametrize(
    ("categories", "expected"),
    [
        ([{"coding": [{"system": "urn:x", "code": "A"}, {"system": "http://x/v2-0936", "code": "B"}]}], "B"),
        ([{"coding": [{"system": "urn:x", "code": "A"}]}, {"coding": [{"system": "http://x/v2-0936", "code": "C"}]}], "C"),
        ([{"coding": [{"system": "http://x/v2-0936"}]}], ""),
        ([{"coding": [{"system": "urn:x", "code": "A"}]}, {"text": "words"}], ""),
        ([], ""),
    ],
)
def test_the_category_of_a_result_is_the_one_of_its_hl7_table(categories: list[Json], expected: str) -> None:
    assert results._category({"category": categories}) == expected


def test_the_performers_of_a_result_have_their_fields() -> None:
    def organization(name: str) -> Json:
        number = [{"value": f"{name}1"}]
        return {
            "resourceType": "Organization",
            "id": name,
            "name": name.upper(),
            "identifier": number,
            "address": [{"city": name}],
        }

    person = {"resourceType": "Practitioner", "id": "d", "identifier": [{"value": "D1"}], "name": [{"family": "Doctor"}]}
    director = {
        "resourceType": "PractitionerRole",
        "practitioner": {"reference": "Practitioner/d"},
        "organization": {"reference": "Organization/of"},
        "code": [{"coding": [{"code": "x"}, {"code": "MDIR"}]}],
    }
    observer = {"resourceType": "PractitionerRole", "code": [{"text": "responsible observer"}]}
    observation = {
        "resourceType": "Observation",
        "performer": [{"reference": "Practitioner/d"}, {"reference": "Organization/own"}],
    }
    made = [observation, organization("of"), organization("own"), person, director, observer]
    write = Writing({"entry": [{"resource": each} for each in made]})
    found = results._organizations(write, write.resources[0], write.resources[4:])
    assert found["15"] == ("own1", "OWN")
    assert (found["23"][0], found["24"][0][2]) == ("OF", "of")  # type: ignore[index]
    assert [each[0] for each in found["25"]] == ["D1"]  # type: ignore[index, union-attr]
    alone = results._organizations(write, write.resources[0], [])
    assert (alone["15"], alone["23"][0], alone["24"][0][2], alone["25"]) == (("", ""), "OWN", "own", [])  # type: ignore[index]


@pytest.mark.parametrize(
    ("own", "codes"),
    [
        ({}, ["A", "B"]),
        ({"valueInteger": 7}, ["P", "A", "B"]),
        ({"interpretation": [{"text": "high"}]}, ["P", "A", "B"]),
        ({"dataAbsentReason": {"text": "lost"}}, ["P", "A", "B"]),
        ({"referenceRange": [{"text": "up to 9"}]}, ["P", "A", "B"]),
    ],
    ids=lambda each: next(iter(each), "nothing") if isinstance(each, dict) else None,
)
def test_a_panel_has_a_segment_of_its_own_for_what_it_states_itself(own: Json, codes: list[str]) -> None:
    components = [{"code": {"coding": [{"code": code}]}, "valueInteger": 1} for code in ("A", "B")]
    panel = {"resourceType": "Observation", "code": {"coding": [{"code": "P"}]}, "component": components, **own}
    write = Writing({"entry": [{"resource": panel}]})
    made = results.observation_obxs(write, write.resources[0])
    assert [each["3.1"] for each in made] == codes
    assert {each["4"] for each in made} == {"1"}
