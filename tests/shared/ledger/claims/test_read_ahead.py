"""The content of the next message is read while the one before it is settled: under the same claim, and for the same row."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from shared.delivery.process import process
from shared.hub import Hub, Timing
from shared.intake.accept import accept
from shared.integration import Delivery
from shared.ledger.claims.claim import Ahead, Claim
from shared.ledger.claims.taking import claim
from shared.ledger.ended import Done
from shared.problems import Lost
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Row, delete, put
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
LEDGER = names.tables(NAME).ledger
DELIVERED = Done("delivered", "accepted")


class Watched(MemoryStore):
    """Its requests of the ledger, as they begin and end. ``away``: the content of these messages is not answered once."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW)
        self.seen, self.away = list[str](), set[int]()

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        if not key.startswith("c|"):
            return await super().get(table, partition, key)
        self.seen.append(f"read {names.number(key)}")
        if names.number(key) in self.away:
            self.away.remove(names.number(key))
            raise Away
        await asyncio.sleep(0)
        return await super().get(table, partition, key)

    async def commit(self, table: str, partition: str, *changes: Any) -> dict[str, str]:
        ended = [names.number(each.key) for each in changes if each.key.startswith("d|")]
        self.seen += [f"settle {n}" for n in ended]
        await asyncio.sleep(0)
        etags = await super().commit(table, partition, *changes)
        self.seen += [f"settled {n}" for n in ended]
        return etags


async def world(count: int = 3, big: int = 0, **changes: Any) -> tuple[Hub, Watched, Remembering, str]:
    """Messages of one lane that another process accepted. ``big``: bytes that the second one has more."""
    destination, store = Remembering(), Watched()
    made = hub(integration(destination, NAME, **changes), store=store)
    start, made.start = made.start, lambda work: work.close()  # type: ignore[method-assign]
    for n in range(1, count + 1):
        answer = await accept(made.integrations[NAME], envelope(note(str(n), text="x" * (big if n == 2 else 0))), made)
    made.start = start  # type: ignore[method-assign]
    store.seen.clear()
    return made, store, destination, answer.headers["X-Message-Id"].partition(".")[0]


async def held(made: Hub, lane: str) -> Claim:
    """A worker that has the lane and looked into it."""
    taken = await claim(made.integrations[NAME], lane, made)
    assert taken
    await taken.next()
    return taken


async def test_each_content_is_read_once_and_the_next_one_while_a_message_is_settled() -> None:
    made, store, destination, lane = await world()
    assert await process(made.integrations[NAME], lane, made)
    assert [each["id"] for each in destination.took] == ["1", "2", "3"]
    assert [each for each in store.seen if each.startswith("read")] == ["read 1", "read 2", "read 3"]
    assert store.seen.index("read 2") < store.seen.index("settled 1")
    assert store.seen.index("read 3") < store.seen.index("settled 2")


async def test_one_that_could_not_be_read_ahead_is_read_when_it_is_needed() -> None:
    made, store, destination, lane = await world()
    store.away = {2}
    assert await process(made.integrations[NAME], lane, made)
    assert [each["id"] for each in destination.took] == ["1", "2", "3"]
    assert store.seen.count("read 2") == 2


@pytest.mark.parametrize(
    "why",
    [
        "nothing",
        "large",
        "the turn ends",
        "a rate",
        "after another lane",
        "due later",
        "waited for something",
        "of an old version",
    ],
)
async def test_what_this_worker_may_not_need_is_not_read_ahead(why: str) -> None:
    changes: dict[str, Any] = {"delivery": Delivery(per_minute=600)} if why == "a rate" else {}
    made, store, _, lane = await world(big=65 * 1024 if why == "large" else 0, **changes)
    taken = await held(made, lane)
    values = {
        "after another lane": {"after": "B"},
        "due later": {"due": NOW + 1},
        "waited for something": {"code": "paused"},
        "of an old version": {"bytes": 0},
    }
    taken.waiting[1] = replace(taken.waiting[1], **values.get(why, {}))
    if why == "the turn ends":
        made.timing = replace(Timing(), turn_messages=1)
    await taken.settle(DELIVERED)
    assert ("read 2" in store.seen) == (why == "nothing")
    assert (taken.ahead is not None) == (why == "nothing")


async def test_what_was_read_ahead_for_another_row_is_not_used() -> None:
    made, store, _, lane = await world()
    taken = await held(made, lane)
    await taken.settle(DELIVERED)
    assert taken.ahead
    other = await store.get(LEDGER, lane, names.row("c", 3))
    assert other
    store.seen.clear()
    taken.ahead = Ahead("the tag of another row", other)
    assert (await taken.content(taken.waiting[0])).body == note("2", text="")
    assert store.seen == ["read 2"]
    assert taken.ahead is None


async def test_a_worker_that_lost_the_lane_sends_nothing_of_what_it_read_ahead() -> None:
    made, store, destination, lane = await world()
    taken = await held(made, lane)
    await taken.settle(DELIVERED)
    mine = await store.get(LEDGER, lane, names.CLAIM)
    assert mine
    await store.commit(LEDGER, lane, put(names.CLAIM, {**mine.values, "turn": "theirs"}))
    await taken.content(taken.waiting[0])
    with pytest.raises(Lost):
        await taken.sending()
    with pytest.raises(Lost):
        await taken.settle(DELIVERED)
    assert not destination.took


async def test_what_was_read_ahead_is_dropped_with_the_claim_that_is_lost_meanwhile() -> None:
    made, store, _, lane = await world()
    taken = await held(made, lane)
    mine = await store.get(LEDGER, lane, names.CLAIM)
    assert mine
    await store.commit(LEDGER, lane, delete(mine))
    with pytest.raises(Lost):
        await taken.settle(DELIVERED)
    assert await claim(made.integrations[NAME], lane, made), "another worker begins with what is stored"
