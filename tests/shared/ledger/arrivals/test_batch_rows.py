"""The row and the blob of a batch: those of an earlier version are read as if this one had written them."""

from typing import Any

import pytest

from shared.envelope import Answer
from shared.ledger import content
from shared.ledger.arrivals import batch_rows
from shared.ledger.arrivals.batch_rows import Batch, Given, packed, read, unpacked
from shared.storage import names
from shared.storage.store import Row
from tests.ledger_world import NOW

KEY = names.open_key(names.BATCH, "5c0e")
FIRST = {"next": 7, "at": NOW}  # what the rows of every version have
FULL = {**FIRST, "posting": "77ab", "blob": "b", "count": 9, "size": 5, "since": NOW + 3, "until": NOW + 60, "tries": 2}


def of(values: dict[str, Any]) -> Batch:
    return read("notes", Row(names.BATCH, KEY, "1", values))


def test_a_row_is_read_as_it_was_written() -> None:
    batch = of(FULL)
    assert (batch.key, batch.posting, batch.blob, batch.count, batch.size) == ("5c0e", "77ab", "b", 9, 5)
    assert (batch.done, batch.left, batch.at, batch.since, batch.until, batch.tries) == (7, 2, NOW, NOW + 3, NOW + 60, 2)


@pytest.mark.parametrize(
    ("absent", "read_as"),
    [("blob", "notes/batch/5c0e"), ("count", 7), ("since", NOW), ("posting", ""), ("size", 0), ("until", 0.0), ("tries", 0)],
)
def test_what_an_earlier_version_did_not_write_has_the_value_that_it_had_then(absent: str, read_as: object) -> None:
    """Without ``since``, a batch of which nothing is split yet would look as old as 1970, and be reported as late."""
    batch = of({name: value for name, value in FULL.items() if name != absent})
    assert getattr(batch, absent) == read_as
    kept = {name: value for name, value in of(FULL).values().items() if name != absent}
    assert {name: value for name, value in batch.values().items() if name in kept} == kept


@pytest.mark.parametrize(("count", "done", "left"), [(9, 7, 2), (9, 9, 0), (9, 10, 0), (9, 0, 9)])
def test_no_batch_has_less_than_nothing_left(count: int, done: int, left: int) -> None:
    assert of({**FULL, "count": count, "next": done}).left == left


@pytest.mark.parametrize("language", ["", "cy"])
def test_the_blob_holds_the_answer_as_it_was_given(language: str) -> None:
    headers = {"Content-Language": language} if language else {}
    given = Given.of("AER", Answer(status=207, content_type="text/csv", body=b"\x00\nanswer", headers=headers))
    back, body = unpacked(packed(given, b"first\n{second}"))
    assert (back, body) == (given, b"first\n{second}")
    assert back
    assert (back.answer.status, back.answer.content_type, back.answer.body) == (207, "text/csv", b"\x00\nanswer")
    assert back.answer.headers.get("Content-Language", "") == language


def test_the_blob_of_an_earlier_version_is_the_file_alone() -> None:
    assert unpacked(content.compressed(b"BHS|^~\\&|A\r")) == (None, b"BHS|^~\\&|A\r")


def test_the_answers_of_an_earlier_version_were_in_hl7(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Given, "_asdict", lambda given: {"codes": given.codes, "acknowledgement": b""})
    back, _ = unpacked(packed(Given("A", b"MSH|1\r", "text/csv", 207), b""))
    assert back == Given("A", b"MSH|1\r", batch_rows.HL7, 200, "")
