"""What waits, from the rows alone: which message is listed, how many are behind it, and when an act is refused."""

from typing import Any

import orjson
import pytest

from shared.delivery import lanes, waiting
from shared.delivery.dead import Person, Refused
from shared.delivery.waiting import Filter
from shared.ledger.claims.taking import claim
from shared.ledger.knocks import open_lane, open_outbox
from shared.ledger.rows import Claimed, Ended, Head, Hold, Receipt, Waiting
from shared.storage import names
from shared.storage.store import Change, Row, put
from tests.ledger_world import NOW, Remembering, hub, integration

NAME, LANE, OTHER, KEY = "notes-to-test", "1-a", "1-b", "k"
TABLES = names.tables(NAME)
SOMEONE = Person("someone", "why")
NEWER = {"schema": names.SCHEMA + 1}


def row(change: Change, **values: Any) -> Row:
    return Row(LANE, change.key, "1", {**change.values, **values})


def waits(n: int, **values: Any) -> Change:
    return Waiting.of(Row("", "", "", {"at": NOW, "key": KEY} | values)).inserted(names.row("w", n))


HOLD = Hold(number=1).inserted(names.HOLD)
FIRSTS: dict[str, tuple[list[Row], int, tuple[int, int, bool] | None]] = {
    "nothing waits": ([], 1, None),
    "a hold alone": ([row(HOLD)], 1, None),
    "one waits": ([row(waits(1))], 1, (1, 0, False)),
    "two wait": ([row(waits(1)), row(waits(2))], 2, (1, 1, False)),
    "two wait, and one open row is late": ([row(waits(1)), row(waits(2))], 1, (1, 1, False)),
    "many wait": ([row(waits(3)), row(waits(4))], 7, (3, 6, False)),
    "one is held": ([row(HOLD), row(waits(2))], 1, (2, 0, True)),
    "many are held": ([row(HOLD), row(waits(2))], 5, (2, 4, True)),
    "a newer version wrote the first": ([row(waits(1), **NEWER), row(waits(2))], 2, None),
    "a newer version wrote the second": ([row(waits(1)), row(waits(2), **NEWER)], 2, None),
    "a newer version wrote the hold": ([row(HOLD, **NEWER), row(waits(2))], 2, None),
}


@pytest.mark.parametrize("case", FIRSTS)
def test_the_first_message_of_a_lane_and_how_many_are_behind_it(case: str) -> None:
    rows, count, expected = FIRSTS[case]
    first = lanes.first_in(rows, count)
    assert (first and (first.message.n, first.behind, first.is_held)) == expected


@pytest.mark.parametrize(
    ("values", "is_listed"),
    [
        ({}, True),
        ({"older": 99.0}, True),
        ({"older": 100.0}, True),
        ({"older": 101.0}, False),
        ({"younger": 99.0}, False),
        ({"younger": 100.0}, True),
        ({"younger": 101.0}, True),
        ({"older": 50.0, "younger": 150.0}, True),
        ({"reason": "rate"}, True),
        ({"reason": "ack-AE"}, True),
        ({"reason": "ack"}, False),
        ({"reason": "rate", "older": 101.0}, False),
    ],
)
def test_what_a_filter_takes(values: dict[str, Any], is_listed: bool) -> None:
    story = {"since": NOW - 100, "code": "rate", "answer": "ack-AE"}
    assert Filter(**values).takes(story, NOW) == is_listed


async def test_open_lanes_are_counted_without_outboxes_and_batches() -> None:
    made = hub(one := integration(Remembering(), NAME))
    for lane, mark in ((LANE, "m1"), (OTHER, "m1"), (LANE, "m2"), ("2-a", "m1"), (OTHER, "m2"), (OTHER, "m3")):
        await open_lane(NAME, lane, mark, made)
    await open_outbox(NAME, LANE, made)
    await made.store.commit(TABLES.open, names.BATCH, put(names.open_key(names.BATCH, "x"), {}))
    assert [found async for found in lanes.open_lanes(one, made)] == [(LANE, 2), ("2-a", 1), (OTHER, 3)]


async def test_a_lane_in_which_nothing_waits_is_not_listed_and_hides_no_other() -> None:
    """Its open row is there before the message is, and stays when a worker ends after it settled it."""
    made = hub(one := integration(Remembering(), NAME))
    for lane in (LANE, OTHER):
        await open_lane(NAME, lane, "m", made)
    await made.store.commit(TABLES.ledger, OTHER, waits(1, identity=KEY))
    listed = await waiting.listed(one, made)
    assert ([story["id"] for story in listed.stories], listed.is_cut) == ([f"{OTHER}.{KEY}"], False)


