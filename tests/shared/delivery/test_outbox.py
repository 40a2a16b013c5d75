"""The outbox of a lane: cursors only move on, content stays for the last subscriber, and what is published late is seen."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import orjson
import pytest

from shared.delivery import outbox
from shared.delivery.upkeep import index_walk, old
from shared.hub import Hub
from shared.intake import subscription
from shared.intake.accept import accept
from shared.ledger.index import Found, rows_of, under
from shared.ledger.knocks import close_outbox, open_outbox
from shared.ledger.rows import Ended, Hold, Receipt, Waiting
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Row, put, remove
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

PUBLISHER, FIRST, SECOND, THIRD = "notes-to-topic", "first-to-test", "second-to-test", "third-to-test"
TABLES = names.tables(PUBLISHER)


async def published(count: int, *subscribers: str) -> tuple[Hub, str]:
    """A hub whose publisher has published so many messages in one lane; the lane."""
    publisher = integration(Remembering(), PUBLISHER, subscribers=subscribers)
    made = hub(publisher)
    for n in range(count):
        await accept(publisher, envelope(note(str(n)), PUBLISHER), made)
        for task in list(made.tasks):
            await task
    assert isinstance(made.store, MemoryStore)
    (lane,) = made.store.tables[TABLES.ledger]
    return made, lane


async def left(made: Hub, lane: str, kind: str) -> list[int]:
    """The numbers of the rows of one kind."""
    rows = await made.store.query(TABLES.ledger, lane, f"{kind}|", f"{kind}~")
    return [names.number(row.key) for row in rows]


async def cursor(made: Hub, lane: str, subscriber: str) -> int:
    row = await made.store.get(TABLES.ledger, lane, names.cursor(subscriber))
    return row["n"] if row else 0


async def test_a_subscriber_is_given_what_is_behind_its_cursor_in_order() -> None:
    made, lane = await published(4, FIRST, SECOND)
    for done in range(5):
        waiting = await outbox.not_taken(FIRST, PUBLISHER, lane, made)
        assert [each.n for each in waiting] == [1, 2, 3, 4][done:]
        assert await outbox.move_cursor(FIRST, PUBLISHER, lane, done + 1, made)
    assert [each.n for each in await outbox.not_taken(FIRST, PUBLISHER, lane, made, 2)] == []
    assert [each.n for each in await outbox.not_taken(SECOND, PUBLISHER, lane, made, 2)] == [1, 2]


async def test_a_worker_that_is_late_does_not_move_the_cursor_back() -> None:
    made, lane = await published(3, FIRST, SECOND)
    for n in (1, 2, 3):
        assert await outbox.move_cursor(FIRST, PUBLISHER, lane, n, made)
    for late in (1, 2, 3):
        assert await outbox.move_cursor(FIRST, PUBLISHER, lane, late, made)
        assert await cursor(made, lane, FIRST) == 3


@pytest.mark.parametrize("order", [*permutations((FIRST, SECOND, THIRD))], ids=" ".join)
async def test_content_is_deleted_with_the_last_subscriber_and_not_before(order: tuple[str, ...]) -> None:
    every = (FIRST, SECOND, THIRD)
    made, lane = await published(2, *every)
    for done, subscriber in enumerate(order, 1):
        assert await outbox.move_cursor(subscriber, PUBLISHER, lane, 1, made)
        pending = " ".join(each for each in every if each not in order[:done])
        assert await left(made, lane, "c") == await left(made, lane, "p") == ([1, 2] if pending else [2])
        (record, later) = await made.store.query(TABLES.ledger, lane, "d|", "d~")
        assert (record["pending"], later["pending"]) == (pending, " ".join(every))
        row = await made.store.get(TABLES.ledger, lane, names.row("p", 1))
        assert (row["pending"] if row else "") == pending


class Between(MemoryStore):
    """Storage in which something happens between a look at what is published and the next call."""

    meanwhile: Any = None

    async def query(self, table: str, partition: str, first: str = "", last: str = "", limit: int = 0) -> list[Row]:
        rows = await super().query(table, partition, first, last, limit)
        if first == "p|" and self.meanwhile:
            await self.meanwhile()
        return rows


@pytest.mark.parametrize("is_published_meanwhile", [False, True])
async def test_what_is_published_while_the_outbox_is_closed_keeps_it_open(is_published_meanwhile: bool) -> None:
    store = Between(lambda: NOW)
    made = hub(integration(Remembering(), PUBLISHER, subscribers=(FIRST,)), store=store)
    await open_outbox(PUBLISHER, "a1", made)

    async def publish() -> None:
        await store.commit(TABLES.ledger, "a1", put(names.row("p", 1), {"pending": FIRST}))
        await open_outbox(PUBLISHER, "a1", made)

    store.meanwhile = publish if is_published_meanwhile else None
    await close_outbox(PUBLISHER, "a1", made)
    row = await store.get(TABLES.open, names.outbox("a1"), names.open_key("a1", names.OUTBOX))
    assert (row is not None) == is_published_meanwhile


LOOKED_AT = {"nothing": None, "a message is being sent": "sending", "a message waits": "waiting"}


@pytest.mark.parametrize("state", LOOKED_AT)
async def test_an_event_that_overtook_its_own_message_is_looked_at_again(state: str) -> None:
    """The publisher's destination is the topic: the event may arrive before the message is settled."""
    subscriber = integration(Remembering(), FIRST)
    publisher = integration(Remembering(), PUBLISHER, subscribers=(FIRST,))
    made = hub(publisher, subscriber)
    if LOOKED_AT[state]:
        row = Waiting.of(Row("", "", "", {"at": NOW, "state": LOOKED_AT[state]}))
        await made.store.commit(TABLES.ledger, "a1", row.inserted(names.row("w", 1)))
    await subscription.take(subscriber, PUBLISHER, "a1", made)
    assert isinstance(made.store, MemoryStore)
    knocks = list(made.store.queues[f"{FIRST}-work"].values())
    assert [(orjson.loads(each.body), each.visible - NOW) for each in knocks] == (
        [({"publisher": PUBLISHER, "lane": "a1"}, 1)] if state == "a message is being sent" else []
    )


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 6, 7])
async def test_every_page_is_read_to_the_end(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_walk, "PAGE", 3)
    made = hub(integration(Remembering(), PUBLISHER))
    for n in range(rows):
        await made.store.commit(TABLES.find, "dead", put(f"{n:03}", {}))
    found = [[row.key for row in page] async for page in index_walk.pages(TABLES.find, "dead", "", made)]
    assert [key for page in found for key in page] == [f"{n:03}" for n in range(rows)]
    assert all(0 < len(page) <= 3 for page in found)


