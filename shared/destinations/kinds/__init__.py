"""The kinds of destination, and what each declares of itself: settings, failures, simulator.

A kind's module is imported when an integration declares its class, when a tool needs all of them, or after a failed delivery.
"""

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

DESTINATIONS: dict[str, str] = {
    "mllp": "shared.destinations.mllp",
    "http": "shared.destinations.http",
    "fhir_server": "shared.destinations.fhir_server",
    "soap": "shared.destinations.soap",
    "queue": "shared.destinations.queue",
    "event_grid": "shared.destinations.event_grid",
    "memory": "shared.destinations.memory",
}


def modules() -> Iterator[ModuleType]:
    """The module of every kind."""
    return map(import_module, DESTINATIONS.values())