async def world(*more: Change) -> Any:
    """A hub in which one message waits as number 2, with these rows next to it."""
    made = hub(integration(Remembering(), NAME))
    receipt = Receipt(number=2, at=NOW, digest="d").inserted(names.receipt(KEY))
    head = Head(number=2, idle=0).inserted(names.HEAD)
    await made.store.commit(TABLES.ledger, LANE, head, receipt, waits(2), *more)
    return made


@pytest.mark.parametrize(("left", "is_refused"), [(-1.0, False), (0.0, False), (0.5, True), (60.0, True)])
@pytest.mark.parametrize("act", [waiting.retry, waiting.give_up])
async def test_an_act_is_refused_until_the_claim_of_a_worker_has_ended(act: Any, left: float, is_refused: bool) -> None:
    made = await world(Claimed(owner="another", end=NOW + left, turn="t").inserted(names.CLAIM))
    if is_refused:
        with pytest.raises(Refused) as refused:
            await act(made.integrations[NAME], f"{LANE}.{KEY}", SOMEONE, made)
        assert refused.value.reason == "busy"
        assert await made.store.query(TABLES.audit, names.AUDIT) == []
    else:
        await act(made.integrations[NAME], f"{LANE}.{KEY}", SOMEONE, made)


REFUSED: dict[str, tuple[tuple[Change, ...], str]] = {
    "it is the first": ((), ""),
    "an earlier one waits": ((waits(1),), "not-first"),
    "a later one waits": ((waits(3),), ""),
    "a dead letter holds the lane": ((HOLD,), "held"),
    "an earlier one has ended": ((Ended(at=NOW, ended=NOW, outcome="delivered").inserted(names.row("d", 1)),), ""),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_retry_is_refused_where_something_else_must_end_first(case: str) -> None:
    rows, reason = REFUSED[case]
    made = await world(*rows)
    try:
        await waiting.retry(made.integrations[NAME], f"{LANE}.{KEY}", SOMEONE, made)
        found = ""
    except Refused as refused:
        found = refused.reason
    assert found == reason


async def test_a_message_of_a_held_lane_is_not_given_up_and_its_lane_is_let_go() -> None:
    made = await world(HOLD)
    with pytest.raises(Refused) as refused:
        await waiting.give_up(made.integrations[NAME], f"{LANE}.{KEY}", SOMEONE, made)
    assert refused.value.reason == "held"
    assert await made.store.get(TABLES.ledger, LANE, names.CLAIM) is None
    assert await made.store.get(TABLES.ledger, LANE, names.row("w", 2)) is not None
    assert await claim(made.integrations[NAME], LANE, made)


@pytest.mark.parametrize(("most", "shown", "is_cut"), [(0, 3, False), (1, 1, True), (2, 2, True), (3, 3, False), (4, 3, False)])
async def test_the_list_is_as_long_as_requested_and_says_whether_more_waits(most: int, shown: int, is_cut: bool) -> None:
    made = hub(one := integration(Remembering(), NAME))
    for lane in (LANE, OTHER, "1-c"):
        await open_lane(NAME, lane, "m", made)
        await made.store.commit(TABLES.ledger, lane, waits(1))
    listed = await waiting.listed(one, made, most=most)
    assert (len(listed.stories), listed.is_cut) == (shown, is_cut)


async def test_a_message_that_ends_before_its_lane_is_claimed_is_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    made = await world()
    taken = waiting.claim

    async def late(*args: Any, **more: Any) -> Any:
        held = await taken(*args, **more)
        del made.store.tables[TABLES.ledger][LANE][names.row("w", 2)]  # another worker delivered it
        return held

    monkeypatch.setattr(waiting, "claim", late)
    with pytest.raises(Refused) as refused:
        await waiting.give_up(made.integrations[NAME], f"{LANE}.{KEY}", SOMEONE, made)
    assert refused.value.reason == "busy"
    assert await made.store.get(TABLES.ledger, LANE, names.CLAIM) is None
    assert await made.store.get(TABLES.ledger, LANE, names.row("d", 2)) is None


async def test_a_retry_makes_a_message_due_and_knocks_at_once() -> None:
    """Without the knock it would wait for the next round of the watchdog."""
    made = await world()
    await waiting.retry(made.integrations[NAME], f"{LANE}.{KEY}", SOMEONE, made)
    row = await made.store.get(TABLES.ledger, LANE, names.row("w", 2))
    assert row
    assert Waiting.of(row).due == 0.0
    (queued,) = made.store.queues[f"{NAME}-work"].values()  # type: ignore[attr-defined]
    assert (orjson.loads(queued.body)["lane"], queued.visible) == (LANE, NOW)
