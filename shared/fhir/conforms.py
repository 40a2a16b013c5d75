"""The cheap yes/no pass over a national profile: does this resource keep it beyond doubt?

A profile's tree becomes nested functions once. Who gets ``False`` asks ``profiles`` for the findings.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from shared.fhir import tables

Json = dict[str, Any]
Test = Callable[[Any], bool]


def profile_test(type_name: str, url: str) -> Test | None:
    """The test of a profile on a type; ``None`` when there is no such profile."""
    return _compiled(type_name, url) if url in tables.profiles(type_name) else None


@cache
def _compiled(type_name: str, url: str) -> Test:
    return _node(tables.profiles(type_name)[url])


def _node(node: Json) -> Test:
    """What a node asks of one element that is there."""
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
    """``value[x]``: whichever property is there is of an allowed type."""
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
    beside = f"_{name}"

    def test(element: Any) -> bool:
        if type(element) is not dict:  # a primitive: its extensions stand beside it, and are asked for there
            return True
        value = element.get(name)
        if value is None:
            return not needed and beside not in element
        items = value if type(value) is list else (value,)
        if most is not None and len(items) > most:
            return False
        if inner is not None and not all(map(inner, items)):
            return False
        return slices is None or slices(items)

    return test


def _slices(slices: Json) -> Test:
    """Each slice has as many items as it may, each as it should be."""
    parts = [(_match(part["match"]), part.get("min", 0), part.get("max", 1 << 30), _node(part)) for part in slices.values()]

    def test(items: Any) -> bool:
        for matches, least, most, inner in parts:
            mine = [item for item in items if matches(item)]
            if (mine or least) and not (least <= len(mine) <= most and all(map(inner, mine))):
                return False
        return True

    single = [part["match"] for part in slices.values()]
    at = next(iter(single[0]))
    if at in ("system", "url") and all(list(match) == [at] for match in single):
        return _only_when_named(test, at, {match[at] for match in single}, any(part[1] for part in parts))
    return test


def _only_when_named(test: Test, at: str, names: set[str], needed: bool) -> Test:
    """Most items belong to no slice; then there is nothing to look at."""
    if needed:
        return test
    return lambda items: names.isdisjoint([item.get(at) for item in items]) or test(items)


def _match(match: Json) -> Test:
    pairs = tuple(match.items())

    def test(item: Any) -> bool:
        return all((item if at == "$this" else item.get(at)) == value for at, value in pairs)

    return test


def is_coded(element: Any, value_set: str) -> bool:
    """Whether a coded element has a code of the value set; true for what is not coded at all (an extension)."""
    if isinstance(element, str):
        return element in tables.codes(value_set)
    if not isinstance(element, dict) or "url" in element:
        return True
    listed = element.get("coding", [element])
    allowed = tables.codings(value_set)
    return any(isinstance(each, dict) and (each.get("system"), each.get("code")) in allowed for each in listed)
