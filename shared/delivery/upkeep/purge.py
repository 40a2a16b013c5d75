"""Nothing outlives its reason: content of dead letters, receipts, and in the end the record itself.

Each stage walks the hours of the index from where it stopped last time to where its retention ends, and notes how far it is. A
row that cannot be done is noted too, reported and tried again: the walk continues, and all content has an end.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial

from shared.delivery.dead import KEPT, PARTITION, Person, Refused, discard
from shared.delivery.isolation import isolated
from shared.delivery.rows import Purged
from shared.delivery.upkeep import old
from shared.hub import Hub, together
from shared.integration import Integration
from shared.ledger import schema
from shared.ledger.arrivals import batch_rows as batches
from shared.ledger.index import Found, Listed, Taken
from shared.ledger.knocks import knock, open_lane
from shared.ledger.reporting import code_items
from shared.ledger.reporting.search import sequence
from shared.ledger.rows import Content, Ended, Head, Receipt, Waiting
from shared.parallel.tidying import tidy
from shared.storage import names
from shared.storage.store import Away, Conflict, Row, delete, remove

DAY = 86400.0
HOUR = 3600.0
ORPHAN = 3600.0  # a blob without a row is given this long to get one
TURN = 20.0  # seconds that one call works at most: it shares its timer with the watchdog
PAGE = 500  # rows in one request
AT_ONCE = 32  # lanes that are worked on at the same time
TRIES = 3  # of one lane in which something happens meanwhile
Stage = Callable[[Integration, list[Found], float, Hub], Awaitable[bool]]  # whether it is done with these rows of the index


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
    """One integration that is in trouble keeps no other from its purge; the watchdog reports storage that is away."""
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
    done &= await _walk(integration, "receipts", _receipts, receipts, until, hub)
    done &= await _walk(integration, "metadata", old.take_out, metadata, until, hub)
    await _forget_files(integration, receipts, hub)
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


async def _expire(integration: Integration, before: float, until: float, hub: Hub) -> bool:
    """Dead letters whose content has been kept as long as was declared."""
    at_once = asyncio.Semaphore(AT_ONCE)
    async for page in pages(names.tables(integration.name).find, PARTITION, "", hub):
        await together(*(_expire_one(integration, line, before, at_once, hub) for line in page))
        if hub.now() > until:
            return False
    return True


async def pages(table: str, partition: str, first: str, hub: Hub, last: str = "") -> AsyncIterator[list[Row]]:
    """The rows of a partition, ``first <= key < last``, a page at a time; a row may be deleted meanwhile."""
    while page := await hub.store.query(table, partition, first, last, PAGE):
        yield page
        first = f"{page[-1].key}!"
        if len(page) < PAGE:
            return


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
    if not row or Ended.of(row).outcome not in KEPT:
        await hub.store.commit(tables.find, PARTITION, delete(line))  # by its ETag: it may be another dead letter's by now


async def _walk(integration: Integration, name: str, stage: Stage, before: float, until: float, hub: Hub) -> bool:
    """Each index row of the hours that are due and not done; whether the end was reached in time."""
    counters, find = names.tables(integration.name).counters, names.tables(integration.name).find
    await _once_more(integration, name, stage, before, hub)
    row = await hub.store.get(counters, names.PURGE, name)
    stopped = Purged.of(row) if row else Purged(hour=await _first_hour(find, hub))
    hour, key = stopped.hour, stopped.found
    while hour < names.hour(before):
        done = key
        async for page in pages(find, hour, key, hub):
            await _lanes(integration, name, stage, [Found.of(row) for row in page], before, hub)
            done = f"{page[-1].key}!"
            await hub.store.commit(counters, names.PURGE, Purged(hour=hour, found=done).put(name))
            if hub.now() > until:
                return False
        hour, key = names.next_hour(hour), ""
        if done or hour >= names.hour(before):  # each hour that is done; of empty ones the last
            await hub.store.commit(counters, names.PURGE, Purged(hour=hour).put(name))
    return True


async def _first_hour(find: str, hub: Hub) -> str:
    """The first hour that the index knows; a time far in the future when it knows none."""
    async for row in hub.store.scan(find, "t|", "t~"):
        return row.partition
    return "t~"


async def _lanes(integration: Integration, name: str, stage: Stage, found: list[Found], before: float, hub: Hub) -> None:
    """Index rows, lane by lane, several lanes at once. A lane that cannot be done is noted, to be tried again."""
    lanes: dict[str, list[Found]] = {}
    for one in found:
        lanes.setdefault(one.of_lane, []).append(one)
    at_once = asyncio.Semaphore(AT_ONCE)
    await together(*(_lane(integration, name, stage, rows, before, at_once, hub) for rows in lanes.values()))


async def _lane(
    integration: Integration, name: str, stage: Stage, found: list[Found], before: float, at_once: asyncio.Semaphore, hub: Hub
) -> None:
    async with at_once:
        done = False
        with isolated(integration.name, "purge", hub, found[0].of_lane):
            done = await _insist(partial(stage, integration, found, before, hub), hub)
        if not done:
            await _note(integration, name, found, hub)


async def _insist(work: Callable[[], Awaitable[bool]], hub: Hub) -> bool:
    """The work, again when something happened in the lane meanwhile. Raises ``Conflict``: it happens again and again."""
    for _ in range(TRIES - 1):
        try:
            return await work()
        except Conflict:
            await asyncio.sleep(hub.random.uniform(0.01, 0.1))
    return await work()


async def _note(integration: Integration, name: str, found: list[Found], hub: Hub) -> None:
    counters = names.tables(integration.name).counters
    for row in (one.row for one in found):
        note = Purged(hour=row.partition, found=row.key)
        await hub.store.commit(counters, names.PURGE, note.put(names.noted(name, row.partition, row.key)))


async def _once_more(integration: Integration, name: str, stage: Stage, before: float, hub: Hub) -> None:
    """What was noted in earlier rounds."""
    tables = names.tables(integration.name)
    again = partial(_then_forget, name, stage)
    async for notes in pages(tables.counters, names.PURGE, f"{name}.", hub, f"{name}/"):
        places = [Purged.of(note) for note in notes]
        rows = await together(*(hub.store.get(tables.find, place.hour, place.found) for place in places))
        for note, row in zip(notes, rows, strict=True):
            if not row:
                await hub.store.commit(tables.counters, names.PURGE, remove(note.key))
        await _lanes(integration, name, again, [Found.of(row) for row in rows if row], before, hub)


async def _then_forget(name: str, stage: Stage, integration: Integration, found: list[Found], before: float, hub: Hub) -> bool:
    if not await stage(integration, found, before, hub):
        return False
    for row in (one.row for one in found):
        note = names.noted(name, row.partition, row.key)
        await hub.store.commit(names.tables(integration.name).counters, names.PURGE, remove(note))
    return True


async def _receipts(integration: Integration, found: list[Found], before: float, hub: Hub) -> bool:
    done = [await _receipt(integration, one, before, hub) for one in found]
    return all(done)


async def _receipt(integration: Integration, found: Found, before: float, hub: Hub) -> bool:
    """The receipt of a message that is done with; not done while it waits. What should have been seen long ago is seen now."""
    ledger, lane = names.tables(integration.name).ledger, found.of_lane
    row = await hub.store.get(ledger, lane, names.receipt(found.identity))
    schema.known(integration.name, "purge", hub, row)
    receipt = Receipt.of(row) if row else None
    if not receipt or receipt.at >= before:
        return True
    last = await hub.store.get(ledger, lane, names.row("d", receipt.number))
    if not last:
        return await _open_again(integration, lane, receipt.number, hub)
    ended = Ended.of(last)
    if ended.outcome == "dead":
        await _list_again(integration, ended, hub)
    first = await hub.store.get(ledger, lane, names.HEAD)
    head = Head.of(first) if first else None
    counted = [replace(head, duplicates=head.duplicates + receipt.duplicates).replaced()] if head else []
    await hub.store.commit(ledger, lane, receipt.deleted(), *counted)
    return True


async def _open_again(integration: Integration, lane: str, n: int, hub: Hub) -> bool:
    """A message that waits for so long is held by a dead one, or its open row was lost. Whether there is none."""
    row = await hub.store.get(names.tables(integration.name).ledger, lane, names.row("w", n))
    if row:
        waiting = Waiting.of(row)
        await open_lane(integration.name, lane, waiting.mark, hub, waiting.identity)
        await knock(integration.name, lane, hub)
    return row is None


async def _list_again(integration: Integration, ended: Ended, hub: Hub) -> None:
    """A dead letter that its list does not know would be seen by no one, and its content would have no end."""
    find, message = names.tables(integration.name).find, names.message_id(ended.lane, ended.identity)
    if not await hub.store.get(find, PARTITION, message):
        await hub.store.commit(find, PARTITION, Listed(at=ended.ended).put(message))


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
