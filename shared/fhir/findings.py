"""The thorough pass: every problem of a resource with its path, severity and rule. Run only where the cheap pass has doubts."""

from collections.abc import Iterator
from typing import Any

from shared.fhir import bundles, invariants
from shared.fhir.names import known as known_name
from shared.fhir.primitives import TESTS, has_json_type
from shared.fhir.shapes import References, has_one_of, is_sound
from shared.fhir.tables import Declared, codes, codings, required, resource_types, type_table
from shared.fhir.targets import Known, target_type
from shared.issue import Issue

Json = dict[str, Any]
DEEPEST = 60


def error(code: str, where: str, text: str, rule: str) -> Issue:
    return Issue(severity="error", code=code, where=where, text=text, rule=rule)


def of_resource(resource: Any, where: str, known: Known, contained: bool = False) -> Iterator[Issue]:
    """Every problem of a resource, of what it contains and of a bundle's entries."""
    if not isinstance(resource, dict):
        yield error("structure", where, "a resource is an object", "json-type")
        return
    name = resource.get("resourceType")
    if not isinstance(name, str) or name not in resource_types():
        yield error("structure", f"{where}.resourceType" if name else where, "no resource type of FHIR R4", "resource-type")
        return
    known = Known(known.bundle, known.inside if contained else bundles.contained_types(resource))
    if name == "Bundle":
        yield from bundles.findings(resource, where)
        known = bundles.known(resource)
    yield from of_element(name, resource, where, known)
    if not contained:
        yield from bundles.contained_findings(resource, where)


def of_element(name: str, element: Json, where: str, known: Known) -> Iterator[Issue]:
    """Every problem of one object of this type."""
    table = type_table(name)
    props = [prop for prop in element if prop != "resourceType" or name not in resource_types()]
    if not props and name not in resource_types():
        yield error("structure", where, "an empty object", "empty")
        return
    for prop in props:
        yield from of_property(table, element, prop, where, known)
    present = {table[prop.removeprefix("_")].element for prop in props if prop.removeprefix("_") in table}
    yield from of_presence(name, present, where)
    yield from of_choices(table, props, where)
    yield from of_values(name, element, where)


def of_property(table: dict[str, Declared], element: Json, prop: str, where: str, known: Known) -> Iterator[Issue]:
    """What is wrong with one property: unknown, a choice that is not allowed, or its items."""
    declared = table.get(prop)
    path = f"{where}.{prop}"
    if declared is not None:
        yield from of_items(declared, element[prop], path, known, element.get(f"_{prop}"))
        return
    primitive = table.get(prop[1:]) if prop.startswith("_") else None
    if primitive is None or not primitive.is_primitive:
        yield unknown_property(table, prop, f"{where}.{known_name(prop)}")
    else:
        yield from of_primitive_extensions(primitive, element[prop], path, known, element.get(prop[1:]))


def unknown_property(table: dict[str, Declared], prop: str, path: str) -> Issue:
    for declared in table.values():
        base = declared.element.removesuffix("[x]")
        if base != declared.element and prop.startswith(base) and prop[len(base) : len(base) + 1].isupper():
            return error("structure", path, f"{base}[x] may not have this type", "choice-type")
    return error("structure", path, "an element that FHIR R4 does not have here", "unknown-element")


def of_items(declared: Declared, value: Any, path: str, known: Known, siblings: Any) -> Iterator[Issue]:
    """The one value or the many values of a property."""
    if not declared.many:
        if isinstance(value, list):
            yield error("structure", path, "one value at most, so no array", "too-many")
        else:
            yield from of_value(declared, value, path, known)
        return
    if not isinstance(value, list):
        yield error("structure", path, "an array is wanted", "json-type")
    elif not value:
        yield error("structure", path, "an empty array", "empty")
    else:
        for n, each in enumerate(value):
            if each is None and is_spoken_for(declared, siblings, n):
                continue
            yield from of_value(declared, each, f"{path}[{n}]", known)


def is_spoken_for(declared: Declared, siblings: Any, n: int) -> bool:
    """A null among primitives is right when its extension stands at the same place of the sibling array."""
    return declared.is_primitive and isinstance(siblings, list) and n < len(siblings) and bool(siblings[n])


def of_value(declared: Declared, value: Any, path: str, known: Known) -> Iterator[Issue]:
    """What is wrong with one value, whatever its type."""
    if value is None:
        yield error("structure", path, "null has no place here", "null")
    elif declared.is_primitive:
        yield from of_primitive(declared, value, path)
    elif not isinstance(value, dict):
        yield error("structure", path, "an object is wanted", "json-type")
    elif path.count(".") > DEEPEST:
        yield error("structure", path, "nested too deeply", "too-deep")
    elif declared.type == "Resource":
        yield from of_inner_resource(value, path, known)
    else:
        yield from of_element(declared.type, value, path, known)
        yield from of_coded(declared, value, path)
        yield from of_reference(declared, value, path, known)


