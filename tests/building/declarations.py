"""What an integration may declare, found in the code: every class and function of a declaration, with its options."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import Any, NamedTuple, get_args

import shared.fhir
import shared.formats
import shared.validation
from shared.codes.table import CodeTable
from shared.destinations import kinds
from shared.destinations.soap import Operation
from shared.envelope import Outgoing
from shared.fhir.bundle import entry, kept_file, transaction_bundle
from shared.formats.xml.schema import Group
from shared.integration import Delivery, Integration, Retention, Service, Trigger
from shared.issue import Issue
from shared.validation import Structure

REQUIRED = "required"
# Not found by what they do: parts of a declaration, and functions that a mapping calls.
NAMED: dict[str, tuple[Callable[..., Any], ...]] = {
    "README.md": (Integration, Service),
    "profiles.md": (Issue, Structure, Group),
    "destinations.md": (Delivery, Retention, Operation, Outgoing),
    "codes.md": (CodeTable,),
    "fhir.md": (entry, kept_file, transaction_bundle),
}


class Option(NamedTuple):
    """One option: its name, and its default as Python writes it; ``None`` where the default is not a plain value."""

    name: str
    default: str | None


class Declared(NamedTuple):
    """One class or function, the page that must describe it, and its options."""

    page: str
    name: str
    options: tuple[Option, ...]


def everything() -> Iterator[Declared]:
    """Every source, profile, trigger and destination, and the parts of a declaration."""
    for each in sources():
        yield declared("sources.md", each)
    for each in profiles():
        yield declared("profiles.md", each)
    for each in get_args(Trigger):
        yield declared("triggers.md", each)
    for each in destinations():
        yield declared("destinations.md", each)
    for page, named in NAMED.items():
        yield from (declared(page, each) for each in named)


def sources() -> list[type]:
    """The classes of ``shared/formats`` that an integration declares as its source."""
    return [each for each in classes(shared.formats) if all(hasattr(each, name) for name in ("read", "identity", "acknowledge"))]


def profiles() -> list[type]:
    """The classes that check a content and have a name."""
    found = [each for package in (shared.formats, shared.validation, shared.fhir) for each in classes(package)]
    return [each for each in found if hasattr(each, "check") and hasattr(each, "name") and is_dataclass(each)]


def destinations() -> list[type]:
    """The class of each kind of destination."""
    return [each for module in kinds.modules() for each in own(module) if hasattr(each, "deliver")]


def classes(package: ModuleType) -> list[type]:
    names = sorted(each.name for each in walk_packages(package.__path__, f"{package.__name__}."))
    return [each for name in names for each in own(import_module(name))]


def own(module: ModuleType) -> list[type]:
    """The public classes that a module defines."""
    found = [each for name, each in vars(module).items() if inspect.isclass(each) and not name.startswith("_")]
    return [each for each in found if each.__module__ == module.__name__]


def declared(page: str, thing: Callable[..., Any]) -> Declared:
    return Declared(page, thing.__name__, tuple(of_class(thing) if is_dataclass(thing) else of_signature(thing)))


def of_class(thing: Any) -> Iterator[Option]:
    """The fields of a dataclass that are its own and may be given; ``format`` of a source is a fact and no choice."""
    is_source = hasattr(thing, "acknowledge")
    for field in fields(thing):
        if field.name not in inspect.get_annotations(thing) or not field.init or (is_source and field.name == "format"):
            continue
        if field.default_factory is not MISSING:
            yield Option(field.name, shown(field.default_factory()))
        else:
            yield Option(field.name, REQUIRED if field.default is MISSING else shown(field.default))


def of_signature(thing: Callable[..., Any]) -> Iterator[Option]:
    for each in inspect.signature(thing).parameters.values():
        yield Option(each.name, REQUIRED if each.default is each.empty else shown(each.default))


def shown(value: object) -> str | None:
    """A default as a reader writes it."""
    if is_dataclass(value) and all(each.default is not MISSING for each in fields(value)):
        return f"{type(value).__name__}()"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple) and value and all(isinstance(each, str) for each in value):
        return repr(value).replace("'", '"')
    return repr(value) if isinstance(value, int | float | tuple | dict | frozenset | list | None) else None
