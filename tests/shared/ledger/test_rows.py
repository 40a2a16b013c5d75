"""Rows are typed: what any version wrote is read, nothing of it is lost, and a misspelt field does not pass the type checker."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest

from shared.delivery.rows import Backlog, Breaker, Limit, Purged, Rate, Swept
from shared.ledger import audit, rows
from shared.ledger.arrivals.batch_rows import Batch
from shared.ledger.audit import Entry, Last
from shared.ledger.index import Found, Listed, Taken
from shared.ledger.open_rows import Opened
from shared.ledger.reporting.counters import Counted
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Row
from shared.storage.stored import Stored
from tests.ledger_world import Remembering, hub, integration
from tests.waiting import LONGEST

ROWS = Path(__file__).parent / "rows"
ROOT = Path(__file__).resolve().parents[3]
KINDS: dict[str, type[Stored]] = {
    "head": rows.Head,
    "claim": rows.Claimed,
    "r|": rows.Receipt,
    "w|": rows.Waiting,
    "d|": rows.Ended,
    "c|": rows.Content,
    "p|": rows.Published,
    "s|": rows.Cursor,
    "e|": rows.Explained,
}
OTHERS: dict[str, dict[str, type[Stored]]] = {  # table -> the beginning of "partition key"
    "hubshared": {
        "backlog ": Backlog,
        "sweep ": Swept,
        "threshold ": Limit,
        f"TEST {names.BREAKER}": Breaker,
        f"TEST {names.RATE}": Rate,
    },
    "audit": {f"{names.AUDIT} {names.HEAD}": Last, f"{names.AUDIT} 0": Entry},
    "counters": {f"{names.PURGE} ": Purged, "": Counted},
    "find": {f"{names.DEAD} ": Listed, "b|": Taken, "": Found},
    "open": {f"{names.BATCH} ": Batch, "": Opened},
}


def stored() -> Iterator[tuple[str, Row]]:
    """Every row that an earlier version wrote, each with its table."""
    for path in sorted(ROWS.rglob("*.json")):
        for table, partitions in json.loads(path.read_text("utf-8")).items():
            for partition, found in partitions.items():
                for key, values in found.items():
                    yield table, Row(partition, key, "1", {name: value(one) for name, one in values.items()})


def value(one: Any) -> Any:
    return base64.b64decode(one["base64"]) if isinstance(one, dict) else one


def kind_of(table: str, row: Row) -> type[Stored]:
    """The kind of a row; ``StopIteration`` for a row that has none."""
    if row.key == names.HOLD:
        return rows.Hold
    kinds, place = KINDS, row.key
    if not table.endswith("ledger"):
        kinds, place = next(found for end, found in OTHERS.items() if table.endswith(end)), f"{row.partition} {row.key}"
    return next(kind for begin, kind in kinds.items() if place.startswith(begin))


def test_rows_of_every_earlier_version_are_read_and_written_without_loss() -> None:
    seen = set()
    for table, row in stored():
        kind = kind_of(table, row)
        seen.add(kind)
        assert kind.of(row).values().items() >= dict(row.values).items(), row.key
    assert {rows.Head, rows.Receipt, rows.Waiting, rows.Ended, rows.Content, rows.Explained} <= seen
    assert {kind for kinds in OTHERS.values() for kind in kinds.values()} <= seen


def test_every_kind_of_row_carries_the_schema_number() -> None:
    known = {"at": 1.0, "n": 1, "end": 1.0, "value": 1.0, "hour": "t|", "next": 1, "outcome": "dead", "ended": 2.0}
    known |= {"digest": "x", "pending": "a"}
    kinds = {*KINDS.values(), rows.Hold, *(kind for kinds in OTHERS.values() for kind in kinds.values())}
    for kind in kinds:
        assert kind.of(Row("lane", "key", "", known)).values()["schema"] == names.SCHEMA, kind


async def test_the_chain_of_an_audit_that_an_earlier_version_wrote_holds() -> None:
    store = MemoryStore(lambda: 0.0)
    for table, row in stored():
        store.tables[table][row.partition][row.key] = ("1", dict(row.values))
    world = hub(integration(Remembering()), store=store)
    assert await audit.broken("notes-to-test", world) == []
    await audit.append("notes-to-test", audit.Act("someone", "discard", "1-a.b"), world)
    assert await audit.broken("notes-to-test", world) == []
    assert [act.what for act in await audit.acts("notes-to-test", world)] == ["threshold", "replay", "discard"]


@pytest.mark.parametrize("kind", [rows.Waiting, rows.Ended, rows.Receipt, rows.Content, rows.Head, rows.Published])
def test_what_a_newer_version_added_stays(kind: type[Stored]) -> None:
    known = {"at": 1.0, "n": 1, "outcome": "dead", "ended": 2.0, "digest": "x", "pending": "a"}
    row = Row("lane", "w|0000000001", "1", {**known, "of-a-newer-version": "kept"})
    change = kind.of(row).replaced()
    assert (change.action, change.key, change.etag) == ("replace", "w|0000000001", "1")
    assert change.values["of-a-newer-version"] == "kept"


def test_a_row_without_what_every_version_wrote_is_not_read() -> None:
    with pytest.raises(TypeError):
        rows.Waiting.of(Row("lane", names.row("w", 1), "1", {"state": "waiting"}))


def test_a_field_that_is_always_written_is_written_and_another_only_with_a_value() -> None:
    waiting = rows.Waiting.of(Row("lane", names.row("w", 1), "", {"at": 1.0}))
    written = waiting.values()
    assert (written["tries"], written["code"], written["since"]) == (0, "", 1.0)
    assert "failed_at" not in written
    assert replace(waiting, failed_at=3.0).values()["failed_at"] == 3.0


MISSPELT = (
    "waiting.atempts",
    "replace(waiting, stat='sending')",
    "waiting['state']",
    "rows.Head(n=1)",
    "Breaker(state='ajar')",
    "Found.of(waiting.row).finder",
    "replace(Entry(), whom='a')",
    "Opened(at=1.0, key='a')",
)


@pytest.mark.slow
def test_the_type_checker_finds_a_misspelt_field(tmp_path: Path) -> None:
    source = tmp_path / "misspelt.py"
    lines = ["from dataclasses import replace", "from shared.ledger import rows"]
    lines += [f"from {kind.__module__} import {kind.__name__}" for kind in (Breaker, Entry, Found, Opened)]
    lines += [f"def use{n}(waiting: rows.Waiting) -> object: return {wrong}" for n, wrong in enumerate(MISSPELT)]
    lines += ["def right(waiting: rows.Waiting) -> object: return replace(waiting, attempts=2)"]
    source.write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", str(source)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST)
    found = {int(line.split(":")[1]) for line in done.stdout.splitlines() if "misspelt.py:" in line and ": error:" in line}
    assert found == {n for n, line in enumerate(lines, 1) if line.startswith("def use")}


def test_a_row_cannot_be_made_with_a_field_missing_or_misspelt() -> None:
    with pytest.raises(TypeError, match=r"Head: missing or unknown: number$"):
        rows.Head()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"Head: missing or unknown: number, numbr$"):
        rows.Head(numbr=1)  # type: ignore[call-arg]


def test_a_row_is_frozen_and_equal_to_another_with_the_same_fields() -> None:
    row = rows.Head(number=1)
    with pytest.raises(FrozenInstanceError):
        row.number = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del row.number
    assert replace(row, number=2) == rows.Head(number=2) != row
    assert rows.Hold(number=1) != row
