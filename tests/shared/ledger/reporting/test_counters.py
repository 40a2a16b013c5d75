"""Counts for charts: by the minute for a short range, by the hour for a long one, from all instances."""

import asyncio
from collections import Counter

import pytest

from shared.hub import Hub
from shared.ledger.reporting import counters
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
