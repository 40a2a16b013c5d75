"""The quick check and the full check agree: after any one small change to a resource, both give the same result."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.fhir.validation import full_check
from shared.fhir.validation.checker import check_identifiers_too, name_of, passes_quick_check
from shared.fhir.validation.hidden import hidden_character
from shared.fhir.validation.targets import Context
from tests.shared.fhir.validation.test_check import GOOD

Json = dict[str, Any]
VALUES = [
    None,
    "",
    " ",
    "x",
    "a b",
    0,
    -1,
    1.5,
    True,
    [],
    {},
    [None],
    [""],
    ["x"],
    {"id": "x"},
    {"reference": "#x"},
    "2024-05-01",
    "generated",
    '<div xmlns="http://www.w3.org/1999/xhtml">x</div>',
    "<div>x</div>",
]
NAMES = [
    "id",
    "extension",
    "text",
    "value",
    "code",
    "system",
    "valueString",
    "display",
    "reference",
    "_id",
    "resourceType",
    "use",
    "status",
    "div",
]


def places(value: Any) -> list[Any]:
    """Every object and array inside a resource, itself included."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(place for each in inner for place in places(each))] if isinstance(value, dict | list) else []


def changed(content: Json, choose: st.DataObject) -> Json:
    copy = deepcopy(content)
    place = choose.draw(st.sampled_from(places(copy)))
    value = deepcopy(choose.draw(st.sampled_from(VALUES)))
    if isinstance(place, list):
        place.insert(0, value)
    else:
        name = choose.draw(st.sampled_from([*place, *NAMES]))
        if choose.draw(st.booleans()):
            place[name] = value
        else:
            place.pop(name, None)
    return copy


def with_text(value: Any, path: tuple[Any, ...], text: str, whole: bool) -> Any:
    """A copy with a text in place of the one at this path, or at the end of it."""
    if not path:
        return text if whole else f"{value}{text}"
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_text(value[path[0]], path[1:], text, whole)
    return copy


def paths_of_texts(value: Any) -> list[tuple[Any, ...]]:
    """The path of each text inside a resource."""
    if isinstance(value, str):
        return [()]
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(key, *path) for key, part in parts for path in paths_of_texts(part)]


SEARCHED = {"fullUrl": "urn:uuid:9ab5be52-36b6-4d4b-8c1c-0c5b6d0a3a11", "resource": {"resourceType": "Patient", "active": True}}
WITH_NUMBERS: list[Json] = [
    *GOOD,
    {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:oid:1.2", "value": "1"}],
        "link": [{"type": "seealso", "other": {"reference": "Patient/1", "identifier": {"system": "urn:x", "value": "2"}}}],
    },
    {
        "resourceType": "Patient",
        "telecom": [{"system": "phone", "value": "1"}],
        "extension": [{"url": "http://x.example", "valueIdentifier": {"system": "http://y", "value": "3"}}],
    },
    {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {**SEARCHED, "request": {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:x|1"}},
            {
                "resource": {
                    "resourceType": "Observation",
                    "status": "final",
                    "code": {"text": "x"},
                    "subject": {"reference": SEARCHED["fullUrl"], "type": "Patient"},
                },
                "request": {"method": "PUT", "url": "Observation?identifier=urn:x|2"},
            },
        ],
    },
]
UNSEEN = ["\u200b", "%E2%80%8B", "\t", "\x7f", "%09", "\xad", "\u2028", "\n", " ", "%C5%B5", "ŵ", "%", "%zz"]


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_what_passes_the_quick_check_has_no_hidden_character(unseen: str) -> None:
    """So the search for one, which visits each element again, is made only after a full check."""
    for content in WITH_NUMBERS:
        for path in paths_of_texts(content):
            for whole in (True, False):
                changed = with_text(content, path, unseen, whole)
                hidden = list(hidden_character(changed, name_of(changed)))
                assert not (hidden and passes_quick_check(changed))
                assert [each for each in check_identifiers_too(changed) if each.rule == "hidden-character"] == hidden


@settings(max_examples=300)
@given(st.sampled_from(GOOD), st.data())
def test_what_passes_the_quick_check_has_no_problem(content: Json, choose: st.DataObject) -> None:
    broken = changed(content, choose)
    if passes_quick_check(broken):
        assert list(full_check.check_resource(broken, broken["resourceType"], Context())) == []
