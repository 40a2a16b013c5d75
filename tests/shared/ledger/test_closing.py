"""Open rows of what has ended are deleted together, and none is forgotten."""

import asyncio
from typing import Any

import pytest

from shared.hub import Hub
from shared.ledger.closing import MOST, close_soon
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, put, remove
from tests.ledger_world import NOW, Remembering, hub, integration

NAME = "notes-to-test"
OPEN = names.tables(NAME).open


class Counting(MemoryStore):
    """A store that writes down the transactions in the open rows, and may be away."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW)
        self.commits: list[tuple[str, list[str]]] = []
        self.away = 0

    async def commit(self, table: str, partition: str, *changes: Any) -> dict[str, str]:
        self.commits.append((partition, [change.key for change in changes]))
        await asyncio.sleep(0)
        if self.away:
            self.away -= 1
            raise Away
        return await super().commit(table, partition, *changes)


async def world(*lanes: str, closing: float = 0.0) -> tuple[Hub, Counting]:
    """A hub in which a message of each lane is open, with the lane as mark."""
    store = Counting()
    for lane in lanes:
        await store.commit(OPEN, lane[-1], put(names.open_key(lane, lane), {"at": NOW}))
    store.commits.clear()
    return hub(integration(Remembering(), NAME), store=store, closing=closing), store


async def ended(made: Hub) -> None:
    while made.tasks:
        await asyncio.gather(*made.tasks)


def left(store: Counting) -> list[str]:
    return sorted(key for rows in store.tables[OPEN].values() for key in rows)


async def test_those_that_end_within_the_time_are_one_transaction_for_each_partition() -> None:
    lanes = [f"1-{n}{digit}" for n in range(5) for digit in "ab"]
    made, store = await world(*lanes)
    for lane in [*lanes, *lanes]:  # a row that is named twice is deleted once
        await close_soon(NAME, lane, lane, made)
    await ended(made)
    assert sorted((partition, len(keys)) for partition, keys in store.commits) == [("a", 5), ("b", 5)]
    assert left(store) == []


async def test_what_ends_while_others_are_deleted_is_deleted_too() -> None:
    made, store = await world("1-0a", "1-1a", "1-2a")
    await close_soon(NAME, "1-0a", "1-0a", made)
    while not store.commits:
        await asyncio.sleep(0)
    for lane in ("1-1a", "1-2a"):
        await close_soon(NAME, lane, lane, made)
    await ended(made)
    assert [len(keys) for _, keys in store.commits] == [1, 2]
    assert left(store) == []


async def test_it_waits_for_others_as_long_as_is_set() -> None:
    made, store = await world("1-0a", "1-1a", closing=0.05)
    await close_soon(NAME, "1-0a", "1-0a", made)
    await asyncio.sleep(0.01)
    assert not store.commits
    await close_soon(NAME, "1-1a", "1-1a", made)
    await ended(made)
    assert [len(keys) for _, keys in store.commits] == [2]


async def test_a_transaction_has_no_more_rows_than_storage_takes() -> None:
    lanes = [f"1-{n}a" for n in range(2 * MOST + 1)]
    made, store = await world(*lanes)
    for lane in lanes:
        await close_soon(NAME, lane, lane, made)
    await ended(made)
    assert [len(keys) for _, keys in store.commits] == [MOST, MOST, 1]
    assert left(store) == []


@pytest.mark.parametrize("gone", [["1-1a"], ["1-0a", "1-2a"], ["1-0a", "1-1a", "1-2a"]])
async def test_a_row_that_the_watchdog_has_deleted_keeps_no_other(gone: list[str]) -> None:
    made, store = await world("1-0a", "1-1a", "1-2a")
    for lane in gone:
        await store.commit(OPEN, "a", remove(names.open_key(lane, lane)))
    for lane in ("1-0a", "1-1a", "1-2a"):
        await close_soon(NAME, lane, lane, made)
    await ended(made)
    assert left(store) == []


async def test_what_storage_did_not_delete_is_left_to_the_watchdog_and_the_next_ones_are_deleted() -> None:
    made, store = await world("1-0a", "1-1a")
    store.away = 1
    await close_soon(NAME, "1-0a", "1-0a", made)
    await ended(made)
    await close_soon(NAME, "1-1a", "1-1a", made)
    await ended(made)
    assert left(store) == [names.open_key("1-0a", "1-0a")]
