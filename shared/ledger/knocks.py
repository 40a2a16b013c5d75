"""How a lane shows that it has work: an open row for each message, which the watchdog sees, and a knock on the work queue.

Losing a knock costs seconds, doubling one nothing.
"""

import orjson

from shared.hub import Hub
from shared.ledger import names
from shared.ledger.store import Away, Ticket, put, remove


async def knock(integration: str, lane: str, hub: Hub, delay: float = 0) -> Ticket | None:
    """Ask for a worker; ``None`` when the queue is away: the watchdog will see the open lane."""
    try:
        return await hub.store.send(f"{integration}-work", orjson.dumps({"lane": lane}), min(max(delay, 0), 6 * 86400))
    except Away:
        return None


async def open_lane(integration: str, lane: str, mark: str, hub: Hub) -> None:
    """The lane has work, or something to clear away; written before the message itself."""
    await hub.store.commit(names.tables(integration).open, lane[-1], put(names.open_key(lane, mark), {"at": hub.now()}))


async def close(integration: str, lane: str, mark: str, hub: Hub) -> None:
    """The message is done with: its open row goes."""
    await hub.store.commit(names.tables(integration).open, lane[-1], remove(names.open_key(lane, mark)))
