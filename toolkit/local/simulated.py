"""A simulator for each destination of the catalogue that no setting points elsewhere."""

import os
from collections.abc import Iterable
from typing import Any

from shared.integration import EventGrid as EventTrigger
from shared.integration import Integration
from toolkit.local.simulators.event_grid_delivery import Subscription

HOOK = "/runtime/webhooks/eventgrid"


class Simulators:
    """The other ends, by destination name. ``settings`` is what points the hub at them."""

    def __init__(self, integrations: Iterable[Integration]) -> None:
        self.integrations = tuple(integrations)
        self.running: dict[str, Any] = {}
        self.settings: dict[str, str] = {}

    async def start(self) -> None:
        for destination in {integration.destination.name: integration.destination for integration in self.integrations}.values():
            kind = type(destination).__name__
            if kind in MAKERS and not _is_set(destination.name):
                simulator = MAKERS[kind][0]()
                await simulator.start()
                self.running[destination.name] = simulator
                self.settings |= {f"{destination.name}__{key}": value for key, value in MAKERS[kind][1](simulator).items()}

    async def subscribe(self, host: str, key: str = "") -> None:
        """Event Grid subscriptions for what the catalogue publishes and takes, once the host listens."""
        for integration in self.integrations:
            for trigger in integration.triggers:
                if isinstance(trigger, EventTrigger) and trigger.publisher:
                    topic = next(one.destination.name for one in self.integrations if one.name == trigger.publisher)
                    if topic in self.running:
                        await self.running[topic].subscribe(_subscription(integration, trigger, host, key))

    async def stop(self) -> None:
        for simulator in self.running.values():
            await simulator.stop()


def _is_set(name: str) -> bool:
    """Whether the settings point this destination at something already."""
    return any(os.environ.get(f"{name}__{key}") for key in ("HOST", "ENDPOINT", "URL"))


def _subscription(integration: Integration, trigger: EventTrigger, host: str, key: str) -> Subscription:
    return Subscription(
        integration.name,
        url=f"{host}{HOOK}?functionName={integration.package}_event" + (f"&code={key}" if key else ""),
        types=trigger.types,
        subject_begins=trigger.subject_begins,
        filters=trigger.filters,
    )


def _mpi() -> Any:
    from toolkit.local.simulators.mpi import Mpi

    return Mpi()


def _topic() -> Any:
    from toolkit.local.simulators.event_grid import EventGrid

    return EventGrid()


def _cdr() -> Any:
    from toolkit.local.simulators.cdr import Cdr

    return Cdr()


# class of the destination -> what stands in for it, and the settings that point there
MAKERS: dict[str, Any] = {
    "Mllp": (_mpi, lambda one: {"HOST": one.host, "PORT": str(one.port)}),
    "Topic": (_topic, lambda one: {"ENDPOINT": one.endpoint, "KEY": one.key}),
    "FhirServer": (_cdr, lambda one: {"URL": one.url}),
}
