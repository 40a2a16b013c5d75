"""Once an hour: give up sides without a partner, add up the hours that are over, and empty the queue of a run that has ended."""

from contextlib import suppress
from itertools import groupby

from shared.hub import Hub
from shared.integration import Integration
from shared.parallel.agreement import HOUR, KEPT_SINGLE, SUM, added_up
from shared.parallel.pairs import OPEN, Side, settle
from shared.settings import setting
from shared.storage import names
from shared.storage.store import Conflict, Row, delete, insert, remove

GRACE = 600.0  # seconds in which the worker that has the second side compares the pair
DAY = 86400.0
MOST = 1000  # queue messages that one round takes away


async def tidy(integration: Integration, hub: Hub) -> None:
    """One round over one integration. Raises ``Away``."""
    table, now = names.tables(integration.name).pairs, hub.now()
    for row in await hub.store.query(table, OPEN):
        if now - row["at"] > GRACE:
            await settle(integration, row.key, hub)
    over = [row async for row in hub.store.scan(table, "t|", names.hour(now - KEPT_SINGLE * HOUR))]
    for hour, results in groupby(over, lambda row: row.partition):
        await _add_up(table, hour, list(results), hub)
    for row in await hub.store.query(table, SUM, "", names.hour(now - integration.retention.metadata * DAY)):
        await hub.store.commit(table, SUM, remove(row.key))
    if not hub.is_observed(integration.name) and setting("HUB_ROLE") != "ops":  # the ops app may not read this queue
        await _empty(f"{integration.name}-legacy", hub)


async def _add_up(table: str, hour: str, results: list[Row], hub: Hub) -> None:
    """The sum first, once: after a crash the rows that are left are deleted, and not counted again."""
    with suppress(Conflict):
        await hub.store.commit(table, SUM, insert(hour, added_up(results).written()))
    for row in results:
        id = row.key.partition(".")[0]
        for seen in await hub.store.query(table, f"p|{id}", "seen|", "seen~"):
            if hub.now() - seen["at"] > KEPT_SINGLE * HOUR:
                with suppress(Conflict):
                    await hub.store.commit(table, f"p|{id}", delete(seen))
        await hub.store.commit(table, hour, remove(row.key))


async def _empty(queue: str, hub: Hub) -> None:
    """What the old engine still reports when the integration is live: no one compares it, and it holds content."""
    for _ in range(MOST // 16):
        arrived = await hub.store.receive(queue, 30)
        for each in arrived:
            await hub.store.settle(each.ticket)
        if not arrived:
            return


async def residue(integration: Integration, hub: Hub) -> list[str]:
    """Content of a parallel run that should have been deleted."""
    table, found = names.tables(integration.name).pairs, list[str]()
    async for row in hub.store.scan(table, "p|", "p~"):
        if row.key.startswith(("old|", "new|")) and hub.now() - Side.of(row).at > DAY + 2 * HOUR:
            found.append("one side of a pair, older than a day")
    return found
