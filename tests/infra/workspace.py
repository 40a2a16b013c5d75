"""Azure Monitor in small: a workspace whose rows arrive late, and the rules of an environment, run as the service runs them."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any, NamedTuple

import duckdb
import duckdb_kql

from shared.telemetry.traceparent import parse
from shared.telemetry.tracing import Finished
from tests.infra.exporter import Row, exported
from tests.infra.world import resources

INGESTION = timedelta(minutes=3)
CLOSES_AFTER = timedelta(minutes=10)  # a minute's rule closes when its condition has not been met for ten
LENGTHS = {"PT1M": 1, "PT5M": 5, "PT15M": 15, "PT30M": 30, "PT6H": 360, "P1D": 1440, "P2D": 2880}
COLUMNS = (
    "arrived TIMESTAMP, TimeGenerated TIMESTAMP, Name VARCHAR, Properties JSON, ItemCount INT, OperationId VARCHAR, "
    "AppRoleName VARCHAR, Success BOOLEAN, ResultCode VARCHAR, DurationMs DOUBLE, Id VARCHAR, ParentId VARCHAR"
)
NO_SIGN_INS = (
    "SELECT TIMESTAMP '2026-01-01' AS TimeGenerated, '' AS SiteName, 0 AS StatusCode LIMIT 0"  # the platform writes these
)
TABLES = ("AppEvents", "AppRequests", "AppDependencies")
SCHEMA = {name: {column.split()[0]: "string" for column in COLUMNS.split(", ")[1:]} for name in TABLES}
WINDOW = "TimeGenerated > getvariable('since') AND TimeGenerated <= getvariable('until') AND arrived <= getvariable('until')"


def at(seconds: float) -> datetime:
    """The time of an event, as a table has it."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


