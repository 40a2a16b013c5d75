"""Open rows of messages that have ended are deleted some at a time: those of one partition in one transaction.

Nothing waits for that. A row that is left when the process ends is deleted by the watchdog, as is one that storage did not
delete.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from shared.hub import Hub
from shared.storage import names
from shared.storage.store import Away, Conflict, remove

MOST = 100  # rows of one transaction


@dataclass(eq=False, repr=False)
class ToClose:
    """The open rows that this process will delete, by table and partition; each row once."""

    keys: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)


async def close_soon(integration: str, lane: str, mark: str, hub: Hub) -> None:
    """Delete the open row of a message that has ended, together with those that end within ``hub.timing.closing`` seconds."""
    place = names.tables(integration).open, lane[-1]
    keys = hub.remembered(ToClose).keys
    if place not in keys:
        keys[place] = {}
        hub.start(_close(*place, hub))
    keys[place][names.open_key(lane, mark)] = None


async def _close(table: str, partition: str, hub: Hub) -> None:
    try:
        await asyncio.sleep(hub.timing.closing)
    finally:
        keys = [*hub.remembered(ToClose).keys.pop((table, partition))]
    with suppress(Away):
        for begin in range(0, len(keys), MOST):
            await _delete(table, partition, keys[begin : begin + MOST], hub)


async def _delete(table: str, partition: str, keys: list[str], hub: Hub) -> None:
    """The rows in one transaction. Where one of them is gone already, that is a conflict, and they are deleted one by one."""
    try:
        await hub.store.commit(table, partition, *map(remove, keys))
    except Conflict:
        for key in keys:
            await hub.store.commit(table, partition, remove(key))
