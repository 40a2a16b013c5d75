"""The panel of one message: its query on the spans and events that the running hub sends for two messages of one sender."""

import asyncio
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="the panels are run on DuckDB: pip install '.[gates]'")
pytest.importorskip("duckdb_kql", reason="the panels are run on DuckDB: pip install '.[gates]'")

import duckdb_kql

from shared.intake.accept import accept
from shared.intake.triggers.knocks import answer_knock
from shared.problems import Undelivered
from shared.telemetry import current, tracing
from shared.telemetry.traceparent import parse
from shared.telemetry.tracing import Finished
from tests import ledger_world as world
from tests.infra.workspace import SCHEMA, Workspace, at
from toolkit.release import bicep

pytestmark = pytest.mark.slow
CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
QUERY = (bicep.INFRA / "workbook" / "steps.kql").read_text("utf-8")
Rows = list[dict[str, Any]]


class Day:
    """What the hub sent while two messages came in the same trace of their sender; the first was refused once."""

    def __init__(self) -> None:
        self.spans: list[Finished] = []
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.ids: list[str] = []

    def emit(self, name: str, **keys: Any) -> None:
        self.events.append((current(), keys | {"name": name}))

    async def live(self) -> None:
        failures = [Undelivered(kind="transient", code="http-503", text="not now")]

        def behave(note: dict[str, Any]) -> None:
            if failures:
                raise failures.pop()

        time = [world.NOW]
        one = world.integration(world.Remembering(behave=behave))
        made = world.hub(one, now=lambda: time[0], emit=self.emit)
        for number, lane in enumerate("AB"):
            body = world.note(str(number), lane)
            answer = await accept(one, world.envelope(body, traceparent=CALLER, trigger="http"), made)
            self.ids.append(answer.headers["X-Message-Id"])
            await asyncio.gather(*made.tasks)
            time[0] += 60
            for arrived in await made.store.receive(f"{one.name}-work", 30):
                await answer_knock(one, arrived.body, made)
        await asyncio.gather(*made.tasks)

    def ask(self, message_id: str, query: str = QUERY) -> Rows:
        workspace, start = Workspace(), self.spans[0].start
        workspace.add_spans(self.spans)
        for context, keys in self.events:
            trace, parent = parse(context) or ("", "")
            sent = {key: value for key, value in keys.items() if key != "name"}
            workspace.add([(start, keys["name"], sent)], operation=trace, parent=parent)
        sql = duckdb_kql.to_sql(query.replace("{MessageId:escape}", message_id), schema=SCHEMA)
        return workspace.ask(str(sql), at(0), at(4_000_000_000))


@pytest.fixture(scope="module")
def day() -> Day:
    lived = Day()
    tracing.watch(lived.spans.append)
    asyncio.run(lived.live())
    tracing.unwatch(lived.spans.append)
    return lived


def own(rows: Rows) -> list[tuple[str, str, str]]:
    return [(row["step"], row["outcome"], row["code"]) for row in rows if row["belongs"] == "this message"]


def test_the_steps_of_a_message_in_their_order(day: Day) -> None:
    assert own(day.ask(day.ids[0])) == [
        ("accept", "accepted", ""),
        ("record", "", ""),
        ("attempt", "waiting", "http-503"),
        ("deliver", "", "http-503"),
        ("attempt", "delivered", "accepted"),
        ("deliver", "", "accepted"),
    ]


def test_another_message_of_the_same_trace_is_shown_as_such(day: Day) -> None:
    rows = day.ask(day.ids[1])
    assert [step for step, *_ in own(rows)] == ["accept", "record", "attempt", "deliver"]
    assert {row["belongs"] for row in rows} == {"this message", "same trace"}


def test_each_step_is_below_the_one_that_it_is_part_of(day: Day) -> None:
    rows = day.ask(day.ids[0])
    steps = {row["span"]: row["step"] for row in rows}
    below = {(row["step"], steps.get(row["part_of"], "")) for row in rows}
    assert below == {("accept", ""), ("record", "accept"), ("attempt", "accept"), ("deliver", "attempt")}
    assert all(row["ms"] >= 0 for row in rows)


def test_an_id_that_is_unknown_has_no_steps(day: Day) -> None:
    assert day.ask("1-unknown") == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("AppRequests", "AppDependencies"),
        ("Properties.message_id", "Properties.lane"),
        ("project OperationId, ParentId", "project OperationId, ParentId = Name"),
    ],
    ids=["table", "key", "parent"],
)
def test_a_wrong_query_gives_another_answer(day: Day, right: str, wrong: str) -> None:
    assert right in QUERY
    assert own(day.ask(day.ids[0], QUERY.replace(right, wrong, 1))) != own(day.ask(day.ids[0]))
