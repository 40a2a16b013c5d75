"""The last step of a conversion: which element is left out, what stays, and how the issue names it."""

from copy import deepcopy
from typing import Any

import pytest

from shared.mapping.validity import remove_invalid


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}


def left(*resources: dict[str, Any]) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """The resources afterwards, and the rule and text of each issue; the bundle that is passed must not change."""
    given = bundle(*resources)
    before = deepcopy(given)
    made, issues = remove_invalid(given)
    assert given == before
    assert all(issue.severity == "warning" and issue.code == "value" and issue.clause for issue in issues)
    return [each["resource"] for each in made["entry"]], [(issue.rule, issue.text) for issue in issues]


SOUND = {"resourceType": "Patient", "gender": "female", "birthDate": "1970-02-03"}
REFUSED = "is not valid as sent; it is left out"


def test_a_bundle_that_is_valid_is_passed_as_it_is() -> None:
    given = bundle(SOUND)
    made, issues = remove_invalid(given)
    assert made is given
    assert issues == []


@pytest.mark.parametrize(
    ("changed", "stays", "name"),
    [
        ({"birthDate": "1970-02-31"}, {}, "Patient.birthDate"),
        ({"birthDate": ""}, {}, "Patient.birthDate"),
        ({"birthDate": 1970}, {}, "Patient.birthDate"),
        ({"name": [{"family": "A", "given": ["", "B"]}]}, {"name": [{"family": "A", "given": ["B"]}]}, "Patient.name.given"),
        ({"name": [{"given": [""]}]}, {}, "Patient.name.given"),
        (
            {"identifier": [{"value": "1"}, {"value": ""}, {"value": "3"}]},
            {"identifier": [{"value": "1"}, {"value": "3"}]},
            "Patient.identifier.value",
        ),
        (
            {"contact": [{"name": {"family": ""}, "gender": "male"}]},
            {"contact": [{"gender": "male"}]},
            "Patient.contact.name.family",
        ),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_an_element_that_is_not_valid_is_left_out_and_named(
    changed: dict[str, Any], stays: dict[str, Any], name: str, place: int
) -> None:
    patient = {"resourceType": "Patient", "gender": "female"}
    found, issues = left(*[SOUND] * place, {**patient, **changed})
    assert found[place] == {**patient, **stays}
    assert found[:place] == [SOUND] * place
    assert issues == [("element-refused", f"{name} {REFUSED}")]


def test_several_elements_of_one_list_are_left_out_at_their_places() -> None:
    given = ["", *"BCDEFGHI", "", "", "L"]  # places of one digit and of two
    found, issues = left({"resourceType": "Patient", "name": [{"given": given}, {"family": ""}], "gender": "female"})
    assert found == [{"resourceType": "Patient", "name": [{"given": list("BCDEFGHIL")}], "gender": "female"}]
    assert issues == [("element-refused", f"Patient.name.{each} {REFUSED}") for each in ("family", "given", "given", "given")]


def test_the_issues_are_always_in_the_same_order() -> None:
    names = ["active", "birthDate", "deceasedDateTime", "gender", "implicitRules", "language"]
    _, issues = left({"resourceType": "Patient", "id": "1", **dict.fromkeys(names, "")})
    assert [text.split()[0].removeprefix("Patient.") for _, text in issues] == sorted(names, reverse=True)


@pytest.mark.parametrize(
    ("start", "end", "stays"),
    [
        ("2024-05-02", "2024-05-01", False),
        ("2024-05-01", "2024-05-01", True),
        ("2024-05-01", "2024-05-02", True),
        ("2024-05", "2024-05-01", True),
        ("2024-06", "2024-05-01", False),
    ],
)
def test_the_end_of_a_period_that_ends_before_it_begins_is_left_out(start: str, end: str, stays: bool) -> None:
    name = {"family": "A", "period": {"start": start, "end": end}}
    found, issues = left(SOUND, {"resourceType": "Patient", "name": [{"family": "B"}, name]})
    period = {"start": start, "end": end} if stays else {"start": start}
    assert found == [SOUND, {"resourceType": "Patient", "name": [{"family": "B"}, {"family": "A", "period": period}]}]
    text = "Patient.name.period ends before it begins: its end is left out"
    assert issues == ([] if stays else [("period-not-mapped", text)])


def test_an_element_of_the_bundle_itself_is_left_out() -> None:
    made, issues = remove_invalid({**bundle(SOUND), "timestamp": "yesterday"})
    assert made == bundle(SOUND)
    assert [issue.text for issue in issues] == [f"Bundle {REFUSED}"]


def test_an_address_and_a_contact_of_a_home_stay_at_an_organization_without_their_use() -> None:
    """FHIR R4, org-2 and org-3: a sender may mark those of an insurer so, and the message is delivered all the same."""
    home = {"use": "home", "city": "Bala"}
    made = {
        "resourceType": "Organization",
        "name": "Insurer",
        "address": [{"use": "work", "city": "Rhyl"}, home],
        "telecom": [{"use": "home", "system": "phone", "value": "1"}, {"use": "mobile", "system": "phone", "value": "2"}],
    }
    after, issues = left(made, {**SOUND, "address": [home]})
    assert after == [
        {
            "resourceType": "Organization",
            "name": "Insurer",
            "address": [{"use": "work", "city": "Rhyl"}, {"city": "Bala"}],
            "telecom": [{"system": "phone", "value": "1"}, {"use": "mobile", "system": "phone", "value": "2"}],
        },
        {**SOUND, "address": [home]},
    ]
    assert issues == [
        ("element-refused", f"Organization.telecom.use {REFUSED}"),
        ("element-refused", f"Organization.address.use {REFUSED}"),
    ]
