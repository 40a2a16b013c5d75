"""A process stops in the middle of a step while the watchdog and other workers go on: nothing is left out of sight."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from shared.delivery import dead
from shared.delivery.dead import Person
from shared.delivery.process import process
from shared.delivery.upkeep import watchdog
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.inbox import watching
from shared.ops.replay import replay
from shared.problems import Undelivered
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Change, Row
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
TABLES = names.tables(NAME)
SOMEONE = Person("someone", "why")
Meanwhile = Callable[[], Awaitable[None]]


class Gone(BaseException):
    """The process is gone."""


class Pausing(MemoryStore):
    """Storage in which one call stands still, before or after it is done, while something else happens."""

    def __init__(self) -> None:
        super().__init__(lambda: self.at)
        self.at = NOW
        self.pause: Callable[[str, str], bool] = lambda call, key: False
        self.meanwhile: Meanwhile | None = None
        self.after: Meanwhile | None = None

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        pauses = await self._before("get", f"{table} {key}")
        row = await super().get(table, partition, key)
        await self._then(pauses)
        return row

    async def commit(self, table: str, partition: str, *changes: Change) -> dict[str, str]:
        pauses = await self._before("commit", f"{table} {' '.join(change.key for change in changes)}")
        etags = await super().commit(table, partition, *changes)
        await self._then(pauses)
        return etags

    async def _before(self, call: str, what: str) -> bool:
        pauses = self.pause(call, what)
        if pauses:
            self.pause = lambda call, key: False
            if self.meanwhile:
                await self.meanwhile()
        return pauses

    async def _then(self, pauses: bool) -> None:
        if pauses and self.after:
            await self.after()


def world(**changes: Any) -> tuple[Hub, Pausing, Callable[[], Awaitable[None]]]:
    """A hub whose tasks die at once, its storage, and a minute and a half in which another process watches."""
    store = Pausing()
    one = integration(Remembering(**changes), NAME)
    made, other = hub(one, store=store, now=store.now), hub(one, store=store, now=store.now)
    made.start = other.start = lambda work: work.close()  # type: ignore[method-assign]

    async def watch() -> None:
        for _ in range(3):
            store.at += 30
            await watchdog.tick(other, watching.look)
        store.queues.clear()  # the knocks came while there was nothing to do

    return made, store, watch


def is_open(store: MemoryStore) -> bool:
    return any(store.tables[TABLES.open].values())


def waits(store: MemoryStore) -> bool:
    return any(key.startswith("w|0") for lane in store.tables[TABLES.ledger].values() for key in lane)


@pytest.mark.parametrize("earlier", [False, True], ids=["the first of its lane", "a later one"])
@pytest.mark.parametrize("place", [f"get {TABLES.ledger} head", f"commit {TABLES.open} ", f"commit {TABLES.ledger} head"])
async def test_what_is_stored_late_is_still_seen_by_the_watchdog(place: str, earlier: bool) -> None:
    made, store, watch = world()
    if earlier:
        await accept(made.integrations[NAME], envelope(note("0")), made)
        await process(made.integrations[NAME], next(iter(store.tables[TABLES.ledger])), made)
    store.pause = lambda call, what: f"{call} {what}".startswith(place)
    store.meanwhile = watch
    answer = await accept(made.integrations[NAME], envelope(note("1")), made)
    assert store.at > NOW, "it did not stand still"
    assert waits(store) == (answer.status == 202)
    assert is_open(store) == (answer.status == 202) or answer.status == 503


async def test_a_replay_that_comes_late_is_still_seen_by_the_watchdog() -> None:
    def refuse(read: dict[str, Any]) -> None:
        raise Undelivered(kind="permanent", code="ack-AR", text="refused")

    made, store, watch = world(behave=refuse)
    await accept(made.integrations[NAME], envelope(note("1")), made)
    await process(made.integrations[NAME], next(iter(store.tables[TABLES.ledger])), made)
    [letter] = await dead.dead_letters(NAME, made)
    store.pause = lambda call, what: call == "commit" and "w|0" in what
    store.meanwhile = watch
    try:
        await replay(made.integrations[NAME], letter["id"], SOMEONE, made)
    except dead.Refused:
        assert not waits(store)
    else:
        assert is_open(store)


async def test_a_worker_that_claims_late_leaves_no_claim_on_a_lane_that_is_done() -> None:
    made, store, _ = world()
    one = made.integrations[NAME]
    await accept(one, envelope(note("1")), made)
    lane = next(iter(store.tables[TABLES.ledger]))
    other = hub(one, store=store, now=store.now)

    async def work() -> None:
        await process(one, lane, other)

    async def die() -> None:
        raise Gone

    store.pause = lambda call, what: call == "commit" and " claim" in what
    store.meanwhile, store.after = work, die
    with suppress(Gone):
        await process(one, lane, made)
    assert "claim" not in store.tables[TABLES.ledger][lane]
