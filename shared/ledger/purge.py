"""Nothing outlives its reason: content of dead letters, receipts, and in the end the record itself.

Each stage walks the hours of the index from where it stopped last time to where its retention ends.
"""

from collections.abc import Awaitable, Callable, Iterable

from shared.hub import Hub
from shared.integration import Integration
from shared.ledger import batches, names
from shared.ledger.dead import PARTITION, Person, Refused, discard
from shared.ledger.store import Change, Conflict, Row, delete, put, remove, replace

DAY = 86400.0
CURSORS = "purge"
ORPHAN = 3600.0  # a blob without a row is given this long to get one
Stage = Callable[[Integration, Row, float, Hub], Awaitable[None]]


async def hourly(hub: Hub) -> None:
    """A round for each integration, the first time that this process sees an hour."""
    hour = names.hour(hub.now())
    for integration in hub.integrations.values():
        if hub.purged.get(integration.name) != hour:
            await purge(integration, hub)
            hub.purged[integration.name] = hour


async def purge(integration: Integration, hub: Hub) -> None:
    """One round."""
    keep = integration.retention
    await _expire(integration, hub.now() - keep.dead_content * DAY, hub)
    await _walk(integration, "receipts", _receipt, hub.now() - keep.receipts * DAY, hub)
    await _walk(integration, "metadata", _record, hub.now() - max(keep.metadata, keep.receipts + 1) * DAY, hub)
    await _forget_files(integration, hub.now() - keep.receipts * DAY, hub)
    await _orphans(integration, hub)


async def _forget_files(integration: Integration, before: float, hub: Hub) -> None:
    """That a file of the inbox was taken is known as long as a receipt."""
    table = names.tables(integration.name).find
    async for row in hub.store.scan(table, "b|", "b~"):
        if row["at"] < before:
            await hub.store.commit(table, row.partition, delete(row))


async def _expire(integration: Integration, before: float, hub: Hub) -> None:
    """Dead letters whose content has been kept as long as was declared."""
    tables = names.tables(integration.name)
    for row in await hub.store.query(tables.find, PARTITION):
        if row["at"] < before:
            try:
                await discard(integration, row.key, Person("retention"), hub, "expired")
                hub.count(integration.name, "expired")
                hub.tell("hub.message", integration=integration.name, stage="retention", outcome="expired", message_id=row.key)
            except Refused:
                await _forget(tables, row, hub)


async def _forget(tables: names.Tables, row: Row, hub: Hub) -> None:
    """A line of the list that leads to no dead letter; one whose lane is busy stays for the next round."""
    lane, _, key = row.key.partition(".")
    receipt = await hub.store.get(tables.ledger, lane, f"r|{key}")
    ended = await hub.store.get(tables.ledger, lane, names.row("d", receipt["n"])) if receipt else None
    if not ended or ended["outcome"] != "dead":
        await hub.store.commit(tables.find, PARTITION, remove(row.key))


async def _walk(integration: Integration, name: str, stage: Stage, before: float, hub: Hub) -> None:
    """Each index row of the hours that are due and not done."""
    tables = names.tables(integration.name)
    cursor = await hub.store.get(tables.counters, CURSORS, name)
    first, last = (cursor["hour"] if cursor else "t|"), names.hour(before)
    async for row in hub.store.scan(tables.find, first, last):
        await stage(integration, row, before, hub)
    await hub.store.commit(tables.counters, CURSORS, put(name, {"hour": last}))


async def _receipt(integration: Integration, found: Row, before: float, hub: Hub) -> None:
    """The receipt of a message that is done with."""
    ledger, lane = names.tables(integration.name).ledger, found["lane"]
    receipt = await hub.store.get(ledger, lane, f"r|{found['key']}")
    if not receipt or receipt["at"] >= before or await hub.store.get(ledger, lane, names.row("w", receipt["n"])):
        return
    head = await hub.store.get(ledger, lane, "head")
    counted = [replace(head, duplicates=(head["duplicates"] or 0) + receipt["duplicates"])] if head else []
    await _try(ledger, lane, [delete(receipt), *counted], hub)


async def _record(integration: Integration, found: Row, before: float, hub: Hub) -> None:
    """Records of the lane that are old enough, the lane itself when nothing is left in it, and the way to them."""
    tables, lane = names.tables(integration.name), found["lane"]
    rows = await hub.store.query(tables.ledger, lane)
    old = [row for row in rows if _is_old(row, before)]
    kept = [row for row in rows if row not in old and row.key != "head" and not row.key.startswith(("s|", "c|0000000000"))]
    await _take_out(tables.ledger, rows, old[:90], not kept and len(old) <= 90, hub)
    for finder in found["finders"].split():
        await hub.store.commit(tables.find, finder, remove(found.key))
        await hub.store.commit(tables.find, finder, remove(found["key"]))
    await hub.store.commit(tables.find, found.partition, remove(found.key))


def _is_old(row: Row, before: float) -> bool:
    if row.key.startswith("r|"):
        return bool(row["at"] < before)
    return row.key.startswith("d|") and row["ended"] < before and row["outcome"] != "dead"


async def _take_out(ledger: str, rows: Iterable[Row], old: list[Row], lane_too: bool, hub: Hub) -> None:
    """In one transaction; the head counts what has gone, so that conservation can still be checked."""
    if not old and not lane_too:
        return
    by_key = {row.key: row for row in rows}
    head, gone = by_key.get("head"), sum(row.key.startswith("d|") and row.key.count("|") == 1 for row in old)
    ends = [row for row in by_key.values() if row.key.startswith(("s|", "c|"))] if lane_too else []
    if head:
        ends.append(head) if lane_too else None
    counted = [replace(head, purged=(head["purged"] or 0) + gone)] if head and not lane_too else []
    changes = [*counted, *(delete(row) for row in (*old, *ends))]
    if changes:
        await _try(ledger, next(iter(by_key.values())).partition, changes, hub)


async def _try(ledger: str, lane: str, changes: list[Change], hub: Hub) -> None:
    """A lane in which something happens meanwhile is left for the next round."""
    try:
        await hub.store.commit(ledger, lane, *changes)
    except Conflict:
        return


async def _orphans(integration: Integration, hub: Hub) -> None:
    """Blobs that no row names any more, or never did."""
    for name, at in await hub.store.blobs(names.CONTENT, f"{integration.name}/"):
        if hub.now() - at > ORPHAN and not await _named(integration.name, name, hub):
            await hub.store.delete_blob(names.CONTENT, name)


async def _named(integration: str, blob: str, hub: Hub) -> bool:
    """Whether a content row, or the row of a batch, names the blob."""
    tables, lane = names.tables(integration), blob.split("/", 2)[1]
    if lane == names.BATCH:
        row = await hub.store.get(tables.open, lane, batches.row_key(blob))
        return row is not None and batches.read(integration, row).blob == blob
    lanes = {row["lane"] for row in await hub.store.query(tables.find, names.by_file(blob))} if lane == names.FILE else {lane}
    kept = [row for each in sorted(lanes) for row in await hub.store.query(tables.ledger, each, "c|", "c~")]
    return any(blob in (row["blob"], *row["files"].split()) for row in kept)
