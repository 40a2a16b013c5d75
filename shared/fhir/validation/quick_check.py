"""The quick yes/no check: is this resource certainly valid?

Most objects of a message have a shape (the names of their properties, in order) that an earlier object had. Each shape is
checked once: unknown and missing elements, choices, invariants about presence. The check of the values becomes one Python
expression, compiled when the shape first occurs. No text of a message enters that expression: a shape is compiled only if all
its names are names of the committed tables. docs/decisions/0011-shapes-are-compiled.md.

An example. The shape ``("system", "display")`` of a Coding becomes a function of the element ``e`` and the references that
are not followed yet, ``refs``; ``words_system`` has the uris tested so far, and ``test_display`` tests a string that is not plain
printable text::

    lambda e, refs: words_system[(v := e['system'])] and (v if (v := e['display']).isprintable() else test_display(v))

>>> print(source_of("Coding", declare(("system", "display"), type_table("Coding"), RARE), {}))
lambda e, refs: words_system[(v := e['system'])] and (v if (v := e['display']).isprintable() else test_display(v))

The resources of a bundle are checked in the same pass as the bundle. Uncommon parts (contained resources, a bundle in a bundle)
are not certain here and go to ``full_check``.
"""

from collections.abc import Callable, Iterator
from functools import cache
from math import isfinite
from typing import Any

from orjson import dumps

from shared.fhir.definitions.tables import Declared, required, resource_types, type_table
from shared.fhir.validation import invariant_table
from shared.fhir.validation.targets import Context, is_valid_reference
from shared.fhir.validation.value_tests import bound_test, paired_test, primitive_term

Json = dict[str, Any]
Targets = frozenset[str]
IsValid = Callable[[Json, "References"], Any]
RARE = ("Resource",)
ENTRY = "Bundle.entry"
WRONG_TYPE = (TypeError, KeyError, ValueError, AttributeError, RecursionError)
MOST_SHAPES = 400
MOST_CONCEPTS = 4000
LONG = 400  # bytes
EXTENSION = b'"extension"'


class References(dict[Any, tuple[Json, Targets]]):
    """The references that are not followed yet, each once, and the resources that they can reach."""

    def __init__(self, context: Context = Context()) -> None:
        super().__init__()
        self.context = context
        self.type_of = (context.bundle or {}).get

    def are_valid(self) -> bool:
        """Whether the resource of each reference exists and has an allowed type."""
        return all(is_valid_reference(*each, self.context) for each in self.values())


class Concepts(set[bytes]):
    """A bounded cache of valid CodeableConcepts, as JSON: the same concepts recur in many messages."""

    def is_valid(self, concept: Json, references: References) -> Any:
        """Whether a concept that is not in the cache is valid."""
        valid = shapes_of("CodeableConcept")[tuple(concept)](concept, references)
        written = dumps(concept)
        if valid and len(written) < LONG and EXTENSION not in written:  # an extension may have a reference
            if len(self) >= MOST_CONCEPTS:
                self.clear()
            self.add(written)
        return valid


CONCEPTS = Concepts()


def never(_element: Json, _references: References) -> bool:
    """The test of a shape that is not certainly valid."""
    return False


