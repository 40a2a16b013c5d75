"""The watchdog's look at one lane: what it knocks on, what it counts, and what it may clear away, at the limit and next to it."""

from typing import Any

import orjson
import pytest

from shared.delivery.rows import Paused
from shared.delivery.upkeep import watchdog
from shared.hub import Hub
from shared.ledger.rows import Claimed, Ended, Head, Hold, Receipt, Waiting
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Row, put
from tests.ledger_world import NOW, Remembering, hub, integration

NAME = "notes-to-test"
TABLES = names.tables(NAME)
LANE = "1-a"
GRACE, OVERDUE = 60, 300  # seconds, as the hub has them


async def world(*changes: Any, opened: float = 100, mark: str = "m", key: str = "k") -> Hub:
    """A lane with these rows, and one open row that is so many seconds old."""
    made = hub(integration(Remembering(), NAME))
    for change in changes:
        await made.store.commit(TABLES.ledger, LANE, change)
    assert isinstance(made.store, MemoryStore)
    made.store.tables[TABLES.open][LANE[-1]][names.open_key(LANE, mark)] = ("1", {"at": NOW - opened, "key": key})
    return made


def waits(n: int = 1, age: float = 100, **values: Any) -> Any:
    row = Waiting.of(Row("", "", "", {"at": NOW - age, "mark": "m", "key": "k"} | values))
    return row.inserted(names.row("w", n))


def claim(left: float) -> Any:
    return Claimed(owner="other", end=NOW + left, turn="t").inserted(names.CLAIM)


def hold(n: int) -> Any:
    return Hold(number=n).inserted(names.HOLD)


def ended(**values: Any) -> Any:
    made = {"at": NOW - 100, "ended": NOW - 90, "outcome": "delivered", "mark": "m", "key": "k"} | values
    return Ended.of(Row("", "", "", made)).inserted(names.row("d", 1))


def knocks(made: Hub) -> list[str]:
    assert isinstance(made.store, MemoryStore)
    return [orjson.loads(each.body)["lane"] for each in made.store.queues[f"{NAME}-work"].values()]


def is_open(made: Hub) -> bool:
    assert isinstance(made.store, MemoryStore)
    return bool(made.store.tables[TABLES.open][LANE[-1]])


KNOCKED = {
    "due now": ((waits(due=NOW),), True),
    "due a moment ago": ((waits(due=NOW - 0.5),), True),
    "due in a moment": ((waits(due=NOW + 0.5),), False),
    "held by a dead letter": ((hold(1), waits(n=2)), False),
    "under a claim that is alive": ((waits(state="sending"), claim(0.5)), False),
    "under a claim that ends now": ((waits(state="sending"), claim(0)), True),
    "under a claim that has ended": ((waits(state="sending"), claim(-0.5)), True),
    "not due, under a claim that has ended": ((waits(state="sending", due=NOW + 50), claim(-1)), True),
    "empty, under a claim that has ended": ((claim(-1),), True),
    "empty, under a claim that is alive": ((claim(1),), False),
    "empty": ((), False),
}


@pytest.mark.parametrize("case", KNOCKED)
async def test_a_lane_is_knocked_on_when_its_first_message_is_due_and_no_worker_has_it(case: str) -> None:
    rows, is_knocked = KNOCKED[case]
    made = await world(*rows)
    await watchdog.sweep(made.integrations[NAME], made)
    assert knocks(made) == ([LANE] if is_knocked else [])


@pytest.mark.parametrize("case", KNOCKED)
async def test_in_a_pause_only_a_claim_that_has_ended_is_knocked_on(case: str) -> None:
    rows, _ = KNOCKED[case]
    made = await world(*rows)
    paused = Paused(at=NOW - 5, who="ann", purpose="why")
    await made.store.commit(names.SHARED_TABLE, names.PAUSE, paused.put(NAME))
    await watchdog.sweep(made.integrations[NAME], made)
    assert knocks(made) == ([LANE] if "ended" in case or "ends now" in case else [])


@pytest.mark.parametrize(("age", "stays"), [(0, True), (GRACE - 1, True), (GRACE, True), (GRACE + 1, False)])
async def test_the_open_row_of_a_message_that_was_never_stored_is_given_time(age: float, stays: bool) -> None:
    made = await world(opened=age)
    await watchdog.sweep(made.integrations[NAME], made)
    assert is_open(made) == stays


@pytest.mark.parametrize("left", [-1, 0, 1])
async def test_nothing_is_cleared_away_while_a_claim_is_there(left: float) -> None:
    made = await world(ended(), claim(left), opened=1000)
    await watchdog.sweep(made.integrations[NAME], made)
    assert is_open(made)


