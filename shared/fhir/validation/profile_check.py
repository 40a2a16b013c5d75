"""The national profiles (UK Core STU1, Data Standards Wales): their rules for resources that name them in ``meta.profile``."""

from collections.abc import Iterator
from typing import Any

from shared.fhir.definitions import tables
from shared.fhir.definitions.names import known_name
from shared.fhir.validation.profile_tests import is_coded, profile_test
from shared.issue import Issue

Json = dict[str, Any]
NATIONAL = ("https://fhir.nhs.wales/", "https://fhir.hl7.org.uk/")


class Where:
    """A path that becomes text only when an issue needs it."""

    __slots__ = ("above", "step")

    def __init__(self, above: "Where | str", step: str) -> None:
        self.above, self.step = above, step

    def __str__(self) -> str:
        return f"{self.above}{self.step}"


def check_profiles(resource: Json, where: Where | str) -> Iterator[Issue]:
    """Every problem by the national profiles that this resource names."""
    meta = resource.get("meta")
    claimed = meta.get("profile") if isinstance(meta, dict) else None
    for url in claimed if isinstance(claimed, list) else ():
        if isinstance(url, str) and url.startswith(NATIONAL) and not is_valid(url, resource):
            yield from _check_profile(url.split("|")[0], resource, where)


def is_valid(url: str, resource: Json) -> bool:
    """Whether a resource is certainly valid by this profile."""
    try:
        test = profile_test(resource["resourceType"], url)
        return test is not None and test(resource)
    except (TypeError, AttributeError, KeyError):
        return False


def _check_profile(url: str, resource: Json, where: Where | str) -> Iterator[Issue]:
    node = tables.profiles(str(resource.get("resourceType"))).get(url)
    if node is None:
        yield Issue(
            severity="error",
            code="structure",
            where=f"{where}.meta.profile",
            text="the profile is unknown or is for another type",
            rule="profile-unknown",
        )
    else:
        yield from _check_node(node, resource, where, url.rsplit("/", 1)[-1])


def _check_node(node: Json, element: Any, where: Where | str, rule: str) -> Iterator[Issue]:
    """The problems of one element by a node of a profile."""
    if "fixed" in node and element != node["fixed"]:
        yield Issue(severity="error", code="value", where=str(where), text="not the fixed value of the profile", rule=rule)
    if "codes" in node and not is_coded(element, node["codes"]):
        yield Issue(
            severity="error",
            code="code-invalid",
            where=str(where),
            text="has no code of the value set that the profile requires",
            rule=rule,
        )
    for name, child in node.get("children", {}).items():
        yield from _check_child(child, name, element, where, rule)


def _check_child(node: Json, name: str, element: Any, where: Where | str, rule: str) -> Iterator[Issue]:
    if not isinstance(element, dict):
        return
    prop, value = _property(element, name)
    path = Where(where, f".{known_name(prop)}")
    items = value if isinstance(value, list) else [] if value is None else [value]
    if name.endswith("[x]") and items and "types" in node and prop[len(name) - 3 :].lower() not in map(str.lower, node["types"]):
        yield Issue(severity="error", code="structure", where=str(path), text="the profile does not allow this type", rule=rule)
    yield from _check_count(node, items, path, rule)
    for n, item in enumerate(items):
        yield from _check_node(node, item, Where(path, f"[{n}]") if isinstance(value, list) else path, rule)
    for name_of_slice, part in node.get("slices", {}).items():
        yield from _check_slice(part, name_of_slice, items, path, rule)


def _property(element: Json, name: str) -> tuple[str, Any]:
    """The JSON property of an element and its value; where it has no value, the object that has its extensions."""
    if name.endswith("[x]"):
        base = name[:-3]
        for prop, value in element.items():
            if prop.startswith(base) and prop[len(base) : len(base) + 1].isupper():
                return prop, value
        return base, None
    return name, element.get(name, element.get(f"_{name}"))


def _check_count(node: Json, items: list[Any], path: Where, rule: str) -> Iterator[Issue]:
    if len(items) < node.get("min", 0):
        yield Issue(severity="error", code="required", where=str(path), text="the profile requires this element", rule=rule)
    if len(items) > node.get("max", len(items)):
        yield Issue(severity="error", code="structure", where=str(path), text="more values than the profile allows", rule=rule)


def _check_slice(part: Json, name: str, items: list[Any], path: Where, rule: str) -> Iterator[Issue]:
    matching = [(n, item) for n, item in enumerate(items) if _matches(part["match"], item, str(path))]
    yield from _check_count(part, [item for _, item in matching], Where(path, f":{name}"), rule)
    for n, item in matching:
        yield from _check_node(part, item, Where(path, f"[{n}]"), rule)


def _matches(match: Json, item: Any, path: str) -> bool:
    for at, value in match.items():
        if at == "$name":
            return path.endswith(f".{value}")
        if (item if at == "$this" else item.get(at) if isinstance(item, dict) else None) != value:
            return False
    return True
