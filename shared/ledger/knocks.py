"""A knock on a lane's door: a queue message that says which lane has work. Losing one costs seconds, doubling one nothing."""

import orjson

from shared.hub import Hub
from shared.ledger.store import Away, Ticket


async def knock(integration: str, lane: str, hub: Hub, delay: float = 0) -> Ticket | None:
    """Ask for a worker; ``None`` when the queue is away: the watchdog will see the open lane."""
    try:
        return await hub.store.send(f"{integration}-work", orjson.dumps({"lane": lane}), min(max(delay, 0), 6 * 86400))
    except Away:
        return None
