"""The committed tables of the definitions, read when first needed: one file per resource type."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from shared.fhir.primitives import TESTS

FOLDER = Path(__file__).parent / "tables"


class Declared(NamedTuple):
    """One JSON property of a type: the element it belongs to and what may stand in it."""

    element: str  # as defined: ``value[x]`` for ``valueQuantity``
    type: str
    least: int
    many: bool
    codes: str  # key of the value set of a required binding, or ``""``
    targets: frozenset[str]  # allowed targets of a reference; empty: any

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
    """The properties of a datatype, a resource or a part of one (``Observation.component``); ``KeyError`` when unknown."""
    root = name.split(".")[0]
    rows = _rows(root if root in resource_types() else "types")[name]
    return {prop: declared for element, row in rows.items() for prop, declared in _declared(element, row)}


@cache
def _rows(file: str) -> dict[str, dict[str, list[Any]]]:
    return dict(_read(f"r4/{file}.json"))


def _declared(element: str, row: list[Any]) -> Iterator[tuple[str, Declared]]:
    least, most, *types = row
    for spelt in types:
        name, _, extra = spelt.partition("#")
        is_reference = name == "Reference"
        spoken = name.removeprefix("Simple")  # SimpleQuantity is a Quantity with less in it
        prop = element.replace("[x]", spoken[0].upper() + spoken[1:])
        targets = frozenset(extra.split("|")) if is_reference and extra else frozenset[str]()
        yield prop, Declared(element, name, least, most != 1, "" if is_reference else extra, targets)


@cache
def required(name: str) -> frozenset[str]:
    """The elements of a type that must be there."""
    return frozenset(declared.element for declared in type_table(name).values() if declared.least)


@cache
def _value_sets() -> dict[str, dict[str, list[str]]]:
    return dict(_read("codes.json"))


@cache
def codes(value_set: str) -> frozenset[str]:
    """All codes of a value set, whatever their system: what a ``code`` may be."""
    return frozenset(code for listed in _value_sets()[value_set].values() for code in listed)


@cache
def codings(value_set: str) -> frozenset[tuple[str, str]]:
    """All (system, code) pairs of a value set: what a Coding may be."""
    return frozenset((system, code) for system, listed in _value_sets()[value_set].items() for code in listed)


def profiles(type_name: str) -> dict[str, dict[str, Any]]:
    """The national profiles on a type, by their URL."""
    return _profiles(type_name) if type_name in _profiled() else {}


@cache
def _profiled() -> frozenset[str]:
    return frozenset(path.stem for path in (FOLDER / "profiles").iterdir())


@cache
def _profiles(type_name: str) -> dict[str, dict[str, Any]]:
    return dict(_read(f"profiles/{type_name}.json"))
