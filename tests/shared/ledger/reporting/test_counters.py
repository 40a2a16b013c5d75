"""Counts for charts: by the minute for a short range, by the hour for a long one, from all instances."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from shared.hub import Hub
from shared.ledger.reporting import counters, refusals, warned
from shared.storage.memory import MemoryStore
from shared.storage.store import Away

START = 1_772_442_000.0  # 2026-03-02T09:00:00Z


def hub(store: MemoryStore, instance: str) -> tuple[Hub, list[float]]:
    clock = [START]
    return Hub(store, {}, now=lambda: clock[0], instance=instance), clock


async def test_minutes_of_all_instances_are_added_up() -> None:
    store = MemoryStore(lambda: START)
    a, at_a = hub(store, "a")
    b, _ = hub(store, "b")
    for one in (a, b):
        one.count("x", "delivered")
        await counters.write("x", one)
    at_a[0] += 60
    a.count("x", "rejected")
    await counters.write("x", a)
    await counters.write("x", a)
    assert await counters.read("x", START - 600, START + 600, a) == {
        int(START): Counter(delivered=2),
        int(START) + 60: Counter(rejected=1),
    }


async def test_what_is_counted_while_a_count_is_written_is_kept_for_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore(lambda: START)
    one, clock = hub(store, "a")
    one.count("x", "delivered")
    commit = store.commit

    async def meanwhile(*args: Any) -> dict[str, str]:
        one.count("x", "delivered")
        one.count("x", "dead")
        monkeypatch.setattr(store, "commit", commit)
        return await commit(*args)

    monkeypatch.setattr(store, "commit", meanwhile)
    await counters.write("x", one)
    assert dict(one.counts) == {("x", "delivered"): 1, ("x", "dead"): 1}
    clock[0] += 60
    await counters.write("x", one)
    assert not one.counts
    assert await counters.read("x", START - 600, START + 600, one) == {
        int(START): Counter(delivered=1),
        int(START) + 60: Counter(delivered=1, dead=1),
    }


async def test_a_process_without_a_watchdog_writes_what_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the instances of the doors and of the workers in Azure: the timer runs on another one."""
    monkeypatch.setattr(counters, "BEHIND", 0.0)
    store = MemoryStore(lambda: START)
    door, _ = hub(store, "door")
    counters.write_behind(door)
    for outcome in ("accepted", "delivered", "accepted"):
        door.count("x", outcome)
    while door.counts:
        await asyncio.sleep(0)
    await asyncio.gather(*door.tasks)
    reader, _ = hub(store, "watchdog")
    assert await counters.read("x", START - 600, START + 600, reader) == {int(START): Counter(accepted=2, delivered=1)}
    assert len(store.tables["xcounters"]["2026-03-02"]) == 1


async def test_what_cannot_be_written_behind_is_kept_and_written_with_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "BEHIND", 0.0)
    store = MemoryStore(lambda: START)
    door, _ = hub(store, "door")
    counters.write_behind(door)
    commit = store.commit

    async def away(*_: object) -> dict[str, str]:
        raise Away

    store.commit = away  # type: ignore[method-assign]
    door.count("x", "accepted")
    await asyncio.sleep(0.01)
    assert door.counts["x", "accepted"] == 1
    store.commit = commit  # type: ignore[method-assign]
    door.count("x", "accepted")
    await asyncio.sleep(0.01)
    assert (await counters.read("x", START - 600, START + 600, door))[int(START)] == Counter(accepted=2)


async def test_two_writes_at_once_write_a_count_once() -> None:
    store = MemoryStore(lambda: START)
    one, _ = hub(store, "a")
    one.count("x", "accepted")
    commit = store.commit

    async def slow(*changes: object) -> dict[str, str]:
        await asyncio.sleep(0)
        return await commit(*changes)  # type: ignore[arg-type]

    store.commit = slow  # type: ignore[method-assign]
    await asyncio.gather(counters.write("x", one), counters.write("x", one))
    assert (await counters.read("x", START - 600, START + 600, one))[int(START)] == Counter(accepted=1)


