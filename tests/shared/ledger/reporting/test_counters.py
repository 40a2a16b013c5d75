"""Counts for charts: by the minute for a short range, by the hour for a long one, from all instances."""

from collections import Counter

import pytest

from shared.hub import Hub
from shared.ledger.reporting import counters
from shared.storage.memory import MemoryStore

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
