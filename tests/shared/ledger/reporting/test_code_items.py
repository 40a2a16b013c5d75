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
from shared.ops.figures.codes import listed
from shared.storage.memory import MemoryStore
from shared.storage.names import tables
from shared.storage.store import Away, Change, Conflict
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


async def test_the_last_time_of_a_code_never_goes_back(store: Counting, clock: Clock) -> None:
    """Of two processes the one that counted first may write last."""
    one, two = hub_on(store, clock), hub_on(store, clock)
    store.away = True
    await send(one, "G")
    store.away = False
    clock.at += 5
    await send(two, "G")
    await code_items.write(NAME, one)
    (line,) = await listed(one.integrations[NAME], one)
    assert (line.count, line.last) == (2, "2026-02-02T02:40:05Z")


async def test_a_code_that_lanes_wait_for_is_reported_once_until_none_waits(store: Counting, clock: Clock) -> None:
    """Just before its limit, at it and just after; then once more when lanes wait for it again."""
    emitted: list[tuple[str, dict[str, Any]]] = []
    hub = hub_on(store, clock, emit=lambda name, **keys: emitted.append((name, keys)))
    await send(hub, "G", "B")
    green = next(item for item in await code_items.listed(NAME, hub) if item.code == "G")
    overdue, key = hub.timing.overdue, green.row.key
    emitted.clear()

    async def look(lanes: dict[str, tuple[int, float]]) -> tuple[int, float, float, int]:
        """The item after one look, and how many codes were reported."""
        reported = await code_items.waiting(NAME, lanes, hub)
        (item,) = [each for each in await code_items.listed(NAME, hub) if each.row.key == key]
        return item.waiting, item.since, item.alerted, reported

    for _ in range(2):
        began = clock.at
        for late, is_late in ((-1, False), (0, False), (1, True)):
            clock.at = began + overdue + late
            assert await look({key: (3, began)}) == (3, began, clock.at if is_late else 0.0, int(is_late))
        noticed = clock.at
        keys = {"integration": NAME, "rule": green.rule, "error_code": green.path, "count": 3, "oldest_age_s": overdue + 1}
        assert emitted == [("hub.unmapped", keys)]
        clock.at += 100
        assert await look({key: (2, began + 5)}) == (2, began + 5, noticed, 0)
        assert await look({}) == (0, 0.0, 0.0, 0)
        emitted.clear()
        clock.at += 1000


async def test_an_item_that_does_not_change_is_not_written_again(hub: Hub, store: Counting, clock: Clock) -> None:
    await send(hub, "G", "B")
    items = {item.code: item.row.key for item in await code_items.listed(NAME, hub)}
    written = store.writes
    for lanes, writes in (({}, 0), ({items["G"]: (1, clock.at)}, 1), ({items["G"]: (1, clock.at)}, 1), ({}, 2), ({}, 2)):
        await code_items.waiting(NAME, lanes, hub)
        assert store.writes - written == writes


async def test_while_no_lane_waits_a_round_reads_nothing(hub: Hub, store: Counting, clock: Clock) -> None:
    """After a start the items may say that lanes wait; once they have been looked at, only what waits makes a look needed."""
    await send(hub, "G")
    (item,) = await code_items.listed(NAME, hub)
    query, reads = store.query, list[str]()

    async def counted(table: str, *args: Any) -> Any:
        reads.append(table)
        return await query(table, *args)

    store.query = counted  # type: ignore[method-assign]
    lanes = {item.row.key: (1, clock.at)}
    for now, expected in (({}, 1), ({}, 0), (lanes, 1), (lanes, 1), ({}, 1), ({}, 0), ({}, 0)):
        reads.clear()
        assert await code_items.waiting(NAME, now, hub) == 0
        assert len(reads) == expected


async def test_an_item_that_another_process_changed_is_done_in_the_next_round(hub: Hub, store: Counting, clock: Clock) -> None:
    """Also when no lane waits any more: the item would otherwise say for good that some do."""
    await send(hub, "G")
    (item,) = await code_items.listed(NAME, hub)
    await code_items.waiting(NAME, {item.row.key: (1, clock.at)}, hub)
    commit = store.commit

    async def conflict(*_: Any) -> dict[str, str]:
        store.commit = commit  # type: ignore[method-assign]
        raise Conflict

    store.commit = conflict  # type: ignore[method-assign]
    for waiting in (1, 0):
        assert await code_items.waiting(NAME, {}, hub) == 0
        assert [each.waiting for each in await code_items.listed(NAME, hub)] == [waiting]


@pytest.mark.parametrize(("kept", "own"), [(2, True), (3, False)])
async def test_a_new_process_adds_to_the_items_that_are_there(
    store: Counting, clock: Clock, kept: int, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A code with an item keeps it; a new one has its own while there is room."""
    monkeypatch.setattr(code_items, "MOST", 3)
    first = hub_on(store, clock)
    await send(first, *"ABC"[:kept])
    await code_items.write(NAME, first)
    clock.at += 100
    second = hub_on(store, clock)
    await send(second, "A", "Z")
    await code_items.write(NAME, second)
    counted = {item.code: (item.count, item.first, item.last) for item in await code_items.listed(NAME, first)}
    assert counted["A"] == (2, world.NOW, clock.at)
    assert counted["Z" if own else ""] == (1, clock.at, clock.at)
    assert len(counted) == kept + 1


async def test_items_that_lanes_wait_for_come_first_and_then_the_most_frequent(hub: Hub, clock: Clock) -> None:
    await send(hub, "A", "B", "B", "C", "C", "C", "D")
    await code_items.write(NAME, hub)
    keys = {item.code: item.row.key for item in await code_items.listed(NAME, hub)}
    await code_items.waiting(NAME, {keys["A"]: (1, clock.at), keys["B"]: (2, clock.at)}, hub)
    assert [item.code for item in await code_items.listed(NAME, hub)] == ["B", "A", "C", "D"]


@pytest.mark.parametrize(("seconds", "writes"), [(59.9, 1), (60, 2), (61, 2)])
async def test_a_process_writes_its_items_once_a_minute(
    hub: Hub, store: Counting, clock: Clock, seconds: float, writes: int
) -> None:
    await send(hub, "G")
    clock.at += seconds
    await send(hub, "G")
    assert store.writes == writes


async def test_an_item_that_lanes_wait_for_is_not_forgotten(hub: Hub, clock: Clock) -> None:
    await send(hub, "G", "B")
    await code_items.write(NAME, hub)
    keys = {item.code: item.row.key for item in await code_items.listed(NAME, hub)}
    await code_items.waiting(NAME, {keys["G"]: (1, clock.at)}, hub)
    await code_items.forget(NAME, clock.at, hub)
    assert len(await code_items.listed(NAME, hub)) == 2  # the last one was at this moment
    await code_items.forget(NAME, clock.at + 0.1, hub)
    assert [item.code for item in await code_items.listed(NAME, hub)] == ["G"]
