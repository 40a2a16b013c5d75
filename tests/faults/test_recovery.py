"""How long after the end of an outage everything that waited is delivered, in virtual time and with default times."""

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson
import pytest

from shared.delivery import dead
from shared.delivery.upkeep import watchdog
from shared.envelope import Outgoing, Receipt
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.inbox import watching
from shared.intake.triggers.knocks import answer_knock
from shared.integration import Delivery, Integration
from shared.problems import Undelivered
from shared.storage import names
from shared.storage.memory import MemoryStore
from tests.faults.virtual import run
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
DAY, HOUR, MINUTE = 86_400.0, 3_600.0, 60.0
DELIVERING, POLLING, WATCHING = 0.2, 2.0, 30.0  # seconds: one delivery, the host's queue listener, the watchdog's timer
LONGEST_WAIT = 300.0  # seconds after the end until nothing waits any more
AHEAD = 120.0  # seconds before the outage in which messages come as well

# Length of the outage, seconds between two messages, and how many lanes (patients) they come from.
OUTAGES = {
    "3 minutes, quiet": (3 * MINUTE, 60.0, 1_000),
    "3 minutes, busy": (3 * MINUTE, 0.5, 60),
    "1 hour, quiet": (HOUR, 600.0, 1_000),
    "1 hour, busy": (HOUR, 2.5, 300),
    "1 day, quiet": (DAY, 3_600.0, 1_000),
    "1 day, busy": (DAY, 240.0, 120),
}


@dataclass
class Away(Remembering):
    """A destination that answers 503 from ``begin`` to ``end``, in seconds of the loop."""

    begin: float = 0
    end: float = 0
    calls: int = 0

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        self.calls += 1
        await asyncio.sleep(DELIVERING)
        if self.begin <= asyncio.get_running_loop().time() < self.end:
            raise Undelivered(kind="transient", code="http-503", text="away")
        self.took.append(orjson.loads(outgoing.body))
        return Receipt()


@dataclass
class Recovery:
    """Two processes on one storage, one sender, and an outage of the destination."""

    lasts: float
    between: float
    lanes: int
    seed: int
    sent: list[tuple[str, str]] = field(default_factory=list)  # lane and id, as acknowledged

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.now)
        self.destination = Away(begin=AHEAD, end=AHEAD + self.lasts)
        self.notes: Integration = integration(self.destination, delivery=Delivery())
        self.random = Random(self.seed)
        self.hubs: list[Hub] = [hub(self.notes, store=self.store, now=self.now, seed=self.seed * 10 + n) for n in range(2)]

    def now(self) -> float:
        return NOW + asyncio.get_running_loop().time()

    async def live(self) -> float:
        """Seconds from the end of the outage until nothing waits."""
        loop, end = asyncio.get_running_loop(), self.destination.end
        for number, one in enumerate(self.hubs):
            loop.create_task(self._listen(one))
            loop.create_task(self._watch(one, first=number * WATCHING / 2))
        await self._send(until=end)
        while self._waits() and loop.time() < end + LONGEST_WAIT:
            await asyncio.sleep(1)
        return loop.time() - end

    async def _send(self, *, until: float) -> None:
        loop, number = asyncio.get_running_loop(), 0
        while loop.time() < until:
            number += 1
            lane, id = f"L{self.random.randrange(self.lanes)}", f"{number}"
            answer = await accept(self.notes, envelope(note(id, lane)), self.random.choice(self.hubs))
            assert answer.status == 202
            self.sent.append((lane, id))
            await asyncio.sleep(min(self.random.uniform(0.5, 1.5) * self.between, until - loop.time()))

    def _waits(self) -> bool:
        return any(self.store.tables[names.tables(NAME).open].values())

    async def _listen(self, one: Hub) -> None:
        """The host's queue listener, 16 knocks at a time."""
        queue = f"{NAME}-work"
        while True:
            for arrived in (await self.store.receive(queue, 600))[:16]:
                asyncio.get_running_loop().create_task(self._knock(one, arrived))
            await asyncio.sleep(POLLING)

    async def _knock(self, one: Hub, arrived: Any) -> None:
        await answer_knock(self.notes, arrived.body, one)
        await self.store.settle(arrived.ticket)

    async def _watch(self, one: Hub, *, first: float) -> None:
        await asyncio.sleep(first)
        while True:
            await watchdog.tick(one, watching.look)
            await asyncio.sleep(WATCHING * len(self.hubs))  # a timer runs on one instance at a time

    async def dead(self) -> list[Any]:
        return await dead.dead_letters(NAME, self.hubs[0])


def recovered(lasts: float, between: float, lanes: int, seed: int) -> tuple[float, Recovery]:
    async def whole() -> tuple[float, Recovery]:
        world = Recovery(lasts, between, lanes, seed)
        seconds = await world.live()
        assert not await world.dead()
        return seconds, world

    result: tuple[float, Recovery] = run(whole())
    return result


def by_lane(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    return {lane: [id for other, id in pairs if other == lane] for lane in {lane for lane, _ in pairs}}


@pytest.mark.slow
@pytest.mark.parametrize("outage", OUTAGES)
def test_all_that_waited_is_delivered_soon_after_an_outage(outage: str, capsys: pytest.CaptureFixture[str]) -> None:
    seconds, found = [], 0
    for seed in (1, 2, 3) if OUTAGES[outage][0] < DAY else (1,):
        took, world = recovered(*OUTAGES[outage], seed)
        seconds.append(took)
        found += len(world.sent)
        delivered = [(one["lane"], one["id"]) for one in world.destination.took]
        assert by_lane(delivered) == by_lane(world.sent), "each once, in the order of its lane, and none lost"
    with capsys.disabled():
        print(f"\nrecovery after {outage}: {min(seconds):.0f} to {max(seconds):.0f} s; {found} messages")  # noqa: T201
    assert max(seconds) < LONGEST_WAIT
