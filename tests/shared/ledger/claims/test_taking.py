"""Who may take a lane and when: the end of another worker's claim, what a merge waits for, how long a claim lasts."""

import asyncio
from typing import Any

import pytest

from shared.hub import Hub, Timing
from shared.integration import Delivery
from shared.ledger.claims.held import claim_end, new_claim
from shared.ledger.claims.taking import blocked, claim
from shared.ledger.rows import Claimed, Hold, Waiting
from shared.problems import Lost
from shared.storage import names
from shared.storage.store import Away, Row
from tests.faults.virtual import run
from tests.ledger_world import NOW, Remembering, hub, integration
from tests.waiting import PATIENCE

LEDGER = names.tables("notes-to-test").ledger
FIRST = Waiting.of(Row("", "", "", {"at": NOW})).inserted(names.row("w", 1))


def world(**declared: Any) -> Hub:
    return hub(integration(Remembering(), **declared))


async def claimed_until(end: float, made: Hub) -> None:
    """A lane with one message and the claim of another worker."""
    claim_of_other = Claimed(owner="other", end=end, turn="theirs")
    await made.store.commit(LEDGER, "lane", FIRST, claim_of_other.inserted(names.CLAIM))


@pytest.mark.parametrize(
    ("seconds_left", "is_taken"), [(15, False), (1, False), (0.001, False), (0, True), (-0.001, True), (-1, True)]
)
async def test_a_claim_is_taken_over_once_it_has_ended_and_not_before(seconds_left: float, is_taken: bool) -> None:
    made = world()
    await claimed_until(NOW + seconds_left, made)
    held = await claim(made.integrations["notes-to-test"], "lane", made)
    assert (held is not None) == is_taken
    row = await made.store.get(LEDGER, "lane", names.CLAIM)
    assert row
    assert (row["owner"] == "other") != is_taken


# Whether a lane is taken after a knock: what waits in it, and for how many seconds the claim of another worker lasts.
AFTER_A_KNOCK = {
    "nothing waits": (False, None, False),
    "nothing waits, another worker has it": (False, 1, False),
    "nothing waits, another worker left its claim": (False, -1, True),
    "a message waits": (True, None, True),
    "a message waits, another worker has it": (True, 1, False),
    "a message waits, another worker left its claim": (True, -1, True),
}


@pytest.mark.parametrize("case", AFTER_A_KNOCK)
async def test_a_lane_is_taken_if_something_waits_or_a_claim_was_left_in_it(case: str) -> None:
    """A claim that no one takes over would stay: the next message of the lane could not be claimed at once."""
    waits, left, is_taken = AFTER_A_KNOCK[case]
    made, looked = world(), list[bool]()
    if waits:
        await made.store.commit(LEDGER, "lane", FIRST)
    if left is not None:
        await made.store.commit(LEDGER, "lane", Claimed(owner="other", end=NOW + left, turn="theirs").inserted(names.CLAIM))

    async def is_postponed() -> bool:
        looked.append(True)
        return False

    held = await claim(made.integrations["notes-to-test"], "lane", made, is_postponed=is_postponed)
    assert (held is not None) == is_taken
    assert bool(looked) == (waits or left is not None)  # nothing is arranged for a lane in which there is nothing
    if held:
        assert await held.next() is not None or not await made.store.get(LEDGER, "lane", names.CLAIM)