class Workspace:
    """AppEvents, AppRequests and AppDependencies; a query sees one window of what has arrived by its end."""

    def __init__(self, ingestion: timedelta = INGESTION) -> None:
        self.ingestion = ingestion
        self.db = duckdb.connect()
        self.db.execute(f"CREATE VIEW AppServiceAuthenticationLogs AS {NO_SIGN_INS}")
        for table in TABLES:
            self.db.execute(f"CREATE TABLE all_{table} ({COLUMNS})")
            self.db.execute(f"CREATE VIEW {table} AS SELECT * EXCLUDE arrived FROM all_{table} WHERE {WINDOW}")

    def add(self, events: list[tuple[float, str, dict[str, Any]]], table: str = "AppEvents", **columns: Any) -> None:
        """Events as (epoch seconds, name, keys), in the form that the exporter gives them."""
        fixed = (columns.get("role", ""), columns.get("success", True), columns.get("code", ""), columns.get("ms", 0.0))
        fixed += (columns.get("id", ""), columns.get("parent", ""))
        made = [(t, exported(name, keys) if table == "AppEvents" else _row(name, keys)) for t, name, keys in events]
        rows = [
            (at(t) + self.ingestion, at(t), row.name, row.properties, 1, columns.get("operation", row.operation), *fixed)
            for t, row in made
        ]
        if rows:
            columns_of = [list(column) for column in zip(*rows, strict=True)]
            self.db.execute(f"INSERT INTO all_{table} SELECT {', '.join(['unnest(?)'] * 12)}", columns_of)

    def add_spans(self, spans: Iterable[Finished]) -> None:
        """Spans as the exporter sends them: those of a server or a consumer are requests, the others dependencies."""
        for span in spans:
            trace, own = parse(span.traceparent) or ("", "")
            links = [dict(zip(("operation_Id", "id"), parse(link) or (), strict=True)) for link in span.links]
            keys = span.attributes | ({"_MS.links": json.dumps(links)} if links else {})
            table = "AppRequests" if span.kind in ("SERVER", "CONSUMER") else "AppDependencies"
            parent = (parse(span.parent) or ("", ""))[1]
            self.add([(span.start, span.name, keys)], table, operation=trace, id=own, parent=parent, ms=span.ms)

    def ask(self, sql: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
        self.db.execute(f"SET VARIABLE since = TIMESTAMP '{since}'")
        self.db.execute(f"SET VARIABLE until = TIMESTAMP '{until}'")
        found = self.db.execute(sql)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _row(name: str, keys: dict[str, Any]) -> Row:
    """A row of another table; the values of Properties are text there too."""
    return Row(name, json.dumps({key: str(value) for key, value in keys.items()}), "")


class Episode(NamedTuple):
    series: tuple[str, ...]
    opened: datetime
    closed: datetime | None


@dataclass
class Rule:
    """A scheduled query rule, from the resource that Bicep makes."""

    name: str
    properties: dict[str, Any]

    @property
    def criteria(self) -> dict[str, Any]:
        return self.properties["criteria"]["allOf"][0]  # type: ignore[no-any-return]

    @cached_property
    def sql(self) -> str:
        """Translated when first used: that takes longer than to collect all tests of the file."""
        return str(duckdb_kql.to_sql(self.criteria["query"]))

    @property
    def every(self) -> timedelta:
        return timedelta(minutes=LENGTHS[self.properties["evaluationFrequency"]])

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=LENGTHS[self.properties.get("overrideQueryTimeRange") or self.properties["windowSize"]])

    @property
    def is_row_by_row(self) -> bool:
        """Whether the rows of a day hold the rows of each of its windows: filters and projections alone do that."""
        return not re.search(r"\b(summarize|let|join|top|distinct|count)\b", self.criteria["query"])

    def met(self, workspace: Workspace, now: datetime) -> set[tuple[str, ...]]:
        """The series whose condition holds for the window that ends now."""
        series: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for row in workspace.ask(self.sql, now - self.window, now):
            series[tuple(str(row[each["name"]]) for each in self.criteria["dimensions"])].append(row)
        if not self.criteria["dimensions"]:
            series.setdefault((), [])
        return {name for name, rows in series.items() if self._holds(rows)}

    def _holds(self, rows: list[dict[str, Any]]) -> bool:
        measure, threshold = self.criteria.get("metricMeasureColumn"), self.criteria["threshold"]
        value = max((row[measure] for row in rows), default=0) if measure else len(rows)
        return bool(value > threshold if self.criteria["operator"] == "GreaterThan" else value < threshold)

    def _meets(self, workspace: Workspace, start: datetime, end: datetime) -> Iterator[tuple[datetime, set[tuple[str, ...]]]]:
        """Each evaluation and the series whose condition holds. A filter is run once: a window only selects among its rows."""
        if not self.is_row_by_row or self.criteria.get("metricMeasureColumn") or self.criteria["operator"] != "GreaterThan":
            yield from ((now, self.met(workspace, now)) for now in self._evaluations(start, end))
            return
        rows = workspace.ask(self.sql, start - self.window, end)
        found = [(row["TimeGenerated"], tuple(str(row[each["name"]]) for each in self.criteria["dimensions"])) for row in rows]
        for now in self._evaluations(start, end):
            yield now, {series for t, series in found if now - self.window < t <= now - workspace.ingestion}

    def episodes(self, workspace: Workspace, start: datetime, end: datetime) -> list[Episode]:
        """Each time that it fired, for each series, from the first evaluation after ``start`` to ``end``."""
        periods = self.criteria["failingPeriods"]
        history: dict[tuple[str, ...], list[bool]] = defaultdict(list)
        opened: dict[tuple[str, ...], datetime] = {}
        last: dict[tuple[str, ...], datetime] = {}
        done: list[Episode] = []
        for now, met in self._meets(workspace, start, end):
            for series in met | set(history):
                history[series] = [*history[series], series in met][-periods["numberOfEvaluationPeriods"] :]
                if sum(history[series]) >= periods["minFailingPeriodsToAlert"]:
                    opened.setdefault(series, now)
                    last[series] = now
                elif series in opened and now - last[series] >= max(CLOSES_AFTER, 2 * self.every):
                    done.append(Episode(series, opened.pop(series), now))
        return done + [Episode(series, when, None) for series, when in opened.items()]

    def _evaluations(self, start: datetime, end: datetime) -> Iterator[datetime]:
        now = start + self.every
        while now <= end:
            yield now
            now += self.every


@cache
def rules() -> dict[str, Rule]:
    """The rules of the environment ``test`` by their names without its prefix."""
    found = [each for each in resources("test") if each["type"] == "Microsoft.Insights/scheduledQueryRules"]
    return {each["name"].split("-", 2)[2]: Rule(each["name"], each["properties"]) for each in found}
