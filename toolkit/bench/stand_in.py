"""A stand-in for storage with a set latency, and hosts of the hub around it, in virtual time.

Time is that of ``tests/faults/virtual.py``: work on the processor takes none, so the figures say how far the hub's own protocol
lets it go, and are the same on every machine. The storage is the one in memory; each request takes ``latency``, and at most
``rate`` of them are done a second (0: no limit).
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from importlib import import_module
from random import Random
from typing import Any

from shared.delivery.upkeep import quick_look, watchdog
from shared.envelope import Envelope, Receipt
from shared.hub import Hub
from shared.intake.triggers.knocks import answer_knock
from shared.integration import Integration
from shared.problems import Undelivered
from shared.storage.memory import MemoryStore
from shared.storage.store import Row

BEGIN = 1_770_000_000.0  # of the clock, in seconds since 1970
PAGE = 1000  # rows that one request of a scan brings
REQUESTS = ("get", "query", "commit", "send", "receive", "settle", "read_blob", "write_blob", "delete_blob")
BATCH, SHORTEST, LONGEST = 16, 0.1, 2.0  # of host.json: knocks in one look into a queue, and seconds between two looks


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end in virtual time."""
    return import_module("tests.faults.virtual").run(work)


def now() -> float:
    """The clock of every host, in seconds since 1970."""
    return BEGIN + asyncio.get_running_loop().time()


@dataclass(eq=False, repr=False)
class Storage:
    """The store in memory, as all hosts reach it. ``latency``: seconds of a request; ``rate``: requests a second, 0: any."""

    latency: float
    rate: float = 0.0
    twin: MemoryStore = field(default_factory=lambda: MemoryStore(now))
    counts: Counter[str] = field(default_factory=Counter)
    free: float = 0.0  # when the requests before are done, by the clock of the loop

    def __getattr__(self, name: str) -> Any:
        work = getattr(self.twin, name)
        return self._request(name, work) if name in REQUESTS else work

    def _request(self, kind: str, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def request(*args: Any, **more: Any) -> Any:
            await self._takes(kind)
            return await work(*args, **more)

        return request

    async def _takes(self, kind: str) -> None:
        self.counts[kind] += 1
        here, turn = asyncio.get_running_loop().time(), 0.0
        if self.rate:
            self.free = max(self.free, here) + 1 / self.rate
            turn = self.free - here
        await asyncio.sleep(max(self.latency, turn))

    async def scan(self, table: str, first: str = "", last: str = "") -> AsyncIterator[Row]:
        """Each page of rows is one request."""
        left = 0
        async for row in self.twin.scan(table, first, last):
            if not left:
                await self._takes("query")
                left = PAGE
            left -= 1
            yield row
        if not left:
            await self._takes("query")


@dataclass(eq=False, repr=False)
class Door:
    """A destination that takes each message in ``takes`` seconds, except from ``begin`` to ``end`` by the clock of the loop."""

    name: str
    takes: float
    begin: float = 0.0
    end: float = 0.0
    takes_synthetic: bool = True
    took: list[float] = field(default_factory=list)  # when, by the clock of the loop

    async def deliver(self, outgoing: Any) -> Receipt:
        await asyncio.sleep(self.takes)
        here = asyncio.get_running_loop().time()
        if self.begin <= here < self.end:
            raise Undelivered(kind="transient", code="refused", text="the destination is not reachable")
        self.took.append(here)
        return Receipt()

    async def close(self) -> None:
        """Nothing is open."""


@dataclass(eq=False, repr=False)
class Region:
    """Hosts that share a storage and a destination, each with its queue listener; the first one also has the timer."""

    integration: Integration
    storage: Storage
    door: Door
    hubs: list[Hub]

    @classmethod
    def of(cls, integration: Integration, storage: Storage, hosts: int, takes: float) -> "Region":
        door = Door(integration.destination.name, takes)
        one = replace(integration, destination=door)
        hubs = [
            Hub(storage, {one.name: one}, now=now, emit=_silent, random=Random(number), instance=f"host{number}")
            for number in range(hosts)
        ]
        return cls(one, storage, door, hubs)

    def start(self) -> None:
        """Everything that runs without a message; it ends with the loop."""
        loop = asyncio.get_running_loop()
        for hub in self.hubs:
            hub.tasks.add(loop.create_task(self._listen(hub)))
        hub = self.hubs[0]
        hub.tasks |= {loop.create_task(_every(quick_look.EVERY, quick_look.look, hub))}
        hub.tasks |= {loop.create_task(_every(watchdog.ROUND, watchdog.tick, hub))}

    async def until(self, count: int, patience: float) -> float:
        """When so many messages were delivered, by the clock of the loop. Raises ``TimeoutError``: it takes longer."""
        loop = asyncio.get_running_loop()
        end = loop.time() + patience
        while len(self.door.took) < count:
            if loop.time() > end:
                raise TimeoutError(f"{count - len(self.door.took)} of {count} messages were not delivered in {patience:.0f} s")
            await asyncio.sleep(0.05)
        return self.door.took[count - 1]

    def envelope(self, body: bytes) -> Envelope:
        return Envelope(integration=self.integration.name, body=body, received_at=self.hubs[0].stamp(), trigger="http")

    async def _listen(self, hub: Hub) -> None:
        """The listener of a host: the next look at once while there are knocks, and later each time while there are none."""
        running, pause = set[asyncio.Task[None]](), SHORTEST
        while True:
            if len(running) > BATCH:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                continue
            found = await self.storage.receive(f"{self.integration.name}-work", 600, BATCH)
            for arrived in found:
                task = asyncio.get_running_loop().create_task(self._answer(hub, arrived))
                running.add(task)
                task.add_done_callback(running.discard)
            pause = SHORTEST if found else min(2 * pause, LONGEST)
            if not found:
                await asyncio.sleep(pause)

    async def _answer(self, hub: Hub, arrived: Any) -> None:
        await answer_knock(self.integration, arrived.body, hub)
        await self.storage.settle(arrived.ticket)


async def _every(seconds: float, work: Callable[[Hub], Awaitable[None]], hub: Hub) -> None:
    while True:
        await asyncio.sleep(seconds)
        await work(hub)


def _silent(name: str, **keys: Any) -> None:
    """No telemetry."""
