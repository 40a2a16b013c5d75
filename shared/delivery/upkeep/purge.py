"""Nothing outlives its reason: content of dead letters, receipts, and in the end the record itself.

Each stage walks the hours of the index from where it stopped last time to where its retention ends, and notes how far it is. A
row that cannot be done is noted too, reported and tried again: the walk continues, and all content has an end.
"""

import asyncio
from dataclasses import dataclass, field

from shared.delivery.dead import KEPT, PARTITION, Person, Refused, discard
from shared.delivery.isolation import isolated
from shared.delivery.upkeep import old
from shared.delivery.upkeep.index_walk import AT_ONCE, pages, walk
from shared.delivery.upkeep.receipts import delete_receipts
from shared.hub import Hub, together
from shared.integration import Integration
from shared.ledger import schema
from shared.ledger.arrivals import batch_rows as batches
from shared.ledger.index import Found, Listed, Taken
from shared.ledger.reporting import code_items
from shared.ledger.reporting.search import sequence
from shared.ledger.rows import Content, Ended
from shared.parallel.tidying import tidy
from shared.storage import names
from shared.storage.store import Away, Row, delete

DAY = 86400.0
HOUR = 3600.0
ORPHAN = 3600.0  # a blob without a row is given this long to get one
TURN = 20.0  # seconds that one call works at most: it shares its timer with the watchdog


@dataclass(eq=False, repr=False)
class Rounds:
    """The hour of the last whole purge of this process, by integration."""

    hours: dict[str, str] = field(default_factory=dict)


async def hourly(hub: Hub) -> None:
    """A round for each integration, the first time that this process sees an hour; on from where the time ran out."""
    hour, until = names.hour(hub.now()), hub.now() + TURN
    for integration in hub.integrations.values():
        if hub.remembered(Rounds).hours.get(integration.name) != hour and hub.now() < until:
            await _one(integration, hour, until, hub)


async def _one(integration: Integration, hour: str, until: float, hub: Hub) -> None:
    """One integration that is in trouble keeps no other from its purge; the watchdog reports storage that does not answer."""
    try:
        with isolated(integration.name, "purge", hub):
            if await purge(integration, hub, until):
                hub.remembered(Rounds).hours[integration.name] = hour
    except Away:
        return


async def purge(integration: Integration, hub: Hub, until: float = float("inf")) -> bool:
    """One round; returns whether it was complete before ``until``, in seconds of the hub's clock."""
    keep, now = integration.retention, hub.now()
    receipts = now - keep.receipts * DAY
    metadata = now - max(keep.metadata, keep.receipts + 1, keep.dead_content + 1) * DAY
    done = await _expire(integration, now - keep.dead_content * DAY, until, hub)
    done &= await walk(integration, "receipts", delete_receipts, receipts, until, hub)
    done &= await walk(integration, "metadata", old.take_out, metadata, until, hub)
    await _forget_files(integration, receipts, hub)
    await _forget_acknowledgements(integration, receipts, hub)
    await code_items.forget(integration.name, metadata, hub)
    await _orphans(integration, hub)
    await tidy(integration, hub)
    return done


async def _forget_files(integration: Integration, before: float, hub: Hub) -> None:
    """That a file of the inbox was taken is known as long as a receipt."""
    table = names.tables(integration.name).find
    async for row in hub.store.scan(table, "b|", "b~"):
        with isolated(integration.name, "purge", hub):
            if Taken.of(row).at < before:
                await hub.store.commit(table, row.partition, delete(row))


async def _forget_acknowledgements(integration: Integration, before: float, hub: Hub) -> None:
    """The acknowledgement of a file stays as long as a receipt, whether the sender has fetched it or not."""
    for name, at in await hub.store.blobs(names.ACKNOWLEDGEMENTS, f"{integration.name}/"):
        with isolated(integration.name, "purge", hub):
            if at < before:
                await hub.store.delete_blob(names.ACKNOWLEDGEMENTS, name)


async def _expire(integration: Integration, before: float, until: float, hub: Hub) -> bool:
    """Dead letters whose content has been kept as long as was declared."""
    at_once = asyncio.Semaphore(AT_ONCE)
    async for page in pages(names.tables(integration.name).find, PARTITION, "", hub):
        await together(*(_expire_one(integration, line, before, at_once, hub) for line in page))
        if hub.now() > until:
            return False
    return True


async def _expire_one(integration: Integration, line: Row, before: float, at_once: asyncio.Semaphore, hub: Hub) -> None:
    async with at_once:
        with isolated(integration.name, "purge", hub, line.key.partition(".")[0]):
            if Listed.of(line).at >= before:
                return
            try:
                await discard(integration, line.key, Person("retention"), hub, "expired")
                hub.count(integration.name, "expired")
                hub.emit("hub.message", integration=integration.name, stage="retention", outcome="expired", message_id=line.key)
            except Refused:
                await _forget(integration, line, hub)


async def _forget(integration: Integration, line: Row, hub: Hub) -> None:
    """Delete a line of the list that has no dead letter; one whose lane is busy stays for the next round."""
    tables = names.tables(integration.name)
    lane, _, key = line.key.partition(".")
    n = await sequence(tables.ledger, lane, key, hub)
    row = await hub.store.get(tables.ledger, lane, names.row("d", n)) if n is not None else None
    if not row or (not schema.is_newer(row) and Ended.of(row).outcome not in KEPT):
        await hub.store.commit(tables.find, PARTITION, delete(line))  # by its ETag: it may be another dead letter's by now


async def _orphans(integration: Integration, hub: Hub) -> None:
    """Blobs that no row names any more, or never did."""
    for name, at in await hub.store.blobs(names.CONTENT, f"{integration.name}/"):
        with isolated(integration.name, "purge", hub):
            if hub.now() - at > ORPHAN and not await _named(integration.name, name, hub):
                await hub.store.delete_blob(names.CONTENT, name)


async def _named(integration: str, blob: str, hub: Hub) -> bool:
    """Whether a content row, or the row of a batch, names the blob."""
    tables, lane = names.tables(integration), blob.split("/", 2)[1]
    if lane == names.BATCH:
        row = await hub.store.get(tables.open, lane, batches.row_key(blob))
        return row is not None and batches.read(integration, row).blob == blob
    of_file = await hub.store.query(tables.find, names.by_file(blob)) if lane == names.FILE else []
    lanes = {Found.of(row).of_lane for row in of_file} if lane == names.FILE else {lane}
    kept = [Content.of(row) for each in sorted(lanes) for row in await hub.store.query(tables.ledger, each, "c|", "c~")]
    return any(blob in (one.blob, *one.files.split()) for one in kept)
