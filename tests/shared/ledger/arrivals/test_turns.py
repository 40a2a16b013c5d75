"""Arrivals of one lane in one process take turns: none fails because of another, and none waits for one for ever."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from shared.hub import Hub, Timing
from shared.intake.accept import accept
from shared.integration import Integration
from shared.ledger.arrivals.turns import Line, Lines, turn
from shared.ledger.rows import Head
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Conflict, Row
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
TABLES = names.tables(NAME)
HALF = Timing().open_grace / 2
COUNT = 20


class Counting(MemoryStore):
    """Each request lets others go first. It counts the transactions of arrivals and those that failed; one may hang."""

    def __init__(self, hangs: str = "") -> None:
        super().__init__(time.time)
        self.transactions, self.conflicts, self.hangs = 0, 0, hangs

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        await asyncio.sleep(0)
        return await super().get(table, partition, key)

    async def commit(self, table: str, partition: str, *changes: Any) -> dict[str, str]:
        await asyncio.sleep(0)
        control = next((each.values["control"] for each in changes if each.key.startswith("w|")), "")
        if table == TABLES.ledger and control:
            self.transactions += 1
            if control == self.hangs:
                await asyncio.Event().wait()
        try:
            return await super().commit(table, partition, *changes)
        except Conflict:
            self.conflicts += table == TABLES.ledger
            raise


def world(store: MemoryStore, patience: float = 10.0) -> tuple[Integration, Hub]:
    """An integration, and a process that delivers nothing."""
    one = integration(Remembering(), NAME)
    made = hub(one, store=store, now=time.time, timing=replace(Timing(), storage_patience=patience))
    made.start = lambda work: work.close()  # type: ignore[method-assign]
    return one, made


async def numbers(store: MemoryStore) -> dict[str, int]:
    """The number of each message in its lane, by control id."""
    return {row["control"]: names.number(row.key) async for row in store.scan(TABLES.ledger) if row.key.startswith("w|")}


async def test_arrivals_of_one_lane_at_once_cost_no_transaction_that_fails() -> None:
    store = Counting()
    one, made = world(store)
    answers = await asyncio.gather(*(accept(one, envelope(note(str(n))), made) for n in range(COUNT)))
    assert {each.status for each in answers} == {202}
    assert sorted((await numbers(store)).values()) == list(range(1, COUNT + 1))
    assert (store.transactions, store.conflicts) == (COUNT, 0)
    assert made.remembered(Lines).of == {}


async def test_the_etag_decides_between_two_processes() -> None:
    store = Counting()
    (one, first), (_, second) = world(store), world(store)
    arrivals = (accept(one, envelope(note(str(n))), (first, second)[n % 2]) for n in range(COUNT))
    assert {each.status for each in await asyncio.gather(*arrivals)} == {202}
    assert sorted((await numbers(store)).values()) == list(range(1, COUNT + 1))


async def test_no_arrival_waits_for_one_that_hangs_longer_than_half_of_its_patience() -> None:
    store = Counting(hangs="0")
    one, made = world(store, patience=0.4)
    hanging = asyncio.ensure_future(accept(one, envelope(note("0")), made))
    while not store.transactions:
        await asyncio.sleep(0)
    began = time.monotonic()
    answers = await asyncio.gather(*(accept(one, envelope(note(str(n))), made) for n in (1, 2)))
    assert {each.status for each in answers} <= {202, 503}, "answered within its patience"
    assert 202 in {each.status for each in answers}
    assert 0.2 <= time.monotonic() - began < 5
    assert (await accept(one, envelope(note("3", "another lane")), made)).status == 202
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)
    assert made.remembered(Lines).of == {}


@pytest.mark.parametrize("cancelled", [0, 1, 2])
async def test_one_that_is_cancelled_gives_its_turn_to_the_next(cancelled: int) -> None:
    _, made = world(Counting())
    order, allowed = list[int](), asyncio.Event()

    async def arrive(number: int) -> None:
        async with turn(TABLES.ledger, "A", made):
            await allowed.wait()
            order.append(number)

    arrivals = [asyncio.ensure_future(arrive(number)) for number in range(4)]
    await asyncio.sleep(0.01)
    arrivals[cancelled].cancel()
    await asyncio.sleep(0.01)
    allowed.set()
    await asyncio.gather(*arrivals, return_exceptions=True)
    assert order == [number for number in range(4) if number != cancelled]
    assert made.remembered(Lines).of == {}


def head(number: int, etag: str = "") -> Head:
    return replace(Head(number=number, idle=0), row=Row("A", names.HEAD, etag, {}))


@pytest.mark.parametrize(
    ("read", "written", "seconds", "is_taken"),
    [
        (head(1), head(2), 0, True),
        (None, head(1), 0, True),
        (head(1), head(2), HALF - 1, True),
        (head(1), head(2), HALF, False),
        (head(1), head(2), -1, False),
        (head(2), head(2), 0, False),
        (head(3), head(2), 0, False),
        (head(1), None, 0, False),
        (None, None, 0, False),
    ],
)
def test_the_head_of_the_arrival_before_counts_if_it_is_newer_and_was_written_before_the_open_row_could_be_removed(
    read: Head | None, written: Head | None, seconds: float, is_taken: bool
) -> None:
    """``seconds``: from the open row of this arrival to the transaction of the one before it."""
    line = Line()
    if written:
        line.wrote(written, NOW + seconds)
    assert line.newest(read, NOW, hub()) is (written if is_taken else read)


def test_an_arrival_that_tells_late_what_it_wrote_does_not_hide_a_later_one() -> None:
    line = Line()
    line.wrote(head(3), NOW)
    line.wrote(head(2), NOW + 1)
    assert (line.head, line.at) == (head(3), NOW)