def of_inner_resource(resource: Json, path: str, known: Known) -> Iterator[Issue]:
    """A resource inside another one: contained (which knows its container's), or an entry (which stands for itself)."""
    contained = ".contained[" in path
    references = References(known)
    if not contained and is_sound(resource, references) and references.are_right():
        return
    yield from of_resource(resource, path, known, contained)


def of_primitive(declared: Declared, value: Any, path: str) -> Iterator[Issue]:
    """What is wrong with a primitive: its JSON type, emptiness, its format, its code."""
    if not has_json_type(declared.type, value):
        yield error("structure", path, f"not the JSON type of {declared.type}", "json-type")
    elif value == "" and declared.type != "boolean":
        yield error("structure", path, "an empty string", "empty")
    elif not TESTS[declared.type](value):
        yield error("value", path, f"not well formed as {declared.type}", "format")
    elif declared.codes and value not in codes(declared.codes):
        yield error("code-invalid", path, f"a code outside the required value set {declared.codes}", "binding")


def of_coded(declared: Declared, value: Json, path: str) -> Iterator[Issue]:
    if declared.codes and not is_bound(value, codings(declared.codes)):
        yield error("code-invalid", path, f"no code of the required value set {declared.codes}", "binding")


def is_bound(value: Json, allowed: frozenset[tuple[str, str]]) -> bool:
    try:
        return has_one_of(value, allowed)
    except (AttributeError, TypeError):
        return True  # broken otherwise, and told there


def of_reference(declared: Declared, value: Json, path: str, known: Known) -> Iterator[Issue]:
    """Where a reference leads, when that is nowhere or to a type that is not allowed."""
    if declared.type != "Reference":
        return
    leads_to = target_type(value, known)
    if leads_to is None:
        rule = "ref-1" if str(value.get("reference")).startswith("#") else "dangling-reference"
        yield error("not-found", f"{path}.reference", "leads to nothing in here", rule)
    elif leads_to and declared.targets and leads_to not in declared.targets:
        yield error("structure", path, f"may not lead to {leads_to}", "reference-type")


def of_primitive_extensions(declared: Declared, value: Any, path: str, known: Known, siblings: Any) -> Iterator[Issue]:
    """The object (or the array of objects and nulls) that carries id and extensions of a primitive."""
    if declared.many:
        if not isinstance(value, list) or not value:
            yield error("structure", path, "an array is wanted", "json-type")
            return
        beside = siblings if isinstance(siblings, list) else []
        for n, each in enumerate(value):
            if each is not None or n >= len(beside) or beside[n] is None:
                yield from of_extended(each, f"{path}[{n}]", known)
    else:
        yield from of_extended(value, path, known)


def of_extended(value: Any, path: str, known: Known) -> Iterator[Issue]:
    if isinstance(value, dict):
        yield from of_element("Element", value, path, known)
    else:
        yield error("structure", path, "an object is wanted", "null" if value is None else "json-type")


def of_presence(name: str, present: set[str], where: str) -> Iterator[Issue]:
    for element in sorted(required(name) - present):
        yield error("required", f"{where}.{element.removesuffix('[x]')}", "a required element is missing", "required")
    shown = {element.removesuffix("[x]") for element in present}
    for rule in invariants.SHAPE.get(name, ()):
        if not rule.holds(shown):
            yield error("invariant", where, rule.text, rule.key)


def of_choices(table: dict[str, Declared], props: list[str], where: str) -> Iterator[Issue]:
    """At most one of ``value[x]``."""
    chosen: dict[str, str] = {}
    for prop in props:
        declared = table.get(prop.removeprefix("_"))
        if declared is None or not declared.element.endswith("[x]"):
            continue
        if chosen.setdefault(declared.element, prop.removeprefix("_")) != prop.removeprefix("_"):
            yield error("structure", f"{where}.{prop}", f"a second {declared.element}", "choice")


def of_values(name: str, element: Json, where: str) -> Iterator[Issue]:
    for rule in invariants.VALUE.get(name, ()):
        if not holds(rule, element):
            yield error("invariant", f"{where}.{rule.at}" if rule.at else where, rule.text, rule.key)


def holds(rule: invariants.Value, element: Json) -> bool:
    try:
        return rule.holds(element)
    except (TypeError, ValueError, KeyError, AttributeError):
        return True  # broken otherwise, and told there
