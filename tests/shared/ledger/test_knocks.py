"""Knocks: what is in them, when they are due, and how long they are kept; and the open rows of a lane."""

from typing import Any

import orjson
import pytest

from shared.hub import Hub
from shared.ledger import knocks
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away
from tests.ledger_world import NOW, Remembering, hub, integration

NAME, LANE, WEEK = "notes-to-test", "1-a", 7 * 86400
TABLES = names.tables(NAME)


def world() -> tuple[Hub, MemoryStore]:
    made = hub(integration(Remembering(), NAME))
    assert isinstance(made.store, MemoryStore)
    made.random.uniform = lambda low, high: high  # type: ignore[method-assign]
    return made, made.store


def queued(store: MemoryStore, queue: str = f"{NAME}-work") -> list[tuple[Any, float, float]]:
    """What is in a queue: the body, seconds until it is due, and for how long it is kept from then on."""
    return [(orjson.loads(one.body), one.visible - NOW, one.ends - one.visible) for one in store.queues[queue].values()]


@pytest.mark.parametrize(
    ("delay", "due"), [(-5, 0), (0, 0), (0.5, 0.5), (6 * 86400 - 1, 6 * 86400 - 1), (6 * 86400, 6 * 86400), (WEEK, 6 * 86400)]
)
@pytest.mark.parametrize("lives", [30, 3600, None])
async def test_a_knock_is_due_after_its_delay_and_is_kept_from_then_on(delay: float, due: float, lives: float | None) -> None:
    made, store = world()
    ticket = await knocks.knock(NAME, LANE, made, delay, **({} if lives is None else {"lives": lives}))
    assert ticket
    assert queued(store) == [({"lane": LANE}, due, lives or 3600)]
    assert due + (lives or 3600) < WEEK  # a queue takes no longer time


async def test_a_knock_that_cannot_be_sent_stops_nothing() -> None:
    made, store = world()

    async def away(*_: object) -> Any:
        raise Away

    store.send = away  # type: ignore[method-assign]
    assert await knocks.knock(NAME, LANE, made) is None
    with pytest.raises(Away):
        await knocks.knock_subscriber(NAME, "publisher", LANE, made)


@pytest.mark.parametrize(("delay", "lives"), [(0, 3600), (7, 30)])
async def test_a_subscriber_is_asked_to_look_into_the_lane_of_its_publisher(delay: float, lives: float) -> None:
    made, store = world()
    await knocks.knock_subscriber(NAME, "publisher", LANE, made, delay, lives)
    assert queued(store) == [({"publisher": "publisher", "lane": LANE}, delay, lives)]


@pytest.mark.parametrize(("tries", "after", "delay"), [(None, 1, 5), (0, 1, 5), (1, 2, 10), (9, 10, 300), ("x", 1, 5)])
async def test_a_knock_comes_again_with_its_tries_counted(tries: Any, after: int, delay: float) -> None:
    made, store = world()
    body = {"lane": LANE} | ({} if tries is None else {"tries": tries})
    await knocks.knock_again(NAME, body, made)
    assert queued(store) == [({"lane": LANE, "tries": after}, delay, 3600)]


@pytest.mark.parametrize("key", ["", "k"])
async def test_each_message_has_an_open_row_of_its_own(key: str) -> None:
    made, store = world()
    for mark in ("m1", "m2"):
        await knocks.open_lane(NAME, LANE, mark, made, key)
    rows = await store.query(TABLES.open, "a")
    assert [(row.key, row["at"], row["key"]) for row in rows] == [(names.open_key(LANE, mark), NOW, key) for mark in ("m1", "m2")]
    await knocks.close(NAME, LANE, "m1", made)
    await knocks.close(NAME, LANE, "gone", made)
    assert [row.key for row in await store.query(TABLES.open, "a")] == [names.open_key(LANE, "m2")]


async def test_what_is_published_has_one_open_row_for_its_lane() -> None:
    made, store = world()
    for _ in range(2):
        await knocks.open_outbox(NAME, LANE, made)
    (row,) = await store.query(TABLES.open, names.outbox(LANE))
    assert (row.key, row["at"]) == (names.open_key(LANE, names.OUTBOX), NOW)
    assert await store.query(TABLES.open, LANE[-1]) == []
