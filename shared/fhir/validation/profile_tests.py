"""The quick yes/no check of a national profile: is this resource certainly valid?

The tree of a profile becomes nested functions once. If a test returns ``False``, ``profile_check`` lists the problems.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from shared.fhir.definitions import tables

Json = dict[str, Any]
Test = Callable[[Any], bool]


def profile_test(type_name: str, url: str) -> Test | None:
    """The test of a profile on a type; ``None`` when there is no such profile."""
    return _compiled(type_name, url) if url in tables.profiles(type_name) else None


@cache
def _compiled(type_name: str, url: str) -> Test:
    return _node(tables.profiles(type_name)[url])


def _node(node: Json) -> Test:
    """The test of one element by a node of a profile."""
    tests = tuple(_node_tests(node))
    if len(tests) == 1:
        return tests[0]

    def test(element: Any) -> bool:
        for each in tests:  # noqa: SIM110 - a plain loop is twice as fast
            if not each(element):
                return False
        return True

    return test


def _node_tests(node: Json) -> Iterator[Test]:
    if "fixed" in node:
        fixed = node["fixed"]
        yield lambda element: bool(element == fixed)
    if "codes" in node:
        value_set = node["codes"]
        yield lambda element: is_coded(element, value_set)
    for name, child in node.get("children", {}).items():
        yield _choice(name, child) if name.endswith("[x]") else _child(name, child)


def _choice(name: str, node: Json) -> Test:
    """``value[x]``: the property that is present has an allowed type."""
    base, least = name[:-3], bool(node.get("min"))
    allowed = {f"{base}{t[0].upper()}{t[1:]}" for t in node.get("types", ())}
    inner = _node(node)

    def test(element: Any) -> bool:
        for prop in element:
            if prop.startswith(base) and prop[len(base) : len(base) + 1].isupper():
                return (not allowed or prop in allowed) and inner(element[prop])
        return not least

    return test


def _child(name: str, node: Json) -> Test:
    least, most = node.get("min", 0), node.get("max")
    inner = _node(node) if set(node) & {"fixed", "codes", "children"} else None
    slices = _slices(node["slices"]) if "slices" in node else None
    needed = least or any(part.get("min") for part in node.get("slices", {}).values())
    extensions = f"_{name}"

    def test(element: Any) -> bool:
        if type(element) is not dict:  # a primitive; its extensions are in a property of the parent, tested there
            return True
        value = element.get(name)
        if value is None:
            return not needed and extensions not in element
        items = value if type(value) is list else (value,)
        if most is not None and len(items) > most:
            return False
        if inner is not None and not all(map(inner, items)):
            return False
        return slices is None or slices(items)

    return test


def _slices(slices: Json) -> Test:
    """Each slice has an allowed number of items, and each item is valid."""
    parts = [(_match(part["match"]), part.get("min", 0), part.get("max", 1 << 30), _node(part)) for part in slices.values()]

    def test(items: Any) -> bool:
        for matches, least, most, inner in parts:
            found = [item for item in items if matches(item)]
            if (found or least) and not (least <= len(found) <= most and all(map(inner, found))):
                return False
        return True

    single = [part["match"] for part in slices.values()]
    at = next(iter(single[0]))
    if at in ("system", "url") and all(list(match) == [at] for match in single):
        names, is_needed = {match[at] for match in single}, any(part[1] for part in parts)
        # Most items belong to no slice: then no slice needs a test.
        return test if is_needed else lambda items: names.isdisjoint([item.get(at) for item in items]) or test(items)
    return test


def _match(match: Json) -> Test:
    pairs = tuple(match.items())
    if len(pairs) == 1 and "$this" not in match:  # nearly always
        [(name, only)] = pairs
        return lambda item: bool(item.get(name) == only)

    def test(item: Any) -> bool:
        return all((item if at == "$this" else item.get(at)) == value for at, value in pairs)

    return test


def is_coded(element: Any, value_set: str) -> bool:
    """Whether a coded element has a code of the value set; true for an element without a code (an extension)."""
    if isinstance(element, str):
        return element in tables.codes(value_set)
    if not isinstance(element, dict) or "url" in element:
        return True
    listed = element.get("coding", [element])
    allowed = tables.codings(value_set)
    return any(isinstance(each, dict) and (each.get("system"), each.get("code")) in allowed for each in listed)
