"""Tests of values for the quick check: the code of a primitive, and the code of a required value set."""

from collections.abc import Callable
from typing import Any

from shared.characters import is_visible
from shared.fhir.definitions.primitives import TESTS, UNIQUE, VISIBLE_URI, words_of
from shared.fhir.definitions.tables import Declared, codes, codings
from shared.fhir.validation import hidden

Json = dict[str, Any]
TEXTS = ("string", "markdown")


def primitive_term(value: str, name: str, declared: Declared, prop: str, names: dict[str, Any]) -> str:
    """The condition on a primitive; ``value`` is an expression that also assigns the value to ``name``."""
    if declared.codes:
        names[f"codes_{prop}"] = codes(declared.codes)
        return f"{value} in codes_{prop}"
    may_name = prop in hidden.NAMES  # a number, or what refers to one: no character of it may be hidden
    test = names[f"test_{prop}"] = VISIBLE_URI if may_name and declared.type == "uri" else TESTS[declared.type]
    words = names[f"words_{prop}"] = words_of(test)
    if prop == "fullUrl":  # nearly always made of the id of its resource, which has a test of its own
        return f"({value} == {UNIQUE!r} + (e.get('resource') or {{}}).get('id', '') or test_{prop}({name}))"
    if declared.type in TEXTS and may_name:
        names["is_visible"] = is_visible
        return f"({value}.isprintable() and {name} and ('%' not in {name} or is_visible({name})))"
    if declared.type in TEXTS:  # printable text is valid unless it is empty
        return f"({name} if {value}.isprintable() else test_{prop}({name}))"
    if declared.type == "decimal":  # nearly always a float, which may be infinite
        return f"(is_finite({name}) if type({value}) is float_ else test_{prop}({name}))"
    return f"test_{prop}({value})" if words is None else f"words_{prop}[{value}]"


def paired_test(declared: Declared) -> Callable[[Any, Any], bool]:
    """A test of many primitives: each is valid, or null with an extension object at the same place."""
    test = codes(declared.codes).__contains__ if declared.codes else TESTS[declared.type]

    def is_paired(values: Any, extensions: Any) -> bool:
        if type(values) is not list or not values:
            return False
        return all(test(each) if each is not None else bool(extensions[n]) for n, each in enumerate(values))

    return is_paired


def bound_test(declared: Declared) -> Callable[[Any], bool]:
    """A test of a coded element: it has a code of its required value set."""
    allowed = codings(declared.codes)
    if declared.many:
        return lambda values: all(has_one_of(value, allowed) for value in values)
    return lambda value: has_one_of(value, allowed)


def has_one_of(coded: Json, allowed: frozenset[tuple[str, str]]) -> bool:
    """Whether a Coding, or any coding of a CodeableConcept, is allowed."""
    listed = coded.get("coding", (coded,))
    return any((coding.get("system"), coding.get("code")) in allowed for coding in listed)
