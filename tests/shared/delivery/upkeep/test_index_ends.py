"""The index over months: each message in the ledger is found, and no row stays when the last of its messages has gone."""

import asyncio
from contextlib import suppress
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.delivery.upkeep import purge
from shared.hub import Hub
from shared.intake.accept import accept
from shared.integration import Integration
from shared.ledger.index import under
from shared.ledger.rows import message_of
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Change, Row
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
TABLES = names.tables(NAME)
HOUR, DAY = 3600.0, 86400.0


class Killed(BaseException):
    """The process ends before the transaction that stores a message."""


class Mortal(MemoryStore):
    is_killed = False

    async def commit(self, table: str, partition: str, *changes: Change) -> dict[str, str]:
        await asyncio.sleep(0)  # the other one of two at once
        if self.is_killed and table == TABLES.ledger:
            raise Killed
        return await super().commit(table, partition, *changes)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        await asyncio.sleep(0)
        return await super().get(table, partition, key)


class Sent(NamedTuple):
    """A message, or two at once.

    ``wait``: hours before it; ``name`` empty: it is refused; ``is_killed``: it is announced, and never stored.
    """

    wait: float = 0
    lane: str = "A"
    name: str = "one"
    id: str = "1"
    correlation: str = "x"
    is_killed: bool = False
    is_double: bool = False


class World:
    def __init__(self) -> None:
        self.at = NOW
        self.store = Mortal(lambda: self.at)
        self.one: Integration = integration(Remembering(), NAME)
        self.hub: Hub = hub(self.one, store=self.store, now=lambda: self.at)

    async def send(self, sent: Sent) -> None:
        self.at += sent.wait * HOUR
        self.store.is_killed = sent.is_killed
        each = [self._accept(sent), *([self._accept(sent._replace(name="third", correlation="z"))] if sent.is_double else [])]
        await asyncio.gather(*each)
        self.store.is_killed = False
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks)

    async def _accept(self, sent: Sent) -> None:
        body = note(sent.id, lane=sent.lane, name=sent.name)
        with suppress(Killed):
            await accept(self.one, envelope(body, correlation_id=sent.correlation), self.hub)

    async def found(self) -> None:
        """Each message is under its control id, its correlation id, and an hour from which the purge takes it out."""
        rows = [row async for row in self.store.scan(TABLES.ledger) if row.key.startswith(("w|", "d|"))]
        for row in rows:
            message = message_of(row)
            id = names.message_id(row.partition, message.identity)
            ways = (names.by_control(str(row["control"])), names.by_correlation(message.correlation_id), names.hour(message.at))
            for way in ways:
                assert id in [one.id for one in await under(way, NAME, self.hub)], way

    def left(self) -> list[Any]:
        return [
            (table, partition, key)
            for table in (TABLES.ledger, TABLES.find)
            for partition, rows in self.store.tables[table].items()
            for key in rows
        ]


async def lived(steps: list[Sent]) -> World:
    world = World()
    for sent in steps:
        await world.send(sent)
        await purge.purge(world.one, world.hub)
        await world.found()
    for _ in range(3):
        world.at += 100 * DAY
        await purge.purge(world.one, world.hub)
    return world


STEPS = st.builds(
    Sent,
    wait=st.sampled_from([0, 0, 1, 24 * 15, 24 * 60, 24 * 91]),
    lane=st.sampled_from("AB"),
    name=st.sampled_from(["one", "other", ""]),
    id=st.sampled_from("12"),
    correlation=st.sampled_from(["x", "y"]),
    is_killed=st.booleans(),
    is_double=st.booleans(),
)


@settings(deadline=None)
@given(st.lists(STEPS, max_size=8))
async def test_each_message_is_found_while_it_is_there_and_nothing_stays_after_it(steps: list[Sent]) -> None:
    assert (await lived(steps)).left() == []
