"""What the backlog of an integration counts, lane by lane and batch by batch; and which blobs are no orphans."""

from typing import Any

import pytest

from shared.delivery import process
from shared.delivery.upkeep import purge
from shared.delivery.upkeep.watchdog import Sweep, _with_batches
from shared.ledger.ended import Done, Later
from shared.ledger.index import Found
from shared.ledger.rows import Content, Ended, Waiting
from shared.storage import names
from shared.storage.store import Change, Row
from shared.telemetry.tracing import Span
from tests.ledger_world import NOW, Remembering, hub, integration

NAME, LANE = "notes-to-test", "1-a"
TABLES = names.tables(NAME)
SEEN: dict[str, int | float] = {"waiting": 5, "held": 2, "overdue": 1, "oldest_age_s": 40.0, "unpaired": 3}


@pytest.mark.parametrize(
    ("split", "changed"),
    [
        ([], {"batches": 0}),
        ([(4, 10.0)], {"batches": 1, "waiting": 9}),
        ([(4, 100.0)], {"batches": 1, "waiting": 9, "oldest_age_s": 100.0}),
        ([(4, 100.04), (2, 300.0)], {"batches": 2, "waiting": 11, "oldest_age_s": 300.0}),
        ([(0, 300.06), (2, 300.26), (1, 1.0)], {"batches": 3, "waiting": 8, "overdue": 3, "oldest_age_s": 300.3}),
    ],
)
def test_members_of_batches_wait_too(split: list[tuple[int, float]], changed: dict[str, Any]) -> None:
    assert _with_batches(SEEN, split, 300) == {**SEEN, **changed}


LANES = [(2, False, 10.06, 300.0), (3, True, 300.0, 300.0), (1, False, 300.04, 300.0)]


@pytest.mark.parametrize(
    ("is_paused", "before", "is_half", "expected"),
    [
        (False, {}, False, {"waiting": 6, "held": 1, "overdue": 1, "oldest_age_s": 300.0}),
        (True, {}, False, {"waiting": 6, "held": 1, "overdue": 0, "oldest_age_s": 0.0}),
        (False, {"waiting": 9, "held": 0, "overdue": 4}, False, {"waiting": 6, "held": 1, "overdue": 1, "oldest_age_s": 300.0}),
        (False, {"waiting": 9, "held": 0, "overdue": 4}, True, {"waiting": 9, "held": 1, "overdue": 4, "oldest_age_s": 300.0}),
    ],
)
def test_half_a_walk_never_shows_less_than_the_whole_one_before(
    is_paused: bool, before: dict[str, int | float], is_half: bool, expected: dict[str, int | float]
) -> None:
    sweep = Sweep(is_paused=is_paused, before=before)
    assert sweep.cursors  # a walk that begins has all of it before it
    for each in LANES:
        sweep.saw(*each)
    sweep.cursors = {"3": "key"} if is_half else {}
    assert sweep.backlog() == expected


def test_lanes_that_wait_for_codes_are_counted_by_code_from_the_first_one_on() -> None:
    sweep = Sweep()
    for codes, since in (("a b", 50.0), ("a", 20.0), ("b", 90.0), ("", 10.0)):
        row = Waiting.of(Row(LANE, names.row("w", 1), "1", {"at": NOW, "since": NOW - since, "codes": codes}))
        sweep.saw_unmapped(2, row)
    assert (sweep.waiting, sweep.unmapped, sweep.overdue) == (8, 4, 0)
    assert sweep.codes == {"a": (2, NOW - 50), "b": (2, NOW - 90)}


BLOB = f"{NAME}/{LANE}/m"
NAMED: dict[str, tuple[str, tuple[Change, ...], bool]] = {
    "content": (BLOB, (Content(blob=BLOB).inserted(names.row("c", 1)),), True),
    "content with files": (BLOB, (Content(files=f"a {BLOB} b").inserted(names.row("c", 1)),), True),
    "other content": (BLOB, (Content(blob=f"{BLOB}2", files="a b").inserted(names.row("c", 1)),), False),
    "a record alone": (BLOB, (Ended(at=NOW, ended=NOW, outcome="dead", blob=BLOB).inserted(names.row("d", 1)),), False),
    "nothing": (BLOB, (), False),
}


@pytest.mark.parametrize("case", NAMED)
async def test_a_blob_is_no_orphan_while_content_names_it(case: str) -> None:
    blob, rows, is_named = NAMED[case]
    made = hub(integration(Remembering(), NAME))
    for row in rows:
        await made.store.commit(TABLES.ledger, LANE, row)
    assert await purge._named(NAME, blob, made) == is_named


@pytest.mark.parametrize(("lane", "is_named"), [(LANE, True), ("1-b", False)])
async def test_a_file_is_no_orphan_while_the_content_of_its_message_names_it(lane: str, is_named: bool) -> None:
    made = hub(integration(Remembering(), NAME))
    file = names.file(NAME, "x")
    await made.store.commit(TABLES.ledger, LANE, Content(files=file).inserted(names.row("c", 1)))
    await made.store.commit(TABLES.find, names.by_file(file), Found(of_lane=lane, identity="k").put("id"))
    assert await purge._named(NAME, file, made) == is_named


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Later(5, "rate"), {"attempt": 2, "outcome": "waiting", "error_code": "rate"}),
        (Later(5, "ack-AE", attempted=True), {"attempt": 3, "outcome": "waiting", "error_code": "ack-AE"}),
        (Done("delivered"), {"attempt": 3, "outcome": "delivered"}),
        (Done("dead", "ack-AR"), {"attempt": 3, "outcome": "dead", "error_code": "ack-AR"}),
        (Done("dead", "expired", attempted=False), {"attempt": 2, "outcome": "dead", "error_code": "expired"}),
    ],
)
def test_the_span_of_an_attempt_says_how_it_ended(
    outcome: Any, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, Any] = {}
    monkeypatch.setattr(Span, "set", lambda self, name, value: said.update({name: value}))
    message = Waiting.of(Row(LANE, names.row("w", 1), "1", {"at": NOW, "attempts": 2}))
    process._describe(Span.__new__(Span), message, outcome)
    assert said == expected
