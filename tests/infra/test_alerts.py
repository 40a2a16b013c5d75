"""The rules that Bicep deploys, run on simulated time: floods, late rows, second causes (each failure: test_failures.py).

Each row arrives three minutes after its event. The queries are the deployed text, as Bicep makes it, on DuckDB.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="the alerts are simulated on DuckDB: pip install '.[gates]'")
pytest.importorskip("duckdb_kql", reason="the alerts are simulated on DuckDB: pip install '.[gates]'")

from integrations import CATALOGUE
from shared.envelope import Answer
from shared.intake.admission import admit
from shared.integration import Delivery
from shared.problems import Undelivered
from tests.infra.simulated import Simulated
from tests.infra.workspace import Episode, Rule, Workspace, at, rules
from toolkit.release import bicep

if not bicep.compiler():
    pytest.skip(bicep.ABSENT, allow_module_level=True)

pytestmark = pytest.mark.slow
NAME = next(iter(CATALOGUE))
FIVE_MINUTES = timedelta(minutes=5)
PATIENT = Delivery(attempts=50, first_wait=20, longest_wait=60, timeout=5, breaker_failures=100)


def failing(code: str, kind: Any = "transient") -> Callable[[Any], None]:
    def behave(note: Any) -> None:
        raise Undelivered(kind=kind, code=code, text="made to fail")

    return behave


def healthy(note: Any) -> None:
    """Takes everything."""


async def calm(**changes: Any) -> Simulated:
    """Ten quiet minutes of an integration: a message every 30 seconds, each delivered."""
    world = Simulated(NAME, **changes)
    await world.live(600, world.send)
    return world


def fired(world: Simulated, rule: Rule, minutes: float = 30) -> list[Episode]:
    workspace = Workspace()
    workspace.add(world.events)
    start = at(world.events[0][0]) + timedelta(minutes=6)
    return rule.episodes(workspace, start, start + timedelta(minutes=minutes))


def assert_fires_in_time(world: Simulated, name: str, happened: float, code: str) -> None:
    """The rule fires for this integration and cause, after it happened and within five minutes."""
    episodes = [each for each in fired(world, rules()[name]) if each.series == (NAME, code)]
    assert episodes, f"{name} never fired"
    assert timedelta(0) < episodes[0].opened - at(happened) <= FIVE_MINUTES


async def test_what_is_left_undone_once_is_no_alert() -> None:
    world = await calm()
    world.hub.emit("hub.skipped", integration=NAME, stage="sweep", lane="1-0a", error_code="Conflict")
    await world.live(900, world.send)
    assert fired(world, rules()["skipped"]) == []


async def test_silence_of_all() -> None:
    """Half an hour by the logs; what needs no logs is faster. No app alone is blamed."""
    world = await calm()
    world.alive, happened = False, world.clock
    await world.live(900)
    [episode] = fired(world, rules()["all-heartbeat"], 60)
    assert episode.opened - at(happened) <= timedelta(minutes=31)
    assert fired(world, rules()[f"{NAME}-heartbeat"], 60) == []


async def test_rows_that_arrive_a_quarter_of_an_hour_late_are_seen_and_no_app_is_missed() -> None:
    world = await calm()
    happened, world.destination.behave = world.clock, failing("http-422", "permanent")
    await world.send()
    world.destination.behave = healthy
    await world.live(1500, world.send)
    workspace = Workspace(timedelta(minutes=15))
    workspace.add(world.events)
    start, end = at(world.events[0][0]) + timedelta(minutes=21), at(world.clock)
    [episode] = [each for each in rules()["dead-letter"].episodes(workspace, start, end) if each.series == (NAME, "http-422")]
    assert episode.opened - at(happened) <= timedelta(minutes=17)
    assert rules()[f"{NAME}-heartbeat"].episodes(workspace, start, end) == []


@pytest.mark.parametrize(
    ("code", "reported", "fires"),
    [
        ("500", False, True),
        ("0", False, True),
        ("500", True, False),
        ("503", True, False),
        ("401", False, False),
        ("422", False, False),
    ],
)
async def test_crash_outside_our_code(code: str, reported: bool, fires: bool) -> None:
    """A call that failed and that our code did not answer; what it answered has its own alert, or is the caller's affair."""
    world = await calm()
    workspace = Workspace()
    happened = world.clock
    workspace.add([(happened, "call", {})], "AppRequests", success=False, code=code, role=NAME, operation="op")
    outcome = {"integration": NAME, "stage": "accept", "outcome": "fault" if code == "500" else "unavailable"}
    workspace.add([(happened, "hub.message", outcome)] if reported else [], operation="op")
    episodes = rules()["crash"].episodes(workspace, at(happened) - timedelta(minutes=5), at(happened) + timedelta(minutes=20))
    assert [each.series for each in episodes] == ([(NAME, code)] if fires else [])
    assert all(each.opened - at(happened) <= FIVE_MINUTES for each in episodes)


