"""How a lane shows that it has work: an open row for each message, which the watchdog sees, and a knock on the work queue.

What is published leaves one open row for its whole lane, in partitions of its own. Losing a knock costs seconds, doubling one
nothing: therefore each expires, so that they do not pile up while no worker runs.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from shared.hub import Hub
from shared.ledger.open_rows import Opened
from shared.storage import names
from shared.storage.store import Away, Conflict, Ticket, delete, remove

FIRST, LONGEST = 5.0, 300.0  # seconds until the second try, and between two tries at most
LIVES = 3600.0  # seconds that a knock is kept once it is due
LONGEST_DELAY = 6 * 86400.0  # a storage queue takes seven days at most


async def knock(integration: str, lane: str, hub: Hub, delay: float = 0, lives: float = LIVES) -> Ticket | None:
    """Ask for a worker; ``None`` if the queue is unavailable: the watchdog will see the open lane."""
    wait = min(max(delay, 0), LONGEST_DELAY)
    try:
        return await hub.store.send(f"{integration}-work", orjson.dumps({"lane": lane}), wait, wait + lives)
    except Away:
        return None


async def knock_subscriber(subscriber: str, publisher: str, lane: str, hub: Hub, delay: float = 0, lives: float = LIVES) -> None:
    """Ask a subscriber to look into one lane of a publisher's outbox. Raises ``Away``."""
    body = orjson.dumps({"publisher": publisher, "lane": lane})
    await hub.store.send(f"{subscriber}-work", body, delay, delay + lives)


async def knock_again(integration: str, body: Mapping[str, Any], hub: Hub) -> None:
    """The same knock later, with a growing delay. Raises ``Away``."""
    tries = body["tries"] if isinstance(body.get("tries"), int) else 0
    wait = delay_of(tries, hub)
    await hub.store.send(f"{integration}-work", orjson.dumps({**body, "tries": tries + 1}), wait, wait + LIVES)


async def open_lane(integration: str, lane: str, mark: str, hub: Hub, key: str = "") -> None:
    """The lane has work, or something to clean up; written before the message itself. ``key``: of its receipt."""
    row = Opened(at=hub.now(), identity=key).put(names.open_key(lane, mark))
    await hub.store.commit(names.tables(integration).open, lane[-1], row)


async def close(integration: str, lane: str, mark: str, hub: Hub) -> None:
    """Delete the open row of a message that has ended."""
    await hub.store.commit(names.tables(integration).open, lane[-1], remove(names.open_key(lane, mark)))


async def open_outbox(integration: str, lane: str, hub: Hub) -> None:
    """The lane holds published messages that some subscriber has not taken: one row, however many they are."""
    row = Opened(at=hub.now()).put(names.open_key(lane, names.OUTBOX))
    await hub.store.commit(names.tables(integration).open, names.outbox(lane), row)


async def close_outbox(integration: str, lane: str, hub: Hub) -> None:
    """Delete the row of the lane's outbox when nothing published is left in the lane.

    The row is read first and deleted by its ETag: a message that is published meanwhile writes it again, and it stays.
    """
    tables = names.tables(integration)
    row = await hub.store.get(tables.open, names.outbox(lane), names.open_key(lane, names.OUTBOX))
    if not row or await hub.store.query(tables.ledger, lane, "p|", "p~", 1):
        return
    try:
        await hub.store.commit(tables.open, names.outbox(lane), delete(row))
    except Conflict:
        return


def delay_of(tries: int, hub: Hub) -> float:
    """Seconds until a queue message is tried again: twice as long each time, with jitter."""
    return min(FIRST * float(2 ** min(tries, 20)), LONGEST) * hub.random.uniform(0.5, 1)