@pytest.mark.parametrize("days", [1, 7, 40])
async def test_a_long_range_is_read_by_the_hour_and_counts_nothing_twice(days: int) -> None:
    store = MemoryStore(lambda: START)
    one, at = hub(store, "a")
    for _ in range(days * 24 * 4):
        one.count("x", "delivered")
        await counters.write("x", one)
        at[0] += 900
    found = await counters.read("x", START, at[0], one)
    assert sum(count["delivered"] for count in found.values()) == days * 24 * 4
    assert min(found) == int(START)
    assert len(found) == days * 24


async def test_what_was_read_over_midnight_and_the_end_of_a_month() -> None:
    store = MemoryStore(lambda: START)
    one, at = hub(store, "a")
    at[0] = 1_772_323_140.0  # 2026-02-28T23:59:00Z
    for _ in range(3):
        one.count("x", "delivered")
        await counters.write("x", one)
        at[0] += 60
    assert list(await counters.read("x", at[0] - 600, at[0], one)) == [1_772_323_140, 1_772_323_200, 1_772_323_260]


def test_percentiles_within_a_bucket() -> None:
    counts = Counter({"ms50": 90, "ms500": 9, "msinf": 1})
    assert 30 <= (counters.percentile(counts, 0.5) or 0) <= 50
    assert 400 <= (counters.percentile(counts, 0.95) or 0) <= 500


@pytest.mark.parametrize(("hours", "is_hourly"), [(5, False), (6, False), (6.001, True), (7, True)])
async def test_a_range_of_more_than_six_hours_is_read_by_the_hour(hours: float, is_hourly: bool) -> None:
    store = MemoryStore(lambda: START)
    one, at = hub(store, "a")
    at[0] += 600
    one.count("x", "delivered")
    await counters.write("x", one)
    found = await counters.read("x", START, START + hours * 3600, one)
    assert found == {int(START) if is_hourly else int(START) + 600: Counter(delivered=1)}


async def test_many_long_names_are_written_whole_by_the_minute_and_by_the_hour() -> None:
    """A property of a row takes 32,768 characters: one text for all names would stop every count of the process for good."""
    store = MemoryStore(lambda: START)
    one, _ = hub(store, "a")
    names = [f"rejected-by rule-{n:03} hash-{n:032x}" for n in range(700)]
    for name in ("accepted", *names):
        one.count("x", name)
    for _ in range(2):  # the hour is written again and again, whole
        one.count("x", "accepted")
        await counters.write("x", one)
    assert not one.counts
    expected = Counter({"accepted": 3, **dict.fromkeys(names, 1)})
    assert (await counters.read("x", START - 600, START + 600, one))[int(START)] == expected
    assert (await counters.read("x", START - 10 * counters.HOUR, START + 600, one))[int(START)] == expected


