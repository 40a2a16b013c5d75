"""What stays of a message that has ended, and what is deleted with it, outcome by outcome."""

from typing import Any

import pytest

from shared.integration import Delivery, Integration
from shared.issue import Issue
from shared.ledger.ended import NOT_KEPT, Done, aftermath, ended_row
from shared.ledger.rows import Waiting
from shared.privacy import shown
from shared.storage import names
from shared.storage.store import Change, Row
from tests.ledger_world import NOW, Remembering, integration

FACTS: dict[str, Any] = {
    "at": NOW - 9,
    "since": NOW - 8,
    "state": "sending",
    "due": 5.0,
    "sent": 2,
    "attempts": 3,
    "tries": 4,
    "key": "identity",
    "mark": "mark",
    "blob": "a b",
    "rules": "first second",
    "control": "control",
    "sender": "sender",
    "facility": "facility",
    "partner": "partner",
    "replays": 1,
    "resent": 6,
    "correlation_id": "correlation",
    "synthetic": True,
    "bytes": 7,
    "after": "lane",
    "after_n": 8,
    "failed_at": NOW - 1,
}
ISSUES = tuple(
    Issue(severity="error", code="value", where=where, text="t", rule=rule)
    for where, rule in (("PID-3", "second"), ("", "third"))
)


def waiting(**values: Any) -> Waiting:
    return Waiting.of(Row("lane", names.row("w", 5), "etag", {**FACTS, **values}))


def declared(**values: Any) -> Integration:
    return integration(Remembering(), **values)


@pytest.mark.parametrize(
    ("before", "now", "is_ambiguous"), [(False, False, False), (True, False, True), (False, True, True), (True, True, True)]
)
@pytest.mark.parametrize("outcome", ["delivered", "dead"])
def test_what_may_have_arrived_stays_marked(outcome: Any, before: bool, now: bool, is_ambiguous: bool) -> None:
    row = ended_row(waiting(ambiguous=before), Done(outcome, ambiguous=now), declared(), NOW)
    assert row.ambiguous == is_ambiguous


@pytest.mark.parametrize(("attempted", "attempts"), [(True, 4), (False, 3)])
def test_an_attempt_is_counted_where_one_was_made(attempted: bool, attempts: int) -> None:
    assert ended_row(waiting(), Done("dead", attempted=attempted), declared(), NOW).attempts == attempts


def test_the_record_keeps_what_is_known_of_the_message_and_no_state() -> None:
    row = ended_row(waiting(), Done("dead", "a-code", ISSUES, reference="r1"), declared(), NOW)
    written = row.values()
    assert not written.keys() & set(NOT_KEPT) - {"blob"}
    kept = FACTS.keys() - set(NOT_KEPT) - {"attempts", "rules"}
    assert {name: written[name] for name in kept if name != "since"} == {name: FACTS[name] for name in kept if name != "since"}
    assert (row.outcome, row.ended, row.code, row.n, row.lane) == ("dead", NOW, "a-code", 5, "lane")
    assert (row.rules, row.where, row.reference) == ("first second third", "PID-3", "r1")


@pytest.mark.parametrize("reference", ["Ann Prawf", "9990000018", "x" * 300])
def test_a_reference_that_is_no_identifier_is_kept_as_a_hash_of_it(reference: str) -> None:
    """A destination may answer with any text, a name or a number of a patient too."""
    kept = ended_row(waiting(), Done("delivered", reference=reference), declared(), NOW).reference
    assert kept == shown("reference", reference)
    assert reference not in kept
    assert kept != ended_row(waiting(), Done("delivered", reference=f"{reference} "), declared(), NOW).reference


@pytest.mark.parametrize(
    ("outcome", "subscribers", "pending", "blob", "blob_pending"),
    [
        ("delivered", (), "", "", "a b"),
        ("delivered", ("one", "two"), "one two", "a b", ""),
        ("dead", (), "", "a b", ""),
        ("dead", ("one",), "", "a b", ""),
    ],
)
def test_content_is_deleted_once_no_one_needs_it(
    outcome: Any, subscribers: tuple[str, ...], pending: str, blob: str, blob_pending: str
) -> None:
    row = ended_row(waiting(), Done(outcome), declared(subscribers=subscribers), NOW)
    assert (row.pending, row.blob, row.blob_pending) == (pending, blob, blob_pending)


def changed(outcome: Done, **values: Any) -> dict[str, Change]:
    return {change.key: change for change in aftermath(waiting(), outcome, declared(**values))}


def test_what_is_delivered_takes_its_content_with_it() -> None:
    assert changed(Done("delivered")) == {"c|0000000005": Change("delete", "c|0000000005")}
    assert changed(Done("delivered"), delivery=Delivery(on_dead="hold")).keys() == {"c|0000000005"}


def test_what_is_published_stays_for_its_subscribers() -> None:
    (change,) = changed(Done("delivered", routing='{"a": "b"}'), subscribers=("one", "two")).values()
    assert (change.action, change.key) == ("insert", "p|0000000005")
    held = {"pending": "one two", "routing": '{"a": "b"}', "key": "identity"}
    assert {name: change.values[name] for name in held} == held


@pytest.mark.parametrize("on_dead", ["continue", "hold"])
@pytest.mark.parametrize("detail", ["", "its own words", "x" * 20001])
def test_a_dead_letter_keeps_the_words_of_the_destination_and_may_hold_its_lane(on_dead: Any, detail: str) -> None:
    found = changed(Done("dead", detail=detail), delivery=Delivery(on_dead=on_dead))
    assert found.keys() == {*(["e|0000000005"] if detail else []), *([names.HOLD] if on_dead == "hold" else [])}
    if detail:
        assert found["e|0000000005"].values == {"schema": 1, "detail": detail[:20000]}
    if on_dead == "hold":
        assert found[names.HOLD].values["n"] == 5
