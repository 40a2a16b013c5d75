"""The record of a rejected message: its rules and places, its answer, and whether its content is kept."""

from typing import Any

import pytest

from shared.issue import Issue, Verdict
from shared.ledger.arrivals.rejections import Refusal, _record, refuse
from shared.ledger.index import under
from shared.privacy import chosen
from shared.storage import names
from tests.ledger_world import NOW, Remembering, envelope, hub, integration

NAME = "notes-to-test"
TABLES = names.tables(NAME)
FILE = names.file(NAME, "5c0e")
KNOWN = Refusal(control="7", sender="S", facility="F")


def issue(severity: Any = "error", where: str = "PID-3", rule: str = "a", code: str = "value") -> Issue:
    return Issue(severity=severity, code=code, where=where, text="odd", rule=rule)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("issues", "code", "rules", "where"),
    [
        ((), "", "", ""),
        ((issue("warning"),), "", "", ""),
        ((issue(),), "a", "a", "PID-3"),
        ((issue(rule=""),), "value", "value", "PID-3"),
        ((issue("warning", "PID-9", "w"), issue(rule="b"), issue(rule="a")), "b", "b a", "PID-3"),
        ((issue(), issue(where="PID-5"), issue(where="")), "a", "a", "PID-3 PID-5"),
        ((issue("fatal"),), "a", "a", "PID-3"),
    ],
)
def test_the_record_names_each_rule_and_place_once(issues: tuple[Issue, ...], code: str, rules: str, where: str) -> None:
    record = _record(envelope(b"x"), Verdict("AE", issues), KNOWN, NOW)
    assert (record.code, record.rules, record.where) == (code, rules, where)


@pytest.mark.parametrize(("acknowledged", "answered"), [("", "AE"), ("AR", "AR"), ("AA", "AA")])
def test_the_record_keeps_what_is_known_of_the_message(acknowledged: str, answered: str) -> None:
    facts = {"correlation_id": "x1", "partner": "clinic", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    record = _record(envelope(b"12345", acknowledged=acknowledged, **facts), Verdict("AE", (issue(),)), KNOWN, NOW)
    known = {"control": "7", "sender": "S", "facility": "F", "identity": "0", "mark": "0", "bytes": 5, "at": NOW, "ended": NOW}
    expected = {**facts, **known, "acknowledgement": answered, "outcome": "rejected"}
    assert {name: getattr(record, name) for name in expected} == expected


def test_free_text_of_a_refused_message_is_kept_as_a_hash_of_its_own_kind() -> None:
    """The same text in two places has two hashes, so that neither shows that the other is the same."""
    record = _record(envelope(b"x"), Verdict("AE", (issue(),)), Refusal(*["Ann Prawf"] * 3), NOW)
    kept = {kind: getattr(record, kind) for kind in ("control", "sender", "facility")}
    assert kept == {kind: chosen(kind, "Ann Prawf") for kind in kept}
    assert len({*kept.values()}) == 3
    assert not [text for text in kept.values() if "Prawf" in text]


KEPT = [
    ("http", "", False),
    ("queue", "", True),
    ("event", "", True),
    ("timer", "", False),
    ("http", "AA", True),
    ("http", "AE", False),
]


@pytest.mark.parametrize(("trigger", "acknowledged", "is_kept"), KEPT)
@pytest.mark.parametrize("is_observed", [False, True])
async def test_content_is_kept_where_no_one_else_has_it(
    trigger: str, acknowledged: str, is_kept: bool, is_observed: bool
) -> None:
    made = hub(integration(Remembering(), NAME))
    mode = "observe" if is_observed else "live"
    sent = envelope(b"body", trigger=trigger, acknowledged=acknowledged, mode=mode, correlation_id="x1", files=(FILE,))
    id = await refuse(made.integrations[NAME], sent, Verdict("AE", (issue(),)), KNOWN, made)
    lane, _, key = id.partition(".")
    rows = {row.key: row for row in await made.store.query(TABLES.ledger, lane)}
    is_kept = is_kept and not is_observed
    record = rows[names.row("d", 0)]
    is_dead = acknowledged == "AA" and not is_observed
    assert (key, record["outcome"], record.values.get("content", False)) == ("0", "dead" if is_dead else "rejected", is_kept)
    assert (names.row("c", 0) in rows) == is_kept
    assert [row.key for row in await made.store.query(TABLES.find, names.DEAD)] == ([id] if is_kept else [])
    assert [row.key for row in await made.store.query(TABLES.find, names.by_file(FILE))] == ([id] if is_kept else [])
    for way in (names.by_control("7"), names.by_correlation("x1"), names.hour(NOW)):
        assert [(one.id, one.of_lane, one.identity) for one in await under(way, NAME, made)] == [(id, lane, "0")]
