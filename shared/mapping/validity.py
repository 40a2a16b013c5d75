"""The last step of a conversion: an element that holds what FHIR refuses is left out and named; the rest goes on."""

import re
from collections.abc import Iterator
from typing import Any

from shared.fhir import check
from shared.fhir.resource import Resource
from shared.issue import Issue
from shared.mapping.datatypes.date import is_after

ROUNDS = 3  # an element that goes may leave an empty one behind
FORMATS = ("format", "empty", "json-type", "null")  # rules whose breach is in one element, which can go alone
STEP = re.compile(r"([A-Za-z_]+)(?:\[(\d+)\])?")
Steps = tuple[str | int, ...]


def kept_valid(bundle: Resource) -> tuple[Resource, list[Issue]]:
    """The bundle without the elements that FHIR cannot hold as they were sent, and an issue for each; itself, as a rule."""
    issues: list[Issue] = []
    for steps in list(_reversed(bundle, ())):
        issues.append(_issue(bundle, steps, "period-not-mapped", "ends before it begins: its end is left out"))
        bundle = _without(bundle, (*steps, "end"))
    for _ in range(ROUNDS):
        broken = {_steps(each.where) for each in check(bundle) if each.is_error and each.rule in FORMATS}
        if not broken:
            break
        for steps in sorted(broken, key=_order, reverse=True):
            issues.append(_issue(bundle, steps, "element-refused", "cannot hold what was sent: left out"))
            bundle = _without(bundle, steps)
    return bundle, issues


def _steps(path: str) -> Steps:
    """The keys and places below the bundle: ``Bundle.entry[1].resource.id`` -> entry, 1, resource, id."""
    found: list[str | int] = []
    for name, number in STEP.findall(path)[1:]:
        found += [name, int(number)] if number else [name]
    return tuple(found)


def _order(steps: Steps) -> list[tuple[bool, int, str]]:
    """Later places of a list first, so that no other place moves."""
    return [(isinstance(step, int), step if isinstance(step, int) else 0, str(step)) for step in steps]


def _issue(bundle: Resource, steps: Steps, rule: str, words: str) -> Issue:
    made = bundle["entry"][steps[1]]["resource"] if steps[:1] == ("entry",) else bundle
    name = ".".join([made["resourceType"], *(step for step in steps[3:] if isinstance(step, str))])
    return Issue(severity="warning", code="value", text=f"{name} {words}", rule=rule, clause="FHIR R4 datatypes")


def _reversed(value: Any, steps: Steps) -> Iterator[Steps]:
    """Each Period that ends before it begins (FHIR, per-1)."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in parts:
        if isinstance(part, dict | list):
            yield from _reversed(part, (*steps, key))
    if isinstance(value, dict) and "end" in value and "start" in value and is_after(value["start"], value["end"]):
        yield steps


def _without(value: Any, steps: Steps) -> Any:
    """A copy without the element at this place, and without what is empty then: elements are shared between messages."""
    first, rest = steps[0], steps[1:]
    part = _without(value[first], rest) if rest else None
    if isinstance(first, int):
        return [*value[:first], *([part] if part else []), *value[first + 1 :]]
    return {name: part if name == first else each for name, each in value.items() if name != first or part}
