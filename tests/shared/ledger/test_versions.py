"""Rows that earlier versions of the hub wrote are read; a row of a newer version is left alone and that is reported."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.delivery import dead
from shared.delivery.dead import Person, Refused
from shared.delivery.process import process
from shared.delivery.upkeep import purge, watchdog
from shared.hub import Hub
from shared.intake import subscription
from shared.intake.accept import accept
from shared.intake.inbox import watching
from shared.intake.triggers.knocks import answer_knock
from shared.integration import Delivery, EventGrid
from shared.ledger.reporting import conservation, search
from shared.ops.replay import replay
from shared.problems import Unavailable
from shared.storage import names
from shared.storage.memory import MemoryStore
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

FILES = sorted((Path(__file__).parent / "rows").glob("*.json"))
NAME, PUBLISHER, HELD = "notes-to-test", "notes-to-topic", "held-to-test"
TABLES = names.tables(NAME)
DAY = 86400.0


def value(kept: Any) -> Any:
    return base64.b64decode(kept["base64"]) if isinstance(kept, dict) else kept


class World:
    """A hub of this version on rows of another; the knocks of that one are lost."""

    def __init__(self, file: Path | None = None) -> None:
        self.at = NOW + 3600
        self.emitted: list[tuple[str, dict[str, Any]]] = []
        self.took = Remembering()
        delivery = Delivery(attempts=4, first_wait=1, longest_wait=10, timeout=5)
        subscribed = EventGrid(("published",), publisher=PUBLISHER)
        self.one = integration(self.took, NAME, triggers=(subscribed,), delivery=delivery)
        self.held = integration(self.took, HELD, delivery=Delivery(on_dead="hold"))
        self.publisher = integration(Remembering(), PUBLISHER, subscribers=(NAME,))
        self.all = (self.one, self.held, self.publisher)
        emit = lambda name, **keys: self.emitted.append((name, keys))  # noqa: E731
        self.hub: Hub = hub(*self.all, now=lambda: self.at, emit=emit)
        assert isinstance(self.hub.store, MemoryStore)
        self.store = self.hub.store
        for table, partitions in (orjson.loads(file.read_bytes()) if file else {}).items():
            for partition, rows in partitions.items():
                for key, row in rows.items():
                    self.store.tables[table][partition][key] = ("0", {name: value(kept) for name, kept in row.items()})

    async def live(self, rounds: int = 6) -> None:
        for _ in range(rounds):
            await watchdog.tick(self.hub, watching.look)
            for one in self.all:
                for arrived in await self.store.receive(f"{one.name}-work", 30):
                    await answer_knock(one, arrived.body, self.hub)
                    await self.store.settle(arrived.ticket)
            await self.settled()
            self.at += 100

    async def settled(self) -> None:
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks)

    def skipped(self) -> set[tuple[str, str]]:
        return {(keys["stage"], keys["error_code"]) for name, keys in self.emitted if name == "hub.skipped"}

    def lane_of(self, id: str, name: str = NAME) -> str:
        ledger = self.store.tables[names.tables(name).ledger]
        return next(lane for lane, rows in ledger.items() if any(row.get("control") == id for _, row in rows.values()))


def test_every_earlier_version_has_its_file() -> None:
    assert len(FILES) >= 3


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_what_an_earlier_version_left_is_delivered(file: Path) -> None:
    world = World(file)
    await world.live()
    assert [taken["id"] for taken in world.took.took if taken["lane"] == "C"] == ["retry", "after-retry"]
    assert {taken["id"] for taken in world.took.took} == {"retry", "after-retry", "waiting", "published"}
    assert len(world.took.took) == 4
    assert world.skipped() == set()
    for one in world.all:
        assert (await conservation.balance(one, world.hub)).holds
        assert await conservation.residue(one, world.hub) == []
    opened = [sum(map(len, world.store.tables[names.tables(one.name).open].values())) for one in world.all]
    assert opened == [0, 1, 0]  # what waits behind a dead letter that holds its lane


@pytest.mark.parametrize("file", [file for file in FILES if file.stem != "first"], ids=lambda file: file.stem)
async def test_dead_letters_of_an_earlier_version_are_seen_and_replayed(file: Path) -> None:
    """The first version had no list of them: the purge makes one when their time is over."""
    world = World(file)
    letters = {letter.get("control") or letter["rules"]: letter["id"] for letter in await dead.dead_letters(NAME, world.hub)}
    assert letters.keys() == {"dead", "refused"} or letters.keys() == {"dead", "name-required"}
    await replay(world.one, letters["dead"], Person("p", "why"), world.hub)
    (held,) = await dead.dead_letters(HELD, world.hub)
    await replay(world.held, held["id"], Person("p", "why"), world.hub)
    await world.live()
    assert {"dead", "dead-held", "behind"} <= {taken["id"] for taken in world.took.took}
    assert (await search.status(NAME, letters["dead"], world.hub) or {})["outcome"] == "delivered"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_what_an_earlier_version_left_has_an_end(file: Path) -> None:
    world = World(file)
    await world.live()
    for day in (15, 16, 17, 33, 95, 130):
        world.at = NOW + day * DAY
        await world.live(2)
        for one in world.all:
            await purge.purge(one, world.hub)
    for one in world.all:
        rows = [key for lane in world.store.tables[names.tables(one.name).ledger].values() for key in lane]
        assert rows == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_message_of_an_earlier_version_is_known_again(file: Path) -> None:
    world = World(file)
    for id, lane in (("delivered", "A"), ("waiting", "E")):
        answer = await accept(world.one, envelope(note(id, lane)), world.hub)
        assert answer.status == 202
    await world.settled()
    assert "delivered" not in [taken["id"] for taken in world.took.took]


# A newer version


NEWER = names.SCHEMA + 1


async def fresh(*ids: str) -> World:
    """Messages of this version that wait, each in a lane of its own."""
    world = World()
    start, world.hub.start = world.hub.start, lambda work: work.close()  # type: ignore[method-assign,assignment]
    for id in ids:
        await accept(world.one, envelope(note(id, f"lane {id}")), world.hub)
    world.hub.start = start  # type: ignore[method-assign]
    world.store.queues.clear()
    return world


SAME, OTHER = "the same fields", "other fields"
FIELDS = pytest.mark.parametrize("fields", [SAME, OTHER])


def make_newer(world: World, lane: str, kind: str, fields: str, table: str = TABLES.ledger) -> list[dict[str, Any]]:
    """Rows as a newer version may write them: nothing but ``schema`` is certain to be there."""
    rows = [row for key, (_, row) in world.store.tables[table][lane].items() if key.startswith(kind)]
    for row in rows:
        if fields == OTHER:
            row.clear()
            row["in another way"] = 1
        row["schema"] = NEWER
    return [dict(row) for row in rows]


@FIELDS
@pytest.mark.parametrize("kind", ["w|", "c|"])
async def test_a_newer_message_waits_for_a_newer_worker(kind: str, fields: str) -> None:
    world = await fresh("1", "2", "3")
    lane = world.lane_of("2")
    before = make_newer(world, lane, kind, fields)
    world.at = NOW + 100
    await world.live()
    await process(world.one, lane, world.hub)
    assert sorted(taken["id"] for taken in world.took.took) == ["1", "3"]
    after = [dict(row) for key, (_, row) in world.store.tables[TABLES.ledger][lane].items() if key.startswith(kind)]
    assert before == after
    assert "claim" not in world.store.tables[TABLES.ledger][lane]
    assert {code for _, code in world.skipped()} == {"newer-version"}


@FIELDS
@pytest.mark.parametrize("kind", ["head", "r|"])
async def test_a_lane_of_a_newer_version_is_not_written_to(kind: str, fields: str) -> None:
    world = await fresh("1")
    lane = world.lane_of("1")
    make_newer(world, lane, kind, fields)
    before = {key: dict(row) for key, (_, row) in world.store.tables[TABLES.ledger][lane].items()}
    answer = await accept(world.one, envelope(note("1" if kind == "r|" else "2", "lane 1")), world.hub)
    assert answer.status == 503
    assert {key: dict(row) for key, (_, row) in world.store.tables[TABLES.ledger][lane].items()} == before
    assert world.skipped() == {("accept", "newer-version")}


@pytest.mark.parametrize("values", [{"end": NOW - 1000.0, "owner": "other"}, {"in another way": 1}])
async def test_a_newer_claim_is_not_taken_over(values: dict[str, Any]) -> None:
    world = await fresh("1")
    lane = world.lane_of("1")
    world.store.tables[TABLES.ledger][lane]["claim"] = ("0", {"schema": NEWER, **values})
    await process(world.one, lane, world.hub)
    assert world.took.took == []


@FIELDS
async def test_newer_records_are_neither_purged_nor_replayed(fields: str) -> None:
    world = await fresh("1")
    lane = world.lane_of("1")
    await process(world.one, lane, world.hub)
    before = make_newer(world, lane, "d|", fields)
    world.store.tables[TABLES.ledger][lane][names.row("d", 1)][1]["outcome"] = "dead"
    message = next(iter(world.store.tables[TABLES.find][names.hour(NOW + 3600)]))
    with pytest.raises(Refused):
        await replay(world.one, message, Person("p", "why"), world.hub)
    world.at = NOW + 100 * DAY
    await purge.purge(world.one, world.hub)
    assert len(before) == len([key for key in world.store.tables[TABLES.ledger][lane] if key.startswith("d|")])
    assert ("purge", "newer-version") in world.skipped()


@FIELDS
@pytest.mark.parametrize("kind", ["p|", "c|", "s|"])
async def test_a_newer_row_of_an_outbox_is_left_alone(kind: str, fields: str) -> None:
    world = World()
    for id in ("1", "2"):
        await accept(world.publisher, envelope(note(id), PUBLISHER), world.hub)
        await world.settled()
    lane, table = world.lane_of("1", PUBLISHER), names.tables(PUBLISHER).ledger
    if kind == "s|":
        world.store.tables[table][lane][f"s|{NAME}"] = ("0", {"schema": NEWER, "n": 0})
    before = make_newer(world, lane, kind, fields, table)
    with pytest.raises(Unavailable):
        await subscription.take(world.one, PUBLISHER, lane, world.hub)
    await world.settled()
    assert world.took.took == []
    assert [dict(row) for key, (_, row) in world.store.tables[table][lane].items() if key.startswith(kind)] == before
    assert world.skipped() == {("outbox", "newer-version")}