@pytest.mark.parametrize(("calls", "codes"), [(9, set()), (12, {"unauthenticated"}), (40, {"unauthenticated"})])
async def test_burst_of_refused_calls(monkeypatch: pytest.MonkeyPatch, calls: int, codes: set[str]) -> None:
    """At the door itself: wrong keys among messages that are taken."""
    monkeypatch.setenv("HUB_PARTNERS", "[]")
    world = await calm()
    happened = world.clock
    for _ in range(calls):
        assert isinstance(admit(NAME, {"x-hub-key": "wrong"}, world.hub), Answer)
    await world.live(900, world.send)
    episodes = [each for each in fired(world, rules()["refused-calls"]) if each.opened > at(happened)]
    assert {each.series for each in episodes} == {(NAME, code) for code in codes}
    assert all(each.opened - at(happened) <= FIVE_MINUTES for each in episodes)


@pytest.mark.parametrize(("bad", "fires"), [(2, True), (0, False)])
async def test_error_budget(bad: int, fires: bool) -> None:
    world = Simulated(NAME)
    for n in range(360):
        outcome = "dead" if n % 50 < bad else "delivered"
        world.events.append((world.clock + n * 60, "hub.message", {"integration": NAME, "outcome": outcome}))
    for name in ("burn-page", "burn-ticket"):
        assert bool(fired(world, rules()[name], 350)) is fires


async def test_flood_is_one_episode_that_closes_once() -> None:
    """Six hundred dead letters of one cause in ten minutes: one alert, and one all-clear."""
    world = await calm()
    world.destination.behave = failing("http-422", "permanent")

    async def twenty() -> None:
        for _ in range(30):
            await world.send()

    await world.live(600, twenty)
    world.destination.behave = healthy
    await world.live(3600, world.send)
    episodes = fired(world, rules()["dead-letter"], 70)
    assert len(episodes) == 1
    assert episodes[0].closed
    assert sum(name == "hub.message" and keys["outcome"] == "dead" for _, name, keys in world.events) == 600


async def test_a_second_cause_raises_an_alert_while_the_first_is_open() -> None:
    world = await calm()
    for code in ("http-422", "http-400"):
        world.destination.behave = failing(code, "permanent")
        await world.send()
        await world.live(120)
    assert {each.series for each in fired(world, rules()["dead-letter"])} == {(NAME, "http-422"), (NAME, "http-400")}


def two_days(quiet_from: float = 48) -> list[tuple[float, str, dict[str, Any]]]:
    """Two days of a feed: forty messages an hour by day, three by night; from an hour on, nothing but beats."""
    start = Simulated(NAME).clock
    start -= start % 86400
    events: list[tuple[float, str, dict[str, Any]]] = []
    for minute in range(2 * 1440):
        t, hour = start + minute * 60, minute / 60
        events += [(t + beat, "hub.heartbeat", {"integration": NAME}) for beat in (0, 30)]
        events.append((t, "hub.backlog", {"integration": NAME, "waiting": 0, "oldest_age_s": 0}))
        due = minute % 60 % 3 < 2 if 7 <= hour % 24 < 19 else minute % 20 == 0
        if due and hour < quiet_from:
            events.append((t + 7, "hub.message", {"integration": NAME, "outcome": "accepted"}))
            events.append((t + 7, "hub.message", {"integration": NAME, "outcome": "delivered", "e2e_ms": 60 + minute % 90}))
    return events


@pytest.mark.parametrize(("outcome", "fires"), [("different", True), ("unpaired", True), ("agreed", False), ("same", False)])
def test_agreement_of_a_parallel_run_falls(outcome: str, fires: bool) -> None:
    """From ten in the morning of the second day, one pair in five has another outcome."""
    workspace, events = Workspace(), two_days()
    start = events[0][0]
    for minute in range(2 * 1440):
        changed = minute >= 34 * 60 and minute % 10 == 0
        keys = {"integration": NAME, "outcome": outcome if changed else "same", "rule": "", "count": 0}
        events += [(start + minute * 60 + 9, "hub.pair", keys)] if minute % 2 == 0 else []
    workspace.add(sorted(events, key=lambda event: event[0]))
    episodes = rules()["agreement"].episodes(workspace, at(start) + timedelta(days=1), at(start) + timedelta(hours=40))
    assert [each.series for each in episodes] == ([(NAME,)] if fires else [])
    assert all(timedelta(hours=34) <= each.opened - at(start) <= timedelta(hours=35) for each in episodes)


def test_rules_run_no_query_that_is_not_simulated_here() -> None:
    """A new alert needs its test: the names of the rules are those of this file."""
    tested = {
        "rejected", "delivery-failing", "dead-letter", "no-verdict", "poison", "backlog", "unpaired", "crash",
        "fault", "skipped", "breach",
        "slow", "refused-calls", "unmapped", "overload", "door-closed", "sign-in", "paused",
        "burn-page", "burn-ticket", "quiet-feed", "agreement",
    }  # fmt: skip
    assert {name for name in rules() if not name.endswith("-heartbeat")} == tested
