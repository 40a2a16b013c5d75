"""The lanes that have work: the first message of each, and a knock on those that wait for something that has ended."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from shared.hub import Hub
from shared.integration import Integration
from shared.ledger import schema
from shared.ledger.knocks import knock
from shared.ledger.rows import Waiting
from shared.storage import names
from shared.storage.store import Row

KNOCKED = 1000  # lanes that are looked at for a knock; the others come at their own time, and the watchdog sees them
AT_ONCE = 16  # of them at a time


class First(NamedTuple):
    """The first waiting message of a lane, how many wait behind it, and whether a dead letter holds the lane."""

    message: Waiting
    behind: int
    is_held: bool


async def knock_on(
    integration: Integration, code: str, hub: Hub, *, leave_out: Callable[[str], bool] = lambda lane: False
) -> int:
    """Knock on each lane whose first message waits for this reason, of the first ``KNOCKED`` lanes; the count of them.

    Raises ``Away``.
    """
    count, lanes = 0, []
    async for lane, _ in open_lanes(integration, hub):
        if leave_out is None or not leave_out(lane):
            lanes.append(lane)
        if len(lanes) == KNOCKED:
            break
    for start in range(0, len(lanes), AT_ONCE):
        looked = (_knock_if_first(integration, lane, code, hub) for lane in lanes[start : start + AT_ONCE])
        count += sum(await asyncio.gather(*looked))
    return count


async def _knock_if_first(integration: Integration, lane: str, code: str, hub: Hub) -> bool:
    first = await _first_of(integration, lane, 1, hub)
    if first is None or first.message.code != code:
        return False
    await knock(integration.name, lane, hub)
    return True


async def _first_of(integration: Integration, lane: str, count: int, hub: Hub) -> First | None:
    return first_in(await hub.store.query(names.tables(integration.name).ledger, lane, "w|", "w~", 2), count)


async def first_of_lanes(integration: Integration, hub: Hub, most: int = 0) -> AsyncIterator[First]:
    """The first waiting message of each lane, of ``most`` lanes at most; 0: of all."""
    found = 0
    async for lane, count in open_lanes(integration, hub):
        if first := await _first_of(integration, lane, count, hub):
            found += 1
            yield first
        if most and found >= most:
            return


async def open_lanes(integration: Integration, hub: Hub) -> AsyncIterator[tuple[str, int]]:
    """Each lane with work, and how many open rows it has."""
    lane, count = "", 0
    async for opened in hub.store.scan(names.tables(integration.name).open):
        if opened.partition == names.BATCH or opened.partition.startswith(names.OUTBOX):
            continue
        if names.lane_of(opened.key) != lane:
            if lane:
                yield lane, count
            lane, count = names.lane_of(opened.key), 0
        count += 1
    if lane:
        yield lane, count


def first_in(rows: list[Row], count: int) -> First | None:
    """``rows``: the first two that wait in a lane, its hold included. ``None`` too when a newer version wrote one of them."""
    if schema.is_newer(*rows):
        return None
    is_held = bool(rows) and rows[0].key == names.HOLD
    there = [Waiting.of(row) for row in rows if row.key != names.HOLD]
    return First(there[0], max(count - 1, len(there) - 1), is_held) if there else None
