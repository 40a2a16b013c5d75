"""The rules that Bicep deploys, run on simulated time: a failure alerts within five minutes, a healthy day is silent.

Each row arrives three minutes after its event. The queries are the deployed text, as Bicep makes it, on DuckDB.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="the alerts are simulated on DuckDB: pip install '.[gates]'")
pytest.importorskip("duckdb_kql", reason="the alerts are simulated on DuckDB: pip install '.[gates]'")

from shared.codes.table import CodeTable
from shared.envelope import Answer
from shared.intake.admission import admit
from shared.integration import Delivery, EventGrid
from shared.problems import Undelivered
from shared.storage import names
from shared.storage.store import Away, put
from tests.infra.simulated import Simulated
from tests.infra.workspace import Episode, Rule, Workspace, at, rules
from toolkit.release import bicep

if not bicep.compiler():
    pytest.skip(bicep.ABSENT, allow_module_level=True)

pytestmark = pytest.mark.slow
RULES = rules(bicep.resources("test"))
NAME = next(name.removesuffix("-heartbeat") for name in RULES if name.endswith("-heartbeat"))
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
    episodes = [each for each in fired(world, RULES[name]) if each.series == (NAME, code)]
    assert episodes, f"{name} never fired"
    assert timedelta(0) < episodes[0].opened - at(happened) <= FIVE_MINUTES


async def test_rejection() -> None:
    world = await calm()
    happened = world.clock
    await world.send(name="")
    await world.live(900, world.send)
    assert_fires_in_time(world, "rejected", happened, "name-required")


async def test_failed_attempt() -> None:
    world = await calm(delivery=PATIENT)
    happened, world.destination.behave = world.clock, failing("http-503")
    await world.send()
    await world.live(900)
    assert_fires_in_time(world, "delivery-failing", happened, "http-503")


async def test_dead_letter() -> None:
    world = await calm()
    happened, world.destination.behave = world.clock, failing("http-422", "permanent")
    await world.send()
    await world.live(900)
    assert_fires_in_time(world, "dead-letter", happened, "http-422")


async def test_breaker() -> None:
    world = await calm()
    happened, world.destination.behave = world.clock, failing("http-401", "misconfigured")
    await world.send()
    await world.live(900)
    assert_fires_in_time(world, "delivery-failing", happened, "breaker")


async def test_poison() -> None:
    world = await calm()
    happened = world.clock
    await world.poison(b'{"lane": "A"}')
    await world.live(900, world.send)
    assert_fires_in_time(world, "poison", happened, "in")


async def test_backlog() -> None:
    """The alert fires within five minutes of the moment when something has waited for two."""
    world = await calm(delivery=PATIENT)
    happened, world.destination.behave = world.clock, failing("timeout")
    await world.send()
    await world.live(900)
    assert_fires_in_time(world, "backlog", happened + 120, "ledger")


async def test_half_of_a_pair() -> None:
    """The alert fires within five minutes of the moment when a document has waited a quarter of an hour for its sidecar."""
    folder = "/blobServices/default/containers/inbox/blobs/notes/"
    pairs = EventGrid(("Microsoft.Storage.BlobCreated",), folder, pairs=("pdf", "json"))
    world = await calm(triggers=(pairs,))
    happened = world.clock
    await world.hub.store.write_blob("inbox", "notes/a.pdf", b"%PDF-")
    await world.live(1800)
    assert_fires_in_time(world, "unpaired", happened + 900, "pair")


async def test_a_code_that_no_table_has() -> None:
    """The alert fires within five minutes of the moment when a message has waited five for its code, and not as a backlog."""
    table = CodeTable("COLOURS", __name__, {}, met=lambda note: [("colour", "G")], unmapped="wait")
    world = Simulated(NAME, codes=(table,))
    happened = world.clock
    await world.send()
    await world.live(1800)
    assert_fires_in_time(world, "unmapped", happened + 300, "colour")


async def test_what_is_left_undone_round_after_round() -> None:
    """A row that cannot be read is skipped, and reported within five minutes, because it lasts."""
    world = await calm()
    happened, store = world.clock, world.hub.store
    tables = names.tables(NAME)
    await store.commit(tables.open, "a", put("1-0a.mark", {"at": "odd"}))
    await world.live(900, world.send)
    assert_fires_in_time(world, "skipped", happened, "sweep")


async def test_what_is_left_undone_once_is_no_alert() -> None:
    world = await calm()
    world.hub.emit("hub.skipped", integration=NAME, stage="sweep", lane="1-0a", error_code="Conflict")
    await world.live(900, world.send)
    assert fired(world, RULES["skipped"]) == []


async def test_storage_away() -> None:
    world = await calm()
    happened = world.clock

    async def away(*_: Any) -> Any:
        raise Away

    world.hub.store.query = away  # type: ignore[method-assign]
    await world.live(900)
    assert_fires_in_time(world, "backlog", happened, "storage-away")


async def test_a_message_that_stays_in_the_queue_of_a_partner() -> None:
    """No function takes it: the alert fires within five minutes of the moment when it has waited for two."""
    world = await calm()
    happened = world.clock
    await world.hub.store.send(f"{NAME}-in", b"MSH|")
    await world.live(900, world.send)
    assert_fires_in_time(world, "backlog", happened + 120, f"{NAME}-in")


async def test_no_verdict_while_storage_is_away() -> None:
    """The door says so itself: it needs no watchdog, which storage may have taken with it."""
    world = await calm()
    happened, world.alive = world.clock, False

    async def away(*_: Any) -> Any:
        raise Away

    world.hub.store.commit = away  # type: ignore[method-assign]
    await world.send()
    assert_fires_in_time(world, "no-verdict", happened, "unavailable")


async def test_no_verdict_because_of_a_bug_before_the_record() -> None:
    def broken(read: Any) -> Any:
        raise KeyError

    world = await calm()
    other = Simulated(NAME, lane=broken)
    other.clock = happened = world.clock
    await other.send()
    world.events += other.events
    assert_fires_in_time(world, "no-verdict", happened, "fault")


async def test_bug_of_ours() -> None:
    def mapping(read: Any) -> Any:
        raise KeyError

    world = await calm()
    broken = Simulated(NAME, transform=mapping)
    broken.clock = happened = world.clock
    await broken.send()
    await broken.live(900)
    world.events += broken.events
    assert_fires_in_time(world, "dead-letter", happened, "fault")


async def test_silence() -> None:
    world = await calm()
    world.alive, happened = False, world.clock
    await world.live(900)
    other = Simulated("another-one")
    await other.live(1500)
    world.events += other.events
    episodes = fired(world, RULES[f"{NAME}-heartbeat"])
    assert timedelta(0) < episodes[0].opened - at(happened) <= FIVE_MINUTES


async def test_silence_of_all() -> None:
    """Half an hour by the logs; what needs no logs is faster. No app alone is blamed."""
    world = await calm()
    world.alive, happened = False, world.clock
    await world.live(900)
    [episode] = fired(world, RULES["all-heartbeat"], 60)
    assert episode.opened - at(happened) <= timedelta(minutes=31)
    assert fired(world, RULES[f"{NAME}-heartbeat"], 60) == []


async def test_silence_of_the_ops_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_ROLE", "ops")
    world = await calm()
    happened = world.clock
    monkeypatch.setenv("HUB_ROLE", "app")
    await world.live(900, world.send)
    episodes = fired(world, RULES["ops-heartbeat"])
    assert timedelta(0) < episodes[0].opened - at(happened) <= FIVE_MINUTES


async def test_rows_that_arrive_a_quarter_of_an_hour_late_are_seen_and_no_app_is_missed() -> None:
    world = await calm()
    happened, world.destination.behave = world.clock, failing("http-422", "permanent")
    await world.send()
    world.destination.behave = healthy
    await world.live(1500, world.send)
    workspace = Workspace(timedelta(minutes=15))
    workspace.add(world.events)
    start, end = at(world.events[0][0]) + timedelta(minutes=21), at(world.clock)
    [episode] = [each for each in RULES["dead-letter"].episodes(workspace, start, end) if each.series == (NAME, "http-422")]
    assert episode.opened - at(happened) <= timedelta(minutes=17)
    assert RULES[f"{NAME}-heartbeat"].episodes(workspace, start, end) == []


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
    episodes = RULES["crash"].episodes(workspace, at(happened) - timedelta(minutes=5), at(happened) + timedelta(minutes=20))
    assert [each.series for each in episodes] == ([(NAME, code)] if fires else [])
    assert all(each.opened - at(happened) <= FIVE_MINUTES for each in episodes)


@pytest.mark.parametrize(
    ("name", "event", "keys", "code"),
    [
        ("breach", "hub.breach", {"rule": "error-rate", "threshold": 5}, "error-rate"),
        ("fault", "hub.fault", {"error_code": "KeyError"}, "KeyError"),
    ],
)
async def test_other_events(name: str, event: str, keys: dict[str, Any], code: str) -> None:
    world = await calm()
    happened = world.clock
    world.events.append((happened, event, {"integration": NAME, **keys}))
    assert_fires_in_time(world, name, happened, code)


@pytest.mark.parametrize(("calls", "codes"), [(9, set()), (12, {"unauthenticated"}), (40, {"unauthenticated"})])
async def test_burst_of_refused_calls(monkeypatch: pytest.MonkeyPatch, calls: int, codes: set[str]) -> None:
    """At the door itself: wrong keys among messages that are taken."""
    monkeypatch.setenv("HUB_PARTNERS", "[]")
    world = await calm()
    happened = world.clock
    for _ in range(calls):
        assert isinstance(admit(NAME, {"x-hub-key": "wrong"}, world.hub), Answer)
    await world.live(900, world.send)
    episodes = [each for each in fired(world, RULES["refused-calls"]) if each.opened > at(happened)]
    assert {each.series for each in episodes} == {(NAME, code) for code in codes}
    assert all(each.opened - at(happened) <= FIVE_MINUTES for each in episodes)


async def test_slow_delivery() -> None:
    """Twenty deliveries or more in five minutes, one in ten slow, for two evaluations of three."""
    world = await calm()
    happened = world.clock
    slow = [(happened + n * 5, {"e2e_ms": 900 if n % 10 == 0 else 80}) for n in range(120)]
    world.events += [(t, "hub.message", {"integration": NAME, "outcome": "delivered", **keys}) for t, keys in slow]
    assert [each.series for each in fired(world, RULES["slow"])] == [(NAME,)]


@pytest.mark.parametrize(("bad", "fires"), [(2, True), (0, False)])
async def test_error_budget(bad: int, fires: bool) -> None:
    world = Simulated(NAME)
    for n in range(360):
        outcome = "dead" if n % 50 < bad else "delivered"
        world.events.append((world.clock + n * 60, "hub.message", {"integration": NAME, "outcome": outcome}))
    for name in ("burn-page", "burn-ticket"):
        assert bool(fired(world, RULES[name], 350)) is fires


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
    episodes = fired(world, RULES["dead-letter"], 70)
    assert len(episodes) == 1
    assert episodes[0].closed
    assert sum(name == "hub.message" and keys["outcome"] == "dead" for _, name, keys in world.events) == 600


async def test_a_second_cause_raises_an_alert_while_the_first_is_open() -> None:
    world = await calm()
    for code in ("http-422", "http-400"):
        world.destination.behave = failing(code, "permanent")
        await world.send()
        await world.live(120)
    assert {each.series for each in fired(world, RULES["dead-letter"])} == {(NAME, "http-422"), (NAME, "http-400")}


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


def test_a_healthy_day_fires_nothing() -> None:
    """The second of two days, every rule at every one of its evaluations."""
    workspace, events = Workspace(), two_days()
    workspace.add(events)
    start, end = at(events[0][0]) + timedelta(days=1), at(events[-1][0])
    for name, rule in RULES.items():
        if name.endswith("-heartbeat") and name != f"{NAME}-heartbeat":
            continue
        if rule.is_row_by_row and name != f"{NAME}-heartbeat":
            assert workspace.ask(rule.sql, start - timedelta(days=1), end + timedelta(hours=1)) == [], name
        else:
            assert rule.episodes(workspace, start, end) == [], name


def test_a_quiet_feed_is_noticed() -> None:
    """From eleven in the morning of the second day nothing comes, and the hub is alive."""
    workspace, events = Workspace(), two_days(quiet_from=35)
    workspace.add(events)
    start = at(events[0][0])
    episodes = RULES["quiet-feed"].episodes(workspace, start + timedelta(days=1), start + timedelta(hours=40))
    assert [each.series for each in episodes] == [(NAME,)]
    assert timedelta(hours=36) <= episodes[0].opened - start <= timedelta(hours=36.5)


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
    episodes = RULES["agreement"].episodes(workspace, at(start) + timedelta(days=1), at(start) + timedelta(hours=40))
    assert [each.series for each in episodes] == ([(NAME,)] if fires else [])
    assert all(timedelta(hours=34) <= each.opened - at(start) <= timedelta(hours=35) for each in episodes)


def test_rules_run_no_query_that_is_not_simulated_here() -> None:
    """A new alert needs its test: the names of the rules are those of this file."""
    tested = {
        "rejected", "delivery-failing", "dead-letter", "no-verdict", "poison", "backlog", "unpaired", "crash",
        "fault", "skipped", "breach",
        "slow", "refused-calls", "unmapped",
        "burn-page", "burn-ticket", "quiet-feed", "agreement",
    }  # fmt: skip
    assert {name for name in RULES if not name.endswith("-heartbeat")} == tested
