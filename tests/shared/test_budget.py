"""The budget of memory: never above it but for one alone, nothing lost of it, and everyone's turn comes."""

import asyncio
import gc
import random
import weakref

import pytest

from shared import budget
from shared.budget import COST, SMALL, Budget, Hold, Memory, Short, cost_of, holding, turn
from shared.hub import Hub
from tests.ledger_world import hub
from tests.waiting import PATIENCE


def of(total: int) -> tuple[Hub, Budget]:
    """A hub with a budget of so many bytes."""
    made = hub()
    made.remembered(Memory).budget = given = Budget(total)
    return made, given


class Watched(Budget):
    """A budget that checks its promise with every change."""

    sizes: list[int]

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name == "held" and isinstance(value, int):
            assert value >= 0
            assert value <= self.total or value in getattr(self, "sizes", [])


@pytest.mark.parametrize("seed", range(20))
async def test_any_order_of_work_keeps_the_budget_and_comes_to_its_end(seed: int) -> None:
    """Work takes now or waits, holds for some steps, and some of it is cancelled at any moment."""
    chance, watched = random.Random(seed), Watched(100)
    watched.sizes = sizes = [chance.choice([1, 5, 30, 60, 100, 150, 400]) for _ in range(60)]
    began = list[int]()
    refused = list[int]()

    async def work(n: int) -> None:
        if n % 3 == 0 and not watched.try_take(sizes[n]):
            refused.append(n)
            return
        if n % 3:
            await watched.take(sizes[n])
        try:
            began.append(n)
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
        finally:
            watched.give(sizes[n])

    tasks, cancelled = list[asyncio.Task[None]](), set[int]()
    for n in range(60):
        tasks.append(asyncio.create_task(work(n)))
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)
        if chance.random() < 0.3:
            victim = chance.randrange(n + 1)
            if not tasks[victim].done():
                tasks[victim].cancel()
                cancelled.add(victim)
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), PATIENCE)
    assert (watched.held, watched.waiting) == (0, 0)
    assert set(range(60)) - set(refused) - cancelled <= set(began)


async def test_one_larger_than_the_budget_works_alone() -> None:
    one = Budget(10)
    assert one.try_take(25)
    assert not one.try_take(1)
    one.give(25)
    assert one.try_take(1)
    assert not one.try_take(25)


async def test_who_came_later_never_goes_first() -> None:
    one = Budget(10)
    assert one.try_take(6)
    large = asyncio.create_task(one.take(8))
    await asyncio.sleep(0)
    assert not one.try_take(1)
    small = asyncio.create_task(one.take(1))
    await asyncio.sleep(0)
    one.give(6)
    await asyncio.gather(large, small)
    assert one.held == 9


async def test_a_waiting_caller_that_goes_away_lets_the_next_one_in() -> None:
    one = Budget(10)
    assert one.try_take(5)
    first, second = (asyncio.create_task(one.take(size)) for size in (8, 5))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await asyncio.wait_for(second, PATIENCE)
    assert (one.held, one.waiting) == (10, 0)


async def test_a_caller_that_goes_away_as_its_turn_comes_gives_it_back() -> None:
    one = Budget(10)
    assert one.try_take(10)
    first, second = (asyncio.create_task(one.take(10)) for _ in range(2))
    await asyncio.sleep(0)
    one.give(10)
    first.cancel()  # its turn has come, and it does not know yet
    await asyncio.gather(first, return_exceptions=True)
    await asyncio.wait_for(second, PATIENCE)
    assert one.held == 10


