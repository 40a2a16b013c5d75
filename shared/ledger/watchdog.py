"""The net under everything: lanes that are open and idle are knocked on, what was left undone is finished, what waits is told."""

from collections import defaultdict
from collections.abc import Iterable

import orjson

from shared.hub import Hub
from shared.inbox import watching
from shared.integration import Integration
from shared.ledger import alarms, batches, counters, names, outbox, thresholds
from shared.ledger.claims import drop_blob
from shared.ledger.knocks import close, knock
from shared.ledger.store import Away, Conflict, Row, put
from shared.settings import setting


async def tick(hub: Hub) -> None:
    """One round over all integrations; one whose storage is in trouble does not keep the others from it."""
    for integration in hub.integrations.values():
        try:
            backlog = await sweep(integration, hub)
            await counters.write(integration.name, hub)
            await thresholds.evaluate(integration.name, backlog, hub)
            await alarms.raise_alarms(integration.name, backlog, hub)
        except Away:
            hub.tell("hub.backlog", integration=integration.name, state="storage-away")
            await alarms.alarm(integration.name, "storage-away", hub)
        hub.tell("hub.heartbeat", integration=integration.name, instance=hub.instance, role=setting("HUB_ROLE", "app"))


async def sweep(integration: Integration, hub: Hub) -> dict[str, int | float]:
    """Look at every lane that has an open row; tell, write down and return how much waits."""
    lanes: dict[str, list[Row]] = defaultdict(list)
    split: list[tuple[int, float]] = []
    async for row in hub.store.scan(names.tables(integration.name).open):
        if row.partition == names.BATCH:
            split.append(await _look_at_batch(integration, row, hub))
            continue
        lanes[row.key.split(".")[0]].append(row)
    seen = [await _look(integration, lane, rows, hub) for lane, rows in lanes.items()]
    ages = [age for _, _, age in seen] + [age for _, age in split]
    backlog: dict[str, int | float] = {
        "unpaired": await watching.look(integration, hub),
        "waiting": sum(waiting for waiting, _, _ in seen) + sum(left for left, _ in split),
        "held": sum(held for _, held, _ in seen),
        "batches": len(split),
        "overdue": sum(age > hub.timing.overdue for age in ages),
        "oldest_age_s": round(max(ages, default=0.0), 1),
    }
    hub.tell("hub.backlog", integration=integration.name, **backlog)
    await hub.store.commit(names.SHARED_TABLE, names.BACKLOG, put(integration.name, {**backlog, "at": hub.now()}))
    return backlog


async def _look(integration: Integration, lane: str, rows: list[Row], hub: Hub) -> tuple[int, int, float]:
    """One lane: how many wait, whether it is held by a dead message, and the age of the oldest."""
    ledger = names.tables(integration.name).ledger
    waiting = await hub.store.query(ledger, lane, "w|", "w~")
    claim = await hub.store.get(ledger, lane, "claim")
    held = bool(waiting) and waiting[0].key == names.HOLD
    messages = waiting[held:]
    due = bool(messages) and not held and messages[0]["due"] <= hub.now()
    if claim["end"] <= hub.now() if claim else due:
        await knock(integration.name, lane, hub)  # a claim that ran out is taken over, and given back
    elif not claim:
        await _finish_the_rest(integration, lane, rows, {row["mark"] for row in messages}, hub)
    return (len(messages), int(held), hub.now() - messages[0]["since"]) if messages else (0, 0, 0.0)


async def _look_at_batch(integration: Integration, row: Row, hub: Hub) -> tuple[int, float]:
    """One batch: members that are not in the ledger yet, and seconds since the last progress. Knocks if no worker has it."""
    batch = batches.read(integration.name, row)
    if batch.until <= hub.now() and hub.now() - batch.at > hub.timing.knock_delay:
        await hub.store.send(f"{integration.name}-work", orjson.dumps({"batch": batch.key}))
    return batch.left, hub.now() - batch.since


async def _finish_the_rest(integration: Integration, lane: str, rows: Iterable[Row], waiting: set[str], hub: Hub) -> None:
    """Open rows of messages that do not wait any more, or that never came."""
    for row in rows:
        mark = row.key.split(".")[1]
        if mark not in waiting and hub.now() - row["at"] > hub.timing.open_grace:
            await _finish(integration, lane, mark, hub)


async def _finish(integration: Integration, lane: str, mark: str, hub: Hub) -> None:
    """What a worker left undone after it settled: its blob, its subscribers, its open row."""
    ledger = names.tables(integration.name).ledger
    ended = next((row for row in await hub.store.query(ledger, lane, "d|", "d~") if row["mark"] == mark), None)
    if ended and ended["blob_pending"]:
        await _try_drop(ledger, lane, names.number(ended.key), hub)
    if ended and ended["pending"] and hub.now() - ended["ended"] > integration.retention.published * 86400:
        return await outbox.give_up(integration, ended, hub)
    for subscriber in ended["pending"].split() if ended else ():
        await hub.store.send(f"{subscriber}-work", orjson.dumps({"publisher": integration.name, "lane": lane}))
    if not ended or not ended["pending"]:
        await close(integration.name, lane, mark, hub)
    return None


async def _try_drop(ledger: str, lane: str, n: int, hub: Hub) -> None:
    try:
        await drop_blob(ledger, lane, n, hub)
    except Conflict:
        return
