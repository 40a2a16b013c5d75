"""The walk over the hours of the index: on from where it stopped, lane by lane; what cannot be done is noted and tried again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from shared.delivery.isolation import isolated
from shared.delivery.rows import Purged
from shared.hub import Hub, together
from shared.integration import Integration
from shared.ledger.index import Found
from shared.storage import names
from shared.storage.store import Conflict, Row, remove

PAGE = 500  # rows in one request


AT_ONCE = 32  # lanes that are worked on at the same time


TRIES = 3  # of one lane in which something happens meanwhile


Stage = Callable[[Integration, list[Found], float, Hub], Awaitable[bool]]  # whether it has finished these rows of the index


async def pages(table: str, partition: str, first: str, hub: Hub, last: str = "") -> AsyncIterator[list[Row]]:
    """The rows of a partition, ``first <= key < last``, a page at a time; a row may be deleted meanwhile."""
    while page := await hub.store.query(table, partition, first, last, PAGE):
        yield page
        first = f"{page[-1].key}!"
        if len(page) < PAGE:
            return


async def walk(integration: Integration, name: str, stage: Stage, before: float, until: float, hub: Hub) -> bool:
    """Each index row of the hours that are due and not done; whether the end was reached in time."""
    counters, find = names.tables(integration.name).counters, names.tables(integration.name).find
    await _once_more(integration, name, stage, before, hub)
    cursor = names.walked(name)
    row = await hub.store.get(counters, names.PURGE, cursor) or await hub.store.get(counters, names.PURGE, name)
    stopped = Purged.of(row) if row else Purged(hour=await _first_hour(find, hub))
    while stopped.hour < names.hour(before):
        hour, done = stopped.hour, stopped.found
        async for partition, page in _of_hour(find, stopped, hub):
            await _lanes(integration, name, stage, [Found.of(row) for row in page], before, hub)
            done = f"{page[-1].key}!"
            await hub.store.commit(counters, names.PURGE, Purged(hour=hour, found=done, partition=partition).put(cursor))
            if hub.now() > until:
                return False
        following = names.next_hour(hour)
        stopped = Purged(hour=following if done else min(names.hour(before), await _first_hour(find, hub, following)))
        if done or stopped.hour >= names.hour(before):  # each hour that is done; of empty ones the last
            await hub.store.commit(counters, names.PURGE, stopped.put(cursor))
    return True


async def _of_hour(find: str, stopped: Purged, hub: Hub) -> AsyncIterator[tuple[str, list[Row]]]:
    """The rest of an hour, page by page: first what an earlier version listed, whose partition is called ""."""
    partitions = ("", *names.INDEX)
    for partition in partitions[partitions.index(stopped.partition) :]:
        first, last = names.of_finder(stopped.hour) if partition else ("", "")
        first = stopped.found if partition == stopped.partition and stopped.found else first
        async for page in pages(find, partition or stopped.hour, first, hub, last):
            yield partition, page


async def _first_hour(find: str, hub: Hub, first: str = "t|") -> str:
    """The first hour that the index knows, from ``first`` on; a time far in the future when it knows none."""
    found = await together(*(hub.store.query(find, partition, first, "t~", 1) for partition in names.INDEX))
    hours = [Found.of(row).hour for rows in found for row in rows]
    async for row in hub.store.scan(find, first, "t~"):  # of an earlier version
        return min((row.partition, *hours))
    return min(hours, default="t~")


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
