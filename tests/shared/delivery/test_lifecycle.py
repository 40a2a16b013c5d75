"""No content without an end: every outcome, and what is left of it after 15, 30, 95 and 120 days."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from shared.delivery import dead
from shared.delivery.dead import Person
from shared.delivery.upkeep import index_walk, purge, watchdog
from shared.hub import Hub, Timing
from shared.intake.accept import accept
from shared.intake.inbox import watching
from shared.intake.triggers.knocks import answer_knock
from shared.intake.triggers.queues import keep_poisoned
from shared.intake.triggers.timer import tick
from shared.integration import Delivery, EventGrid, Integration, Queue, Retention
from shared.ledger.reporting import conservation
from shared.ops.replay import replay
from shared.problems import Undelivered
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Conflict, put
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME, PUBLISHER, HELD = "notes-to-test", "notes-to-topic", "held-to-test"
DAY = 86400.0
BIG = random.Random(1).randbytes(1500).hex()  # so large when it is compressed that it is stored in a blob
SOMEONE = Person("someone", "why")


class World:
    """An integration, one that holds its lanes, and one that publishes for the first, which reads on request."""

    def __init__(self, **changes: Any) -> None:
        self.at, self.refuses = NOW, True
        self.emitted: list[tuple[str, dict[str, Any]]] = []
        took = Remembering(behave=self._behave)
        subscribed = EventGrid(("published",), publisher=PUBLISHER)
        self.one: Integration = integration(took, NAME, triggers=(Queue(), subscribed), **changes)
        self.held = integration(took, HELD, delivery=Delivery(on_dead="hold"), **changes)
        self.publisher = integration(Remembering(), PUBLISHER, subscribers=(NAME,), **changes)
        self.all = (self.one, self.held, self.publisher)
        self.hub: Hub = hub(
            *self.all,
            now=lambda: self.at,
            timing=Timing(blob_from=1500),
            emit=lambda name, **keys: self.emitted.append((name, keys)),
        )
        assert isinstance(self.hub.store, MemoryStore)
        self.store = self.hub.store

    def _behave(self, read: dict[str, Any]) -> None:
        if self.refuses and read["id"].startswith("dead"):
            raise Undelivered(kind="permanent", code="ack-AR", text="refused", detail="its own words")

    async def send(self, one: Integration, id: str, **values: Any) -> str:
        answer = await accept(one, envelope(note(id, f"lane of {id}", **values), one.name), self.hub)
        await self.settled()
        return answer.headers["X-Message-Id"]

    async def settled(self) -> None:
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks)

    async def work(self) -> None:
        for one in self.all:
            for arrived in await self.store.receive(f"{one.name}-work", 30, 1000):
                await answer_knock(one, arrived.body, self.hub)
                await self.store.settle(arrived.ticket)
        await self.settled()

    def rows(self, one: Integration) -> dict[str, dict[str, Any]]:
        ledger = self.store.tables[names.tables(one.name).ledger]
        return {f"{lane} {key}": row for lane, rows in ledger.items() for key, (_, row) in rows.items()}


async def delivered(world: World) -> None:
    await world.send(world.one, "1", name=BIG)
    await world.send(world.one, "1", name=BIG)  # a duplicate, whose copy of the body is an orphan


async def dead_letters(world: World) -> None:
    for n, name in enumerate(("n", BIG)):
        await world.send(world.one, f"dead{n}", name=name)


async def resent(world: World) -> None:
    for _ in range(3):
        await world.send(world.one, "dead", name=BIG)


async def resent_and_delivered(world: World) -> None:
    await world.send(world.one, "dead", name=BIG)
    world.refuses = False
    await world.send(world.one, "dead", name=BIG)


async def replayed_in_vain(world: World) -> None:
    message = await world.send(world.one, "dead", name=BIG)
    await replay(world.one, message, SOMEONE, world.hub)
    await world.work()


async def replayed_and_delivered(world: World) -> None:
    message = await world.send(world.one, "dead", name=BIG)
    world.refuses = False
    await replay(world.one, message, SOMEONE, world.hub)
    await world.work()


async def discarded(world: World) -> None:
    message = await world.send(world.one, "dead", name=BIG)
    await dead.discard(world.one, message, SOMEONE, world.hub)


async def held(world: World) -> None:
    for _ in range(2):
        await world.send(world.held, "dead", name=BIG)


async def held_and_delivered(world: World) -> None:
    await held(world)
    world.refuses = False
    await world.send(world.held, "dead", name=BIG)


async def refused(world: World) -> None:
    for trigger in ("http", "queue"):
        await accept(world.one, envelope(orjson.dumps({"id": "x", "filler": BIG}), NAME, trigger=trigger), world.hub)


async def refused_and_replayed(world: World) -> None:
    await refused(world)
    (letter,) = await dead.dead_letters(NAME, world.hub)
    corrected = replace(world.one, profile=world.one.outgoing)
    await replay(corrected, letter["id"], SOMEONE, world.hub)
    await world.settled()


async def poisoned(world: World) -> None:
    await keep_poisoned(world.one, note("1", name=BIG), world.hub)


async def published(world: World) -> None:
    await world.send(world.publisher, "1", name=BIG)


async def published_and_taken(world: World) -> None:
    await published(world)
    world.at += 100
    await watchdog.tick(world.hub, watching.look)
    await world.work()


async def published_and_refused(world: World) -> None:
    await world.send(world.publisher, "dead1", name=BIG)
    world.at += 100
    await watchdog.tick(world.hub, watching.look)
    await world.work()


OUTCOMES: tuple[Callable[[World], Awaitable[None]], ...] = (
    delivered,
    dead_letters,
    resent,
    resent_and_delivered,
    replayed_in_vain,
    replayed_and_delivered,
    discarded,
    held,
    held_and_delivered,
    refused,
    refused_and_replayed,
    poisoned,
    published,
    published_and_taken,
    published_and_refused,
)


async def days(world: World, *at: float) -> None:
    """The watchdog and the purge at each of these days, and what the purge promises after each."""
    for day in at:
        world.at = NOW + day * DAY
        for _ in range(3):
            await watchdog.tick(world.hub, watching.look)
            await world.work()
            for one in world.all:
                await purge.purge(one, world.hub)
            world.at += 100
        for one in world.all:
            assert await conservation.residue(one, world.hub) == [], day
            assert (await conservation.balance(one, world.hub)).holds, day


async def nothing_is_left(world: World) -> None:
    for one in world.all:
        tables = names.tables(one.name)
        assert world.rows(one) == {}
        assert not any(world.store.tables[tables.find].values())
        assert not any(world.store.tables[tables.open].values())
        assert await dead.dead_letters(one.name, world.hub) == []
    assert not world.store.containers[names.CONTENT]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.__name__)
@pytest.mark.parametrize(
    "retention", [Retention(), Retention(receipts=30, metadata=20, dead_content=40, published=1)], ids=["usual", "odd"]
)
async def test_every_outcome_has_an_end(outcome: Callable[[World], Awaitable[None]], retention: Retention) -> None:
    world = World(retention=retention)
    await outcome(world)
    await days(world, 1, 15, 30, 45)
    contents = [key for one in world.all for key in world.rows(one) if " c|" in key]
    assert contents == []
    assert not world.store.containers[names.CONTENT]
    await days(world, 95, 120)
    await nothing_is_left(world)


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.__name__)
async def test_a_purge_that_is_cut_off_goes_on(outcome: Callable[[World], Awaitable[None]]) -> None:
    """Each call does one page and no more, and every seventh change of storage fails."""
    world = World()
    await outcome(world)
    calls = Counter[str]()
    whole = world.store.commit

    async def commit(table: str, partition: str, *changes: Any) -> dict[str, str]:
        calls["all"] += 1
        if calls["all"] % 7 == 0:
            raise Away
        return await whole(table, partition, *changes)

    for day in (1, 15, 30, 95, 120):
        world.at = NOW + day * DAY
        for _ in range(40):
            world.store.commit = commit  # type: ignore[method-assign]
            for one in world.all:
                try:
                    await purge.purge(one, world.hub, until=world.at - 1)
                except Away:
                    continue
            world.store.commit = whole  # type: ignore[method-assign]
            await watchdog.tick(world.hub, watching.look)
            await world.work()
            world.at += 60
    await nothing_is_left(world)


async def test_a_large_body_is_in_a_blob() -> None:
    """Without one, the tests of this file would say nothing of blobs."""
    world = World()
    await world.send(world.one, "dead", name=BIG)
    ((_, content),) = [each for each in world.rows(world.one).items() if " c|" in each[0]]
    assert [name for name, _ in await world.store.blobs(names.CONTENT)] == [content["blob"]]


async def test_a_dead_letter_that_its_list_does_not_know_is_listed_again() -> None:
    world = World()
    await dead_letters(world)
    find = world.store.tables[names.tables(NAME).find]
    find[names.DEAD].clear()
    await days(world, 14.5)
    assert len(find[names.DEAD]) in (0, 2)
    await days(world, 15, 95, 120)
    await nothing_is_left(world)


async def test_a_message_whose_open_row_and_knock_are_lost_is_found_by_the_purge() -> None:
    world = World()
    start, world.hub.start = world.hub.start, lambda work: work.close()  # type: ignore[method-assign,assignment]
    await world.send(world.one, "1")
    world.hub.start = start  # type: ignore[method-assign]
    world.store.queues.clear()
    world.store.tables[names.tables(NAME).open].clear()
    world.at = NOW + 15 * DAY
    await purge.purge(world.one, world.hub)
    await world.work()
    await days(world, 16, 31, 95, 125)
    await nothing_is_left(world)


@pytest.mark.parametrize("failure", [RuntimeError, Conflict, KeyError])
async def test_a_row_that_cannot_be_purged_is_reported_and_tried_again(failure: type[Exception]) -> None:
    world = World()
    for n in range(5):
        await world.send(world.one, f"{n}")
    lane = next(iter(world.store.tables[names.tables(NAME).ledger]))
    whole = world.store.commit

    async def commit(table: str, partition: str, *changes: Any) -> dict[str, str]:
        if partition == lane:
            raise failure
        return await whole(table, partition, *changes)

    world.store.commit = commit  # type: ignore[method-assign]
    for day in (15, 95):
        world.at = NOW + day * DAY
        await purge.hourly(world.hub)
    assert {key.split(" ")[0] for key in world.rows(world.one)} == {lane}
    skipped = [keys for name, keys in world.emitted if name == "hub.skipped"]
    assert {(keys["stage"], keys["lane"]) for keys in skipped} == {("purge", lane)}
    world.store.commit = whole  # type: ignore[method-assign]
    await days(world, 96)
    await nothing_is_left(world)


async def test_the_purge_of_one_integration_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    await dead_letters(world)
    whole = purge.purge

    async def fails(one: Integration, *args: Any) -> bool:
        if one.name == PUBLISHER:
            raise Away
        if one.name == HELD:
            raise RuntimeError
        return await whole(one, *args)

    world.hub = replace(world.hub, integrations=dict(reversed(world.hub.integrations.items())))
    monkeypatch.setattr(purge, "purge", fails)
    world.at = NOW + 15 * DAY
    await tick(world.hub)
    assert not any(" c|" in key for key in world.rows(world.one))
    assert [keys["integration"] for name, keys in world.emitted if name == "hub.skipped"] == [HELD]
    assert world.hub.remembered(purge.Rounds).hours.keys() == {NAME}  # the others are tried again in the next round


async def test_an_hour_of_many_messages_is_purged_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    for n in range(50):
        await world.send(world.one, f"{n}")
    monkeypatch.setattr(index_walk, "PAGE", 10)
    world.at = NOW + 15 * DAY
    left, rounds = 50, 0
    while not await purge.purge(world.one, world.hub, until=world.at - 1):
        rounds += 1
        now = sum(" r|" in key for key in world.rows(world.one))
        assert 1 <= left - now <= 10
        left = now
    assert left == 0
    assert 8 <= rounds <= 13, "a page of each partition, and one more where it has more than ten"
    cursor = await world.store.get(names.tables(NAME).counters, names.PURGE, names.walked("receipts"))
    assert cursor is not None
    assert cursor["hour"] == names.hour(world.at - 14 * DAY)


async def test_the_list_of_dead_letters_comes_in_pages() -> None:
    world = World()
    for n in range(7):
        await world.send(world.one, f"dead{n}")
    seen, after, pages = [], "", 0
    while True:
        page = await dead.dead_page(NAME, world.hub, after=after, most=3)
        seen += [letter["id"] for letter in page.letters]
        after, pages = page.following, pages + 1
        if not after:
            break
    assert len(seen) == len(set(seen)) == 7
    assert pages == 3
    find = names.tables(NAME).find
    await world.store.commit(find, names.DEAD, put("1-none.x", {"at": "odd"}))
    assert len(await dead.dead_letters(NAME, world.hub)) == 7