async def test_a_caller_that_went_away_is_passed_over() -> None:
    one = Budget(10)
    assert one.try_take(10)
    first, second = (asyncio.create_task(one.take(10)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    one.give(10)  # before it knows
    await asyncio.gather(first, return_exceptions=True)
    await asyncio.wait_for(second, PATIENCE)
    assert one.held == 10


async def test_a_small_message_needs_no_memory() -> None:
    made, given = of(10)
    assert given.try_take(10)
    with holding(SMALL, made):
        async with turn(SMALL, 0, made):
            assert given.held == 10
    assert (cost_of(SMALL), cost_of(SMALL + 1)) == (0, (SMALL + 1) * COST)


async def test_a_hold_is_given_back_after_an_error_too() -> None:
    made, given = of(100 * SMALL * COST)
    with pytest.raises(KeyError), holding(2 * SMALL, made):
        raise KeyError

    async def fails() -> None:
        async with turn(2 * SMALL, 1, made):
            assert given.held == 2 * SMALL * COST
            raise KeyError

    with pytest.raises(KeyError):
        await fails()
    assert given.held == 0


async def test_a_body_that_unpacks_to_more_than_is_free_is_refused() -> None:
    made, given = of(10 * SMALL * COST)
    assert given.try_take(5 * SMALL * COST)

    def unpack() -> None:
        with holding(100, made) as hold:
            for size in range(SMALL, 10 * SMALL, SMALL):
                hold.grow(size)

    with pytest.raises(Short):
        unpack()
    assert given.held == 5 * SMALL * COST
    given.give(5 * SMALL * COST)
    with holding(100, made) as hold:  # alone, it may be larger than the budget
        hold.grow(20 * SMALL)
        hold.grow(30 * SMALL)
        hold.grow(1)
        assert given.held == 30 * SMALL * COST
    assert given.held == 0


async def test_a_turn_that_does_not_come_in_time_takes_nothing() -> None:
    made, given = of(10)
    assert given.try_take(10)
    with pytest.raises(Short):
        async with turn(2 * SMALL, 0, made):
            raise AssertionError
    assert (given.held, given.waiting) == (10, 0)


async def test_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Memory().budget.total == budget.DEFAULT << 20
    monkeypatch.setenv("HUB_MEMORY", "96")
    assert Memory().budget.total == 96 << 20


@pytest.mark.parametrize(("count", "each"), [("1", 96), ("4", 24), ("0", 96)])
async def test_the_worker_processes_of_an_instance_share_its_memory(
    count: str, each: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_MEMORY", "96")
    monkeypatch.setenv("FUNCTIONS_WORKER_PROCESS_COUNT", count)
    assert Memory().budget.total == each << 20


async def test_work_that_grows_is_not_held_up_by_those_who_wait() -> None:
    one = Budget(4 * SMALL * COST)
    hold = Hold(one)
    hold.grow(2 * SMALL)
    waits = asyncio.create_task(one.take(4 * SMALL * COST))
    await asyncio.sleep(0)
    hold.grow(3 * SMALL)
    assert (one.held, one.waiting) == (3 * SMALL * COST, 1)
    one.give(hold.held)
    await asyncio.wait_for(waits, PATIENCE)


@pytest.mark.parametrize("held", [0, 2 * SMALL])
async def test_a_thread_that_unpacks_when_its_caller_has_gone_takes_nothing(held: int) -> None:
    made, given = of(100 * SMALL * COST)
    with holding(held, made) as hold:
        pass
    with pytest.raises(Short):
        hold.grow(3 * SMALL)
    assert given.held == 0


@pytest.mark.parametrize("value", ["much", "0", "-1", "nan", "inf"])
async def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HUB_MEMORY", value)
    with pytest.raises(ValueError, match="HUB_MEMORY"):
        Memory()


class Circle:
    """Refers to itself, as an error does that a library keeps."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.parametrize(("body", "is_found"), [(budget.SEARCHED - 1, False), (budget.SEARCHED, True)])
@pytest.mark.parametrize("way", ["holding", "turn"])
async def test_circles_are_looked_for_before_the_memory_of_a_large_message_is_free(way: str, body: int, is_found: bool) -> None:
    made, given = of(100 * budget.SEARCHED * COST)
    gc.disable()
    try:
        kept = weakref.ref(circle := Circle())
        if way == "holding":
            with holding(body, made):
                del circle
        else:
            async with turn(body, 1, made):
                del circle
        assert given.held == 0
        assert (kept() is None) == is_found
    finally:
        gc.enable()
