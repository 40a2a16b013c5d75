"""Messages under one id: the same body is a duplicate, another body is another message, also when both come at once."""

import asyncio
from dataclasses import replace

import pytest

from shared.intake.accept import accept
from shared.ledger.arrivals import record
from shared.ledger.index import Found
from shared.ledger.reporting import conservation
from shared.ledger.rows import Receipt
from shared.storage import names
from tests.ledger_world import NOW, Remembering, arrival, envelope, hub, integration, note

NAME = "notes-to-test"
LEDGER = names.tables(NAME).ledger
ONE, OTHER = note("1", name="one"), note("1", name="other")


@pytest.mark.parametrize("is_seen", [True, False], ids=["one after the other", "at once"])
@pytest.mark.parametrize(("first", "second", "stored", "duplicates"), [(ONE, ONE, ["one"], 1), (ONE, OTHER, ["one", "other"], 0)])
async def test_another_body_under_an_id_is_another_message(
    is_seen: bool, first: bytes, second: bytes, stored: list[str], duplicates: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two at once, neither finds the other in the index: the receipt in the lane decides."""
    destination = Remembering()
    made = hub(one := integration(destination, NAME))
    if not is_seen:

        async def unseen(*_: object) -> bool:
            return False

        monkeypatch.setattr(record, "_used_before", unseen)
    answers = [await accept(one, envelope(body), made) for body in (first, second)]
    while made.tasks:
        await asyncio.gather(*made.tasks)
    assert [answer.status for answer in answers] == [202, 202]
    assert len({answer.headers["X-Message-Id"] for answer in answers}) == len(stored)
    assert [note["name"] for note in destination.took] == stored
    total = await conservation.balance(one, made)
    assert total.holds
    assert (total.outcomes["delivered"], total.outcomes["duplicate"]) == (len(stored), duplicates)
    rules = [row["rules"] async for row in made.store.scan(LEDGER) if row.key.startswith("d|")]
    assert rules == ["", "control-id-reuse"][: len(stored)]


# What the index says of the first message under the id, and what its receipt says; then whether the id was used by another.
KNOWN: dict[str, tuple[tuple[str, str] | None, str, bool]] = {
    "it is the first": (None, "", False),
    "the same body in the same lane": (("1-a", "d"), "d", False),
    "another body in the same lane": (("1-a", "other"), "other", True),
    "another body in another lane": (("1-b", "other"), "other", True),
    "another body that was never stored": (("1-b", "other"), "", False),
    "another body, replaced by this one": (("1-b", "other"), "d", False),
    "the same body in another lane": (("1-b", "d"), "d", False),
}


@pytest.mark.parametrize("case", KNOWN)
async def test_an_id_is_used_once_a_receipt_of_another_body_is_there(case: str) -> None:
    earlier, receipt, is_used = KNOWN[case]
    made = hub(one := integration(Remembering(), NAME))
    sent = arrival(envelope(ONE), lane="1-a")
    found = Found(of_lane=sent.lane, identity=sent.key, digest=sent.digest, at=NOW)
    if earlier:
        lane, digest = earlier
        there = replace(found, of_lane=lane, digest=digest)
        await made.store.commit(names.tables(NAME).find, "c|1", there.inserted("key"))
        if receipt:
            row = Receipt(number=1, at=NOW, digest=receipt).inserted(names.receipt("key"))
            await made.store.commit(LEDGER, lane, row)
    assert await record._used_before(one, sent, found, made) == is_used
    ways = {row.key for row in await made.store.query(names.tables(NAME).find, "c|1")}
    is_other = earlier is not None and earlier != ("1-a", "d")
    assert ways == {"key"} | ({"key.1-a"} if is_other else set())
