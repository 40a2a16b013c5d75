"""The report of a lost lane, the expected wait of the next message, and the reported changes of the breaker."""

import asyncio
from collections import deque
from typing import Any

import pytest

from shared.delivery import breaker, load, process
from shared.delivery.load import Load
from shared.intake.accept import accept
from shared.integration import Delivery
from shared.problems import Lost
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note


async def test_a_lane_that_was_lost_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    emitted: list[Any] = []
    made = hub(integration(Remembering()), emit=lambda name, **keys: emitted.append((name, keys)))

    async def lost(*_: Any, **__: Any) -> None:
        raise Lost

    monkeypatch.setattr(process, "claim", lost)
    await process.process(made.integrations["notes-to-test"], "a1", made)
    assert emitted == [("hub.attempt", {"integration": "notes-to-test", "outcome": "lost", "lane": "a1"})]


async def test_a_knock_comes_again_when_storage_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    made = hub(integration(Remembering()))

    async def away(*_: Any, **__: Any) -> None:
        raise Away

    monkeypatch.setattr(process, "claim", away)
    with pytest.raises(Away):
        await process.process(made.integrations["notes-to-test"], "a1", made)


# Seconds ago: when messages were accepted, when first attempts began, since when something has waited. Then the expected wait.
WAITS: list[tuple[list[float], list[float], float, float]] = [
    ([], [1, 2], 30, 0),
    ([5], [], 10, 10),
    ([5, 4], [], 10, 20),
    ([5], [9, 1], 10, 5),
    ([5], [60, 1], 100, 30),  # a beginning just inside the window
    ([5], [60.5, 1], 100, 60),
    ([5], [11, 1], 10, 10),  # one before something waited does not count
    ([120], [], 200, 60),
    ([120.5], [], 200, 0),  # forgotten: another process has it
    ([120.5, 5], [], 10, 10),
    ([0.1], [], 0.1, 1),
]


@pytest.mark.parametrize(("accepted", "begun", "busy", "expected"), WAITS)
def test_the_wait_of_the_next_message(accepted: list[float], begun: list[float], busy: float, expected: float) -> None:
    waiting = {f"lane{n}": (NOW - ago, "w|1") for n, ago in enumerate(accepted)}
    one = Load(waiting=waiting, begun=deque(NOW - ago for ago in begun), busy_since=NOW - busy)
    assert load._expected_wait(one, NOW) == pytest.approx(expected)


async def test_a_change_of_the_breaker_is_reported_and_nothing_else() -> None:
    emitted: list[tuple[str, str]] = []
    one = integration(Remembering(), delivery=Delivery(breaker_failures=3))
    made = hub(one, emit=lambda name, **keys: emitted.append((name, keys["state"])))
    for lane in ("a", "b"):
        await breaker.failed(one, lane, "destination", 0, made)
    assert emitted == [("hub.breaker", "closed")]  # its row is new
    await breaker.failed(one, "c", "destination", 0, made)
    assert emitted[1:] == [("hub.breaker", "open")]
    await breaker.succeeded(one, "d", made)
    assert emitted[2:] == [("hub.breaker", "closed")]
    await breaker.failed(one, "a", "destination", 0, made)
    assert len(emitted) == 3


NAME = "notes-to-test"
LEDGER = names.tables(NAME).ledger


class Counting(MemoryStore):
    """A store that counts what is done to claims, and calls ``released`` before the answer to the commit that ends one."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW)
        self.claims = 0
        self.released: Any = None

    async def commit(self, table: str, partition: str, *changes: Any) -> dict[str, str]:
        self.claims += any(change.key == names.CLAIM for change in changes)
        done = await super().commit(table, partition, *changes)
        if self.released and any(change.key == names.CLAIM and change.action == "delete" for change in changes):
            called, self.released = self.released, None
            await called()
        return done


class Slow(Remembering):
    """A destination that calls ``during`` while it takes the first message."""

    during: Any = None

    async def deliver(self, outgoing: Any) -> Any:
        if self.during:
            called, self.during = self.during, None
            await called()
        return await super().deliver(outgoing)


async def test_what_arrives_in_a_lane_that_a_worker_of_the_process_has_is_left_to_it() -> None:
    """The second message asks for no claim, and is delivered by the worker of the first."""
    store, destination = Counting(), Slow()
    made = hub(one := integration(destination, NAME), store=store)

    async def second() -> None:
        before = store.claims
        await accept(one, envelope(note("2")), made)
        for _ in range(20):
            await asyncio.sleep(0)
        assert store.claims == before

    destination.during = second
    await accept(one, envelope(note("1")), made)
    while made.tasks:
        await asyncio.gather(*made.tasks)
    assert [note["id"] for note in destination.took] == ["1", "2"]
    assert made.remembered(process.Workers).of == {}


@pytest.mark.parametrize("after", [{}, {"after": "B"}], ids=["a message", "a merge"])
async def test_what_arrives_when_the_lane_was_just_given_back_is_left_to_no_one(after: dict[str, str]) -> None:
    """The worker of the first message does not know yet that its last transaction is done, and will not look again."""
    store, destination = Counting(), Remembering()
    one = integration(destination, NAME, after=lambda read: read.get("after", ""))
    made = hub(one, store=store)

    async def second() -> None:
        await accept(one, envelope(note("2", **after)), made)
        for _ in range(50):
            await asyncio.sleep(0)
        assert [note["id"] for note in destination.took] == ["1", "2"]

    store.released = second
    await accept(one, envelope(note("1")), made)
    while made.tasks:
        await asyncio.gather(*made.tasks)
    assert [note["id"] for note in destination.took] == ["1", "2"]
    assert not [key for rows in store.tables[names.tables(NAME).open].values() for key in rows]


async def test_a_worker_that_ended_badly_is_left_nothing() -> None:
    class Failing(Remembering):
        async def deliver(self, outgoing: Any) -> Any:
            raise Lost

    made = hub(one := integration(Failing(), NAME))
    await accept(one, envelope(note("1")), made)
    while made.tasks:
        await asyncio.gather(*made.tasks)
    assert made.remembered(process.Workers).of == {}
