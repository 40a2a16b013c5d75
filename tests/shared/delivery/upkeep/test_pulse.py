"""The pulse of a process: the loss of storage is reported without the watchdog, which needs a lease on that storage."""

import asyncio
from typing import Any

import pytest

from shared.delivery.upkeep import pulse
from shared.storage.memory import MemoryStore
from shared.storage.store import Away
from tests import ledger_world as world

NAME = "notes-to-test"


class Lost(MemoryStore):
    async def get(self, table: str, partition: str, key: str) -> Any:
        raise Away


def hub_on(store: MemoryStore, emitted: list[Any]) -> Any:
    one = world.integration(world.Remembering())
    return world.hub(one, store=store, emit=lambda name, **keys: emitted.append((name, keys["state"])))


@pytest.mark.parametrize(("store", "reported"), [(Lost, [("hub.backlog", "storage-away")]), (MemoryStore, [])])
async def test_storage_that_does_not_answer_is_reported(store: type[MemoryStore], reported: list[Any]) -> None:
    emitted: list[Any] = []
    await pulse.look(hub_on(store(lambda: world.NOW), emitted))
    assert emitted == reported


async def test_it_goes_on_while_storage_is_away_and_when_a_beat_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "BEAT", 0.01)
    beats: list[float] = []

    async def fails(hub: Any) -> None:
        beats.append(hub.now())
        raise RuntimeError

    monkeypatch.setattr(pulse, "look", fails)
    hub = world.hub(world.integration(world.Remembering()))
    pulse.begin(hub)
    for _ in range(500):
        if len(beats) >= 3:
            break
        await asyncio.sleep(0.01)
    assert len(beats) >= 3
