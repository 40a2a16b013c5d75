"""The quick yes/no test of a JSON Schema: is this document certainly valid?

Nearly every document is, and ``jsonschema`` spends its time on the paths of errors that it does not find. Here each keyword
becomes one function of a value. A keyword, or a form of one, that is not listed here is not certain: then ``jsonschema``
decides. It also names every error, so what a sender reads does not come from here. A vaccination event needs less than half the
time, from its body to the FHIR that leaves, and the first one after a start does not import ``jsonschema``.

Source: JSON Schema 2020-12, Validation, section 6.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]
IsValid = Callable[[Any], bool]
Kind = type | tuple[type, ...]
SILENT = frozenset(("$schema", "$defs", "title", "description", "examples", "default"))  # they allow and forbid nothing
LOCAL = "#/$defs/"


class Uncertain(Exception):
    """A part of a schema that only ``jsonschema`` decides."""


def quick_test(schema: Schema, formats: Mapping[str, IsValid]) -> IsValid:
    """The test of a document. ``False`` means that it is not certain.

    Args:
        schema: valid by the meta-schema.
        formats: whether a value is of a format, by its name; one that is not here is not certain.
    """
    try:
        return _Compiler(schema, formats).test_of(schema)
    except Uncertain:
        return lambda value: False


class _Compiler:
    """One schema: it follows references, and makes the test of each part."""

    def __init__(self, schema: Schema, formats: Mapping[str, IsValid]) -> None:
        self.root, self.formats = schema, formats
        self.followed: tuple[str, ...] = ()

    def test_of(self, schema: Any) -> IsValid:
        """The test of one schema: all of its keywords."""
        if not isinstance(schema, dict):
            raise Uncertain
        names = sorted((name for name in schema if name not in SILENT), key=lambda name: name != "type")  # the type first
        tests = {name: self._keyword(name, schema) for name in names}
        kind = KINDS.get(str(schema.get("type")))
        if kind is None:
            return _all([_if(OF_KIND[name], test) if name in OF_KIND else test for name, test in tests.items()])
        return _all([test for name, test in tests.items() if OF_KIND.get(name, kind) == kind])

    def _keyword(self, name: str, schema: Schema) -> IsValid:
        """The test of one keyword. One in ``OF_KIND`` is only tried on a value of its kind."""
        value = schema[name]
        if name in PLAIN:
            return PLAIN[name](value)
        if name == "properties":
            return _properties({each: self.test_of(part) for each, part in value.items()})
        if name == "additionalProperties":
            return _no_others(value, frozenset(schema.get("properties", ())))
        if name == "items":
            one = self.test_of(value)
            return lambda value: all(map(one, value))
        if name == "allOf":
            return _all([self.test_of(each) for each in value])
        if name == "format" and value in self.formats:
            return self.formats[value]
        if name == "$ref":
            return self._referred(value)
        raise Uncertain

    def _referred(self, address: str) -> IsValid:
        name = address.removeprefix(LOCAL)
        if name == address or name not in self.root.get("$defs", {}) or name in self.followed:
            raise Uncertain  # another document, a path into a schema, or a schema that holds itself
        before, self.followed = self.followed, (*self.followed, name)
        test = self.test_of(self.root["$defs"][name])
        self.followed = before
        return test


def _all(tests: list[IsValid]) -> IsValid:
    if len(tests) == 1:
        return tests[0]

    def test(value: Any) -> bool:
        for each in tests:  # noqa: SIM110 - a plain loop takes half the time
            if not each(value):
                return False
        return True

    return test


def _if(kind: Kind, test: IsValid) -> IsValid:
    """The test, which passes every value of another kind."""
    return lambda value: not isinstance(value, kind) or value is True or value is False or test(value)


def _properties(tests: Mapping[str, IsValid]) -> IsValid:
    def test(value: Any) -> bool:
        for name, part in value.items():  # noqa: SIM110
            if name in tests and not tests[name](part):
                return False
        return True

    return test


def _no_others(allowed: Any, known: frozenset[str]) -> IsValid:
    if allowed is not False:
        raise Uncertain
    return known.issuperset


def _type(name: Any) -> IsValid:
    if name in ("number", "integer"):  # a whole number with a fraction, 1.0, is left to jsonschema
        numbers = (int,) if name == "integer" else NUMBER
        return lambda value: isinstance(value, numbers) and not isinstance(value, bool)
    if name == "boolean":
        return lambda value: isinstance(value, bool)
    if not isinstance(name, str) or name not in KINDS:
        raise Uncertain
    kind = KINDS[name]
    return lambda value: isinstance(value, kind)


def _enum(codes: list[Any]) -> IsValid:
    known = frozenset(each for each in codes if isinstance(each, str))  # 1, 1.0 and true are equal in Python, but not in JSON
    return lambda value: isinstance(value, str) and value in known


def _required(names: list[str]) -> IsValid:
    needed = frozenset(names)
    return lambda value: needed <= value.keys()


def _pattern(pattern: str) -> IsValid:
    search = re.compile(pattern).search
    return lambda value: search(value) is not None


NUMBER = (int, float)
KINDS: Mapping[str, Kind] = {"object": dict, "array": list, "string": str, "number": NUMBER, "integer": NUMBER}
OF_KIND: Mapping[str, Kind] = {
    **dict.fromkeys(("required", "properties", "additionalProperties"), dict),
    **dict.fromkeys(("items", "minItems", "maxItems"), list),
    **dict.fromkeys(("pattern", "minLength", "maxLength"), str),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), NUMBER),
}
"""The keywords that allow every value of another kind. In a schema with a type they need not test it again."""
PLAIN: Mapping[str, Callable[[Any], IsValid]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda code: _enum([code]),
    "required": _required,
    "pattern": _pattern,
    "minLength": lambda least: lambda value: len(value) >= least,
    "maxLength": lambda most: lambda value: len(value) <= most,
    "minItems": lambda least: lambda value: len(value) >= least,
    "maxItems": lambda most: lambda value: len(value) <= most,
    "minimum": lambda least: lambda value: value >= least,
    "maximum": lambda most: lambda value: value <= most,
    "exclusiveMinimum": lambda least: lambda value: value > least,
    "exclusiveMaximum": lambda most: lambda value: value < most,
}
