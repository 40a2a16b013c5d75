"""What must be true of every environment, as functions from an environment to what is wrong with it. One file each concern."""

from collections.abc import Iterator
from inspect import getmembers, isfunction
from types import ModuleType

from tests.infra.invariants import access, alerts, apps, catalogue, names, network, order, production, records, roles
from tests.infra.resources import Invariant

MODULES: tuple[ModuleType, ...] = (access, alerts, apps, catalogue, names, network, order, production, records, roles)


def _of(module: ModuleType) -> Iterator[Invariant]:
    """The public functions that a module defines itself."""
    yield from (
        function
        for name, function in getmembers(module, isfunction)
        if not name.startswith("_") and function.__module__ == module.__name__
    )


INVARIANTS: tuple[Invariant, ...] = tuple(invariant for module in MODULES for invariant in _of(module))
