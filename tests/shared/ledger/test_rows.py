"""Rows are typed: what any version wrote is read, nothing of it is lost, and a misspelt field does not pass the type checker."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.ledger import rows
from shared.storage import names
from shared.storage.store import Row
from shared.storage.stored import Stored

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
}
NOT_A_MESSAGE = ("e|",)  # the words of the destination: one text


def stored() -> Iterator[Row]:
    """Every row of a ledger that an earlier version wrote."""
    for path in sorted(ROWS.glob("*.json")):
        for table, partitions in json.loads(path.read_text("utf-8")).items():
            if table.endswith("ledger"):
                for lane, found in partitions.items():
                    for key, values in found.items():
                        yield Row(lane, key, "1", {name: value(one) for name, one in values.items()})


def value(one: Any) -> Any:
    return base64.b64decode(one["base64"]) if isinstance(one, dict) else one


def kind_of(key: str) -> type[Stored] | None:
    if key == names.HOLD:
        return rows.Hold
    return next((kind for begin, kind in KINDS.items() if key.startswith(begin)), None)


def test_rows_of_every_earlier_version_are_read_and_written_without_loss() -> None:
    seen = set()
    for row in stored():
        kind = kind_of(row.key)
        if kind is None:
            assert row.key.startswith(NOT_A_MESSAGE), row.key
            continue
        seen.add(kind)
        assert kind.of(row).values().items() >= dict(row.values).items(), row.key
    assert {rows.Head, rows.Receipt, rows.Waiting, rows.Ended, rows.Content} <= seen


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


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["waiting.atempts", "replace(waiting, stat='sending')", "waiting['state']", "rows.Head(n=1)"])
def test_the_type_checker_finds_a_misspelt_field(wrong: str, tmp_path: Path) -> None:
    source = tmp_path / "misspelt.py"
    begin = "from dataclasses import replace\nfrom shared.ledger import rows\n\n"
    source.write_text(f"{begin}def use(waiting: rows.Waiting) -> object:\n    return {wrong}\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", str(source)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 1
    assert "misspelt.py:5: error" in done.stdout
