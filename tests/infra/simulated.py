"""A hub that lives through simulated time: the real pipeline and watchdog on the store in memory, each event noted."""

import asyncio
from collections.abc import Callable
from typing import Any

from shared import telemetry
from shared.check import faults
from shared.delivery.upkeep import watchdog
from shared.intake.accept import accept
from shared.intake.inbox import watching
from shared.intake.triggers.knocks import answer_knock
from shared.intake.triggers.queues import keep_poisoned
from shared.integration import Integration
from shared.problems import Fault
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

BEAT = 30.0
Event = tuple[float, str, dict[str, Any]]


class Simulated:
    """One integration with one destination whose behaviour can be changed while time goes on."""

    def __init__(self, name: str, **changes: Any) -> None:
        self.clock = NOW - NOW % 60
        self.events: list[Event] = []
        self.destination = Remembering()
        self.integration: Integration = integration(self.destination, name, **changes)
        self.hub = hub(self.integration, now=lambda: self.clock, emit=self._note)
        self.serial = 0
        self.alive = True

    def _note(self, name: str, **keys: Any) -> None:
        """Emit as the product does, and keep what leaves it."""

        def keep(name: str, keys: dict[str, Any]) -> None:
            self.events.append((self.clock, name, keys))

        telemetry.subscribe(keep)
        try:
            telemetry.emit(name, **keys)
        finally:
            telemetry.unsubscribe(keep)

    async def send(self, lane: str = "", **values: Any) -> None:
        """A message over HTTP, and whatever the hub does with it at once."""
        self.serial += 1
        await accept(
            self.integration,
            envelope(note(str(self.serial), lane or str(self.serial), **values), self.integration.name, trigger="http"),
            self.hub,
        )
        await self._settled()

    async def live(self, seconds: float, each_beat: Callable[[], Any] | None = None) -> None:
        """Let time pass: every 30 seconds the watchdog looks, and knocks that are due are answered."""
        until = self.clock + seconds
        while self.clock < until:
            if each_beat:
                await each_beat()
            if self.alive:
                await watchdog.tick(self.hub, watching.look)
                await self._answer_knocks()
            self.clock += BEAT

    async def poison(self, body: bytes) -> None:
        """A queue message that its function could not take in five tries."""
        await keep_poisoned(self.integration, body, self.hub)

    async def _answer_knocks(self) -> None:
        for arrived in await self.hub.store.receive(f"{self.integration.name}-work", 30):
            try:
                with faults():
                    await answer_knock(self.integration, arrived.body, self.hub)
            except Fault:
                continue  # the host brings it again
            await self.hub.store.settle(arrived.ticket)
        await self._settled()

    async def _settled(self) -> None:
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks, return_exceptions=True)  # the hub reports what failed