@pytest.mark.parametrize(
    ("row", "events"),
    [
        (Ended(at=NOW, ended=NOW, outcome="dead").inserted("d|0000000001"), [""]),
        (Ended(at=NOW, ended=NOW, outcome="delivered", pending="s").inserted("d|0000000001"), ["not-taken"]),
        (Ended(at=NOW, ended=NOW, outcome="delivered").inserted("d|0000000001"), []),
        (Receipt(number=1, at=NOW, digest="d").inserted("r|key"), []),
    ],
)
async def test_content_that_had_to_end_long_before_is_reported_when_it_goes(row: Any, events: list[str]) -> None:
    emitted: list[str] = []
    one = integration(Remembering(), PUBLISHER)
    made = hub(one, emit=lambda name, **keys: emitted.append(keys["error_code"]))
    await made.store.commit(TABLES.ledger, "a1", row)
    found = Found.of(Row("t|", "k", "", {"lane": "a1", "key": "k", "finders": ""}))
    assert await old.take_out(one, [found], NOW + 1, made)
    assert emitted == events
    assert not await made.store.query(TABLES.ledger, "a1")


LEFT_IN_THE_LANE = pytest.mark.parametrize(
    ("row", "is_gone"),
    [
        (Waiting.of(Row("", "", "", {"at": NOW, "key": "k"})).inserted("w|0000000002"), False),
        (Waiting.of(Row("", "", "", {"at": NOW, "key": "other"})).inserted("w|0000000002"), True),
        (Ended(at=NOW, ended=NOW, outcome="delivered", identity="k").inserted("d|0000000002"), False),
        (Ended(at=NOW, ended=NOW, outcome="delivered", identity="other").inserted("d|0000000002"), True),
        (Hold(number=1).inserted(names.HOLD), True),
    ],
    ids=["it waits", "another one waits", "its record", "the record of another one", "a hold"],
)