async def test_the_names_of_an_hour_are_bounded_and_no_outcome_is_left_out() -> None:
    store = MemoryStore(lambda: START)
    one, _ = hub(store, "a")
    for some in range(4):
        for n in range(counters.MOST_DETAILS // 2):
            one.count("x", f"rejected-by * S{some}.{n}")
            one.count("x", f"warned r PID-3 S{some}.{n}")
        await counters.write("x", one)
    one.count("x", "dead")
    await counters.write("x", one)
    found = (await counters.read("x", START - 10 * counters.HOUR, START + 600, one))[int(START)]
    assert found["dead"] == 1
    assert len(found) <= counters.MOST_DETAILS + 3
    for kind in ("rejected-by * ", "warned "):
        assert sum(count for name, count in found.items() if name.startswith(kind)) == 2 * counters.MOST_DETAILS


async def test_rejected_messages_that_no_room_is_left_for_are_counted_for_no_other_sender(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counters, "MOST_DETAILS", 2)
    one, _ = hub(MemoryStore(lambda: START), "a")
    for sender in ("1", "2", "3", "4"):
        one.count("x", f"rejected-by * {sender}")
        one.count("x", f"warned r PID-3 {sender}")
        await counters.write("x", one)
    found = (await counters.read("x", START - 10 * counters.HOUR, START + 600, one))[int(START)]
    assert found == {"rejected-by * 1": 1, "warned r PID-3 1": 1, refusals.OTHERS: 3, warned.OTHERS: 3}


@pytest.mark.parametrize(("below", "edge"), [*zip((0, *counters.EDGES[:-1]), counters.EDGES, strict=True)])
def test_a_percentile_is_straight_between_the_edges_of_its_bucket(below: int, edge: int) -> None:
    name = counters.bucket(edge)
    assert name == f"ms{edge}"
    for share in (0.25, 0.5, 1.0):
        assert counters.percentile(Counter({name: 8, "delivered": 3}), share) == pytest.approx(below + (edge - below) * share)
    both = Counter({"ms10": 4, name: 4}) if below else Counter({name: 8})
    assert counters.percentile(both, 0.5) == (10 if below else 5)
    assert counters.percentile(both, 0.75) == pytest.approx((below + edge) / 2 if below else 7.5)


@pytest.mark.parametrize(("ms", "name"), [(0, "ms10"), (10, "ms10"), (10.1, "ms20"), (600_000, "ms600000"), (600_001, "msinf")])
def test_a_time_is_counted_under_the_first_edge_that_it_does_not_pass(ms: float, name: str) -> None:
    assert counters.bucket(ms) == name


def test_a_time_above_every_edge_is_shown_as_the_last_edge() -> None:
    assert counters.percentile(Counter({"msinf": 4}), 0.95) == counters.EDGES[-1]
    assert counters.percentile(Counter({"delivered": 4}), 0.95) is None


MINUTE, HOURS, DAY = 60, 3600, 86400
JANUARY = 1_769_817_600.0  # 2026-01-31T00:00:00Z: a day and an hour before the end of a month


@pytest.mark.parametrize("start", [START, JANUARY, JANUARY + DAY - MINUTE, JANUARY + DAY])
@pytest.mark.parametrize(("step", "length"), [(MINUTE, 3 * MINUTE), (HOURS, 7 * HOURS), (HOURS, 25 * HOURS), (HOURS, 31 * DAY)])
async def test_a_range_holds_its_first_and_its_last_minute_or_hour_and_none_outside(start: float, step: int, length: int) -> None:
    store = MemoryStore(lambda: start)
    one, at = hub(store, "a")
    begin = start // step * step
    written = [begin + n * step for n in (-1, 0, 1, length // step, length // step + 1)]
    for moment in written:
        at[0] = moment
        one.count("x", "delivered")
        await counters.write("x", one)
    for inside in (0, step - 1):  # anywhere in the first and in the last one
        found = await counters.read("x", begin + inside, begin + length + inside, one)
        assert found == {int(moment): Counter(delivered=1) for moment in written[1:4]}


NOT_COUNTS = {"no JSON": "{", "a list": "[1]", "a text": '{"a":"1"}', "empty": "{}", "a number": "1"}


@pytest.mark.parametrize("case", NOT_COUNTS)
async def test_a_row_that_holds_no_counts_is_reported_and_hides_no_other(case: str) -> None:
    store, emitted = MemoryStore(lambda: START), list[Any]()
    one, _ = hub(store, "a")
    one.emit = lambda name, **keys: emitted.append((name, keys))
    one.count("x", "delivered")
    await counters.write("x", one)
    await store.commit("xcounters", "2026-03-02", counters.Counted(counts=NOT_COUNTS[case]).put("0900|other"))
    assert await counters.read("x", START, START, one) == {int(START): Counter(delivered=1)}
    skipped = {"integration": "x", "stage": "counters", "error_code": "not-counts"}
    assert emitted == [("hub.skipped", skipped)]
