"""Integrations, their queue listener and the watchdog on the store in memory: virtual time, and the product's own times."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import orjson

from shared.delivery.upkeep import watchdog
from shared.envelope import Outgoing, Receipt
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.inbox import watching
from shared.intake.triggers.knocks import answer_knock
from shared.integration import Delivery, Integration
from shared.storage import names
from shared.storage.store import Away, Row
from tests.faults.virtual import run
from tests.ledger_world import NOW, envelope, hub, integration, note


@dataclass
class Receiver:
    """A destination in virtual time: takes ``seconds`` for each message; ``behave`` may raise. Remembers when what arrived."""

    behave: Callable[[dict[str, Any]], None] = lambda message: None
    seconds: float = 0.01
    name: str = "TEST"
    takes_synthetic: bool = False
    tried: list[tuple[float, str, str]] = field(default_factory=list)  # time, lane, id: every attempt
    took: dict[str, float] = field(default_factory=dict)  # id -> when

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        note = orjson.loads(outgoing.body)
        self.tried.append((now(), note["lane"], note["id"]))
        await asyncio.sleep(self.seconds)
        self.behave(note)
        self.took[note["id"]] = now()
        return Receipt("accepted")

    async def close(self) -> None:
        """Nothing is open."""


def now() -> float:
    """Seconds since the run began."""
    return asyncio.get_running_loop().time()


@dataclass
class Site:
    """One process that runs the hub. ``sent`` is when each message was accepted."""

    receiver: Receiver
    seed: int = 1
    declared: dict[str, Any] = field(default_factory=dict)
    sent: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        declared = {"delivery": Delivery()} | self.declared
        self.notes: Integration = integration(self.receiver, **declared)
        self.events: list[tuple[float, str, dict[str, Any]]] = []
        tell = lambda name, **keys: self.events.append((now(), name, keys))  # noqa: E731
        self.hub: Hub = hub(self.notes, now=lambda: NOW + now(), seed=self.seed, emit=tell)
        self.ids = itertools.count(1)

    async def send(self, lane: str, trigger: str = "http") -> str:
        id = str(next(self.ids))
        answer = await accept(self.notes, envelope(note(id, lane), trigger=trigger), self.hub)
        assert answer.status == 202
        self.sent[id] = now()
        return id

    def rows(self, kind: str) -> list[Row]:
        ledger = self.hub.store.tables[names.tables(self.notes.name).ledger]  # type: ignore[attr-defined]
        return [Row(lane, key, *rows[key]) for lane, rows in ledger.items() for key in rows if key.startswith(kind)]

    async def listen(self) -> None:
        """The host's queue listener: at most 32 at once, polled each second."""
        queue = f"{self.notes.name}-work"
        room = asyncio.Semaphore(32)
        while True:
            for message in await self.hub.store.receive(queue, 30):
                await room.acquire()
                asyncio.get_running_loop().create_task(self._work(room, message))
            await asyncio.sleep(1)

    async def _work(self, room: asyncio.Semaphore, message: Any) -> None:
        try:
            await answer_knock(self.notes, message.body, self.hub)
            await self.hub.store.settle(message.ticket)
        except Away:
            pass
        finally:
            room.release()

    async def watch(self) -> None:
        while True:
            await watchdog.tick(self.hub, watching.look)
            await asyncio.sleep(30)


def play(site: Site, story: Callable[[Site], Coroutine[Any, Any, Any]]) -> Any:
    """Run the scenario while listener and watchdog run; return its result."""

    async def whole() -> Any:
        background = [asyncio.ensure_future(site.listen()), asyncio.ensure_future(site.watch())]
        try:
            return await story(site)
        finally:
            for one in background:
                one.cancel()

    return run(whole())
