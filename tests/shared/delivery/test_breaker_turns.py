"""Whose turn it is to probe an open breaker: just before, at and just after the time of each rank."""

from typing import Any, Literal

import pytest

from shared.delivery import breaker
from shared.delivery.rows import Breaker
from shared.hub import Hub
from shared.integration import Delivery
from shared.ledger.rows import Waiting
from shared.storage import names
from shared.storage.store import Row
from tests.ledger_world import NOW, Remembering, hub, integration

LANE, WAIT = "1-a", 8.0
SPREAD = WAIT / 2
RANKS: dict[str, tuple[dict[str, Any], str, int]] = {
    "it has not failed": ({}, "b c", 0),
    "it has failed before": ({"tries": 1}, "b c", 1),
    "its lane failed, and others after it": ({"tries": 3}, f"{LANE} c", 1),
    "its lane failed last": ({"tries": 1}, f"b {LANE}", 2),
    "its lane failed last, with an earlier message": ({}, f"b {LANE}", 2),
}


async def world(state: Literal["closed", "open", "half-open"], until: float, lanes: str) -> tuple[Hub, list[tuple[float, float]]]:
    """A hub with a breaker in this state, and the bounds of each jitter, which is the shortest."""
    one = integration(Remembering(), delivery=Delivery(breaker_wait=WAIT, timeout=5))
    made, bounds = hub(one), list[tuple[float, float]]()
    row = Breaker(state=state, until=until, lanes=lanes, opens=1, first=NOW - 60, since=NOW - 50)
    await made.store.commit(names.SHARED_TABLE, "TEST", row.inserted(names.BREAKER))
    made.random.uniform = lambda low, high: bounds.append((low, high)) or low  # type: ignore[func-returns-value,method-assign]
    return made, bounds


async def wait(made: Hub, **values: Any) -> float:
    message = Waiting.of(Row(LANE, names.row("w", 1), "1", {"at": NOW, **values}))
    return await breaker.wait(made.integrations["notes-to-test"], message, made)


@pytest.mark.parametrize("case", RANKS)
@pytest.mark.parametrize("left", [-100.0, -0.5, 0.0, 0.5, 1.0])
async def test_a_message_probes_at_its_turn_and_not_before(case: str, left: float) -> None:
    values, lanes, rank = RANKS[case]
    made, bounds = await world("open", NOW + left - rank * SPREAD, lanes)
    waited = await wait(made, **values)
    row = Breaker.of(await made.store.get(names.SHARED_TABLE, "TEST", names.BREAKER))  # type: ignore[arg-type]
    if left > 0:
        assert waited == left
        assert bounds == [(0, SPREAD)]
        assert (row.state, row.probe) == ("open", "")
    else:
        assert waited == 0
        assert (row.state, row.probe, row.until) == ("half-open", LANE, NOW + 5 + made.timing.claim_margin)


@pytest.mark.parametrize("case", RANKS)
@pytest.mark.parametrize(("state", "left", "seconds"), [("open", 2.0, 2.0), ("open", 60.0, 60.0), ("half-open", 2.0, 2.0)])
async def test_a_message_comes_back_at_its_turn(case: str, state: Any, left: float, seconds: float) -> None:
    values, lanes, rank = RANKS[case]
    made, bounds = await world(state, NOW + left, lanes)
    assert await wait(made, **values) == seconds + rank * SPREAD
    assert bounds == [(0, SPREAD)]


@pytest.mark.parametrize(("left", "seconds"), [(2.5, 2.5), (3.0, 3.0), (3.5, 3.0), (60.0, 3.0)])
async def test_while_another_lane_probes_it_is_looked_at_again_soon(left: float, seconds: float) -> None:
    made, _ = await world("half-open", NOW + left, "b c")
    assert await wait(made) == seconds


async def test_a_closed_breaker_makes_no_message_wait() -> None:
    made, bounds = await world("closed", NOW + 60, "b c")
    assert await wait(made) == 0
    assert bounds == []
