"""The last step of a conversion: an element that is not valid FHIR is removed and named in an issue; the others stay."""

import re
from collections.abc import Iterator
from typing import Any

from shared.fhir import check
from shared.fhir.resource import Resource, to_json
from shared.issue import Issue
from shared.mapping.datatypes.date import is_after

LARGE = 1024 * 1024  # characters
ROUNDS = 3  # removing an element may leave an empty one
FORMATS = ("format", "empty", "json-type", "null")  # rules about one element, which can be removed alone
HOMES = ("org-2", "org-3")  # an organization has no address and no contact of a home: it is kept without its use
STEP = re.compile(r"([A-Za-z_]+)(?:\[(\d+)\])?")
Steps = tuple[str | int, ...]


def remove_invalid(bundle: Resource, size: int = 0) -> tuple[Resource, list[Issue]]:
    """The bundle without elements that are not valid FHIR, and an issue for each; usually the same bundle.

    ``size``: characters of the message. The text of a large bundle is not made: it would be in memory once more.
    """
    issues: list[Issue] = []
    # Most bundles have no period that ends: their text states so ten times faster than a walk through every element.
    for steps in _reversed(bundle, (), []) if size > LARGE or b'"end"' in to_json(bundle) else ():
        issues.append(_issue(bundle, steps, "period-not-mapped", "ends before it begins: its end is left out"))
        bundle = _without(bundle, (*steps, "end"))
    for _ in range(ROUNDS):
        broken = {steps for each in check(bundle) if each.is_error for steps in _removable(bundle, each)}
        if not broken:
            break
        for steps in sorted(broken, key=_order, reverse=True):
            issues.append(_issue(bundle, steps, "element-refused", "is not valid as sent; it is left out"))
            bundle = _without(bundle, steps)
    return bundle, issues


def _removable(bundle: Resource, issue: Issue) -> Iterator[Steps]:
    """What can be removed so that the rest is valid: the element itself, or the use of a private address of an organization."""
    steps = _steps(issue.where)
    if issue.rule in FORMATS:
        yield steps
    elif issue.rule in HOMES:
        held: Any = bundle
        for step in steps:
            held = held[step]
        yield from ((*steps, n, "use") for n, each in enumerate(held) if each.get("use") == "home")


def _steps(path: str) -> Steps:
    """The keys and places below the bundle: ``Bundle.entry[1].resource.id`` -> entry, 1, resource, id."""
    found: list[str | int] = []
    for name, number in STEP.findall(path)[1:]:
        found += [name, int(number)] if number else [name]
    return tuple(found)


def _order(steps: Steps) -> list[tuple[bool, int, str]]:
    """Later places of a list first, so that the numbers of other places stay valid."""
    return [(isinstance(step, int), step if isinstance(step, int) else 0, str(step)) for step in steps]


def _issue(bundle: Resource, steps: Steps, rule: str, words: str) -> Issue:
    made = bundle["entry"][steps[1]]["resource"] if steps[:1] == ("entry",) else bundle
    name = ".".join([made["resourceType"], *(step for step in steps[3:] if isinstance(step, str))])
    return Issue(severity="warning", code="value", text=f"{name} {words}", rule=rule, clause="FHIR R4 datatypes")


def _reversed(value: Any, steps: Steps, found: list[Steps]) -> list[Steps]:
    """Each Period that ends before it starts (FHIR, per-1)."""
    is_object = isinstance(value, dict)
    for key, part in value.items() if is_object else enumerate(value):
        if isinstance(part, (dict, list)):
            _reversed(part, (*steps, key), found)
    if is_object and "end" in value and "start" in value and is_after(value["start"], value["end"]):
        found.append(steps)
    return found


def _without(value: Any, steps: Steps) -> Any:
    """A copy without the element at this place and without elements that become empty: messages share elements."""
    first, rest = steps[0], steps[1:]
    part = _without(value[first], rest) if rest else None
    if isinstance(first, int):
        return [*value[:first], *([part] if part else []), *value[first + 1 :]]
    return {name: part if name == first else each for name, each in value.items() if name != first or part}
