"""What one process counts as waiting for its first attempt, step by step, and when it refuses a sender."""

from typing import Any

import pytest

from shared.delivery import load
from shared.ledger.arrivals.arrival import Fresh
from shared.ledger.rows import Head, Waiting
from shared.storage import names
from shared.storage.store import Row
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
LEDGER = names.tables(NAME).ledger


def fresh(lane: str, *, quiet: bool = True) -> Fresh:
    row = Row(lane, names.row("w", 1), "1", {"at": NOW})
    return Fresh(head=Head(number=1), waiting=Waiting.of(row), envelope=envelope(note("1", lane)), quiet=quiet)


def test_a_message_is_counted_from_its_acceptance_until_its_first_attempt_begins() -> None:
    at = [NOW]
    made = hub(integration(Remembering()), now=lambda: at[0])
    load.accepted(NAME, None, made)
    load.accepted(NAME, fresh("a", quiet=False), made)
    one = load._load(NAME, made)
    assert (one.waiting, one.busy_since) == ({}, 0)
    for lane in ("a", "b"):
        load.accepted(NAME, fresh(lane), made)
        at[0] += 10
    assert (one.waiting, one.busy_since) == ({"a": (NOW, names.row("w", 1)), "b": (NOW + 10, names.row("w", 1))}, NOW)
    for _ in range(2):  # a later attempt changes nothing
        load.begun(NAME, "a", made)
    assert (list(one.waiting), list(one.begun)) == (["b"], [NOW + 20])
    load.left(NAME, "b", made)
    assert (one.waiting, list(one.begun), one.busy_since) == ({}, [NOW + 20], NOW)
    load.accepted(NAME, fresh("c"), made)
    assert one.busy_since == NOW + 20
    assert load.is_waiting(NAME, "c", made)
    assert not load.is_waiting(NAME, "b", made)
    assert not load.is_waiting("another", "c", made)


@pytest.mark.parametrize(
    ("ago", "seconds"),
    [(29, 0), (30, 0), (30.1, 5), (34, 5), (35, 5), (36, 6), (59.5, 30), (60, 30)],
)
async def test_a_sender_is_told_to_come_back_when_its_message_would_begin_in_time(ago: float, seconds: int) -> None:
    """One message waits and none has begun since: the next one would wait as long."""
    made = hub(integration(Remembering()))
    made.remembered(load.Loads).of[NAME] = load.Load(waiting={"a": (NOW - ago, names.row("w", 1))}, busy_since=NOW - ago)
    await made.store.commit(LEDGER, "a", Waiting.of(Row("", "", "", {"at": NOW})).inserted(names.row("w", 1)))
    assert await load.overload(NAME, made) == seconds


@pytest.mark.parametrize(("count", "seconds"), [(1, 30), (2, 60), (3, 60), (1000, 60)])
async def test_a_sender_is_never_told_to_come_back_after_more_than_a_minute(count: int, seconds: int) -> None:
    made = hub(integration(Remembering()))
    waiting = {f"{n}": (NOW - 60, names.row("w", 1)) for n in range(count)}
    made.remembered(load.Loads).of[NAME] = load.Load(waiting=waiting, busy_since=NOW - 60)
    await made.store.commit(LEDGER, "0", Waiting.of(Row("", "", "", {"at": NOW})).inserted(names.row("w", 1)))
    assert await load.overload(NAME, made) == seconds


OLDEST: dict[str, tuple[dict[str, Any] | None, bool]] = {
    "it waits for its first attempt": ({"state": "waiting"}, True),
    "it is being sent": ({"state": "sending"}, False),
    "it waits after an attempt": ({"state": "waiting", "tries": 1}, False),
    "it has ended": (None, False),
}


@pytest.mark.parametrize("case", OLDEST)
async def test_the_oldest_is_looked_up_before_a_sender_is_refused(case: str) -> None:
    values, waits = OLDEST[case]
    made = hub(integration(Remembering()))
    made.remembered(load.Loads).of[NAME] = one = load.Load(waiting={"a": (NOW - 60, names.row("w", 1))}, busy_since=NOW - 60)
    if values is not None:
        await made.store.commit(LEDGER, "a", Waiting.of(Row("", "", "", {"at": NOW, **values})).inserted(names.row("w", 1)))
    assert bool(await load.overload(NAME, made)) == waits
    assert ("a" in one.waiting) == waits
