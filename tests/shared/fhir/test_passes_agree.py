"""The cheap pass and the thorough one agree: whatever one small change does to a resource, both say the same."""

from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.fhir import findings
from shared.fhir.soundness import is_right_beyond_doubt
from shared.fhir.targets import Known
from tests.shared.fhir.test_check import GOOD

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
def test_sound_beyond_doubt_means_no_findings(content: Json, choose: st.DataObject) -> None:
    broken = changed(content, choose)
    if is_right_beyond_doubt(broken):
        assert list(findings.of_resource(broken, broken["resourceType"], Known())) == []
