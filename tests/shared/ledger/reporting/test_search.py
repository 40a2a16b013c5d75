"""What became of a message: found by its ids, oldest first, with its history; never by what is not an id."""

from typing import Any

import pytest

from shared.hub import Hub
from shared.ledger import schema
from shared.ledger.index import Found
from shared.ledger.reporting import search
from shared.ledger.rows import Ended, Hold, Receipt, Waiting
from shared.ledger.tried import Attempt, Tried
from shared.privacy import search_hash
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Change, Row
from tests.ledger_world import NOW, Remembering, hub, integration

NAME, LANE, KEY = "notes-to-test", "1-a", "k"
TABLES = names.tables(NAME)
NEWER = names.SCHEMA + 1


def waits(n: int = 7, **values: Any) -> Change:
    return Waiting.of(Row("", "", "", {"at": NOW, "key": KEY, **values})).inserted(names.row("w", n))


def ended(n: int = 7, outcome: str = "delivered", key: str = KEY, part: str = "", **values: Any) -> Change:
    row = Ended.of(Row("", "", "", {"at": NOW, "ended": NOW, "outcome": outcome, "key": key, **values}))
    return row.inserted(names.row("d", n) + part)


def receipt(n: int = 7) -> Change:
    return Receipt(number=n, at=NOW, digest="d").inserted(names.receipt(KEY))


async def world(*changes: Change, newer: tuple[str, ...] = ()) -> Hub:
    """These rows in one lane; those whose keys begin so were written by a newer version."""
    made = hub(integration(Remembering(), NAME))
    assert isinstance(made.store, MemoryStore)
    if changes:
        await made.store.commit(TABLES.ledger, LANE, *changes)
        for key, (_, row) in made.store.tables[TABLES.ledger][LANE].items():
            row.update({"schema": NEWER} if key.startswith(newer or ("-",)) else {})
    return made


NUMBERS: dict[str, tuple[tuple[Change, ...], str, int | None]] = {
    "its receipt is there": ((receipt(), ended()), f"{LANE}.{KEY}", 7),
    "its receipt was purged": ((ended(), ended(8, key="other")), f"{LANE}.{KEY}", 7),
    "it was sent again, and its receipt was purged": ((ended(), ended(8)), f"{LANE}.{KEY}", 7),
    "it is another one's": ((ended(key="other"),), f"{LANE}.{KEY}", None),
    "nothing is there": ((), f"{LANE}.{KEY}", None),
    "it was refused": ((), f"{LANE}.0", 0),
    "no lane": ((receipt(),), f".{KEY}", None),
    "no key": ((receipt(),), f"{LANE}.", None),
    "a lane that is none": ((receipt(),), f"a/b.{KEY}", None),
    "a key that is none": ((receipt(),), f"{LANE}.k|1", None),
}


@pytest.mark.parametrize("case", NUMBERS)
async def test_the_number_of_a_message(case: str) -> None:
    rows, id, number = NUMBERS[case]
    made = await world(*rows)
    lane, _, key = id.partition(".")
    assert await search.sequence(TABLES.ledger, lane, key, made) == number


@pytest.mark.parametrize(("rows", "newer"), [((receipt(), ended()), "r|"), ((ended(), ended(8, key="other")), "d|")])
async def test_a_message_of_a_newer_version_is_not_looked_up(rows: tuple[Change, ...], newer: str) -> None:
    made = await world(*rows, newer=(newer,))
    with pytest.raises(schema.Newer):
        await search.sequence(TABLES.ledger, LANE, KEY, made)
    status = {"id": f"{LANE}.{KEY}", "outcome": "newer-version", "history": [], "newer": True}
    assert await search.status(NAME, f"{LANE}.{KEY}", made) == status
    assert await search.traces(NAME, f"{LANE}.{KEY}", made) == ()


async def test_a_newer_row_next_to_the_own_one_hides_nothing() -> None:
    made = await world(ended(), ended(8, key="other"), newer=(names.row("d", 8),))
    assert await search.sequence(TABLES.ledger, LANE, KEY, made) == 7


STORIES: dict[str, tuple[tuple[Change, ...], str, list[str]]] = {
    "it waits": ((receipt(), waits()), "waiting", []),
    "it is being sent": ((receipt(), waits(state="sending")), "sending", []),
    "it ended": ((receipt(), ended()), "delivered", []),
    "it was replayed and waits": ((receipt(), waits(), ended(outcome="dead", part="|1")), "waiting", ["dead"]),
    "it was replayed twice and ended": (
        (receipt(), ended(), ended(outcome="dead", part="|1"), ended(outcome="rejected", part="|2")),
        "delivered",
        ["dead", "rejected"],
    ),
    "its neighbours are not its own": ((receipt(), ended(), ended(8, "dead"), ended(70, "dead"), waits(6)), "delivered", []),
}


@pytest.mark.parametrize("case", STORIES)
async def test_the_story_of_a_message(case: str) -> None:
    rows, outcome, history = STORIES[case]
    story = await search.status(NAME, f"{LANE}.{KEY}", await world(*rows))
    assert story is not None
    assert (story["id"], story["n"], story["outcome"]) == (f"{LANE}.{KEY}", 7, outcome)
    assert [each["outcome"] for each in story["history"]] == history
    assert "newer" not in story


