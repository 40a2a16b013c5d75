"""The full check of a resource: every problem with its path, severity and rule. Runs only if the quick check does not pass."""

from collections.abc import Iterator
from typing import Any

from shared.fhir.definitions.names import known_name
from shared.fhir.definitions.primitives import TESTS, has_json_type
from shared.fhir.definitions.tables import Declared, codes, codings, required, resource_types, type_table
from shared.fhir.validation import bundle_rules, invariant_table
from shared.fhir.validation.invariants import ValueRule
from shared.fhir.validation.quick_check import References, is_valid_resource
from shared.fhir.validation.targets import Context, target_type
from shared.fhir.validation.value_tests import has_one_of
from shared.issue import Issue

Json = dict[str, Any]
DEEPEST = 60


def error(*, code: str, where: str, text: str, rule: str) -> Issue:
    return Issue(severity="error", code=code, where=where, text=text, rule=rule)


def check_resource(resource: Any, where: str, context: Context, contained: bool = False) -> Iterator[Issue]:
    """Every problem of a resource, of its contained resources and of the entries of a bundle."""
    if not isinstance(resource, dict):
        yield error(code="structure", where=where, text="expected a resource, which is a JSON object", rule="json-type")
        return
    name = resource.get("resourceType")
    if not isinstance(name, str) or name not in resource_types():
        where = f"{where}.resourceType" if name else where
        yield error(code="structure", where=where, text="not a resource type of FHIR R4", rule="resource-type")
        return
    context = Context(context.bundle, context.contained if contained else bundle_rules.contained_types(resource))
    if name == "Bundle":
        yield from bundle_rules.check_bundle(resource, where)
        context = bundle_rules.bundle_context(resource)
    yield from check_element(name, resource, where, context)
    if not contained:
        yield from bundle_rules.check_contained(resource, where)


def check_element(name: str, element: Json, where: str, context: Context) -> Iterator[Issue]:
    """Every problem of one object of this type."""
    table = type_table(name)
    props = [prop for prop in element if prop != "resourceType" or name not in resource_types()]
    if not props and name not in resource_types():
        yield error(code="structure", where=where, text="the object is empty", rule="empty")
        return
    for prop in props:
        yield from check_property(table, element, prop, where, context)
    present = {table[prop.removeprefix("_")].element for prop in props if prop.removeprefix("_") in table}
    yield from check_presence(name, present, where)
    yield from check_choices(table, props, where)
    yield from check_values(name, element, where)


def check_property(table: dict[str, Declared], element: Json, prop: str, where: str, context: Context) -> Iterator[Issue]:
    """The problems of one property: its name is unknown, the choice is not allowed, or its values are wrong."""
    declared = table.get(prop)
    path = f"{where}.{prop}"
    if declared is not None:
        yield from check_items(declared, element[prop], path, context, element.get(f"_{prop}"))
        return
    primitive = table.get(prop[1:]) if prop.startswith("_") else None
    if primitive is None or not primitive.is_primitive:
        yield unknown_property(table, prop, f"{where}.{known_name(prop)}")
    else:
        yield from check_primitive_extensions(primitive, element[prop], path, context, element.get(prop[1:]))


def unknown_property(table: dict[str, Declared], prop: str, path: str) -> Issue:
    for declared in table.values():
        base = declared.element.removesuffix("[x]")
        if base != declared.element and prop.startswith(base) and prop[len(base) : len(base) + 1].isupper():
            return error(code="structure", where=path, text=f"{base}[x] must not have this type", rule="choice-type")
    return error(code="structure", where=path, text="FHIR R4 has no such element here", rule="unknown-element")


def check_items(declared: Declared, value: Any, path: str, context: Context, siblings: Any) -> Iterator[Issue]:
    """The problems of the value or values of a property."""
    if not declared.many:
        if isinstance(value, list):
            yield error(code="structure", where=path, text="expected one value, not an array", rule="too-many")
        else:
            yield from check_value(declared, value, path, context)
        return
    if not isinstance(value, list):
        yield error(code="structure", where=path, text="expected an array", rule="json-type")
    elif not value:
        yield error(code="structure", where=path, text="the array is empty", rule="empty")
    else:
        for n, each in enumerate(value):
            if each is None and has_extension(declared, siblings, n):
                continue
            yield from check_value(declared, each, f"{path}[{n}]", context)


def has_extension(declared: Declared, siblings: Any, n: int) -> bool:
    """Whether a null among primitives has an extension at the same place of the sibling array, which makes it valid."""
    return declared.is_primitive and isinstance(siblings, list) and n < len(siblings) and bool(siblings[n])


