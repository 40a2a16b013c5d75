"""What a receipt remembers: handings-over and copies, the last of each, and how many copies came."""

import asyncio
from typing import Any

import pytest

from shared.envelope import Answer
from shared.ledger.arrivals import receipts, resends
from shared.ledger.arrivals.arrival import Arrival
from shared.ledger.content import compressed
from shared.ledger.rows import Receipt
from shared.problems import Unavailable
from shared.storage import names
from shared.storage.store import Row
from tests.ledger_world import Remembering, arrival, envelope, hub, integration, note


def receipt(**values: Any) -> Receipt:
    return Receipt(**{"number": 1, "at": 0.0, "digest": "d", "token": "t"} | values)


@pytest.mark.parametrize("known", [0, 1, 19, 20, 21, 50])
def test_the_last_handings_over_are_remembered(known: int) -> None:
    handed = " ".join(f"h{n}" for n in range(known))
    kept = resends.handed_over(receipt(handed=handed), "new").split()
    assert kept == [*(f"h{n}" for n in range(known)), "new"][-resends.REMEMBERED :]
    assert resends.REMEMBERED == 20


def test_a_handing_over_is_remembered_once_and_an_empty_one_is_not() -> None:
    assert resends.handed_over(receipt(handed="a b"), "a") == "a b"
    assert resends.handed_over(receipt(handed="a b"), "") == "a b"
    assert resends.handed_over(None, "a") == "a"
    assert resends.handed_over(None, "") == ""


@pytest.mark.parametrize(
    ("known", "handed", "is_redelivered"),
    [("a b", "a", True), ("a b", "b", True), ("a b", "c", False), ("a b", "", False), ("", "", False), ("ab", "a", False)],
)
def test_only_the_same_handing_over_is_a_redelivery(known: str, handed: str, is_redelivered: bool) -> None:
    assert resends.is_redelivered(receipt(handed=known), handed) == is_redelivered


def copy(reference: str, acknowledged: str = "AA", handed: str = "") -> Arrival:
    return arrival(envelope(note("1"), reference=reference, acknowledged=acknowledged, handed=handed), lane="lane")


MEMBER = "batch-posting-7"


@pytest.mark.parametrize(
    ("known", "is_same"),
    [
        ("batch-posting-7", True),
        ("batch-posting-8", True),  # a later member of it is recorded: so was this one
        ("batch-posting-10", True),
        ("batch-posting-6", False),
        ("batch-another-7", False),
        ("another-posting-9", False),
        ("another-posting-9 batch-posting-7", True),
        ("", False),
    ],
)
def test_a_member_of_a_batch_is_known_by_its_place_in_this_copy_of_the_file(known: str, is_same: bool) -> None:
    assert receipts.is_same_copy(copy(MEMBER), receipt(reference=known)) == is_same
    assert not receipts.is_same_copy(copy(MEMBER, acknowledged=""), receipt(reference=known))
    assert not receipts.is_same_copy(copy(""), receipt(reference=known))


@pytest.mark.parametrize("known", [0, 1, 3, 4, 9])
def test_the_last_copies_are_remembered(known: int) -> None:
    copies = [f"batch-posting-{n}" for n in range(known)]
    counted = receipts.counted(copy("batch-posting-99"), receipt(reference=" ".join(copies)))
    assert counted.reference.split() == [*copies, "batch-posting-99"][-4:]
    assert receipts.counted(copy(""), receipt(reference="batch-posting-1")).reference == "batch-posting-1"


@pytest.mark.parametrize(("handed", "redelivered"), [("h1", 3), ("h2", 2), ("", 2)])
def test_a_duplicate_is_counted_and_a_redelivery_as_one_too(handed: str, redelivered: int) -> None:
    counted = receipts.counted(copy("", handed=handed), receipt(duplicates=5, redelivered=2, handed="h1"))
    assert (counted.duplicates, counted.redelivered) == (6, redelivered)
    assert counted.handed.split() == (["h1", "h2"] if handed == "h2" else ["h1"])


def test_a_new_receipt_of_the_same_body_keeps_its_counts_and_its_version() -> None:
    earlier = receipt(row=Row("lane", "r|key", "etag", {}), duplicates=5, redelivered=2, handed="h1", reference="b-p-1")
    answer = Answer(status=202, content_type="application/json", body=b"{}")
    change = receipts.receipt_change(copy("b-p-2", handed="h2"), earlier, n=9, answer=answer, at=7.0)
    assert (change.action, change.key, change.etag) == ("replace", "r|key", "etag")
    kept = {"n": 9, "at": 7.0, "duplicates": 5, "redelivered": 2, "handed": "h1 h2", "reference": "b-p-1 b-p-2", "status": 202}
    assert {name: change.values[name] for name in kept} == kept
    first = receipts.receipt_change(copy("b-p-2", handed="h2"), None, n=1, answer=answer, at=7.0)
    assert (first.action, first.key, first.etag) == ("insert", "r|key", "")
    assert (first.values["duplicates"], first.values["redelivered"], first.values["handed"]) == (0, 0, "h2")


@pytest.mark.parametrize("others", [0, 1, 3])
async def test_duplicates_that_come_at_the_same_moment_are_all_counted(others: int) -> None:
    made = hub(integration(Remembering()))
    ledger = names.tables("notes-to-test").ledger
    await made.store.commit(ledger, "lane", receipt(body=compressed(b"{}")).inserted("r|key"))
    row = await made.store.get(ledger, "lane", "r|key")
    assert row
    read = Receipt.of(row)
    counted = [receipts.count_duplicate(ledger, copy("", handed=f"h{n}"), read, made) for n in range(others + 1)]
    answers = await asyncio.gather(*counted)
    assert [each.kind for each in answers] == ["duplicate"] * (others + 1)
    after = await made.store.get(ledger, "lane", "r|key")
    assert after
    assert (after["duplicates"], set(after["handed"].split())) == (others + 1, {f"h{n}" for n in range(others + 1)})


async def test_a_duplicate_of_a_receipt_that_is_gone_is_sent_again() -> None:
    made = hub(integration(Remembering()))
    ledger = names.tables("notes-to-test").ledger
    with pytest.raises(Unavailable):
        await receipts.count_duplicate(ledger, copy(""), None, made)
    with pytest.raises(Unavailable):
        await receipts.count_duplicate(ledger, copy(""), receipt(row=Row("lane", "r|key", "etag", {})), made)
