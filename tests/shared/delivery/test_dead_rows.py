"""Dead letters, from the rows alone: which are listed, what an act changes in the lane, and what it leaves alone."""

from typing import Any

import orjson
import pytest

from shared.delivery import dead
from shared.delivery.dead import Person, Place, Refused
from shared.hub import Hub
from shared.ledger import audit
from shared.ledger.index import Listed
from shared.ledger.rows import Content, Ended, Explained, Head, Hold, Receipt, Waiting
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Change, Row
from tests.ledger_world import NOW, Remembering, hub, integration

NAME, LANE = "notes-to-test", "1-a"
TABLES = names.tables(NAME)
ANN = Person("ann", "why")


def ended(n: int, outcome: Any = "dead", key: str = "", **values: Any) -> Change:
    row = Ended(at=NOW, ended=NOW, outcome=outcome, identity=key or f"k{n}", mark=f"m{n}", **values)
    return row.inserted(names.row("d", n))


def receipt(n: int) -> Change:
    return Receipt(number=n, at=NOW, digest="d").inserted(names.receipt(f"k{n}"))


async def world(*changes: Change) -> tuple[Hub, MemoryStore]:
    made = hub(integration(Remembering(), NAME))
    assert isinstance(made.store, MemoryStore)
    if changes:
        await made.store.commit(TABLES.ledger, LANE, *changes)
    return made, made.store


async def listing(*letters: tuple[int, float, str, str]) -> Hub:
    """Dead letters: number, seconds since it is one, code and rules."""
    made, store = await world()
    for n, age, code, rules in letters:
        record = Ended(at=NOW - age, ended=NOW, outcome="dead", identity=f"k{n}", code=code, rules=rules)
        await store.commit(TABLES.ledger, LANE, record.inserted(names.row("d", n)), receipt(n))
        await store.commit(TABLES.find, names.DEAD, Listed(at=NOW - age).put(f"{LANE}.k{n}"))
    return made


LETTERS = ((1, 10.0, "ack-AE", ""), (2, 30.0, "ack-AR", "one two"), (3, 20.0, "two", "three"))


