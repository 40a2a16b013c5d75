"""The simulated day: nothing appears or is lost, each limit acts, and the layout that is said to be enough is."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.scale import region
from toolkit.scale.capacity import enough, first, used
from toolkit.scale.day import DAY, Day
from toolkit.scale.region import (
    INSTANCES,
    MEMORY,
    REQUESTS,
    ROWS,
    Costs,
    Layout,
    Outage,
    Result,
    azure,
    simulate,
)

COSTS = Costs(before=7, after=4, cpu_ms=40, hottest=1, idle=38)
SMALL = Day(messages=1e6, integrations=5)


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of five minutes: the same day with less work."""
    monkeypatch.setattr(region, "STEP", 300.0)


def facts(**changes: float) -> dict[str, object]:
    return {name: fact if name not in changes else {"value": changes[name]} for name, fact in azure().items()}


def day(**changes: float) -> Result:
    return simulate(SMALL, Layout(), COSTS, Outage(), facts(**changes))


@settings(max_examples=15)
@given(
    messages=st.floats(1e3, 5e7),
    integrations=st.integers(1, 12),
    per_account=st.floats(200, 20000),
    quota=st.floats(20000, 512000),
    drain=st.floats(0.5, 20),
)
def test_every_message_is_delivered_or_still_waits(
    messages: float, integrations: int, per_account: float, quota: float, drain: float
) -> None:
    limits = facts(requests_per_account=per_account, memory_of_region_mb=quota)
    found = simulate(Day(messages, integrations), Layout(), COSTS, Outage(drain=drain), limits)
    assert found.came == pytest.approx(found.delivered + found.left)
    assert min(found.left, found.delivered, found.refused) >= 0


def test_a_day_has_its_messages_in_the_shape_of_the_day() -> None:
    quiet = replace(SMALL, spike=1.0, burst=1.0)
    assert sum(sum(rates) * 600 for _, rates in quiet.rates(600)) == pytest.approx(1e6, rel=0.001)
    assert sum(sum(rates) * 600 for _, rates in SMALL.rates(600)) > 1.02e6


def test_a_day_with_room_has_nobody_wait() -> None:
    """But for the seconds in which a new instance is not ready."""
    found = day()
    assert found.left == pytest.approx(0, abs=1e-6)
    assert found.refused < 0.001 * found.came
    assert all(limit.first is None for limit in found.limits.values())


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        (REQUESTS, {"requests_per_account": 100.0}),
        (ROWS, {"entities_per_partition": 4.0}),
        (MEMORY, {"memory_of_region_mb": 2048.0 * 8}),
        (INSTANCES, {"instances_per_app": 0.5}),
    ],
)
def test_each_limit_is_met_and_holds_messages_back(name: str, changes: dict[str, float]) -> None:
    found = day(**changes)
    assert found.limits[name].used > 1
    assert found.limits[name].first is not None
    assert found.refused > 0
    assert [other for other, limit in found.limits.items() if limit.used > 1] == [name]


def test_what_waits_during_an_outage_is_what_came() -> None:
    """And it is delivered at the rate of the destination, less what comes meanwhile."""
    calm = replace(SMALL, spike=1.0, burst=1.0)
    outage = Outage(start=0, seconds=DAY / 2, drain=5)
    found = simulate(calm, Layout(), COSTS, outage)
    came = sum(rates[0] * 300 for at, rates in calm.rates(300) if at < DAY / 2)
    assert found.waited_most == pytest.approx(came)
    assert found.recovered is not None
    most = 5 * calm.shares()[0] * calm.messages / DAY
    assert came / most < found.recovered < came / (0.5 * most)


def test_a_destination_that_takes_less_than_comes_is_never_done() -> None:
    found = simulate(SMALL, Layout(), COSTS, Outage(start=0, seconds=DAY - 3600, drain=0.1))
    assert found.recovered is None
    assert found.left > 0


def test_memory_is_met_first_by_integrations_alone() -> None:
    """The watchdog keeps an instance of each app awake, and each message that comes now and then another one."""
    met = first(Day(1e6, 200), Layout(), COSTS)
    assert (met.name, met.messages, met.integrations) == (MEMORY, 0, 124)
    at_rest = replace(Day(1.0, 124))
    assert used(at_rest, Layout(), COSTS)[MEMORY] <= 1 < used(replace(at_rest, integrations=125), Layout(), COSTS)[MEMORY]


def test_the_first_limit_is_met_just_there() -> None:
    met = first(Day(1e6, 20), Layout(), COSTS)
    assert used(Day(met.messages, 20), Layout(), COSTS)[met.name] <= 1
    assert used(Day(met.messages * 1.02, 20), Layout(), COSTS)[met.name] > 1


@pytest.mark.parametrize("messages", [1e5, 5e7, 1.2e8])
@pytest.mark.parametrize("memory", [512, 2048])
def test_enough_is_enough_and_no_smaller_layout_is(messages: float, memory: int) -> None:
    big = Day(messages, 60)
    found = enough(big, COSTS, memory)
    assert found
    need = used(big, found, COSTS)
    assert max(need[MEMORY], need[REQUESTS]) <= 0.7
    smaller = [replace(found, cells=found.cells - 1), replace(found, accounts=found.accounts - 1)]
    for one in smaller:
        if min(one.cells, one.accounts) > 0:
            less = used(big, one, COSTS)
            assert max(less[MEMORY], less[REQUESTS]) > 0.7


def test_no_layout_is_enough_for_one_integration_that_needs_more_than_an_account() -> None:
    assert enough(Day(3e8, 20), COSTS, 2048) is None
