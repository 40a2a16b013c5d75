"""The committed tables of the FHIR definitions: one file per resource type, read when it is first needed."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from shared.fhir.definitions.primitives import TESTS

FOLDER = Path(__file__).parent / "tables"


class Declared(NamedTuple):
    """One JSON property of a type: its element and its allowed values."""

    element: str  # as defined: ``value[x]`` for ``valueQuantity``
    type: str
    least: int
    many: bool
    codes: str  # key of the value set of a required binding, or ``""``
    targets: frozenset[str]  # allowed types of a reference; empty: any type

    @property
    def is_primitive(self) -> bool:
        return self.type in TESTS


Type = dict[str, Declared]  # by JSON property


def _read(name: str) -> Any:
    return orjson.loads((FOLDER / name).read_bytes())


@cache
def resource_types() -> frozenset[str]:
    return frozenset(path.stem for path in (FOLDER / "r4").iterdir()) - {"types"}


@cache
def type_table(name: str) -> Type:
    """The properties of a datatype, a resource or a part of one (``Observation.component``); ``KeyError`` if unknown."""
    root = name.split(".")[0]
    rows = _rows(root if root in resource_types() else "types")[name]
    return {prop: declared for element, row in rows.items() for prop, declared in _declared(element, row)}


@cache
def _rows(file: str) -> dict[str, dict[str, list[Any]]]:
    return dict(_read(f"r4/{file}.json"))


def _declared(element: str, row: list[Any]) -> Iterator[tuple[str, Declared]]:
    least, most, *types = row
    for declared_type in types:
        name, _, extra = declared_type.partition("#")
        is_reference = name == "Reference"
        in_property = name.removeprefix("Simple")  # a SimpleQuantity is a Quantity with fewer elements
        prop = element.replace("[x]", in_property[0].upper() + in_property[1:])
        targets = frozenset(extra.split("|")) if is_reference and extra else frozenset[str]()
        yield prop, Declared(element, name, least, most != 1, "" if is_reference else extra, targets)


@cache
def required(name: str) -> frozenset[str]:
    """The required elements of a type."""
    return frozenset(declared.element for declared in type_table(name).values() if declared.least)


@cache
def _value_sets() -> dict[str, dict[str, list[str]]]:
    return dict(_read("codes.json"))


@cache
def codes(value_set: str) -> frozenset[str]:
    """All codes of a value set, of any system: the allowed values of a ``code``."""
    return frozenset(code for listed in _value_sets()[value_set].values() for code in listed)


@cache
def codings(value_set: str) -> frozenset[tuple[str, str]]:
    """All (system, code) pairs of a value set: the allowed Codings."""
    return frozenset((system, code) for system, listed in _value_sets()[value_set].items() for code in listed)


def profiles(type_name: str) -> dict[str, dict[str, Any]]:
    """The national profiles of a type, by URL."""
    return _profiles(type_name) if type_name in _profiled() else {}


@cache
def _profiled() -> frozenset[str]:
    return frozenset(path.stem for path in (FOLDER / "profiles").iterdir())


@cache
def _profiles(type_name: str) -> dict[str, dict[str, Any]]:
    return dict(_read(f"profiles/{type_name}.json"))
