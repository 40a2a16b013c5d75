"""A dead letter that its sender's resend replaces: what is announced, what is changed, and what is cleared away."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from shared.ledger.arrivals import resends
from shared.ledger.arrivals.resends import Earlier
from shared.ledger.index import Listed
from shared.ledger.knocks import open_lane
from shared.ledger.rows import Content, Ended, Explained, Hold, Receipt
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Change, Row
from tests.ledger_world import NOW, Remembering, hub, integration

NAME, LANE = "notes-to-test", "1-a"
TABLES = names.tables(NAME)
BLOB = f"{NAME}/1-a/m"


def row(partition: str, change: Change, etag: str = "1") -> Row:
    return Row(partition, change.key, etag, dict(change.values))


RECEIPT = Receipt.of(row(LANE, Receipt(number=3, at=NOW, digest="d").inserted(names.receipt("k"))))
CONTENT = row(LANE, Content(body=b"x").inserted(names.row("c", 3)))
WORDS = row(LANE, Explained(detail="refused").inserted(names.row("e", 3)))


def ended(outcome: Any = "dead", blob: str = "", **values: Any) -> Ended:
    return Ended.of(
        row(LANE, Ended(at=NOW, ended=NOW, outcome=outcome, blob=blob, identity="k", mark="m", **values).inserted("d|3"))
    )


def earlier(outcome: str | None, blob: str, is_held: bool) -> Earlier:
    hold = Hold.of(row(LANE, Hold(number=3).inserted(names.HOLD))) if is_held else None
    return Earlier(RECEIPT, ended(outcome, blob) if outcome else None, hold, None, (CONTENT, WORDS))


CASES = [*itertools.product((None, "dead", "delivered", "discarded"), ("", BLOB), (False, True))]


@pytest.mark.parametrize(("outcome", "blob", "is_held"), CASES)
async def test_an_open_row_is_announced_for_the_blob_of_a_dead_letter_that_holds_no_lane(
    outcome: str | None, blob: str, is_held: bool
) -> None:
    made = hub(one := integration(Remembering(), NAME))
    await resends.announce(one, earlier(outcome, blob, is_held), made)
    opened = [(each.partition, each.key, each["key"]) for each in await made.store.query(TABLES.open, LANE[-1])]
    is_announced = outcome == "dead" and blob and not is_held
    assert opened == ([(LANE[-1], names.open_key(LANE, "m"), "k")] if is_announced else [])


@pytest.mark.parametrize(("outcome", "blob", "is_held"), CASES)
def test_a_dead_letter_alone_is_replaced_and_keeps_no_content(outcome: str | None, blob: str, is_held: bool) -> None:
    changes = resends.replaced(earlier(outcome, blob, is_held), 7, NOW + 60)
    if outcome != "dead":
        assert changes == []
        return
    record, *rests = changes
    expected = {"outcome": "discarded", "resent_as": 7, "ended": NOW + 60, "blob": "", "blob_pending": blob, "at": NOW}
    assert (record.action, record.key) == ("replace", "d|3")
    assert {name: record.values[name] for name in expected} == expected
    assert [(each.action, each.key) for each in rests] == [("delete", "c|0000000003"), ("delete", "e|0000000003")]


@pytest.mark.parametrize(("outcome", "blob", "is_held"), CASES)
@pytest.mark.parametrize("is_listed_again", [False, True])
async def test_what_a_replaced_dead_letter_left_is_cleared_away(
    outcome: str | None, blob: str, is_held: bool, is_listed_again: bool
) -> None:
    """Its line of the list goes by its ETag: the new attempt may be a dead letter already."""
    made = hub(one := integration(Remembering(), NAME))
    assert isinstance(made.store, MemoryStore)
    line = Listed(at=NOW).put(f"{LANE}.k")
    await made.store.commit(TABLES.find, names.DEAD, line)
    (listed,) = await made.store.query(TABLES.find, names.DEAD)
    if is_listed_again:
        await made.store.commit(TABLES.find, names.DEAD, line)
    await made.store.write_blob(names.CONTENT, BLOB, b"x")
    await open_lane(NAME, LANE, "m", made)
    record = ended("discarded", blob_pending=BLOB).inserted(names.row("d", 3))
    await made.store.commit(TABLES.ledger, LANE, record)
    await resends.clear(one, earlier(outcome, blob, is_held)._replace(listed=listed), made)
    is_dead, has_blob = outcome == "dead", bool(outcome == "dead" and blob and not is_held)
    assert bool(await made.store.query(TABLES.find, names.DEAD)) == (not is_dead or is_listed_again)
    assert bool(await made.store.blobs(names.CONTENT)) != has_blob
    assert bool(await made.store.query(TABLES.open, LANE[-1])) != has_blob


@pytest.mark.parametrize(
    ("on_resend", "outcome", "handed", "is_attempt"),
    [
        *(("answer", outcome, "b", outcome in resends.GONE) for outcome in ("dead", "discarded", "expired", "delivered", None)),
        *(("deliver", outcome, "b", True) for outcome in ("dead", "delivered", None)),
        *((each, outcome, "a", False) for each in ("answer", "deliver") for outcome in ("dead", "delivered", None)),
        ("answer", "dead", "", True),
        ("answer", "delivered", "", False),
        ("deliver", "delivered", "", True),
    ],
)
def test_what_is_an_attempt_of_its_own(on_resend: Any, outcome: str | None, handed: str, is_attempt: bool) -> None:
    one = integration(Remembering(), NAME, on_resend=on_resend)
    known = earlier(outcome, "", False)._replace(receipt=replace(RECEIPT, handed="z a"))
    assert resends.comes_again(one, known, handed) == is_attempt


@pytest.mark.parametrize(
    ("known", "handed", "expected"),
    [
        (None, "", ""),
        (None, "a", "a"),
        ("", "a", "a"),
        ("a", "", "a"),
        ("a", "a", "a"),
        ("a b", "c", "a b c"),
        (" ".join(map(str, range(19))), "x", " ".join([*map(str, range(19)), "x"])),
        (" ".join(map(str, range(20))), "x", " ".join([*map(str, range(1, 20)), "x"])),
        (" ".join(map(str, range(20))), "0", " ".join(map(str, range(20)))),
    ],
)
def test_a_receipt_remembers_the_last_handings_over(known: str | None, handed: str, expected: str) -> None:
    receipt = None if known is None else replace(RECEIPT, handed=known)
    assert resends.handed_over(receipt, handed) == expected
