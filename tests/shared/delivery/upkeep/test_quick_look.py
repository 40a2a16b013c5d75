"""The quick look: which lanes it knocks on, and when the timer makes it."""

import asyncio
from typing import Any

import orjson
import pytest

from shared.delivery import process
from shared.delivery.upkeep import quick_look, watchdog
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.triggers import timer
from shared.integration import Delivery
from shared.ledger.ended import Later
from shared.ledger.open_rows import Opened
from shared.problems import Lost, Undelivered
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, put
from tests.faults.virtual import run
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
TABLES = names.tables(NAME)


def knocks(made: Hub) -> list[str]:
    assert isinstance(made.store, MemoryStore)
    return [orjson.loads(each.body)["lane"] for each in made.store.queues[f"{NAME}-work"].values()]


async def opened(made: Hub, age: float, lane: str = "1-a", mark: str = "m", partition: str = "") -> None:
    await made.store.commit(TABLES.open, partition or lane[-1], Opened(at=made.now() - age).put(names.open_key(lane, mark)))


@pytest.mark.parametrize(("age", "is_knocked"), [(-1, False), (2.9, False), (3, True), (22.9, True), (23, False), (500, False)])
async def test_a_lane_is_knocked_on_while_its_first_attempt_should_just_be_over(age: float, is_knocked: bool) -> None:
    made = hub(integration(Remembering(), NAME))
    await opened(made, age)
    await quick_look.look(made)
    assert knocks(made) == (["1-a"] if is_knocked else [])


async def test_a_lane_with_many_messages_gets_one_knock_and_a_batch_or_an_outbox_none() -> None:
    made = hub(integration(Remembering(), NAME))
    for mark in "mno":
        await opened(made, 5, mark=mark)
    await opened(made, 5, "1-f")
    await opened(made, 5, partition=names.outbox("1-a"))
    await made.store.commit(TABLES.open, names.BATCH, put("b1", {"odd": "row"}))
    await quick_look.look(made)
    assert knocks(made) == ["1-a", "1-f"]


async def test_an_odd_row_of_one_integration_is_reported_and_the_others_are_looked_at() -> None:
    reported: list[Any] = []
    made = hub(
        integration(Remembering(), "one-to-test"),
        integration(Remembering(), NAME),
        emit=lambda name, **keys: reported.append((name, keys["integration"])),
    )
    await made.store.commit(names.tables("one-to-test").open, "a", put("1-a.m", {"at": "odd"}))
    await opened(made, 5)
    await quick_look.look(made)
    assert reported == [("hub.skipped", "one-to-test")]
    assert knocks(made) == ["1-a"]


async def test_no_more_rows_are_read_than_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_look, "MOST", 2)
    made = hub(integration(Remembering(), NAME))
    for lane in ("1-a", "1-b", "1-c"):
        await opened(made, 5, lane)
    await quick_look.look(made)
    assert knocks(made) == ["1-a", "1-b"]


async def test_storage_that_is_away_does_not_fail_it() -> None:
    class Gone(MemoryStore):
        async def scan(self, *where: str) -> Any:
            raise Away
            yield

    await quick_look.look(hub(integration(Remembering(), NAME), store=Gone(lambda: NOW)))


async def test_an_odd_row_keeps_no_other_lane_of_its_integration_from_its_knock() -> None:
    skipped: list[Any] = []
    made = hub(integration(Remembering(), NAME), emit=lambda name, **keys: skipped.append((name, keys["lane"])))
    await opened(made, 5, "1-a")
    await made.store.commit(TABLES.open, "b", put("1-b.m", {"at": "odd"}))
    await opened(made, 5, "1-c")
    await quick_look.look(made)
    assert skipped == [("hub.skipped", "1-b")]
    assert knocks(made) == ["1-a", "1-c"]


