"""Elements of a resource: extensions, merging two elements, and lists of references."""

from collections.abc import Iterable
from typing import Any

from shared.fhir.resource import Element


def extension(url: str, **value: Any) -> list[Element]:
    """One extension as a list, so that such lists can be added; ``[]`` if its value is empty.

    >>> extension("http://x.example", valueString="a"), extension("http://x.example", valueString="")
    ([{'url': 'http://x.example', 'valueString': 'a'}], [])
    """
    for each in value.values():
        if each or each == 0:
            return [{"url": url, **value}]
    return []


RECENT = 100  # elements to compare a new one with; comparing with all of 20,000 diagnoses of one visit would take minutes
KEYS = (("system", "value"), ("system", "code"))  # what distinguishes identifiers, contact points and codings


def merge(into: Element, more: Element) -> None:
    """Add elements to an element: lists grow, inner elements are merged, and existing values stay.

    Two elements of a list with the same number or code in the same system become one if they agree.
    """
    for name, value in more.items():
        held = into.get(name)
        if isinstance(held, list):
            into[name] = _joined(held, value)
        elif isinstance(held, dict):
            into[name] = joined = dict(held)
            merge(joined, value)
        else:
            into.setdefault(name, value)


def _joined(held: list[Any], more: list[Any]) -> list[Any]:
    found, last = list(held), held[-RECENT:]
    for each in more:
        if each in last:
            continue
        key = _key(each)
        recent = range(max(0, len(found) - RECENT), len(found)) if key else ()
        place = next((n for n in recent if _key(found[n]) == key and agree(found[n], each)), -1)
        if place < 0:
            found.append(each)
        else:
            found[place] = joined = dict(found[place])
            merge(joined, each)
    return found


def _key(each: Any) -> tuple[str, ...]:
    """The first of ``KEYS`` that an element has completely; empty if it has none."""
    names = next((names for names in KEYS if isinstance(each, dict) and all(name in each for name in names)), ())
    return (*names, *(str(each[name]) for name in names))


def agree(one: Element, other: Element) -> bool:
    """Whether two elements can be merged without loss: lists grow, and single values of both are the same."""
    return all(isinstance(one[name], list) or _alike(one[name], value) for name, value in other.items() if name in one)


def _alike(one: Any, other: Any) -> bool:
    """Whether two values differ in no part; a part that only one of them has is not a difference."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_alike(one[name], value) for name, value in other.items() if name in one)
    return bool(one == other)


def backbone(elements: Iterable[Element], name: str, **more: Any) -> list[Element]:
    """One element around each reference: ``{name: reference, ...}``."""
    return [{**more, name: each} for each in elements]