@pytest.mark.parametrize("n", [1, 5])
async def test_a_lane_is_changed_before_its_open_row_is_deleted(n: int) -> None:
    """A process that was stopped between its open row and its transaction must find another head."""
    made = await world(*([Head(number=n, idle=n).inserted(names.HEAD)] if n > 1 else []), opened=1000)
    before = await made.store.get(TABLES.ledger, LANE, names.HEAD)
    await watchdog.sweep(made.integrations[NAME], made)
    after = await made.store.get(TABLES.ledger, LANE, names.HEAD)
    assert after
    assert not is_open(made)
    assert after.etag != (before.etag if before else "")
    assert (after["n"], after["idle"]) == ((n, n) if n > 1 else (0, 0))


@pytest.mark.parametrize("known_by", ["its receipt", "a look through the lane", "a message without a mark"])
async def test_a_message_that_still_waits_keeps_its_open_row(known_by: str) -> None:
    """It is behind another one, and its open row is older than the first message: the clocks of two processes differ."""
    receipt = Receipt(number=2, at=NOW, digest="d").inserted(names.receipt("k"))
    mark = "" if known_by == "a message without a mark" else "m"  # the first version wrote none: it may be this one
    behind = [waits(n=1, age=10, mark="first"), waits(n=2, age=10, mark=mark)]
    made = await world(*behind, *([receipt] if known_by == "its receipt" else []), opened=1000)
    await watchdog.sweep(made.integrations[NAME], made)
    assert is_open(made)


async def test_a_message_that_ended_is_found_by_its_receipt_without_a_look_through_the_lane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receipt = Receipt(number=1, at=NOW, digest="d").inserted(names.receipt("k"))
    made = await world(ended(), receipt, opened=1000)
    ranges, query = list[tuple[Any, ...]](), made.store.query

    async def counted(table: str, lane: str, *bounds: Any, **named: Any) -> list[Row]:
        ranges.append(bounds)
        return await query(table, lane, *bounds, **named)

    monkeypatch.setattr(made.store, "query", counted)
    await watchdog.sweep(made.integrations[NAME], made)
    assert not is_open(made)
    assert ("d|", "d~") not in ranges


@pytest.mark.parametrize(("age", "overdue"), [(OVERDUE - 1, 0), (OVERDUE, 0), (OVERDUE + 1, 1)])
async def test_what_waits_longer_than_it_should_is_counted(age: float, overdue: int) -> None:
    made = await world(waits(age=age), opened=age)
    backlog = await watchdog.sweep(made.integrations[NAME], made)
    assert backlog == {
        "unpaired": 0,
        "waiting": 1,
        "held": 0,
        "overdue": overdue,
        "oldest_age_s": float(age),
        "batches": 0,
    }


async def test_a_lane_that_is_held_is_counted_by_the_message_behind_the_dead_one() -> None:
    made = await world(hold(1), waits(n=2, age=400), opened=400)
    backlog = await watchdog.sweep(made.integrations[NAME], made)
    assert (backlog["waiting"], backlog["held"], backlog["overdue"], backlog["oldest_age_s"]) == (1, 1, 1, 400.0)


async def test_the_backlog_is_written_down_with_its_time() -> None:
    made = await world(waits())
    backlog = await watchdog.sweep(made.integrations[NAME], made)
    row = await made.store.get(names.SHARED_TABLE, names.BACKLOG, NAME)
    assert row
    assert row.values == {**backlog, "codes": 0, "at": NOW, "schema": 1}


async def test_a_batch_of_a_newer_version_is_reported_and_left_alone() -> None:
    emitted: list[Any] = []
    made = await world()
    made.emit = lambda name, **keys: emitted.append((name, keys))
    newer = {"schema": names.SCHEMA + 1, "at": NOW - 1000, "until": 0.0}
    await made.store.commit(TABLES.open, names.BATCH, put(names.open_key(names.BATCH, "b1"), newer))
    backlog = await watchdog.sweep(made.integrations[NAME], made)
    skipped = [keys for name, keys in emitted if name == "hub.skipped"]
    assert skipped == [{"integration": NAME, "stage": "batch", "lane": names.BATCH, "error_code": "newer-version"}]
    assert backlog["batches"] == 0
    assert {"batch": "b1"} not in [orjson.loads(each.body) for each in made.store.queues[f"{NAME}-work"].values()]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("mark", "stays"), [("first", True), ("m", False)])
async def test_the_open_row_of_what_waits_first_stays_however_old_it_is(mark: str, stays: bool) -> None:
    """An older one that no message of the lane carries is left behind."""
    made = await world(waits(age=10, mark="first"), Head(number=1, idle=0).inserted(names.HEAD), opened=1000, mark=mark)
    await watchdog.sweep(made.integrations[NAME], made)
    assert is_open(made) == stays
