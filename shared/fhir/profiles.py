"""The national profiles (UK Core STU1, Data Standards Wales): what they ask beyond the base, of resources that claim them."""

from collections.abc import Iterator
from typing import Any

from shared.fhir import tables
from shared.fhir.conforms import is_coded, profile_test
from shared.fhir.names import known
from shared.issue import Issue

Json = dict[str, Any]
NATIONAL = ("https://fhir.nhs.wales/", "https://fhir.hl7.org.uk/")


class Where:
    """A path that is put together only when somebody asks for it."""

    __slots__ = ("above", "step")

    def __init__(self, above: "Where | str", step: str) -> None:
        self.above, self.step = above, step

    def __str__(self) -> str:
        return f"{self.above}{self.step}"


def findings(resource: Json, where: Where | str) -> Iterator[Issue]:
    """What the profiles that this resource claims find."""
    meta = resource.get("meta")
    claimed = meta.get("profile") if isinstance(meta, dict) else None
    for url in claimed if isinstance(claimed, list) else ():
        if isinstance(url, str) and url.startswith(NATIONAL) and not keeps(url, resource):
            yield from _of_profile(url.split("|")[0], resource, where)


def keeps(url: str, resource: Json) -> bool:
    """Whether a resource keeps this profile beyond doubt."""
    try:
        test = profile_test(resource["resourceType"], url)
        return test is not None and test(resource)
    except (TypeError, AttributeError, KeyError):
        return False


def _of_profile(url: str, resource: Json, where: Where | str) -> Iterator[Issue]:
    node = tables.profiles(str(resource.get("resourceType"))).get(url)
    if node is None:
        yield Issue(
            severity="error",
            code="structure",
            where=f"{where}.meta.profile",
            text="a profile unknown here or of another type",
            rule="profile-unknown",
        )
    else:
        yield from _within(node, resource, where, url.rsplit("/", 1)[-1])


def _within(node: Json, element: Any, where: Where | str, rule: str) -> Iterator[Issue]:
    """What a node asks of one element that is there."""
    if "fixed" in node and element != node["fixed"]:
        yield Issue(severity="error", code="value", where=str(where), text="not the value that the profile fixes", rule=rule)
    if "codes" in node and not is_coded(element, node["codes"]):
        yield Issue(
            severity="error",
            code="code-invalid",
            where=str(where),
            text="no code of the value set that the profile requires",
            rule=rule,
        )
    for name, child in node.get("children", {}).items():
        yield from _child(child, name, element, where, rule)


def _child(node: Json, name: str, element: Any, where: Where | str, rule: str) -> Iterator[Issue]:
    if not isinstance(element, dict):
        return
    prop, value = _property(element, name)
    path = Where(where, f".{known(prop)}")
    items = value if isinstance(value, list) else [] if value is None else [value]
    if name.endswith("[x]") and items and not _is_allowed(node, prop, name):
        yield Issue(severity="error", code="structure", where=str(path), text="a type that the profile does not allow", rule=rule)
    yield from _count(node, items, path, rule)
    for n, item in enumerate(items):
        yield from _within(node, item, Where(path, f"[{n}]") if isinstance(value, list) else path, rule)
    for name_of_slice, part in node.get("slices", {}).items():
        yield from _slice(part, name_of_slice, items, path, rule)


def _property(element: Json, name: str) -> tuple[str, Any]:
    """The JSON property of an element, and its value: that of its extensions where a primitive has no children of its own."""
    if name.endswith("[x]"):
        base = name[:-3]
        for prop, value in element.items():
            if prop.startswith(base) and prop[len(base) : len(base) + 1].isupper():
                return prop, value
        return base, None
    if name not in element or (f"_{name}" in element and not isinstance(element[name], dict)):
        return name, element.get(name, element.get(f"_{name}"))
    return name, element[name]


def _is_allowed(node: Json, prop: str, name: str) -> bool:
    types = node.get("types")
    return types is None or prop[len(name) - 3 :].lower() in [each.lower() for each in types]


def _count(node: Json, items: list[Any], path: Where, rule: str) -> Iterator[Issue]:
    if len(items) < node.get("min", 0):
        yield Issue(severity="error", code="required", where=str(path), text="the profile requires it", rule=rule)
    if len(items) > node.get("max", len(items)):
        yield Issue(severity="error", code="structure", where=str(path), text="more than the profile allows", rule=rule)


def _slice(part: Json, name: str, items: list[Any], path: Where, rule: str) -> Iterator[Issue]:
    mine = [(n, item) for n, item in enumerate(items) if _matches(part["match"], item, str(path))]
    yield from _count(part, [item for _, item in mine], Where(path, f":{name}"), rule)
    for n, item in mine:
        yield from _within(part, item, Where(path, f"[{n}]"), rule)


def _matches(match: Json, item: Any, path: str) -> bool:
    for at, value in match.items():
        if at == "$name":
            return path.endswith(f".{value}")
        if (item if at == "$this" else item.get(at) if isinstance(item, dict) else None) != value:
            return False
    return True
