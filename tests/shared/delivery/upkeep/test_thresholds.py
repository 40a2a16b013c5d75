"""Thresholds: set with an audited reason, compared with the measures, reported when exceeded and only then."""

from collections import Counter
from typing import Any

import pytest

from shared.delivery.upkeep import thresholds, watchdog
from shared.delivery.upkeep.thresholds import Threshold
from shared.hub import Hub
from shared.intake.inbox import watching
from shared.ledger import audit
from shared.ledger.reporting import counters
from tests import ledger_world as world

START = world.NOW
NAME = "notes-to-test"


@pytest.fixture
def emitted() -> list[tuple[str, dict[str, Any]]]:
    return []


@pytest.fixture
def hub(emitted: list[tuple[str, dict[str, Any]]]) -> Hub:
    one = world.integration(world.Remembering())
    return world.hub(one, emit=lambda name, **keys: emitted.append((name, keys)))


async def set_to(hub: Hub, rule: str, value: float) -> None:
    await thresholds.change(Threshold(NAME, rule, value, "nurse-in-charge", "night shift"), hub)


@pytest.mark.parametrize(
    ("rule", "limit", "counts"),
    [("error-rate", 10, {"accepted": 8, "rejected": 2}), ("slow", 500, {"delivered": 5, "accepted": 5, "ms1000": 5})],
)
async def test_a_limit_that_is_passed_is_reported(
    hub: Hub, emitted: list[Any], rule: str, limit: float, counts: dict[str, int]
) -> None:
    await set_to(hub, rule, limit)
    hub.counts.update({(NAME, key): count for key, count in counts.items()})
    await watchdog.tick(hub, watching.look)
    breaches = [keys for name, keys in emitted if name == "hub.breach"]
    assert [(b["integration"], b["rule"], b["threshold"]) for b in breaches] == [(NAME, rule, limit)]


@pytest.mark.parametrize("rule", [rule for rule in thresholds.RULES if rule != "quiet"])
async def test_a_healthy_feed_passes_no_limit(hub: Hub, emitted: list[Any], rule: str) -> None:
    await set_to(hub, rule, 1)
    hub.counts.update({(NAME, "accepted"): 10})
    await watchdog.tick(hub, watching.look)
    assert not [name for name, _ in emitted if name == "hub.breach"]


@pytest.mark.parametrize(
    ("backlog", "rule"), [({"waiting": 7, "oldest_age_s": 0}, "backlog-size"), ({"waiting": 0, "oldest_age_s": 7}, "backlog-age")]
)
async def test_a_backlog_is_reported(hub: Hub, emitted: list[Any], backlog: dict[str, float], rule: str) -> None:
    await set_to(hub, rule, 6)
    await thresholds.evaluate(NAME, backlog, hub)
    assert [keys["rule"] for name, keys in emitted if name == "hub.breach"] == [rule]


@pytest.mark.parametrize(("minutes_ago", "is_reported"), [(31, True), (29, False)])
async def test_a_quiet_feed_is_reported(emitted: list[Any], minutes_ago: float, is_reported: bool) -> None:
    clock = [START]
    hub = world.hub(
        world.integration(world.Remembering()), now=lambda: clock[0], emit=lambda name, **keys: emitted.append((name, keys))
    )
    hub.count(NAME, "accepted")
    await counters.write(NAME, hub)
    clock[0] = START + minutes_ago * 60
    await set_to(hub, "quiet", 30)
    await thresholds.evaluate(NAME, {"waiting": 0, "oldest_age_s": 0}, hub)
    assert bool([name for name, _ in emitted if name == "hub.breach"]) is is_reported


async def test_a_change_is_audited_and_can_be_taken_back(hub: Hub) -> None:
    await set_to(hub, "slow", 800)
    assert [(t.rule, t.value, t.who) for t in await thresholds.listed(hub)] == [("slow", 800, "nurse-in-charge")]
    await set_to(hub, "slow", -1)
    assert await thresholds.listed(hub) == []
    assert [row.message_id for row in await audit.acts(NAME, hub)] == ["slow=800", "slow=-1"]
    assert await audit.broken(NAME, hub) == []