async def test_there_is_no_story_without_a_row() -> None:
    assert await search.status(NAME, f"{LANE}.{KEY}", await world(receipt())) is None
    assert await search.status(NAME, f"{LANE}.0", await world()) is None


async def test_the_hold_of_a_lane_is_no_message() -> None:
    """It has the number of refused messages, which never wait and are alone in their lanes."""
    made = await world(Hold(number=7).inserted(names.HOLD), receipt(), ended(outcome="dead"))
    assert await search.status(NAME, f"{LANE}.0", made) is None
    assert await search.traces(NAME, f"{LANE}.0", made) == ()


async def test_the_traces_of_a_message_are_those_of_its_attempts_in_order_and_once_each() -> None:
    first, second = ended(part="|1", traceparent="t1"), ended(part="|2", traceparent="t1", replays=1)
    third, now = ended(part="|3", replays=2), waits(traceparent="t2", replays=3)
    made = await world(receipt(), now, third, second, first)
    assert await search.traces(NAME, f"{LANE}.{KEY}", made) == ("t1", "t2")
    made = await world(receipt(), now, first, newer=(names.row("d", 7),))
    assert await search.traces(NAME, f"{LANE}.{KEY}", made) == ("t2",)


@pytest.mark.parametrize("by", search.FINDERS)
@pytest.mark.parametrize("most", [1, 2, 3, 4])
@pytest.mark.parametrize("of_earlier", [0, 2, 4])
async def test_the_newest_stories_are_found_oldest_first(by: search.By, most: int, of_earlier: int) -> None:
    """Also where an earlier version wrote some of the rows, each in the partition of its finder."""
    made = await world()
    finder = f"{search.FINDERS[by]}|{search_hash(by, 'value')}"
    for place, (lane, age) in enumerate((("1-b", 10), ("1-a", 30), ("1-c", 20), ("1-d", 5))):
        found = Found(of_lane=lane, identity=KEY, at=NOW - age)
        for id in (f"{lane}.{KEY}", f"{lane}.again"):  # two ways to one message
            own = (finder, id) if place < of_earlier else (names.INDEX[place], names.listed(finder, id))
            await made.store.commit(TABLES.find, own[0], found.put(own[1]))
            longer = names.listed(f"{finder}0", id)  # of another value, whose hash begins in the same way
            await made.store.commit(TABLES.find, names.INDEX[place], Found(of_lane="1-e", identity=KEY, at=NOW).put(longer))
        if lane != "1-d":  # one was announced and never stored
            await made.store.commit(TABLES.ledger, lane, receipt(), ended())
    stories = await search.find(NAME, by, "value", made, most)
    assert [story["id"][:3] for story in stories] == ["1-a", "1-c", "1-b"][max(0, 4 - most) :]
    assert await search.find(NAME, by, "another value", made) == []


async def test_a_message_that_came_again_stays_at_the_time_of_its_acceptance() -> None:
    """A second copy writes the index again."""
    made = await world()
    for lane, accepted, listed in (("1-a", 30, 5), ("1-b", 20, 20), ("1-c", 10, 10)):
        found, key = Found(of_lane=lane, identity=KEY, at=NOW - listed), names.listed(names.by_control("7"), f"{lane}.{KEY}")
        await made.store.commit(TABLES.find, names.INDEX[0], found.put(key))
        row = Ended.of(Row("", "", "", {"at": NOW - accepted, "ended": NOW, "outcome": "delivered", "key": KEY}))
        await made.store.commit(TABLES.ledger, lane, receipt(), row.inserted(names.row("d", 7)))
    assert [story["id"][:3] for story in await search.find(NAME, "control", "7", made)] == ["1-a", "1-b", "1-c"]


@pytest.mark.parametrize("written", ["9990000018", "999 000 0018", "999-000-0018", " 9990000018\t"])
async def test_an_nhs_number_is_found_as_people_write_it(written: str) -> None:
    made = await world(receipt(), ended())
    found, key = Found(of_lane=LANE, identity=KEY, at=NOW), names.listed(names.by_patient("9990000018"), f"{LANE}.{KEY}")
    await made.store.commit(TABLES.find, names.INDEX[0], found.put(key))
    assert len(await search.find(NAME, "patient", written, made)) == 1
    assert await search.find(NAME, "control", written, made) == []
    assert await search.find(NAME, "patient", "999 000 001", made) == []


def test_what_a_row_shows() -> None:
    tried = Tried().plus(Attempt(at=1.5, result="waiting", code="ack-AE", ms=40))
    values = {
        "outcome": "dead",
        "code": "",
        "attempts": 0,
        "ambiguous": False,
        "resent": None,
        "blob": "b",
        "key": KEY,
        "at": NOW,
    }
    shown = search.shown_row(Row(LANE, "d|7", "1", {**values, "tried": tried.text()}))
    assert shown == {
        "outcome": "dead",
        "attempts": 0,
        "ambiguous": False,
        "at": NOW,
        "tried": [{"at": 1.5, "result": "waiting", "code": "ack-AE", "ms": 40}],
        "not_listed": 0,
    }
    newer = {"outcome": "dead", "tried": tried.text(), "schema": NEWER}
    assert search.shown_row(Row(LANE, "d|7", "1", newer)) == {"outcome": "dead"}
    assert search.shown_row(Row(LANE, "d|7", "1", {"at": NOW})) == {"at": NOW}