@pytest.mark.parametrize("is_done", [True, False], ids=["the claim was written", "it was not"])
async def test_a_claim_whose_answer_was_lost_is_this_workers_own(is_done: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would otherwise look like another worker's, and the lane would wait until it ends."""
    made = world()
    await made.store.commit(LEDGER, "lane", FIRST)
    commit, lost = made.store.commit, []

    async def loses(*args: Any) -> dict[str, str]:
        if not lost:
            lost.append(args)
            if is_done:
                await commit(*args)
            raise Away
        return await commit(*args)

    monkeypatch.setattr(made.store, "commit", loses)
    held = await claim(made.integrations["notes-to-test"], "lane", made)
    assert held
    row = await made.store.get(LEDGER, "lane", names.CLAIM)
    assert row
    assert (row["owner"], row.etag) == (made.instance, held.claim.row.etag)


@pytest.mark.parametrize(("timeout", "margin"), [(5, 15), (30, 15), (30, 2.5)])
def test_a_claim_lasts_for_a_delivery_and_the_margin(timeout: float, margin: float) -> None:
    made = hub(integration(Remembering(), delivery=Delivery(timeout=timeout)), timing=Timing(claim_margin=margin))
    one = made.integrations["notes-to-test"]
    assert claim_end(one, made) == NOW + timeout + margin
    assert new_claim(one, made).end == NOW + timeout + margin
    assert new_claim(one, made).owner == made.instance


async def test_half_of_the_margin_is_not_used_for_sending() -> None:
    """The other half is for clocks that differ."""
    made = world(delivery=Delivery(timeout=5))
    await made.store.commit(LEDGER, "lane", FIRST)
    held = await claim(made.integrations["notes-to-test"], "lane", made)
    assert held
    assert held.left() == 5 + made.timing.claim_margin / 2


async def test_a_renewal_does_not_replace_the_claim_of_another_worker() -> None:
    made = world()
    await made.store.commit(LEDGER, "lane", FIRST)
    held = await claim(made.integrations["notes-to-test"], "lane", made)
    assert held
    row = await made.store.get(LEDGER, "lane", names.CLAIM)
    assert row
    await made.store.commit(LEDGER, "lane", Claimed(row=row, owner="other", end=NOW + 99, turn="theirs").replaced())
    with pytest.raises(Lost):
        await held.commit(names.CLAIM, held.renewed())
    with pytest.raises(Lost):
        await held.require_claim()
    kept = await made.store.get(LEDGER, "lane", names.CLAIM)
    assert kept
    assert (kept["owner"], kept["end"]) == ("other", NOW + 99)


# What a merge waits for: the messages of the other lane up to the number that it had when the merge was accepted.
OTHER_LANE = [
    ((), None, False),
    ((2,), None, True),
    ((3,), None, True),
    ((4,), None, False),
    ((3, 4, 5), None, True),
    ((), 2, True),
    ((), 3, True),
    ((), 4, False),
    ((5,), 4, False),
    ((3,), 4, True),
    ((4,), 3, True),
]


@pytest.mark.parametrize(("waiting", "held_by", "is_blocked"), OTHER_LANE)
async def test_a_merge_waits_for_what_the_other_lane_had_and_for_nothing_later(
    waiting: tuple[int, ...], held_by: int | None, is_blocked: bool
) -> None:
    made = world()
    there = [Waiting.of(Row("", "", "", {"at": NOW})).inserted(names.row("w", n)) for n in waiting]
    there += [Hold(number=held_by).inserted(names.HOLD)] if held_by else []
    for change in there:
        await made.store.commit(LEDGER, "other", change)
    merge = Waiting.of(Row("lane", names.row("w", 1), "", {"at": NOW, "after": "other", "after_n": 3}))
    assert await blocked(made.integrations["notes-to-test"], merge, made) == is_blocked


def test_a_claim_is_given_up_when_storage_stays_away() -> None:
    async def story() -> float:
        clock = asyncio.get_running_loop().time
        made = hub(integration(Remembering()), now=lambda: NOW + clock())
        await made.store.commit(LEDGER, "lane", FIRST)

        async def away(*_: Any) -> Any:
            raise Away

        made.store.commit = away  # type: ignore[method-assign]
        with pytest.raises(Away):
            await asyncio.wait_for(claim(made.integrations["notes-to-test"], "lane", made), PATIENCE)
        return clock()

    assert 10 <= run(story()) < 11  # the patience with storage, and one pause