@pytest.mark.parametrize("threshold", [Threshold(NAME, "slow", 1, "who", ""), Threshold(NAME, "mood", 1, "who", "why")])
async def test_what_cannot_be_set(hub: Hub, threshold: Threshold) -> None:
    with pytest.raises(ValueError, match="rule"):
        await thresholds.change(threshold, hub)


def test_no_traffic_has_no_error_rate() -> None:
    seen = thresholds.Seen({"waiting": 0, "oldest_age_s": 0}, Counter(), 0)
    assert thresholds.RULES["error-rate"].measure(seen) == 0


@pytest.mark.parametrize(("value", "is_set"), [(-1, False), (-0.5, False), (0, True), (0.5, True)])
async def test_a_threshold_may_be_zero_and_a_negative_one_is_taken_away(hub: Hub, value: float, is_set: bool) -> None:
    await set_to(hub, "slow", 800)
    await set_to(hub, "slow", value)
    assert [each.value for each in await thresholds.listed(hub)] == ([value] if is_set else [])


@pytest.mark.parametrize(("waiting", "is_reported"), [(5, False), (6, False), (7, True)])
async def test_a_limit_is_passed_above_it_and_not_at_it(hub: Hub, emitted: list[Any], waiting: int, is_reported: bool) -> None:
    await set_to(hub, "backlog-size", 6)
    await thresholds.evaluate(NAME, {"waiting": waiting, "oldest_age_s": 0}, hub)
    breaches = [keys for name, keys in emitted if name == "hub.breach"]
    assert breaches == ([{"integration": NAME, "rule": "backlog-size", "threshold": 6.0, "count": 7.0}] if is_reported else [])


async def test_a_measure_is_reported_to_one_decimal(hub: Hub, emitted: list[Any]) -> None:
    await set_to(hub, "backlog-age", 6)
    await thresholds.evaluate(NAME, {"waiting": 0, "oldest_age_s": 8.2468}, hub)
    assert [keys["count"] for name, keys in emitted if name == "hub.breach"] == [8.2]


@pytest.mark.parametrize(
    ("counts", "rate"),
    [
        ({"accepted": 8, "rejected": 2}, 20.0),
        ({"accepted": 10, "dead": 3}, 30.0),
        ({"accepted": 8, "rejected": 2, "dead": 1}, 30.0),
        ({"rejected": 4}, 100.0),
        ({"dead": 4}, 0.0),
    ],
)
def test_the_error_rate_is_what_was_refused_or_died_of_what_was_received(counts: dict[str, int], rate: float) -> None:
    seen = thresholds.Seen({"waiting": 0, "oldest_age_s": 0}, Counter(counts), 0)
    assert thresholds.RULES["error-rate"].measure(seen) == rate


@pytest.mark.parametrize(
    ("counted", "minutes"),
    [("accepted", 10), ("rejected", 10), ("delivered", 360), ("dead", 360), ("duplicate", 360), ("ms100", 360)],
)
async def test_a_feed_is_quiet_until_a_message_is_accepted_or_rejected(counted: str, minutes: float) -> None:
    clock = [START]
    hub = world.hub(world.integration(world.Remembering()), now=lambda: clock[0])
    hub.count(NAME, counted)
    await counters.write(NAME, hub)
    clock[0] = START + 600
    seen = await thresholds.look(NAME, {}, hub)
    begin = START // 60 * 60 + 600  # counts are kept by the minute
    assert seen.quiet == (pytest.approx((clock[0] - begin) / 60 + minutes) if minutes == 10 else minutes)


@pytest.mark.parametrize(("minutes_ago", "is_counted"), [(0, True), (14, True), (15, False), (16, False)])
async def test_rates_are_taken_over_a_quarter_of_an_hour(minutes_ago: int, is_counted: bool) -> None:
    clock = [START // 60 * 60]
    hub = world.hub(world.integration(world.Remembering()), now=lambda: clock[0])
    hub.count(NAME, "rejected")
    await counters.write(NAME, hub)
    clock[0] += minutes_ago * 60
    seen = await thresholds.look(NAME, {"waiting": 3}, hub)
    assert (seen.counts["rejected"], seen.backlog) == (int(is_counted), {"waiting": 3})