def check_value(declared: Declared, value: Any, path: str, context: Context) -> Iterator[Issue]:
    """The problems of one value of any type."""
    if value is None:
        yield error(code="structure", where=path, text="null is not allowed here", rule="null")
    elif declared.is_primitive:
        yield from check_primitive(declared, value, path)
    elif not isinstance(value, dict):
        yield error(code="structure", where=path, text="expected an object", rule="json-type")
    elif path.count(".") > DEEPEST:
        yield error(code="structure", where=path, text="nested too deeply", rule="too-deep")
    elif declared.type == "Resource":
        yield from check_inner_resource(value, path, context)
    else:
        yield from check_element(declared.type, value, path, context)
        if declared.codes and not is_bound(value, codings(declared.codes)):
            text = f"has no code of the required value set {declared.codes}"
            yield error(code="code-invalid", where=path, text=text, rule="binding")
        yield from check_reference(declared, value, path, context)


def check_inner_resource(resource: Json, path: str, context: Context) -> Iterator[Issue]:
    """The problems of a resource in another one: a contained resource, which uses its container's context, or an entry."""
    contained = ".contained[" in path
    references = References(context)
    if not contained and is_valid_resource(resource, references) and references.are_valid():
        return
    yield from check_resource(resource, path, context, contained)


def check_primitive(declared: Declared, value: Any, path: str) -> Iterator[Issue]:
    """The problems of a primitive: its JSON type, an empty string, its format, its code."""
    if not has_json_type(declared.type, value):
        yield error(code="structure", where=path, text=f"not the JSON type of {declared.type}", rule="json-type")
    elif value == "":
        yield error(code="structure", where=path, text="the string is empty", rule="empty")
    elif not TESTS[declared.type](value):
        yield error(code="value", where=path, text=f"not a valid {declared.type}", rule="format")
    elif declared.codes and value not in codes(declared.codes):
        text = f"the code is not in the required value set {declared.codes}"
        yield error(code="code-invalid", where=path, text=text, rule="binding")


def is_bound(value: Json, allowed: frozenset[tuple[str, str]]) -> bool:
    try:
        return has_one_of(value, allowed)
    except (AttributeError, TypeError):
        return True  # the wrong JSON type, which another check reports


def check_reference(declared: Declared, value: Json, path: str, context: Context) -> Iterator[Issue]:
    """A reference to nothing, or to a resource of a type that is not allowed."""
    if declared.type != "Reference":
        return
    target = target_type(value, context)
    if target is None and str(value.get("reference")).startswith("#"):
        text = "refers to a contained resource that is not there"
        yield error(code="not-found", where=f"{path}.reference", text=text, rule="ref-1")
    elif target is None:
        text = "refers to a resource that is not in the bundle"
        yield error(code="not-found", where=f"{path}.reference", text=text, rule="dangling-reference")
    elif target and declared.targets and target not in declared.targets:
        yield error(code="structure", where=path, text=f"must not refer to {target}", rule="reference-type")


def check_primitive_extensions(declared: Declared, value: Any, path: str, context: Context, siblings: Any) -> Iterator[Issue]:
    """The problems of the object (or the array of objects and nulls) that has the id and extensions of a primitive."""
    if not declared.many:
        yield from check_extended(value, path, context)
        return
    if not isinstance(value, list) or not value:
        yield error(code="structure", where=path, text="expected an array", rule="json-type")
        return
    primitives = siblings if isinstance(siblings, list) else []
    for n, each in enumerate(value):
        if each is not None or n >= len(primitives) or primitives[n] is None:
            yield from check_extended(each, f"{path}[{n}]", context)


def check_extended(value: Any, path: str, context: Context) -> Iterator[Issue]:
    if isinstance(value, dict):
        yield from check_element("Element", value, path, context)
    else:
        rule = "null" if value is None else "json-type"
        yield error(code="structure", where=path, text="expected an object", rule=rule)


def check_presence(name: str, present: set[str], where: str) -> Iterator[Issue]:
    for element in sorted(required(name) - present):
        path = f"{where}.{element.removesuffix('[x]')}"
        yield error(code="required", where=path, text="a required element is missing", rule="required")
    shown = {element.removesuffix("[x]") for element in present}
    for rule in invariant_table.PRESENCE_RULES.get(name, ()):
        if not rule.holds(shown):
            yield error(code="invariant", where=where, text=rule.text, rule=rule.key)


def check_choices(table: dict[str, Declared], props: list[str], where: str) -> Iterator[Issue]:
    """More than one ``value[x]``."""
    chosen: dict[str, str] = {}
    for prop in props:
        declared = table.get(prop.removeprefix("_"))
        if declared is None or not declared.element.endswith("[x]"):
            continue
        if chosen.setdefault(declared.element, prop.removeprefix("_")) != prop.removeprefix("_"):
            text = f"more than one {declared.element}"
            yield error(code="structure", where=f"{where}.{prop}", text=text, rule="choice")


def check_values(name: str, element: Json, where: str) -> Iterator[Issue]:
    for rule in invariant_table.VALUE_RULES.get(name, ()):
        if not holds(rule, element):
            path = f"{where}.{rule.at}" if rule.at else where
            yield error(code="invariant", where=path, text=rule.text, rule=rule.key)


def holds(rule: ValueRule, element: Json) -> bool:
    try:
        return rule.holds(element)
    except (TypeError, ValueError, KeyError, AttributeError):
        return True  # the wrong JSON type, which another check reports
