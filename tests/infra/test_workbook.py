"""The panels of the workbook, run on a small day whose answer is known: a wrong outcome or key shows as a wrong number."""

from datetime import timedelta
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="the panels are run on DuckDB: pip install '.[gates]'")
pytest.importorskip("duckdb_kql", reason="the panels are run on DuckDB: pip install '.[gates]'")

import duckdb_kql

from tests.infra.workspace import Workspace, at
from toolkit.release import bicep

pytestmark = pytest.mark.slow
START = 1_780_000_200.0  # the beginning of a span of five minutes


def message(seconds: float, outcome: str, **keys: Any) -> tuple[float, str, dict[str, Any]]:
    return START + seconds, "hub.message", {"integration": "a-to-b", "outcome": outcome, **keys}


def beat(seconds: float, role: str = "app") -> tuple[float, str, dict[str, Any]]:
    return START + seconds, "hub.heartbeat", {"integration": "a-to-b", "role": role}


# Eight messages: five delivered, one each rejected, dead and expired; one more is accepted and has no end yet.
EVENTS = [
    *(message(10 + number, "delivered", e2e_ms=100 * (number + 1)) for number in range(5)),
    message(20, "rejected", rule="name-required"),
    message(30, "dead", stage="deliver", error_code="http-422"),
    message(40, "expired", stage="deliver", error_code="http-503"),
    message(50, "accepted"),
    (START + 60, "hub.attempt", {"integration": "a-to-b", "outcome": "waiting", "error_code": "http-503"}),
    (START + 61, "hub.attempt", {"integration": "a-to-b", "outcome": "waiting", "error_code": "rate"}),
    (START + 62, "hub.attempt", {"integration": "a-to-b", "outcome": "delivered", "error_code": ""}),
    (START + 70, "hub.breaker", {"integration": "a-to-b", "destination": "B", "state": "open"}),
    (START + 80, "hub.breaker", {"integration": "a-to-b", "destination": "B", "state": "closed"}),
    (START + 90, "hub.backlog", {"integration": "a-to-b", "waiting": 3, "oldest_age_s": 12}),
    beat(5),
    beat(400),
    beat(650, role="ops"),
    beat(901),
]


def query_of(name: str) -> str:
    return (bicep.INFRA / "workbook" / f"{name}.kql").read_text("utf-8")


def panel(name: str, query: str = "") -> list[dict[str, Any]]:
    """The rows of a panel's query, or of another one, over the day."""
    workspace = Workspace()
    workspace.add(EVENTS)
    now = at(START + 86400)
    return workspace.ask(str(duckdb_kql.to_sql(query or query_of(name))), now - timedelta(days=2), now)


def test_volumes() -> None:
    counted = {row["outcome"]: row["messages"] for row in panel("volumes")}
    assert counted == {"delivered": 5, "rejected": 1, "dead": 1, "expired": 1, "accepted": 1}


def test_error_rate_is_of_messages_that_came_to_an_end() -> None:
    [row] = panel("error-rate")
    assert row["error_pct"] == pytest.approx(37.5)


def test_latency_is_of_delivered_messages() -> None:
    [row] = panel("latency")
    assert (row["p50"], row["messages"]) == (300, 5)


def test_dead_letters_are_the_dead() -> None:
    assert [(row["code"], row["step"], row["dead"]) for row in panel("dead-letters")] == [("http-422", "deliver", 1)]


def test_attempts_that_failed_do_not_count_a_wait_for_a_limit() -> None:
    assert [(row["code"], row["attempts"]) for row in panel("attempts")] == [("http-503", 1)]


def test_the_latest_state_of_a_breaker() -> None:
    assert [row["state"] for row in panel("breakers")] == ["closed"]


def test_what_waits() -> None:
    assert [int(row["waiting"]) for row in panel("backlog")] == [3]


def test_error_budget_is_used_by_what_is_dead_or_expired() -> None:
    [row] = panel("burn")
    assert row["burn"] == pytest.approx(2 / 8 / 0.001)


def test_uptime_counts_spans_with_a_heartbeat_and_without_a_loss() -> None:
    """Four spans: one with a loss, one good, one without a heartbeat, one good. The ops app's heartbeat does not count."""
    [row] = panel("uptime")
    assert (row["uptime_pct"], row["spans_missed"]) == (pytest.approx(50.0), 2)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("dead-letters", '"dead"', '"rejected"'),
        ("error-rate", '"rejected", "dead"', '"rejected"'),
        ("latency", '"delivered"', '"accepted"'),
        ("burn", '"dead", "expired"', '"dead"'),
        ("uptime", '!= "ops"', '!= "app"'),
    ],
    ids=lambda value: value if str(value).isalpha() else "",
)
def test_a_query_on_a_wrong_outcome_gives_another_answer(name: str, right: str, wrong: str) -> None:
    assert right in query_of(name)
    assert panel(name, query_of(name).replace(right, wrong)) != panel(name)


def test_every_panel_has_its_test() -> None:
    tried = {"volumes", "error-rate", "latency", "dead-letters", "attempts", "breakers", "backlog", "burn", "uptime", "steps"}
    assert {path.stem for path in (bicep.INFRA / "workbook").glob("*.kql")} - {"latency-traces"} == tried
