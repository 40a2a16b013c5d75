"""Messages under one id: the same body is a duplicate, another body is another message, also when both come at once."""

import asyncio
from dataclasses import replace

import pytest

from shared.delivery.upkeep import old
from shared.intake.accept import accept
from shared.ledger.arrivals import record
from shared.ledger.index import Found, under
from shared.ledger.reporting import conservation
from shared.ledger.rows import Receipt
from shared.storage import names
from shared.storage.store import remove
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

        monkeypatch.setattr(record, "_has_other_body", unseen)
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
    "another body in the same lane that was never stored": (("1-a", "other"), "", False),
    "another body, replaced by this one": (("1-b", "other"), "d", False),
    "the same body in another lane": (("1-b", "d"), "d", False),
}


@pytest.mark.parametrize("case", KNOWN)
async def test_an_id_is_used_once_a_receipt_of_another_body_is_there(case: str) -> None:
    earlier, receipt, is_used = KNOWN[case]
    made = hub(one := integration(Remembering(), NAME))
    sent = arrival(envelope(ONE), lane="1-a")
    found = Found(of_lane=sent.lane, identity=sent.key, digest=sent.digest, at=NOW)
    index, first, own = names.index(sent.key), names.listed("c|1", sent.key), names.listed("c|1", sent.id)
    if earlier:
        lane, digest = earlier
        there = replace(found, of_lane=lane, digest=digest)
        await made.store.commit(names.tables(NAME).find, index, there.inserted(first))
        if receipt:
            row = Receipt(number=1, at=NOW, digest=receipt).inserted(names.receipt("key"))
            await made.store.commit(LEDGER, lane, row)
    assert await record._write_index(one, sent, made) == is_used
    is_other = earlier is not None and earlier[0] != "1-a"
    way = own if is_other else first
    rows = {row.key: Found.of(row) for row in await made.store.query(names.tables(NAME).find, index)}
    of_hour = [key for key in rows if key.startswith(f"{names.listed(names.hour(NOW), sent.id)}|")]
    assert rows.keys() == {first, *([] if is_used else [way]), *of_hour}, "one that was used is announced again under its own key"
    assert [rows[key].finders for key in of_hour] == ([] if is_used else [way])
    assert rows[first].of_lane == (earlier or [sent.lane])[0]


@pytest.mark.parametrize("case", ["at once", "the first was not stored at first", "the receipt of the first has gone"])
async def test_a_second_copy_of_the_later_message_under_an_id_is_a_duplicate(case: str) -> None:
    """Whatever the index says of the first message under the id: the receipt of the later one is in its lane."""
    made = hub(one := integration(Remembering(), NAME))
    first = arrival(envelope(ONE), lane="1-a")
    later = replace(arrival(envelope(OTHER), lane="1-b"), digest="e", token="later")
    if case == "the receipt of the first has gone":
        await record.record(one, first, made)
        await record.record(one, later, made)
        await made.store.commit(LEDGER, "1-a", remove(names.receipt(first.key)))
    else:
        _, opening = await record._announce(one, first, made)
        await record.record(one, later, made)
        if case == "at once":
            await record._store_in_turn(one, first, opening, made)
        else:
            await record.record(one, replace(first, token="resent"), made)
    again = await record.record(one, replace(later, token="again"), made)
    assert again.kind == "duplicate"
    assert len(await made.store.query(LEDGER, "1-b", "w|", "w~")) == 1


@pytest.mark.parametrize("lane", ["1-a", "1-b"], ids=["in the same lane", "in another lane"])
async def test_all_rows_of_the_index_go_with_their_messages_and_no_other(lane: str) -> None:
    """Two messages under one control id: each is found until its own record has gone, the one with the first row too."""
    made = hub(one := integration(Remembering(), NAME))
    finders, file = (names.by_patient("9990000018"), names.by_correlation("x1")), names.file(NAME, "5c0e")
    first = replace(arrival(envelope(ONE), lane="1-a"), finders=(*finders, names.by_file(file)))
    second = replace(arrival(envelope(OTHER), lane=lane), finders=first.finders, digest="e", token="second")
    ids = [(await record.record(one, sent, made)).id for sent in (first, second)]
    assert len(set(ids)) == 2
    for finder in ("c|1", *finders, names.hour(NOW)):
        assert sorted(found.id for found in await under(finder, NAME, made)) == sorted(ids)
    of_hour = await under(names.hour(NOW), NAME, made)
    of_file = [row.key for row in await made.store.query(names.tables(NAME).find, names.by_file(file))]
    assert of_file == sorted(ids), "an earlier version that runs again looks for the message of a file there"
    for gone, found in enumerate(sorted(of_hour, key=lambda each: ids.index(each.id)), 1):
        await old._forget(NAME, found, [], made)
        for finder in ("c|1", *finders, names.hour(NOW)):
            assert [left.id for left in await under(finder, NAME, made)] == ids[gone:]
    assert not any(made.store.tables[names.tables(NAME).find].values())


async def test_the_row_of_a_control_id_stays_for_a_message_of_another_lane_that_took_it_over() -> None:
    made = hub(one := integration(Remembering(), NAME))
    first = arrival(envelope(ONE), lane="1-a")
    await record._write_index(one, first, made)
    (of_first,) = await under(names.hour(NOW), NAME, made)
    key, later = names.listed("c|1", first.key), Found(of_lane="1-b", identity=first.key, digest="e", at=NOW)
    await made.store.commit(names.tables(NAME).find, names.index(first.key), later.put(key))
    await old._forget(NAME, of_first, [], made)
    assert [found.id for found in await under("c|1", NAME, made)] == [later.id]
    assert await under(names.hour(NOW), NAME, made) == []
