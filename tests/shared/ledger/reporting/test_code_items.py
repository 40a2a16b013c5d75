"""Unmapped codes as items: one row for each, few storage operations, a bounded number of rows."""

import asyncio
from typing import Any

import pytest

from shared.codes.met import Met, key
from shared.codes.table import UNMAPPED, CodeTable
from shared.delivery.upkeep import watchdog
from shared.hub import Hub
from shared.intake.accept import accept
from shared.ledger.reporting import code_items
from shared.ops.codes import listed
from shared.storage.memory import MemoryStore
from shared.storage.names import tables
from shared.storage.store import Away, Change
from tests import ledger_world as world

NAME = "notes-to-test"
TABLE = tables(NAME).counters
COLOURS = CodeTable("COLOURS", __name__, {"R": "red"}, met=lambda note: [("colour", note.get("colour", "R"))], unmapped="keep")


class Counting(MemoryStore):
    """Counts the operations on the table of counters; ``away`` fails them."""

    def __init__(self, now: Any) -> None:
        super().__init__(now)
        self.writes = 0
        self.away = False

    async def commit(self, table: str, partition: str, *changes: Change) -> dict[str, str]:
        if table == TABLE and partition == code_items.PARTITION:
            self.writes += 1
            if self.away:
                raise Away
        return await super().commit(table, partition, *changes)


class Clock:
    def __init__(self) -> None:
        self.at = world.NOW

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Counting:
    return Counting(clock)


def hub_on(store: Counting, clock: Clock, table: CodeTable = COLOURS, **changes: Any) -> Hub:
    return world.hub(world.integration(world.Remembering(), codes=(table,)), store=store, now=clock, **changes)


@pytest.fixture
def hub(store: Counting, clock: Clock) -> Hub:
    return hub_on(store, clock)


async def settled(hub: Hub) -> None:
    while hub.tasks:
        await asyncio.gather(*hub.tasks)


async def send(hub: Hub, *colours: str) -> None:
    for number, colour in enumerate(colours):
        body = world.note(f"{hub.now()}-{number}", f"L{number}", colour=colour)
        await accept(hub.integrations[NAME], world.envelope(body), hub)
    await settled(hub)


async def test_a_code_that_no_table_knows_is_an_item(hub: Hub) -> None:
    await send(hub, "R", "G", "R")
    (line,) = await listed(hub.integrations[NAME], hub)
    assert (line.path, line.code, line.rule, line.count, line.waiting) == ("colour", "G", UNMAPPED, 1, 0)
    assert line.action == "add"
    assert line.place.startswith("tests/shared/ledger/reporting/test_code_items.py:")
    assert line.example
    assert line.first == line.last == "2026-02-02T02:40:00Z"


async def test_a_busy_sender_costs_one_write_a_minute(hub: Hub, store: Counting, clock: Clock) -> None:
    await send(hub, *["G"] * 300)
    assert store.writes == 1
    clock.at += code_items.EVERY
    await send(hub, "G")
    assert store.writes == 2
    assert [line.count for line in await listed(hub.integrations[NAME], hub)] == [301]


async def test_the_watchdog_writes_what_is_left(hub: Hub, clock: Clock) -> None:
    await send(hub, "G", "G", "B")
    clock.at += 1
    await watchdog.tick(hub)
    assert [(line.code, line.count) for line in await listed(hub.integrations[NAME], hub)] == [("G", 2), ("B", 1)]


async def test_two_processes_add_to_the_same_row(store: Counting, clock: Clock) -> None:
    one, two = hub_on(store, clock), hub_on(store, clock)
    await send(one, "G")
    clock.at += 1
    await send(two, "G")
    (line,) = await listed(one.integrations[NAME], one)
    assert (line.count, line.first, line.last) == (2, "2026-02-02T02:40:00Z", "2026-02-02T02:40:01Z")


async def test_the_number_of_items_is_bounded(hub: Hub, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_items, "MOST", 3)
    for colour in ("A", "B", "C", "D", "E", "F", "A"):
        clock.at += 1
        await send(hub, colour)
        await code_items.write(NAME, hub)
    found = await listed(hub.integrations[NAME], hub)
    assert {(line.code, line.count, line.action) for line in found} == {
        *{("A", 2, "add"), ("B", 1, "add"), ("C", 1, "add")},
        ("", 3, "others"),
    }


async def test_what_one_process_holds_is_bounded_while_storage_is_away(hub: Hub, store: Counting) -> None:
    store.away = True
    await send(hub, *(f"C{number}" for number in range(code_items.MOST + 50)))
    pending = hub.remembered(code_items.AllItems).of[NAME].pending
    assert len(pending) == code_items.MOST + 1
    assert sum(seen.count for seen in pending.values()) == code_items.MOST + 50
    store.away = False
    await code_items.write(NAME, hub)
    assert sum(line.count for line in await listed(hub.integrations[NAME], hub)) == code_items.MOST + 50


async def test_free_text_is_not_stored(hub: Hub, store: Counting) -> None:
    await send(hub, "Siân Prawf", "9990000018")
    await code_items.write(NAME, hub)
    rows = repr([row for _, row in store.tables[TABLE][code_items.PARTITION].values()])
    assert "Prawf" not in rows
    assert "9990000018" not in rows
    assert all(line.code.startswith("hash-") for line in await listed(hub.integrations[NAME], hub))


async def test_a_refused_message_counts_as_well(store: Counting, clock: Clock) -> None:
    table = CodeTable("COLOURS", __name__, {}, met=lambda note: [("colour", note["colour"])])
    hub = hub_on(store, clock, table)
    answer = await accept(hub.integrations[NAME], world.envelope(world.note("1", colour="G")), hub)
    await settled(hub)
    assert answer.status == 422
    assert [line.code for line in await listed(hub.integrations[NAME], hub)] == ["G"]


async def test_a_code_that_the_table_has_by_now_is_marked(hub: Hub, store: Counting, clock: Clock) -> None:
    await send(hub, "G")
    table = CodeTable("COLOURS", __name__, {"G": "green"}, met=None)
    newer = hub_on(store, clock, table)
    assert [line.action for line in await listed(newer.integrations[NAME], newer)] == ["known"]


async def test_an_old_item_is_forgotten(hub: Hub, clock: Clock) -> None:
    await send(hub, "G")
    await code_items.forget(NAME, clock() - 1, hub)
    assert await listed(hub.integrations[NAME], hub)
    await code_items.forget(NAME, clock() + 1, hub)
    assert not await listed(hub.integrations[NAME], hub)


def test_the_key_tells_places_rules_and_codes_apart() -> None:
    keys = {key(*parts) for parts in (("a", "b", "c"), ("ab", "", "c"), ("a", "b", "d"), ("b", "a", "c"))}
    assert len(keys) == 4
    assert Met("", "", "", "", "x").key == "x"