async def test_many_old_rows_keep_no_young_one_from_its_knock_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an outage more rows are open than one look reads: the next look continues where it stopped, and round."""
    monkeypatch.setattr(quick_look, "MOST", 4)
    made = hub(integration(Remembering(), NAME))
    for shard in "012345":
        await opened(made, 500, f"1-{shard}")
    await opened(made, 5, "1-f")
    await quick_look.look(made)
    assert knocks(made) == []
    await quick_look.look(made)
    assert knocks(made) == ["1-f"]
    await opened(made, 5, "1-0", mark="young")
    await quick_look.look(made)
    assert set(knocks(made)) == {"1-f", "1-0"}


async def test_a_partition_that_is_longer_than_a_look_keeps_no_other_one_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_look, "MOST", 2)
    made = hub(integration(Remembering(), NAME))
    for mark in "mnop":
        await opened(made, 500, "1-0", mark=mark)
    await opened(made, 5, "1-1")
    for _ in range(2):
        await quick_look.look(made)
    assert knocks(made) == ["1-1"]


async def test_a_look_that_storage_cuts_off_knocks_on_what_it_found() -> None:
    class Cut(MemoryStore):
        async def scan(self, *where: str) -> Any:
            async for row in super().scan(*where):
                yield row
                raise Away

    made = hub(integration(Remembering(), NAME), store=Cut(lambda: NOW))
    await opened(made, 5, "1-a")
    await quick_look.look(made)
    assert knocks(made) == ["1-a"]


def test_every_third_time_the_timer_makes_a_round_and_quick_looks_while_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, float]] = []

    async def whole() -> None:
        loop = asyncio.get_running_loop()

        async def noted(hub: Hub) -> None:
            made.append(("look", loop.time()))

        async def long_round(hub: Hub, *_: Any) -> None:
            made.append(("round", loop.time()))
            await asyncio.sleep(12)

        monkeypatch.setattr(quick_look, "look", noted)
        monkeypatch.setattr(watchdog, "tick", long_round)
        one = hub(integration(Remembering(), NAME), now=lambda: NOW + loop.time())
        for at in (0, 20, 30, 50):  # the timer waits for a call that lasts longer than ten seconds
            await asyncio.sleep(at - loop.time())
            await timer.tick_often(one)

    run(whole())
    assert made == [
        ("look", 0),
        ("round", 0),
        ("look", 10),
        ("look", 20),
        ("look", 30),
        ("round", 30),
        ("look", 40),
        ("look", 50),
    ]


# The accepting process knocks itself


class Slow(Remembering):
    """A destination that takes so long that the attempt is not over when the knock is put."""

    async def deliver(self, outgoing: Any) -> Any:
        await asyncio.sleep(6)
        raise Undelivered(kind="transient", code="away", text="away")


def after(destination: Any, seconds: float, **declared: Any) -> list[str]:
    """The knocks of a process so many seconds after it accepted a message."""

    async def whole() -> list[str]:
        one = integration(destination, NAME, **declared)
        loop = asyncio.get_running_loop()
        made = hub(one, now=lambda: NOW + loop.time())
        await accept(one, envelope(note("1")), made)
        await asyncio.sleep(seconds)
        return knocks(made)

    found: list[str] = run(whole())
    return found


def test_a_first_attempt_that_ends_well_puts_no_knock() -> None:
    assert after(Remembering(), 60) == []


def test_one_that_takes_long_puts_a_knock() -> None:
    patient = Delivery(timeout=30)
    assert after(Slow(), 4.9, delivery=patient) == []
    assert len(after(Slow(), 5.5, delivery=patient)) == 1


def test_one_that_finds_no_place_puts_a_knock(monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(*_: Any, **more: Any) -> bool:
        return False

    monkeypatch.setattr(process, "process", none)
    assert len(after(Remembering(), 1)) == 1


def test_one_that_storage_cuts_off_puts_a_knock(monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any, **more: Any) -> bool:
        raise Away

    monkeypatch.setattr(process, "process", away)
    assert len(after(Remembering(), 1)) == 1


def test_one_that_fails_by_a_defect_puts_a_knock(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **more: Any) -> bool:
        raise TypeError

    monkeypatch.setattr(process, "process", broken)
    assert len(after(Remembering(), 6)) == 1


def test_one_that_lost_its_lane_puts_a_knock(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(*_: Any, **more: Any) -> Any:
        raise Lost

    monkeypatch.setattr(process, "claim", lost)
    assert len(after(Remembering(), 1)) == 1


def test_a_quiet_lane_that_finds_no_place_puts_a_knock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was claimed and nothing written, so nothing else brings a worker."""

    async def no_place(*_: Any) -> Later:
        return Later(1.0, "no-place")

    monkeypatch.setattr(process, "attempt", no_place)
    assert len(after(Remembering(), 1)) == 1
