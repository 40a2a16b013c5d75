"""Members that are taken at the same time: whose turn comes after whose, and what a failure lets in."""

import asyncio
from dataclasses import dataclass, field

import pytest

from shared.envelope import Answer, Identity
from shared.intake import window
from shared.intake.decide import Decision, InOrder
from shared.intake.window import Window
from shared.issue import Verdict
from shared.storage.store import Away
from tests.waiting import PATIENCE


def decided(lane: str, after: str = "", control: str = "") -> Decision:
    who = Identity(sender="S", facility="F", control_id=control)
    return Decision(Verdict("AA", ()), Answer(status=200, content_type="x", body=b""), who=who, lane=lane, after=after)


@dataclass
class World:
    """Members that are stored when the test lets them, or fail."""

    window: Window = field(default_factory=lambda: Window(window.MOST))
    storing: list[int] = field(default_factory=list)
    stored: list[int] = field(default_factory=list)
    allowed: dict[int, asyncio.Future[None]] = field(default_factory=dict)

    async def begin(self, number: int, decision: Decision | None, size: int = 1) -> None:
        self.allowed[number] = asyncio.get_running_loop().create_future()

        async def take(turn: InOrder) -> None:
            if decision:
                await turn(decision)
            self.storing.append(number)
            await self.allowed[number]
            self.stored.append(number)

        await self.window.begin(number, size, take)
        await settled()

    async def store(self, number: int) -> None:
        self.allowed[number].set_result(None)
        await settled()

    async def fail(self, number: int) -> None:
        self.allowed[number].set_exception(ZeroDivisionError())
        await settled()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("earlier", "later", "waits"),
    [
        (decided("A"), decided("B"), False),
        (decided("A"), decided("A"), True),
        (decided("A", after="B"), decided("B"), True),
        (decided("B"), decided("A", after="B"), True),
        (decided("A", after="C"), decided("B", after="C"), True),
        (decided("A", control="1"), decided("B", control="1"), True),
        (decided("A", control="1"), decided("B", control="2"), False),
        (decided("", control="1"), decided("", control="2"), False),
        (decided(""), decided(""), False),
    ],
)
async def test_what_comes_after_what(world: World, earlier: Decision, later: Decision, waits: bool) -> None:
    await world.begin(1, earlier)
    await world.begin(2, later)
    assert world.storing == ([1] if waits else [1, 2])
    await world.store(1)
    assert world.storing == [1, 2]


async def test_a_merge_waits_for_both_lanes_and_both_lanes_wait_for_it(world: World) -> None:
    for number, decision in enumerate(
        [decided("A"), decided("B"), decided("A", after="B"), decided("B"), decided("A"), decided("C")], 1
    ):
        await world.begin(number, decision)
    assert world.storing == [1, 2, 6]
    await world.store(2)
    assert world.storing == [1, 2, 6]
    await world.store(1)
    assert world.storing == [1, 2, 6, 3]
    await world.store(3)
    assert world.storing == [1, 2, 6, 3, 4, 5]


async def test_one_that_fails_lets_none_in_that_comes_after_it(world: World) -> None:
    for number, decision in enumerate([decided("A"), decided("A", after="B"), decided("B"), decided("C")], 1):
        await world.begin(number, decision)
    await world.fail(1)
    assert world.storing == [1, 4]
    assert not world.window.has_room(1)
    with pytest.raises(ZeroDivisionError):
        await world.window.end_oldest()
    ended = asyncio.ensure_future(world.window.ended())
    await settled()
    assert not ended.done()
    await world.store(4)
    await ended
    assert world.stored == [4]


async def test_one_that_waits_behind_a_failure_is_away_and_none_begins_behind_it(world: World) -> None:
    await world.begin(1, decided("B"))
    await world.begin(2, decided("A"))
    await world.begin(3, decided("A"))
    await world.fail(2)
    assert not world.window.has_room(1)
    await world.store(1)
    assert await world.window.end_oldest() == 1
    with pytest.raises(ZeroDivisionError):
        await world.window.end_oldest()
    with pytest.raises(Away):
        world.window._members[1].task.result()
    assert len(world.window) == 2, "what failed is not counted as done"


async def test_they_end_in_the_order_of_the_file(world: World) -> None:
    await world.begin(1, decided("A"))
    await world.begin(2, decided("B"))
    await world.store(2)
    oldest = asyncio.ensure_future(world.window.end_oldest())
    await settled()
    assert not oldest.done()
    await world.store(1)
    assert await oldest == 1
    assert await world.window.end_oldest() == 2


async def test_so_many_at_a_time_and_a_large_one_alone(world: World) -> None:
    for number in range(window.MOST):
        assert world.window.has_room(1)
        await world.begin(number, decided(f"{number}"))
    assert not world.window.has_room(1)
    await world.store(0)
    await world.window.end_oldest()
    assert world.window.has_room(window.BYTES - window.MOST + 1)
    assert not world.window.has_room(window.BYTES - window.MOST + 2)
    large = Window(window.MOST)
    assert large.has_room(100 * window.BYTES)


async def test_one_that_needs_no_decision_keeps_no_other_waiting(world: World) -> None:
    world.window = Window(1)
    begun = asyncio.ensure_future(world.begin(1, None))
    await settled()
    await world.store(1)
    await begun
    assert await world.window.end_oldest() == 1


async def test_the_decision_of_the_next_one_is_made_when_that_of_the_one_before_is_known(world: World) -> None:
    known = asyncio.get_running_loop().create_future()

    async def take(turn: InOrder) -> None:
        await known
        await turn(decided("A"))

    begun = asyncio.ensure_future(world.window.begin(1, 1, take))
    await settled()
    assert not begun.done()
    known.set_result(None)
    await begun


async def test_nothing_is_remembered_of_those_that_ended(world: World) -> None:
    await world.begin(1, decided("A", after="B", control="1"))
    await world.begin(2, decided("A", control="2"))
    await world.store(1)
    await world.store(2)
    assert world.window._last == {}


async def test_those_that_are_cancelled_end_and_let_none_in(world: World) -> None:
    await world.begin(1, decided("A"))
    await world.begin(2, decided("A"))
    world.window.cancel()
    await asyncio.wait_for(world.window.ended(), PATIENCE)
    assert world.stored == []
