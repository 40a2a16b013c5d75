"""Each kind of failure, made in the running product: the event is emitted, and the alert opens in the minutes of the table.

``docs/generated/alerts.md`` is the table (``toolkit/generate/alerts``).
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="the alerts are simulated on DuckDB: pip install '.[gates]'")
pytest.importorskip("duckdb_kql", reason="the alerts are simulated on DuckDB: pip install '.[gates]'")

from shared.delivery.upkeep import doors
from shared.destinations.event_grid import Topic
from tests.infra.failures import of_code, of_messages, of_surroundings  # noqa: F401 - they register their scenarios
from tests.infra.failures.laboratory import MINUTE, NAME, SCENARIOS, TOPIC, Laboratory, Seen
from tests.infra.failures.measure import episodes, metric_opens, minutes_until, workspace_of
from tests.infra.resources import HEALTH_ALERT, METRIC_ALERT
from tests.infra.simulated import BEAT
from tests.infra.workspace import at, rules
from tests.infra.world import resources
from toolkit.generate.alerts import code
from toolkit.generate.alerts.classes import FAILURES, OF_AZURE
from toolkit.generate.alerts.failure import Failure
from toolkit.release import bicep

if not bicep.compiler():
    pytest.skip(bicep.ABSENT, allow_module_level=True)

pytestmark = pytest.mark.slow
IN_LOGS = [each for each in FAILURES if each not in OF_AZURE]
BY_ALARM = [each for each in IN_LOGS if each.second and each.second.alert == "watchdog"]
BY_PLATFORM = (METRIC_ALERT, HEALTH_ALERT)
LATE = timedelta(minutes=15)
CLOSED_PORT = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The topic of alarms in memory, and doors at which no one answers."""

    async def deliver(self: Topic, outgoing: Any) -> Any:
        return await TOPIC.deliver(self, outgoing)

    monkeypatch.setattr(Topic, "deliver", deliver)
    monkeypatch.setattr(doors, "SECOND_TRY", 0.0)
    monkeypatch.setenv("HUB_ALARMS__ENDPOINT", "https://alarms.example")
    monkeypatch.setenv("HUB_DOORS", f"{NAME}={CLOSED_PORT}")
    yield
    TOPIC.reset()


async def build(**changes: Any) -> Laboratory:
    """Ten quiet minutes of an integration: a message every 30 seconds, each delivered."""
    laboratory = Laboratory(**changes)
    await laboratory.live(600, laboratory.send)
    laboratory.clock -= BEAT - 1  # what fails now, fails just after a round of the watchdog
    return laboratory


def rule_of(failure: Failure) -> Any:
    assert failure.first
    alert = failure.first.alert
    return rules()[f"{NAME}-heartbeat" if alert == "heartbeat" else alert]


def emits(failure: Failure, seen: Seen) -> bool:
    """Whether the product emitted the event of the table, after the failure or, for a heartbeat, before it."""
    assert failure.first
    wanted = failure.first
    return any(name == wanted.event and wanted.keys.items() <= keys.items() for _, name, keys in seen.events)


@pytest.mark.parametrize("failure", IN_LOGS, ids=lambda failure: failure.name)
async def test_the_first_way_without_the_second(failure: Failure) -> None:
    """The topic of alarms is away: one alert opens, in time, once, and with late rows too."""
    TOPIC.reset(is_away=True)
    seen = await SCENARIOS[failure.name](build)
    assert failure.first
    assert not failure.first.event or emits(failure, seen)
    found = episodes(seen, rule_of(failure))
    assert [minutes_until(each.opened, seen) for each in found] == [failure.first.minutes]
    if "heartbeat" not in failure.first.alert:
        late = episodes(seen, rule_of(failure), LATE)
        assert late
        assert minutes_until(late[0].opened, seen) <= max(failure.first.minutes + 12, 31)


@pytest.mark.parametrize("failure", BY_ALARM, ids=lambda failure: failure.name)
async def test_the_second_way_without_the_first(failure: Failure) -> None:
    """No telemetry leaves the product: no row, and the alarm alone opens the alert of its metric."""
    TOPIC.reset(is_only_way=True)
    seen = await SCENARIOS[failure.name](build)
    assert failure.second
    assert seen.events == []
    assert failure.second.source.split("`")[1] in {reason for _, reason in TOPIC.sent}
    opened = metric_opens([t for t, _ in TOPIC.sent if t >= seen.happened], seen)
    assert opened
    assert minutes_until(opened, seen) == failure.second.minutes


async def test_a_crash_is_counted_by_the_platform() -> None:
    """The second way of a call that crashed: its answers of 5xx, as the platform counts them."""
    seen = await SCENARIOS["call-crashed"](build)
    [failure] = [each for each in FAILURES if each.name == "call-crashed"]
    assert failure.second
    times = [t for t, status, _ in seen.laboratory.calls if status.startswith("5")]
    opened = metric_opens(times, seen, threshold=4, window=15 * MINUTE)
    assert opened
    assert minutes_until(opened, seen) == failure.second.minutes


@pytest.mark.parametrize("alarms_away", [False, True])
async def test_nothing_fails_and_no_alarm_is_raised(alarms_away: bool) -> None:
    TOPIC.reset(is_away=alarms_away)
    laboratory = await build()
    laboratory.has_pulse = True
    await laboratory.live(3600, laboratory.send)
    assert TOPIC.sent == []
    assert {name for name, *_ in [event[1:] for event in laboratory.events]} == {"hub.message", "hub.backlog", "hub.heartbeat"}


async def test_a_healthy_day_opens_no_alert() -> None:
    """A feed that is busy by day: filters over the whole day, other rules at their evaluations when the load changes."""
    laboratory = await build()
    laboratory.has_pulse = True

    async def by_the_hour() -> None:
        minute = laboratory.clock // MINUTE
        if laboratory.clock % MINUTE == 0 and (minute % 3 < 2 if 7 <= laboratory.clock / 3600 % 24 < 19 else minute % 20 == 0):
            await laboratory.send()

    await laboratory.live(26 * 3600, by_the_hour)
    workspace, start = workspace_of(Seen(laboratory, laboratory.clock), timedelta(minutes=3)), at(laboratory.events[0][0])
    for name, rule in rules().items():
        if name.endswith("-heartbeat") and name not in (f"{NAME}-heartbeat", "all-heartbeat"):
            continue  # of apps that do not run here
        if rule.is_row_by_row and not name.endswith("-heartbeat"):
            assert workspace.ask(rule.sql, start, start + timedelta(hours=27)) == [], name
        else:
            for hour in (6.75, 12, 18.75, 25):
                begin = start + timedelta(hours=hour)
                assert rule.episodes(workspace, begin, begin + max(timedelta(minutes=30), 4 * rule.every)) == [], name


def test_every_failure_of_the_product_is_made_here() -> None:
    assert {each.name for each in IN_LOGS} == SCENARIOS.keys()


def test_what_azure_measures_is_deployed_at_the_severity_of_the_table() -> None:
    """The alerts on metrics and on the activity log."""
    there = {r["name"].removeprefix("inthub-prod-"): r["properties"] for r in resources("prod") if r["type"] in BY_PLATFORM}
    for alert, severity in code.BY_AZURE.items():
        found = [each for name, each in there.items() if name.startswith(alert)]
        elsewhere = ("unavailable", "expiring")  # where an app is public; in a subscription of Event Grid (invariants)
        assert found or alert in elsewhere, alert
        assert {each.get("severity", 1) for each in found if alert != "watchdog" or "mute" not in str(each)} <= {severity}, alert
