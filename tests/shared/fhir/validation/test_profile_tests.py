"""What a node of a national profile asks: both passes, value by value, at each limit and next to it.

Nodes are made up here, so that every rule is met alone; the cheap pass answers yes or no, the other one lists findings.
"""

from typing import Any

import pytest

from shared.fhir.validation.profile_check import _check_node
from shared.fhir.validation.profile_tests import _node

Json = dict[str, Any]
ACTIVE = {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}


def child(name: str = "a", **rule: Any) -> Json:
    return {"children": {name: rule}}


def sliced(*parts: Json, **rule: Any) -> Json:
    return child(slices={f"s{place}": part for place, part in enumerate(parts)}, **rule)


def of_system(system: str, **rule: Any) -> Json:
    return {"match": {"system": system}, **rule}


TWO_FIXED = {"children": {"a": {"fixed": 1}, "b": {"fixed": 2}}}
NEEDED, ONE = of_system("x", min=1), of_system("x", max=1)
X, Y = {"system": "x"}, {"system": "y"}
VALUES: list[tuple[Json, Any, bool]] = [
    # how often
    (child(max=1), {"a": [1]}, True),
    (child(max=1), {"a": 1}, True),
    (child(max=1), {"a": [1, 2]}, False),
    (child(max=2), {"a": [1, 2]}, True),
    (child(max=2), {"a": [1, 2, 3]}, False),
    (child(max=0), {}, True),
    (child(max=0), {"a": 1}, False),
    (child(min=1), {"a": 1}, True),
    (child(min=1), {}, False),
    (child(min=1), {"b": 1}, False),
    (child(), {}, True),
    (child(min=1), "a primitive", True),
    # which value
    (child(fixed="v"), {"a": "v"}, True),
    (child(fixed="v"), {"a": "w"}, False),
    (child(fixed="v"), {"a": ["v", "v"]}, True),
    (child(fixed="v"), {"a": ["v", "w"]}, False),
    (child(fixed="v"), {"a": ["w", "v"]}, False),
    (child(fixed="v"), {}, True),
    (child(fixed={"code": "v"}), {"a": {"code": "v"}}, True),
    (child(fixed={"code": "v"}), {"a": {"code": "v", "system": "s"}}, False),
    (TWO_FIXED, {"a": 1, "b": 2}, True),
    (TWO_FIXED, {"a": 1, "b": 1}, False),
    (TWO_FIXED, {"a": 2, "b": 2}, False),
    (child(children={"b": {"min": 1}}), {"a": {"b": 1}}, True),
    (child(children={"b": {"min": 1}}), {"a": {"c": 1}}, False),
    (child(children={"b": {"min": 1}}), {"a": [{"b": 1}, {"c": 1}]}, False),
    # of several types
    (child("v[x]", types=["string", "dateTime"]), {"vString": "t"}, True),
    (child("v[x]", types=["string", "dateTime"]), {"vDateTime": "t"}, True),
    (child("v[x]", types=["string"]), {"vDateTime": "t"}, False),
    (child("v[x]"), {"vDateTime": "t"}, True),
    (child("v[x]"), {}, True),
    (child("v[x]", min=1), {}, False),
    (child("v[x]", min=1), {"vString": "t"}, True),
    (child("v[x]", min=1), {"value": "t"}, False),  # another element whose name begins alike
    (child("v[x]", types=["string"]), {"version": 1}, True),
    (child("v[x]", fixed="t"), {"vString": "t"}, True),
    (child("v[x]", fixed="t"), {"vString": "u"}, False),
    # slices
    (sliced(NEEDED), {"a": [X]}, True),
    (sliced(NEEDED), {"a": [Y, X]}, True),
    (sliced(NEEDED), {"a": [Y]}, False),
    (sliced(NEEDED), {}, False),
    (sliced(ONE), {"a": [X, Y, Y]}, True),
    (sliced(ONE), {"a": [X, X]}, False),
    (sliced(ONE), {}, True),
    (sliced(of_system("x", max=2)), {"a": [X, X]}, True),
    (sliced(of_system("x", max=2)), {"a": [X, X, X]}, False),
    (sliced(of_system("x", min=2)), {"a": [X]}, False),
    (sliced(of_system("x", min=2)), {"a": [X, X]}, True),
    (sliced(of_system("x", min=2)), {"a": [X, X, X]}, True),
    (sliced(of_system("x", children={"v": {"min": 1}})), {"a": [X]}, False),
    (sliced(of_system("x", children={"v": {"min": 1}})), {"a": [{**X, "v": 1}]}, True),
    (sliced(of_system("x", children={"v": {"min": 1}})), {"a": [{**X, "v": 1}, X]}, False),
    (sliced(of_system("x", children={"v": {"min": 1}})), {"a": [Y]}, True),
    (sliced(ONE, of_system("y", max=1)), {"a": [X, Y]}, True),
    (sliced(ONE, of_system("y", max=1)), {"a": [X, Y, Y]}, False),
    (sliced(ONE, of_system("y", max=1)), {"a": [Y, Y]}, False),
    (sliced(ONE, max=1), {"a": [X]}, True),
    (sliced(ONE, max=1), {"a": [X, Y]}, False),
    (sliced({"match": {"code": "x", "system": "y"}, "max": 0}), {"a": [{"code": "x"}, Y]}, True),
    (sliced({"match": {"code": "x", "system": "y"}, "max": 0}), {"a": [{"code": "x", "system": "y"}]}, False),
    (sliced({"match": {"$this": "x"}, "max": 1}), {"a": ["x", "y", "y"]}, True),
    (sliced({"match": {"$this": "x"}, "max": 1}), {"a": ["x", "x"]}, False),
    (sliced({"match": {"url": "x"}, "max": 1}), {"a": [{"url": "x"}, {"url": "x"}]}, False),
    # codes
    (child(codes="administrative-gender"), {"a": "female"}, True),
    (child(codes="administrative-gender"), {"a": "F"}, False),
    (child(codes="condition-clinical"), {"a": ACTIVE}, True),
    (child(codes="condition-clinical"), {"a": {"coding": [ACTIVE]}}, True),
    (child(codes="condition-clinical"), {"a": {"coding": [{"code": "1"}, ACTIVE]}}, True),
    (child(codes="condition-clinical"), {"a": {"coding": [{"code": "active"}]}}, False),
    (child(codes="condition-clinical"), {"a": {"coding": [{**ACTIVE, "code": "dead"}]}}, False),
    (child(codes="condition-clinical"), {"a": {"coding": [{**ACTIVE, "system": "x"}]}}, False),
    (child(codes="condition-clinical"), {"a": {"coding": ["active"]}}, False),
    (child(codes="condition-clinical"), {"a": {"coding": []}}, False),
    (child(codes="condition-clinical"), {"a": {"text": "active"}}, False),
    (child(codes="condition-clinical"), {"a": {"url": "an extension"}}, True),
    (child(codes="condition-clinical"), {"a": 1}, True),
]


@pytest.mark.parametrize(("node", "element", "holds"), VALUES)
def test_both_passes_say_the_same_of_each_value(node: Json, element: Any, holds: bool) -> None:
    assert _node(node)(element) is holds
    assert (not list(_check_node(node, element, "R", "rule"))) is holds