@pytest.mark.parametrize(
    ("rule", "since", "numbers"),
    [
        ("", 0, [2, 3, 1]),
        ("", NOW - 31, [2, 3, 1]),
        ("", NOW - 30, [2, 3, 1]),
        ("", NOW - 29, [3, 1]),
        ("", NOW - 20, [3, 1]),
        ("", NOW, []),
        ("ack-AE", 0, [1]),
        ("two", 0, [2, 3]),
        ("one", 0, [2]),
        ("o", 0, []),
        ("two", NOW - 20, [3]),
    ],
)
@pytest.mark.parametrize("most", [1, 2, 3, 4])
async def test_the_list_is_narrowed_by_rule_and_time_and_is_whole(
    rule: str, since: float, numbers: list[int], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await listing(*LETTERS)
    monkeypatch.setattr(dead.dead_page, "__kwdefaults__", {"after": "", "most": most})
    assert [one["n"] for one in await dead.dead_letters(NAME, made, rule, since)] == numbers


OVERTAKEN: dict[str, tuple[tuple[Change, ...], bool]] = {
    "it is the last": ((), False),
    "the next was delivered": ((ended(3, "delivered"),), True),
    "a later one was delivered": ((ended(3, "discarded"), ended(4, "delivered")), True),
    "the next is dead too": ((ended(3),), False),
    "an earlier one was delivered": ((ended(1, "delivered"),), False),
    "a later one waits": ((Waiting.of(Row("", "", "", {"at": NOW})).inserted(names.row("w", 3)),), False),
}


@pytest.mark.parametrize("case", OVERTAKEN)
@pytest.mark.parametrize("out_of_order", [False, True])
async def test_a_replay_that_would_come_after_a_later_message_needs_a_word(case: str, out_of_order: bool) -> None:
    rows, is_overtaken = OVERTAKEN[case]
    made, _ = await world(ended(2), receipt(2), *rows)
    place = await dead.find_dead(NAME, f"{LANE}.k2", made)
    if is_overtaken and not out_of_order:
        with pytest.raises(Refused) as refused:
            await dead.revive(made.integrations[NAME], f"{LANE}.k2", place, made)
        assert refused.value.reason == "overtaken"
    else:
        await dead.revive(made.integrations[NAME], f"{LANE}.k2", place, made, out_of_order=out_of_order)


HEAD = Head(number=3, idle=3, duplicates=5).inserted(names.HEAD)
WORDS, BODY = Explained(detail="x").inserted(names.row("e", 2)), Content(body=b"x").inserted(names.row("c", 2))
OWN, OTHERS = (Hold(number=n).inserted(names.HOLD) for n in (2, 1))
ELSE = (Content(body=b"x").inserted(names.row("c", 1)), Explained(detail="x").inserted(names.row("e", 3)))
HELD: dict[str, tuple[tuple[Change, ...], set[str]]] = {
    "it holds its lane": ((HEAD, WORDS, BODY, OWN), {names.HOLD, WORDS.key}),
    "another one holds the lane": ((HEAD, WORDS, BODY, OTHERS), {WORDS.key}),
    "no words": ((HEAD, BODY, OWN), {names.HOLD}),
    "no head": ((WORDS, BODY), {WORDS.key}),
    "nothing": ((), set()),
}


@pytest.mark.parametrize("case", HELD)
@pytest.mark.parametrize("act", ["revive", "discard"])
async def test_what_an_act_takes_out_of_the_lane_and_what_it_leaves(case: str, act: str) -> None:
    rows, gone = HELD[case]
    made, store = await world(ended(2), receipt(2), *rows, *ELSE)
    one, id = made.integrations[NAME], f"{LANE}.k2"
    before = set(store.tables[TABLES.ledger][LANE])
    if act == "revive":
        await dead.revive(one, id, await dead.find_dead(NAME, id, made), made)
        expected = before - gone - {names.row("d", 2)} | {names.row("w", 2), names.earlier(2, 1)}
    else:
        await dead.discard(one, id, ANN, made)
        expected = before - gone - {BODY.key}
    after = store.tables[TABLES.ledger][LANE]
    assert set(after) == expected
    if names.HEAD in before:
        head = after[names.HEAD][1]
        assert (head["n"], head["idle"], head["duplicates"]) == (3, -1, 5)
    assert [orjson.loads(each.body) for each in store.queues[f"{NAME}-work"].values()] == [{"lane": LANE}]
    opened = store.tables[TABLES.open][LANE[-1]]
    assert [row["key"] for _, row in opened.values()] == (["k2"] if act == "revive" else [])


@pytest.mark.parametrize(("outcome", "is_audited"), [("discarded", True), ("expired", False)])
async def test_a_dead_letter_that_is_given_up_keeps_its_record(outcome: Any, is_audited: bool) -> None:
    """The purge writes no act of a person."""
    made, store = await world(ended(2, blob="b1 b2", code="ack-AE"), receipt(2), BODY)
    await store.commit(TABLES.find, names.DEAD, Listed(at=NOW).put(f"{LANE}.k2"))
    for blob in ("b1", "b2", "b3"):
        await store.write_blob(names.CONTENT, blob, b"x")
    await dead.discard(made.integrations[NAME], f"{LANE}.k2", ANN, made, outcome)
    record = store.tables[TABLES.ledger][LANE][names.row("d", 2)][1]
    kept = {"outcome": outcome, "ended": NOW, "code": "ack-AE", "blob": "", "blob_pending": ""}
    assert {name: record[name] for name in kept} == kept
    assert [name for name, _ in await store.blobs(names.CONTENT)] == ["b3"]
    assert not await store.query(TABLES.find, names.DEAD)
    acts = [(each.who, each.what, each.message_id, each.purpose) for each in await audit.acts(NAME, made)]
    assert acts == ([("ann", "discard", f"{LANE}.k2", "why")] if is_audited else [])


@pytest.mark.parametrize("outcome", ["dead", "rejected", "delivered", "discarded", "expired", "observed"])
async def test_what_is_a_dead_letter(outcome: Any) -> None:
    made, _ = await world(ended(2, outcome), receipt(2))
    if outcome in ("dead", "rejected"):
        place = await dead.find_dead(NAME, f"{LANE}.k2", made)
        assert isinstance(place, Place)
        assert (place.lane, place.n, place.ended.outcome) == (LANE, 2, outcome)
    else:
        with pytest.raises(Refused) as refused:
            await dead.find_dead(NAME, f"{LANE}.k2", made)
        assert refused.value.reason == "not-dead"
