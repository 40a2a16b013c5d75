"""How fast and how many at once: a destination's rate is shared through the store, its concurrency is that of one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from shared.hub import Hub
from shared.integration import Integration
from shared.ledger.names import SHARED_TABLE
from shared.ledger.store import Away, Conflict, insert, replace


@asynccontextmanager
async def slot(integration: Integration, hub: Hub) -> AsyncIterator[None]:
    """One of the places that the destination has for this process."""
    places = hub.slots.setdefault(integration.destination.name, asyncio.Semaphore(integration.delivery.concurrency))
    async with places:
        yield


async def permit(integration: Integration, hub: Hub) -> float:
    """Seconds to wait for the destination's rate; 0: go. Permits of a minute are fetched a few at a time."""
    if not integration.delivery.per_minute:
        return 0
    destination, now = integration.destination.name, hub.now()
    minute = f"{datetime.fromtimestamp(now, UTC):%H%M}"
    held, left = hub.permits.get(destination, ("", 0))
    if held != minute:
        left = 0
    left = left or await _fetch(integration, minute, hub)
    if not left:
        return 60 - now % 60 + hub.random.uniform(0, 5)
    hub.permits[destination] = (minute, left - 1)
    return 0


async def _fetch(integration: Integration, minute: str, hub: Hub) -> int:
    """Some of this minute's permits; none when they are used up or storage does not say."""
    destination, rate = integration.destination.name, integration.delivery.per_minute
    for _ in range(5):
        try:
            row = await hub.store.get(SHARED_TABLE, destination, "rate")
            used = row["used"] if row and row["minute"] == minute else 0
            some = min(max(1, rate // 20), rate - used)
            values = {"minute": minute, "used": used + some}
            if some > 0:
                await hub.store.commit(SHARED_TABLE, destination, replace(row, **values) if row else insert("rate", values))
            return max(some, 0)
        except Conflict:
            continue
        except Away:
            return 0
    return 0
