"""Between two tries of a step of the ledger there is a short wait at random, so that workers do not meet again and again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from shared.delivery.upkeep import index_walk
from shared.hub import Hub
from shared.intake.accept import accept
from shared.ledger import audit, knocks
from shared.ledger.audit import Act
from shared.ledger.claims.taking import claim
from shared.ledger.rows import Waiting
from shared.problems import Lost
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Change, Conflict, Row
from tests.faults.virtual import run
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME, LANE = "notes-to-test", "1-a"
TABLES = names.tables(NAME)
WAITING = Waiting.of(Row("", "", "", {"at": NOW, "key": "k"})).inserted(names.row("w", 1))
Bounds = list[tuple[float, float]]
SHORT, LONGER = (0.01, 0.1), (0.05, 0.5)  # seconds, after a conflict and while storage is away


class Failing(MemoryStore):
    """Storage in which the next ``times`` commits to one table fail."""

    failure: type[Exception] = Away
    times = 0
    of = TABLES.ledger

    async def commit(self, table: str, partition: str, *changes: Change) -> dict[str, str]:
        if table == self.of and self.times:
            self.times -= 1
            raise self.failure
        return await super().commit(table, partition, *changes)


def world() -> tuple[Hub, Failing, Bounds]:
    """A hub, its store, and the bounds of each wait; each wait is as long as its bounds allow."""
    clock = lambda: NOW + asyncio.get_running_loop().time()  # noqa: E731
    store, bounds = Failing(clock), Bounds()
    made = hub(integration(Remembering(), NAME), store=store, now=clock)
    made.random.uniform = lambda low, high: bounds.append((low, high)) or high  # type: ignore[func-returns-value,method-assign]
    return made, store, bounds


async def take(made: Hub, store: Failing) -> None:
    await store.commit(TABLES.ledger, LANE, WAITING)
    store.times = 3
    assert await claim(made.integrations[NAME], LANE, made)


async def take_without_success(made: Hub, store: Failing) -> None:
    await store.commit(TABLES.ledger, LANE, WAITING)
    store.times, began = 10_000, made.now()
    with pytest.raises(Away):
        await claim(made.integrations[NAME], LANE, made)
    assert 0 <= made.now() - began - made.timing.storage_patience <= LONGER[1]


async def commit(made: Hub, store: Failing) -> None:
    await store.commit(TABLES.ledger, LANE, WAITING)
    held = await claim(made.integrations[NAME], LANE, made)
    assert held
    store.times = 3
    await held.commit(names.CLAIM, held.renewed())


async def commit_without_success(made: Hub, store: Failing) -> None:
    await store.commit(TABLES.ledger, LANE, WAITING)
    held = await claim(made.integrations[NAME], LANE, made)
    assert held
    store.times, end = 10_000, held.claim.end
    with pytest.raises(Lost):
        await held.commit(names.CLAIM, held.renewed())
    assert 0 <= made.now() - end <= LONGER[1]


async def list_dead(made: Hub, store: Failing) -> None:
    await store.commit(TABLES.ledger, LANE, WAITING)
    held = await claim(made.integrations[NAME], LANE, made)
    assert held
    store.of, store.times = TABLES.find, 3
    await held._list_dead(Waiting.of(Row(LANE, WAITING.key, "1", WAITING.values)))
    assert [row.key for row in await store.query(TABLES.find, names.DEAD)] == [f"{LANE}.k"]


async def write_act(made: Hub, store: Failing) -> None:
    store.of, store.failure, store.times = TABLES.audit, Conflict, 3
    await audit.append(NAME, Act("who", "replay", "m"), made)
    assert len(await audit.acts(NAME, made)) == 1


async def store_message(made: Hub, store: Failing) -> None:
    store.failure, store.times = Conflict, 3
    assert (await accept(made.integrations[NAME], envelope(note("1")), made)).status == 202
    await asyncio.gather(*made.tasks)


async def count_duplicate(made: Hub, store: Failing) -> None:
    await accept(made.integrations[NAME], envelope(note("1")), made)
    await asyncio.gather(*made.tasks)
    store.failure, store.times = Conflict, 4  # the first: the receipt is there
    assert (await accept(made.integrations[NAME], envelope(note("1")), made)).status == 202
    (receipt,) = [row async for row in store.scan(TABLES.ledger) if row.key.startswith("r|")]
    assert receipt["duplicates"] == 1


async def purge(made: Hub, store: Failing) -> None:
    failures = iter([True] * (index_walk.TRIES - 1))

    async def work() -> bool:
        if next(failures, False):
            raise Conflict
        return True

    assert await index_walk._insist(work, made)


LOOPS: dict[str, tuple[Callable[[Hub, Failing], Awaitable[None]], tuple[float, float], int]] = {
    "a lane is claimed": (take, LONGER, 3),
    "a lane is claimed without success": (take_without_success, LONGER, 20),
    "a claim is renewed": (commit, LONGER, 3),
    "a claim is renewed without success": (commit_without_success, LONGER, 40),
    "a dead letter is listed": (list_dead, LONGER, 3),
    "an act is written down": (write_act, SHORT, 3),
    "a message is stored": (store_message, SHORT, 3),
    "a duplicate is counted": (count_duplicate, SHORT, 3),
    "a lane is purged": (purge, SHORT, index_walk.TRIES - 1),
}


@pytest.mark.parametrize("case", LOOPS)
def test_a_step_is_tried_again_after_a_short_wait_at_random(case: str) -> None:
    step, expected, times = LOOPS[case]
    made, store, bounds = world()

    async def story() -> None:
        await step(made, store)

    run(story())
    assert bounds == [expected] * times


@pytest.mark.parametrize(
    ("tries", "longest"), [(0, 5), (1, 10), (2, 20), (5, 160), (6, 300), (7, 300), (20, 300), (21, 300), (10_000, 300)]
)
def test_a_knock_comes_again_twice_as_late_each_time_up_to_a_limit(tries: int, longest: float) -> None:
    made, _, bounds = world()
    assert knocks.delay_of(tries, made) == longest
    assert bounds == [(0.5, 1)]
    made.random.uniform = lambda low, high: low  # type: ignore[method-assign]
    assert knocks.delay_of(tries, replace(made)) == longest / 2
