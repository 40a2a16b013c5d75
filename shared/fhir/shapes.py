"""The cheap yes/no pass: is this resource sound beyond doubt?

Most objects of a message have a shape (the names of their properties, in order) that has been seen before. A shape is judged
once: unknown and missing elements, choices, invariants about presence. What is left to look at, the values, becomes one Python
expression, compiled when the shape is first seen. Nothing of a message enters that expression: a shape is compiled only when
all its names are names of the committed tables. docs/decisions/0011-shapes-are-compiled.md.

The resources of a bundle are looked at in the same walk as the bundle. Whatever is rare (contained resources, narratives, a
bundle in a bundle) is called doubtful and left to ``findings``.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from orjson import dumps

from shared.fhir import invariants
from shared.fhir.primitives import TESTS, UNIQUE
from shared.fhir.tables import Declared, codes, codings, required, resource_types, type_table
from shared.fhir.targets import Known, is_right

Json = dict[str, Any]
Targets = frozenset[str]
IsSound = Callable[[Json, "References"], Any]
RARE = ("Resource", "Narrative")
ENTRY = "Bundle.entry"
BROKEN = (TypeError, KeyError, ValueError, AttributeError, RecursionError)
TEXTS = ("string", "markdown")
MOST_SHAPES = 400
MOST_CONCEPTS = 4000
LONG = 400  # bytes
EXTENSION = b'"extension"'


class References(dict[Any, tuple[Json, Targets]]):
    """References that are to be followed yet, each noted once, and what is known around the resource that holds them."""

    def __init__(self, known: Known = Known()) -> None:
        super().__init__()
        self.known = known
        self.type_of = (known.bundle or {}).get

    def are_right(self) -> bool:
        """Whether each leads somewhere, and where it may."""
        return all(is_right(*each, self.known) for each in self.values())


class Concepts(set[bytes]):
    """CodeableConcepts found sound, as they are written: the same come in message after message. Bounded."""

    def is_sound(self, concept: Json, references: References) -> Any:
        written = dumps(concept)
        if written in self:
            return True
        sound = shapes_of("CodeableConcept")[tuple(concept)](concept, references)
        if sound and len(written) < LONG and EXTENSION not in written:  # an extension may hold a reference
            if len(self) >= MOST_CONCEPTS:
                self.clear()
            self.add(written)
        return sound


CONCEPTS = Concepts()


def never(_element: Json, _references: References) -> bool:
    """For a shape that is not sound, or doubtful."""
    return False


class Shapes(dict[tuple[str, ...], IsSound]):
    """The shapes of one type seen so far, each with the test of its values. Bounded, and only sound ones are kept."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def __missing__(self, shape: tuple[str, ...]) -> IsSound:
        names = shape[1:] if shape[:1] == ("resourceType",) and self.name in resource_types() else shape
        present = declared(names, type_table(self.name), RARE[1:] if self.name == ENTRY else RARE)
        if not present or not is_sound_shape(self.name, present):
            return never
        test = compiled(self.name, present)
        if len(self) < MOST_SHAPES:
            self[shape] = test
        return test


shapes_of = cache(Shapes)


class Resources(dict[str, Shapes]):
    """The shapes of each type of resource but a bundle; ``KeyError`` for what is none."""

    def __missing__(self, name: str) -> Shapes:
        if name == "Bundle" or name not in resource_types():
            raise KeyError(name)
        self[name] = found = shapes_of(name)
        return found


RESOURCES = Resources()


def declared(names: tuple[str, ...], table: dict[str, Declared], rare: tuple[str, ...]) -> dict[str, Declared]:
    """What each property of a shape is declared as, ``_name`` like ``name``; empty when one is not, or is rare."""
    found = {}
    for name in names:
        each = table.get(name) or table.get(name.removeprefix("_"))
        if each is None or each.type in rare or (name[0] == "_" and not each.is_primitive):
            return {}
        found[name] = each
    return found


def is_sound_shape(name: str, present: dict[str, Declared]) -> bool:
    """Each choice made once, what is required there, the invariants about presence kept."""
    elements = list({prop.removeprefix("_"): each.element for prop, each in present.items()}.values())
    shown = {element.removesuffix("[x]") for element in elements}
    if len(set(elements)) != len(elements) or not required(name) <= set(elements):
        return False
    return all(rule.holds(shown) for rule in invariants.SHAPE.get(name, ()))


def compiled(name: str, present: dict[str, Declared]) -> IsSound:
    """The test of the values of one shape: ``lambda e, refs: ...``."""
    known: dict[str, Any] = {"refer": refer, "is_sound": is_sound, "concept": CONCEPTS.is_sound, "str_": str, "list_": list}
    terms = [term for prop, each in present.items() for term in _terms(prop, each, known, f"_{prop}" in present)]
    for n, rule in enumerate(invariants.VALUE.get(name, ())):
        known[f"rule{n}"] = rule.holds
        terms.append(f"rule{n}(e)")
    source = f"lambda e, refs: {' and '.join(terms)}"
    test: IsSound = eval(source, {"__builtins__": {"all": all, "len": len, "type": type, "tuple": tuple}, **known})  # noqa: S307
    return test


