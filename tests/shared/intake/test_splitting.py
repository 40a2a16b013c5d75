"""Two workers of one batch: the slower one stops at whichever write shows it, and looks again when the lease has ended."""

import asyncio
from contextlib import suppress
from typing import Any

import orjson
import pytest

from shared.envelope import Envelope, Outgoing, Receipt
from shared.formats.csv.source import Csv
from shared.hub import Hub
from shared.intake import batches, splitting
from shared.intake.triggers.knocks import answer_knock
from shared.integration import Integration
from shared.ledger.arrivals.batch_rows import read
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Change, Conflict
from tests.ledger_world import NOW, Anything, Remembering, hub, integration

NAME = "notes-to-test"
OPEN = names.tables(NAME).open
ROWS = 3
WRITES = ("claim", *(f"note {n}" for n in range(1, ROWS + 1)), "end")  # of a worker that follows one that died


class World:
    """A hub, a batch of three rows at which one worker died, and a clock."""

    def __init__(self) -> None:
        self.at, self.destination = NOW, Remembering()
        self.one: Integration = integration(
            self.destination,
            NAME,
            source=Csv(columns=("id", "name")),
            profile=Anything(),
            lane=lambda row: row["id"],
            transform=lambda row: {"id": row["id"]},
        )
        self.hub: Hub = hub(self.one, now=lambda: self.at)
        assert isinstance(self.hub.store, MemoryStore)
        self.store, self.key = self.hub.store, ""

    async def begin(self) -> None:
        start = self.hub.start
        self.hub.start = lambda work: work.close()  # type: ignore[method-assign]
        body = "\n".join(["id,name", *(f"{n},a" for n in range(ROWS))]).encode()
        sent = Envelope(
            integration=NAME, body=body, received_at="2026-05-01T09:30:00.000Z", trigger="http", content_type="text/csv"
        )
        self.key = (await batches.take(self.one, sent, self.hub)).headers["X-Batch-Id"]
        self.hub.start = start  # type: ignore[method-assign]
        self.store.queues.clear()
        await self.change(tries=1)

    async def change(self, **values: Any) -> None:
        """Another worker writes the row."""
        (row,) = await self.store.query(OPEN, names.BATCH)
        await MemoryStore.commit(self.store, OPEN, names.BATCH, Change("replace", row.key, {**row.values, **values}, row.etag))

    async def work(self) -> None:
        with suppress(Conflict):
            await splitting.split(self.one, self.key, self.hub)
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks, return_exceptions=True)

    def knocks(self) -> list[float]:
        """In how many seconds each knock for the batch is due."""
        queued = self.store.queues[f"{NAME}-work"].values()
        return [each.visible - self.at for each in queued if orjson.loads(each.body) == {"batch": self.key}]


@pytest.mark.parametrize("place", range(len(WRITES)), ids=WRITES)
async def test_a_worker_that_meets_another_one_stops_and_looks_again_when_the_lease_has_ended(place: int) -> None:
    world = World()
    await world.begin()
    commit, seen = world.store.commit, list[Change]()

    async def met(table: str, partition: str, *changes: Change) -> dict[str, str]:
        if partition == names.BATCH:
            seen.extend(changes)
            if len(seen) == place + 1:
                await world.change(tries=2)
        return await commit(table, partition, *changes)

    world.store.commit = met  # type: ignore[method-assign]
    await world.work()
    assert len(seen) == place + 1, "it went on"
    assert world.knocks() == [splitting.LEASE]
    world.at += splitting.LEASE - 1
    assert not await world.store.receive(f"{NAME}-work", 30)
    world.at += 60 + splitting.LEASE  # the other worker's lease has ended too
    for got in await world.store.receive(f"{NAME}-work", 30, most=100):
        await answer_knock(world.one, got.body, world.hub)
    await world.work()
    assert sorted(note["id"] for note in world.destination.took) == [str(n) for n in range(ROWS)]
    assert await world.store.query(OPEN, names.BATCH) == []


async def test_a_worker_that_is_alone_writes_so_often_and_asks_for_no_other() -> None:
    world = World()
    await world.begin()
    writes, commit = list[str](), world.store.commit

    async def counted(table: str, partition: str, *changes: Change) -> dict[str, str]:
        writes.extend(change.action for change in changes if partition == names.BATCH)
        return await commit(table, partition, *changes)

    world.store.commit = counted  # type: ignore[method-assign]
    await world.work()
    assert (world.knocks(), writes) == ([], ["replace"] * (len(WRITES) - 1) + ["delete"])
    assert await world.store.query(OPEN, names.BATCH) == []


async def test_a_worker_whose_deliveries_do_not_end_gives_its_turn_back_and_asks_for_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They may wait for the memory that it holds. The rest follows in its order, and nothing is taken twice."""
    monkeypatch.setattr(splitting, "AT_ONCE", 0)
    monkeypatch.setattr(splitting, "ROOM", 0.05)
    world, end = World(), asyncio.Event()
    await world.begin()

    deliver = world.destination.deliver

    async def waits(outgoing: Outgoing) -> Receipt:
        await end.wait()
        return await deliver(outgoing)

    world.destination.deliver = waits  # type: ignore[method-assign]
    for done in range(1, ROWS + 1):
        await splitting.split(world.one, world.key, world.hub)
        (row,) = await world.store.query(OPEN, names.BATCH)
        batch = read(NAME, row)
        assert (batch.done, batch.until, world.knocks()) == (done, 0, [splitting.LEASE] * done)
    end.set()
    await world.work()
    assert [note["id"] for note in world.destination.took] == [str(n) for n in range(ROWS)]
    assert await world.store.query(OPEN, names.BATCH) == []
