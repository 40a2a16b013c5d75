"""The pulse of a process: every half minute it reads one row of storage, and reports when there is no answer.

The watchdog runs in one instance at a time, by a lease on a blob. When storage is lost, the lease is lost and the watchdog is
silent. The pulse needs no lease: each process has its own from its first call on, and ``doors`` calls a process of each app.
"""

import asyncio

from shared.delivery.upkeep import alarms
from shared.hub import Hub
from shared.storage import names
from shared.storage.store import Away

BEAT = 30.0  # seconds
AWAY = "storage-away"


def begin(hub: Hub) -> None:
    """From now on this process reads storage at intervals. The next beat starts when the one before has ended."""
    asyncio.get_running_loop().call_later(BEAT, lambda: hub.start(_beat(hub)))


async def _beat(hub: Hub) -> None:
    try:
        await look(hub)
    finally:
        begin(hub)


async def look(hub: Hub) -> None:
    """Read one row of the table that all integrations share."""
    try:
        await hub.store.get(names.SHARED_TABLE, names.BACKLOG, "")
    except Away:
        for name in hub.integrations:
            await report_away(name, hub)


async def report_away(integration: str, hub: Hub) -> None:
    """Both ways: an event for the logs, an alarm that needs none."""
    hub.emit("hub.backlog", integration=integration, state=AWAY)
    await alarms.alarm(integration, AWAY, hub)