class Shapes(dict[tuple[str, ...], IsValid]):
    """A bounded cache for one type: each valid shape that occurred, with the test of its values."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def __missing__(self, shape: tuple[str, ...]) -> IsValid:
        names = shape[1:] if shape[:1] == ("resourceType",) and self.name in resource_types() else shape
        present = declare(names, type_table(self.name), () if self.name == ENTRY else RARE)
        if not present or not is_valid_shape(self.name, present):
            return never
        test = compile_test(self.name, present)
        if len(self) < MOST_SHAPES:
            self[shape] = test
        return test


shapes_of = cache(Shapes)


class Resources(dict[str, Shapes]):
    """The shapes of each resource type except Bundle; ``KeyError`` for any other name."""

    def __missing__(self, name: str) -> Shapes:
        if name == "Bundle" or name not in resource_types():
            raise KeyError(name)
        self[name] = found = shapes_of(name)
        return found


RESOURCES = Resources()


def declare(names: tuple[str, ...], table: dict[str, Declared], rare: tuple[str, ...]) -> dict[str, Declared]:
    """The declaration of each property of a shape, ``_name`` as ``name``; empty if one is unknown, or of a type in ``rare``."""
    found = {}
    for name in names:
        each = table.get(name) or table.get(name.removeprefix("_"))
        if each is None or each.type in rare or (name[0] == "_" and not each.is_primitive):
            return {}
        found[name] = each
    return found


def is_valid_shape(name: str, present: dict[str, Declared]) -> bool:
    """Whether each choice occurs once, required elements are present, and the invariants about presence hold."""
    elements = list({prop.removeprefix("_"): each.element for prop, each in present.items()}.values())
    shown = {element.removesuffix("[x]") for element in elements}
    if len(set(elements)) != len(elements) or not required(name) <= set(elements):
        return False
    return all(rule.holds(shown) for rule in invariant_table.PRESENCE_RULES.get(name, ()))


def compile_test(name: str, present: dict[str, Declared]) -> IsValid:
    """The test of the values of one shape."""
    names: dict[str, Any] = {}
    source = source_of(name, present, names)
    test: IsValid = eval(source, {"__builtins__": {}, **names})  # noqa: S307
    return test


def source_of(name: str, present: dict[str, Declared], names: dict[str, Any]) -> str:
    """The Python expression that tests the values of one shape. The functions that it calls are added to ``names``."""
    names |= {"len": len, "type": type, "tuple": tuple, "list_": list, "float_": float, "is_finite": isfinite, "dumps": dumps}
    names |= {"resources": RESOURCES, "concepts": CONCEPTS, "concept": CONCEPTS.is_valid, "refer": refer}
    terms = [term for prop, each in present.items() for term in _terms(prop, each, names, f"_{prop}" in present)]
    rules = invariant_table.VALUE_RULES.get(name, ())
    for n, rule in enumerate(rule for rule in rules if rule.only_with in ("", *present)):
        names[f"rule{n}"] = rule.holds
        terms.append(f"rule{n}(e)")
    return f"lambda e, refs: {' and '.join(terms)}"


def _terms(prop: str, declared: Declared, names: dict[str, Any], is_extended: bool) -> Iterator[str]:
    """The conditions on the value of one property."""
    value = f"e[{prop!r}]"
    if prop[0] == "_":
        names["extension"] = is_valid_extension
        yield f"extension({value}, {declared.many}, e.get({prop[1:]!r}), refs)"
    elif declared.many and is_extended:
        names[f"paired_{prop}"] = paired_test(declared)
        yield f"paired_{prop}({value}, e[{'_' + prop!r}])"
    elif declared.many:
        yield f"type(v := {value}) is list_ and v"
        # What most shapes do is written into the expression: `not [...]` and a lookup take half of what a call takes.
        yield f"not [1 for x in v if not {_term('x', declared, prop, names)}]"
    else:
        yield _term(f"(v := {value})", declared, prop, names)
    if declared.codes and not declared.is_primitive:  # a coded element with a required binding
        names[f"bound_{prop}"] = bound_test(declared)
        yield f"bound_{prop}({value})"


def _term(value: str, declared: Declared, prop: str, names: dict[str, Any]) -> str:
    """The condition on one value; ``value`` is an expression that also assigns the value to a name."""
    name = value.strip("()").split(" ")[0]
    if declared.is_primitive:
        return primitive_term(value, name, declared, prop, names)
    if declared.type == "Resource":
        return f"resources[{value}['resourceType']][tuple({name})]({name}, refs)"
    if declared.type == "Reference":
        names[f"targets_{prop}"] = declared.targets or resource_types()
        pair = f"len({value}) == 2 and 'reference' in {name} and 'type' in {name}"
        target = f"refs.type_of({name}['reference']) == {name}['type'] in targets_{prop}"
        return f"({pair} and {target} or refer({name}, targets_{prop}, refs))"  # most refer to an entry, with its type
    if declared.type == "CodeableConcept":
        return f"(dumps({value}) in concepts or concept({name}, refs))"
    names[f"shapes_{prop}"] = shapes_of(declared.type)
    return f"shapes_{prop}[tuple({value})]({name}, refs)"


def is_valid_extension(extension: Any, many: bool, values: Any, references: References) -> Any:
    """Whether the extension object of a primitive (or each one of many) is valid; null is valid next to a value."""
    shapes = shapes_of("Element")
    if not many:
        return shapes[tuple(extension)](extension, references)
    if type(extension) is not list or not extension or len(extension) > len(values or extension):
        return False
    return all(
        (values and values[n] is not None) if each is None else shapes[tuple(each)](each, references)
        for n, each in enumerate(extension)
    )


def refer(reference: Json, targets: Targets, references: References) -> Any:
    """Whether the reference itself is valid. It is added to ``references``, because its target may not have been read yet."""
    key: Any = (targets, *reference.items())
    try:
        if key in references:
            return True
    except TypeError:  # a logical reference, which has an element inside
        key = len(references)
    references[key] = reference, targets
    return shapes_of("Reference")[tuple(reference)](reference, references)


def is_valid_resource(resource: Any, references: References) -> bool:
    """Whether a resource, not a bundle, is certainly valid. References to be followed are added to ``references``."""
    try:
        return bool(RESOURCES[resource["resourceType"]][tuple(resource)](resource, references))
    except WRONG_TYPE:
        return False


def is_valid_bundle(bundle: Json, references: References) -> bool:
    """Whether a bundle and the resources in it are certainly valid, without the rules of bundles (bdl-*)."""
    try:
        return bool(shapes_of("Bundle")[tuple(bundle)](bundle, references))
    except WRONG_TYPE:
        return False
