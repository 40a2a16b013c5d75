"""The quick check and the full check agree: after any one small change to a resource, both give the same result."""

from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.fhir.validation import full_check
from shared.fhir.validation.checker import passes_quick_check
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


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(GOOD), st.data())
def test_what_passes_the_quick_check_has_no_problem(content: Json, choose: st.DataObject) -> None:
    broken = changed(content, choose)
    if passes_quick_check(broken):
        assert list(full_check.check_resource(broken, broken["resourceType"], Context())) == []