def _terms(prop: str, declared: Declared, known: dict[str, Any], is_extended: bool) -> Iterator[str]:
    """What must hold of the value of one property."""
    value = f"e[{prop!r}]"
    if prop[0] == "_":
        known["extends"] = extends
        yield f"extends({value}, {declared.many}, e.get({prop[1:]!r}), refs)"
    elif declared.many and is_extended:
        known[f"paired_{prop}"] = _paired(declared)
        yield f"paired_{prop}({value}, e[{'_' + prop!r}])"
    elif declared.many:
        yield f"type(v := {value}) is list_ and v"
        yield f"all([{_term('x', declared, prop, known)} for x in v])"
    else:
        yield _term(f"(v := {value})", declared, prop, known)
    if declared.codes and not declared.is_primitive:  # a coded element with a required binding
        known[f"bound_{prop}"] = _bound(declared)
        yield f"bound_{prop}({value})"


def _term(value: str, declared: Declared, prop: str, known: dict[str, Any]) -> str:
    """What must hold of one value; ``value`` is an expression that leaves it in a name."""
    name = value.strip("()").split(" ")[0]
    if declared.is_primitive:
        return _primitive_term(value, name, declared, prop, known)
    if declared.type == "Resource":
        return f"is_sound({value}, refs)"
    if declared.type == "Reference":
        known[f"targets_{prop}"] = declared.targets or resource_types()
        leads_to = f"len({value}) == 2 and (t := refs.type_of({name}.get('reference'))) and {name}.get('type') == t"
        return f"({leads_to} in targets_{prop} or refer({name}, targets_{prop}, refs))"  # most lead to an entry, plainly
    if declared.type == "CodeableConcept":
        return f"concept({value}, refs)"
    known[f"shapes_{prop}"] = shapes_of(declared.type)
    return f"shapes_{prop}[tuple({value})]({name}, refs)"


def _primitive_term(value: str, name: str, declared: Declared, prop: str, known: dict[str, Any]) -> str:
    if declared.codes:
        known[f"codes_{prop}"] = codes(declared.codes)
        return f"{value} in codes_{prop}"
    known[f"test_{prop}"] = TESTS[declared.type]
    if prop == "fullUrl":  # it comes once, so nothing is remembered of it
        return f"({value}[:9] == {UNIQUE!r} and {name}.isprintable() and ' ' not in {name} or test_{prop}({name}))"
    if declared.type in TEXTS:  # printable text needs no closer look, unless it is empty
        return f"({name} if {value}.isprintable() else test_{prop}({name}))"
    return f"test_{prop}({value})"


def extends(extension: Any, many: bool, values: Any, references: References) -> Any:
    """Whether the object beside a primitive (or each of those beside many) is sound; a null stands for a value without one."""
    shapes = shapes_of("Element")
    if not many:
        return shapes[tuple(extension)](extension, references)
    if type(extension) is not list or len(extension) > len(values or extension):
        return False
    return all(
        (values and values[n] is not None) if each is None else shapes[tuple(each)](each, references)
        for n, each in enumerate(extension)
    )


def _paired(declared: Declared) -> Callable[[Any, Any], bool]:
    """Whether each of many primitives is well formed, or a null that the object beside it speaks for."""
    test = codes(declared.codes).__contains__ if declared.codes else TESTS[declared.type]

    def is_paired(values: Any, beside: Any) -> bool:
        if type(values) is not list or not values:
            return False
        return all(test(each) if each is not None else bool(beside[n]) for n, each in enumerate(values))

    return is_paired


def _bound(declared: Declared) -> Callable[[Any], bool]:
    """Whether a coded element has one of the codes that it must have."""
    allowed = codings(declared.codes)
    if declared.many:
        return lambda values: all(has_one_of(value, allowed) for value in values)
    return lambda value: has_one_of(value, allowed)


def has_one_of(coded: Json, allowed: frozenset[tuple[str, str]]) -> bool:
    listed = coded.get("coding", (coded,))
    return any((coding.get("system"), coding.get("code")) in allowed for coding in listed)


def refer(reference: Json, targets: Targets, references: References) -> Any:
    """Whether a reference is sound in itself; where it leads is noted, to be looked at when the whole is known."""
    key: Any = (targets, *reference.items())
    try:
        if key in references:
            return True
    except TypeError:  # a logical reference: an element inside it
        key = len(references)
    references[key] = reference, targets
    return shapes_of("Reference")[tuple(reference)](reference, references)


def is_sound(resource: Any, references: References) -> bool:
    """Whether this resource, which is no bundle, is sound beyond doubt; references that are no plain ones are noted."""
    try:
        return bool(RESOURCES[resource["resourceType"]][tuple(resource)](resource, references))
    except BROKEN:
        return False


def is_sound_bundle(bundle: Json, references: References) -> bool:
    """The same for a bundle and, in one walk, the resources in it; the rules of bundles (bdl-*) are not asked for here."""
    try:
        return bool(shapes_of("Bundle")[tuple(bundle)](bundle, references))
    except BROKEN:
        return False
