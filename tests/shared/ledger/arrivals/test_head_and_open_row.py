"""The head of a lane is read while its open row is written; both are done again, the head first, when that took long."""

from typing import Any

import pytest

from shared.hub import Timing
from shared.intake.accept import accept
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Row
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
TABLES = names.tables(NAME)
HALF = Timing().open_grace / 2


class Slow(MemoryStore):
    """Its first open row takes so many seconds of the clock. ``done`` has what was done to heads and open rows, in order."""

    def __init__(self, seconds: float) -> None:
        self.clock, self.seconds, self.done = NOW, seconds, list[str]()
        super().__init__(lambda: self.clock)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        if table == TABLES.ledger and key == names.HEAD:
            self.done.append("head")
        return await super().get(table, partition, key)

    async def commit(self, table: str, partition: str, *changes: Any) -> dict[str, str]:
        if table == TABLES.ledger and any(each.key == names.HEAD for each in changes) and "stored" not in self.done:
            self.done.append("stored")
        if table == TABLES.open and "stored" not in self.done:
            self.done.append("open row")
            self.clock, self.seconds = self.clock + self.seconds, 0
        return await super().commit(table, partition, *changes)


@pytest.mark.parametrize(
    ("seconds", "done"),
    [
        (0, ["head", "open row", "stored"]),
        (HALF - 1, ["head", "open row", "stored"]),
        (HALF, ["head", "open row", "head", "open row", "stored"]),
        (-1, ["head", "open row", "head", "open row", "stored"]),
    ],
)
async def test_they_are_done_again_when_they_took_long_or_the_clock_was_set_back(seconds: float, done: list[str]) -> None:
    store = Slow(seconds)
    one = integration(Remembering(), NAME)
    made = hub(one, store=store, now=lambda: store.clock)
    await accept(one, envelope(note("1")), made)
    assert store.done[: len(done)] == done
    await made.drain()
