"""A simulator for each destination of the catalogue that no setting points elsewhere."""

import os
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from shared.destinations.kinds.kind import kind_of
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
            kind = kind_of(destination)
            if kind.simulator and not kind.is_set(destination.name, os.environ):
                simulator = made(kind.simulator)
                await simulator.start()
                self.running[destination.name] = simulator
                self.settings |= {f"{destination.name}__{key}": value for key, value in simulator.settings.items()}

    async def subscribe(self, host: str, key: str = "") -> None:
        """Event Grid subscriptions for what the catalogue publishes and takes, once the host listens."""
        for integration in self.integrations:
            for trigger in integration.triggers:
                if isinstance(trigger, EventTrigger) and (topic := self._topic(trigger.publisher)):
                    await topic.subscribe(_subscription(integration, trigger, host, key))

    def _topic(self, publisher: str) -> Any:
        """The simulated topic of a publisher; ``None`` if it is not simulated, or the publisher is not started here."""
        return next((self.running.get(one.destination.name) for one in self.integrations if one.name == publisher), None)

    async def stop(self) -> None:
        for simulator in self.running.values():
            await simulator.stop()


def made(simulator: str) -> Any:
    """A simulator by its dotted name, ``module:class``."""
    module, _, name = simulator.partition(":")
    return getattr(import_module(module), name)()


def _subscription(integration: Integration, trigger: EventTrigger, host: str, key: str) -> Subscription:
    return Subscription(
        integration.name,
        url=f"{host}{HOOK}?functionName={integration.package}_event" + (f"&code={key}" if key else ""),
        types=trigger.types,
        subject_begins=trigger.subject_begins,
        filters=trigger.filters,
    )
