"""Kinds of values that one sample of each does not show: moments compared, groups of results, numbers of groups, aliases."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import product

import pytest

from shared.hl7 import Repetition, parse
from shared.mapping import convert
from shared.mapping.datatypes.date import is_after, plus_minutes
from shared.mapping.datatypes.timing import unsaid_duration
from shared.mapping.datatypes.value import positive, sn_value
from shared.mapping.identities import with_identities
from shared.mapping.mapped import mapped_to_fhir
from shared.mapping.transaction import entries, numbered, patient_search
from tests.shared.mapping.converting import OBR, PID, converted, message, resources

MOMENTS = [
    datetime(2024, 2, 29, 23, 59, 58, tzinfo=timezone(timedelta(hours=hours, minutes=minutes)))
    + timedelta(days=days, seconds=seconds)
    for hours, minutes in ((0, 0), (1, 0), (-5, -30), (5, 45))
    for days, seconds in ((0, 0), (0, 1), (0, 3600), (0, 3660), (1, 0), (-60, 59), (366, 0))
]


@pytest.mark.parametrize("one", MOMENTS, ids=str)
def test_a_moment_is_after_another_as_the_calendar_says(one: datetime) -> None:
    for other in MOMENTS:
        assert is_after(one.isoformat(), other.isoformat()) is (one > other)


@pytest.mark.parametrize("minutes", [0, 1, 59, 60, 1440, -1, -1441, 0.5])
def test_minutes_after_a_moment_are_those_of_the_calendar(minutes: float) -> None:
    for one in MOMENTS:
        assert plus_minutes(one.isoformat(), minutes) == (one + timedelta(minutes=minutes)).isoformat()


@pytest.mark.parametrize(
    ("one", "other", "after"),
    [
        ("2024-01-01T10:00:00.5Z", "2024-01-01T10:00:00Z", True),
        ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00.5Z", False),
        ("2024-01-01", "2024", False),
        ("2025", "2024-12-31", True),
        ("2024-02", "2024-01-31", True),
    ],
)
def test_a_moment_is_after_another_at_the_precision_that_both_have(one: str, other: str, after: bool) -> None:
    assert is_after(one, other) is after


@pytest.mark.parametrize("text", ["00000000001", "9" * 10, "9" * 11, "²"])
def test_a_positive_number_is_short_and_of_plain_digits(text: str) -> None:
    assert positive(text) is None


@pytest.mark.parametrize(
    ("tq", "said"), [("^^X3", ""), ("^^X3^^^^^^^^^AND^3", "X3"), ("^^Q9", "Q9"), ("", ""), ("^^D3", ""), ("^^T3", "T3")]
)
def test_a_duration_that_no_timing_has_is_said(tq: str, said: str) -> None:
    assert unsaid_duration(Repetition(tq, parse("MSH|^~\\&|").encoding)) == said


def test_a_separator_alone_is_a_value() -> None:
    assert sn_value({"1": "", "2": "", "3": "-", "4": ""}) == {"valueString": "-"}


def members(*obx: str) -> list[int]:
    return [len(each.get("hasMember", ())) for each in resources(converted(PID, OBR, *obx), "Observation")]


@pytest.mark.parametrize("is_of_a_group", [True, False])
def test_several_coded_results_of_one_sub_id_are_a_group_next_to_another_result(is_of_a_group: bool) -> None:
    """A sub-id that all results have says nothing; one that some have says that they belong together."""
    coded = ("OBX|1|CWE|A^a^L|1|E^E^L||||||F", "OBX|2|CWE|B^b^L|1|E^E^L||||||F")
    more = ("OBX|3|ST|C^c^L||x||||||F",) if is_of_a_group else ()
    assert members(*coded, *more) == ([1, 0, 0] if is_of_a_group else [0, 0])


@pytest.mark.parametrize(("version", "numbers"), [("2.5.1", 1), ("2.7", 2)])
def test_the_number_of_a_group_is_a_pair_since_version_2_7(version: str, numbers: int) -> None:
    text = message(PID, "ORC|NW|P1||G1^G2", "OBR|1|P1||A^B^L", kind="OML^O21^OML_O21").replace("|2.5.1|", f"|{version}|")
    (request,) = resources(convert(parse(text)), "ServiceRequest")
    found = [request["requisition"], *(each for each in request["identifier"] if each["value"] == "G2")]
    assert [each["value"] for each in found] == ["G1", "G2"][:numbers]


ORDERED = [("2", True), ("4", True), ("12", True), ("3", False), ("9", False)]


@pytest.mark.parametrize(("field", "is_order"), ORDERED)
def test_a_vaccination_has_an_order_of_which_the_placer_or_the_orderer_is_known(field: str, is_order: bool) -> None:
    orc = "|".join(["ORC", "RE", *("20240101" if str(n) == field else "" for n in range(2, 13))])
    found = converted(PID, orc, "RXA|0|1|20240101||1^v^L|||||||||||||||CP", kind="VXU^V04^VXU_V04")
    assert len(resources(found, "ServiceRequest")) == is_order


def test_a_reason_for_absence_gives_way_to_a_value() -> None:
    (made,) = resources(converted(PID, OBR, "OBX|1|NM|1^x^L||7||||||N"), "Observation")
    assert "valueQuantity" in made
    assert "dataAbsentReason" not in made


def organization(number: str, name: str, **more: object) -> dict[str, object]:
    system = "https://fhir.nhs.uk/Id/ods-organization-code"
    return {
        "resourceType": "Organization",
        "id": number,
        "name": name,
        "identifier": [{"system": system, "value": "7A3"}],
        **more,
    }


@pytest.mark.parametrize(
    ("alias", "other", "expected"),
    [(None, "B", ["B"]), (["C"], "B", ["C", "B"]), (["B"], "B", ["B"]), (None, "A", None), (["C"], "A", ["C"])],
)
def test_another_name_of_one_organization_is_its_alias_once(
    alias: list[str] | None, other: str, expected: list[str] | None
) -> None:
    first = organization("1", "A", **({"alias": alias} if alias else {}))
    (made,) = entries([first, organization("2", other)], {})
    assert (made["resource"]["name"], made["resource"].get("alias")) == ("A", expected)


@pytest.mark.parametrize(
    ("identifiers", "search"),
    [
        ([{"value": "1"}, {"system": "s"}, {"system": "s", "value": "2"}], "identifier=s|2"),
        ([{"system": "s", "value": "A b|c,d$e\\f"}], "identifier=s|A%20b%5C%7Cc%5C%2Cd%5C%24e%5C%5Cf"),
        ([{"system": "s"}], ""),
        ([], ""),
    ],
)
def test_a_resource_is_searched_by_its_first_whole_number(identifiers: list[dict[str, str]], search: str) -> None:
    assert numbered({"resourceType": "Location", "identifier": identifiers}) == search
    nhs = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}
    made = {"resourceType": "Patient", "identifier": [*identifiers, nhs]}
    assert patient_search(made) == "identifier=https://fhir.nhs.uk/Id/nhs-number|9990000018"


NAMES = ("effectiveDateTime", "effectivePeriod", "performedDateTime", "performedPeriod")


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_of_a_visit_is_known_by_its_moment(name: str) -> None:
    visit = {"resourceType": "Encounter", "id": "v", "identifier": [{"system": "s", "value": "V1"}]}
    of_it = {"encounter": {"reference": "urn:uuid:v"}, "code": {"text": "x"}}
    made = [{"resourceType": "Observation", "id": f"o{n}", **of_it, name: f"2024-0{n}"} for n in (1, 2)]
    _, one, other = with_identities([visit, *made])
    assert [each["identifier"][0]["value"] for each in (one, other)] == [f"s/V1/2024-0{n}/Observation/x/1" for n in (1, 2)]


@pytest.mark.parametrize(("one", "other", "is_same"), [("A  b", " a B ", True), ("A b", "Ab", False), ("", "x", False)])
def test_a_code_in_words_is_the_same_in_other_spaces_and_letters(one: str, other: str, is_same: bool) -> None:
    visit = {"resourceType": "Encounter", "id": "v", "identifier": [{"system": "s", "value": "V1"}]}
    found = []
    for words in (one, other):
        code = {"code": {"text": words}} if words else {}
        made = {"resourceType": "Observation", "id": "o", "encounter": {"reference": "urn:uuid:v"}, **code}
        found.append(with_identities([visit, made])[1]["id"])
    assert (found[0] == found[1]) is is_same


@pytest.mark.parametrize(
    ("segment", "rules"),
    [
        ("DG1|1||X^y^L|||QQ", set()),  # kept as text
        ("AL1|1|DA||", {"segment-says-nothing"}),
        ('NK1|1|A^B|""', set()),
        ("PV2|||||||x", set()),
        ("NK1|1|A^B||||||x", {"value-not-mapped"}),
    ],
)
def test_the_check_reports_what_is_lost_or_read_in_another_way(segment: str, rules: set[str]) -> None:
    text = message("EVN||20240101", PID, "PV1|1|I", segment, kind="ADT^A01^ADT_A01")
    assert {issue.rule for issue in mapped_to_fhir(parse(text))} == rules


@pytest.mark.parametrize(("ward", "times"), [*product(("", "x"), (1, 2))])
def test_line_ends_of_a_note_are_those_of_fhir(ward: str, times: int) -> None:
    note = "~".join([f"a\\X0D\\b{ward}", "c\\X0D0A\\d"][:times])
    (made,) = resources(converted(PID, OBR, f"NTE|1||{note}"), "ServiceRequest")
    assert [each["text"] for each in made["note"]] == ["\n".join([f"a\nb{ward}", "c\nd"][:times])]


def test_each_day_of_five_centuries_is_the_one_of_the_calendar() -> None:
    first = datetime(1600, 1, 1, tzinfo=UTC)
    for days in (*range(1500), *range(1500, 182621, 31)):
        assert plus_minutes("1600-01-01T00:00:00+00:00", 1440 * days) == (first + timedelta(days=days)).isoformat()


def test_a_person_who_cannot_be_read_is_named_and_the_next_one_is_kept() -> None:
    """The period of the name of the first one is not a date."""
    found = converted(PID, "PV1|1|I|||||P1^A^^^^^^^^L^^^^^^^^^20240230~P2^B", kind="ADT^A01^ADT_A01")
    assert [each["identifier"][0]["value"] for each in resources(found, "Practitioner")] == ["P2"]
    assert [issue.where for issue in found.issues if issue.rule == "value-not-mapped"] == ["PV1[1]-7[1]"]