@LEFT_IN_THE_LANE
async def test_the_ways_to_a_message_go_with_the_last_row_of_its_identity(row: Any, is_gone: bool) -> None:
    one = integration(Remembering(), PUBLISHER)
    made = hub(one)
    await made.store.commit(TABLES.ledger, "a1", row)
    *ways, of_hour = rows_of(Found(of_lane="a1", identity="k", at=NOW), ["c|1|k", "p|1|a1.k"])
    await made.store.commit(TABLES.find, names.INDEX[0], *ways, of_hour)
    (found,) = await under(names.hour(NOW), one.name, made)
    assert await old.take_out(one, [found], NOW - 1, made) == is_gone
    left = [row.key for row in await made.store.query(TABLES.find, names.INDEX[0])]
    assert left == ([] if is_gone else ["c|1|k", "p|1|a1.k", of_hour.key])


@pytest.mark.parametrize(
    ("is_earlier", "is_both"),
    [(True, False), (True, True), (False, False)],
    ids=["an earlier version took it", "and this version a copy of the first", "this version took it"],
)
async def test_a_later_message_of_an_earlier_version_keeps_the_row_of_the_control_id_that_the_first_one_wrote(
    is_earlier: bool, is_both: bool
) -> None:
    one = integration(Remembering(), PUBLISHER)
    made, found, then = hub(one), Found(of_lane="a1", identity="k", at=NOW), NOW + 30 * 86400
    later = replace(found, at=then)
    await made.store.commit(TABLES.ledger, "a1", Waiting.of(Row("", "", "", {"at": then, "key": "k"})).inserted("w|0000000002"))
    await made.store.commit(TABLES.find, "c|1", found.put("k"))
    for each in (found, *([later] if is_earlier else [])):
        await made.store.commit(TABLES.find, names.hour(each.at), replace(each, finders="c|1").put("a1.k"))
    if not is_earlier:
        await made.store.commit(TABLES.find, names.index("k"), *rows_of(later, ["c|1|k"]))
    if is_both:
        await made.store.commit(TABLES.find, names.index("k"), found.put("c|1|k"))
    for hour, of_first, is_found in ((NOW, ["k"] * is_earlier, True), (then, [], False)):
        (of_hour,) = await under(names.hour(hour), one.name, made)
        assert await old.take_out(one, [of_hour], NOW - 1, made)
        assert [row.key for row in await made.store.query(TABLES.find, "c|1")] == of_first
        assert {each.id for each in await under("c|1", one.name, made)} == {*["a1.k"] * (is_found or is_both)}
        await made.store.commit(TABLES.ledger, "a1", remove("w|0000000002"))


@LEFT_IN_THE_LANE
@pytest.mark.parametrize("first", ["a1", "b2"], ids=["the only one under its id", "the id was another one's first"])
async def test_the_ways_of_an_earlier_version_go_too(row: Any, is_gone: bool, first: str) -> None:
    """In the partition of a control id, the first one is under its identity, another one under identity and lane."""
    one = integration(Remembering(), PUBLISHER)
    made, hour, found = hub(one), names.hour(NOW), Found(of_lane="a1", identity="k", at=NOW)
    await made.store.commit(TABLES.ledger, "a1", row)
    way, others = ("k", []) if first == "a1" else ("k.a1", ["k"])
    await made.store.commit(TABLES.find, hour, replace(found, finders="c|1 p|1").put("a1.k"))
    await made.store.commit(TABLES.find, "p|1", found.put("a1.k"))
    await made.store.commit(TABLES.find, "c|1", found.put(way), *(replace(found, of_lane=first).put(key) for key in others))
    (of_hour,) = [Found.of(row) for row in await made.store.query(TABLES.find, hour)]
    assert await old.take_out(one, [of_hour], NOW - 1, made) == is_gone
    left = [[row.key for row in await made.store.query(TABLES.find, partition)] for partition in (hour, "p|1", "c|1")]
    assert left == ([[], [], others] if is_gone else [["a1.k"], ["a1.k"], sorted([way, *others])])
