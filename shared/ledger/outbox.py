"""What an integration publishes stays in its lane until each subscriber has taken it. The event is only a knock.

A subscriber keeps a cursor in the publisher's lane (row ``s|<subscriber>``) and takes what lies after it, in order: doubled,
lost and reordered events do no harm. Taking is idempotent, because the subscriber's own ledger knows a message again.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace as altered
from typing import Any

import orjson

from shared.hub import Hub
from shared.integration import EventGrid, Integration
from shared.ledger import names, schema
from shared.ledger.blobs import drop_blob
from shared.ledger.claims import stored_envelope
from shared.ledger.knocks import close, close_outbox, knock_subscriber
from shared.ledger.store import Away, Change, Conflict, Row, delete, insert, remove, replace
from shared.pipeline import accept
from shared.privacy import handing_over

LOOK_AGAIN = 1  # second
PAGE = 50  # published messages that are read in one request
TURN = 60.0  # seconds after which a worker lets another invocation go on
GIVEN_UP = 200  # most messages of a lane whose retention is over that one round gives up
OPERATORS: Mapping[str, Callable[[str, tuple[str, ...]], bool]] = {
    "StringIn": lambda value, values: value in values,
    "StringNotIn": lambda value, values: value not in values,
    "StringNotContains": lambda value, values: not any(part in value for part in values),
    "StringBeginsWith": lambda value, values: value.startswith(tuple(values)),
    "StringEndsWith": lambda value, values: value.endswith(tuple(values)),
    "StringContains": lambda value, values: any(part in value for part in values),
    "BoolEquals": lambda value, values: value.lower() in {part.lower() for part in values},
}


async def take(subscriber: Integration, publisher: str, lane: str, hub: Hub) -> None:
    """Take from one lane of the outbox all that this subscriber has not taken, oldest first."""
    end = hub.now() + TURN
    while page := await _not_taken(subscriber.name, publisher, lane, hub):
        for published in page:
            schema.known(subscriber.name, "outbox", hub, published)
            if subscriber.name in published["pending"].split():
                await _accept(subscriber, publisher, published, hub)
            if not await _taken(subscriber.name, publisher, lane, names.number(published.key), hub):
                return None
        if hub.now() > end:
            return await knock_subscriber(subscriber.name, publisher, lane, hub)
    await _look_again(subscriber.name, publisher, lane, hub)
    await close_outbox(publisher, lane, hub)
    return None


async def _not_taken(subscriber: str, publisher: str, lane: str, hub: Hub, most: int = PAGE) -> list[Row]:
    """The next published messages behind the subscriber's cursor."""
    ledger = names.tables(publisher).ledger
    cursor = await hub.store.get(ledger, lane, f"s|{subscriber}")
    schema.known(subscriber, "outbox", hub, cursor)
    first = (cursor["n"] if cursor else 0) + 1
    return await hub.store.query(ledger, lane, names.row("p", first), "p~", most)


async def _look_again(subscriber: str, publisher: str, lane: str, hub: Hub) -> None:
    """An event may overtake the settling of its own message: then the subscriber knocks for itself, a moment later."""
    waiting = await hub.store.query(names.tables(publisher).ledger, lane, "w|", "w~", 2)
    if any(row["state"] == "sending" for row in waiting):
        await knock_subscriber(subscriber, publisher, lane, hub, LOOK_AGAIN)


async def look(publisher: Integration, lane: str, lives: float, hub: Hub) -> None:
    """The watchdog's look at one lane of the outbox: one knock for each subscriber that has not taken its oldest message.

    What no subscriber takes any more is given up when its retention is over. ``lives``: seconds that a knock is kept.
    """
    ledger = names.tables(publisher.name).ledger
    for _ in range(GIVEN_UP):
        oldest = await hub.store.query(ledger, lane, "p|", "p~", 1)
        if not oldest:
            return await close_outbox(publisher.name, lane, hub)
        ended = await hub.store.get(ledger, lane, names.row("d", names.number(oldest[0].key)))
        if not ended or hub.now() - ended["ended"] <= publisher.retention.published * 86400:
            for subscriber in await _behind(publisher, oldest[0], hub):
                await knock_subscriber(subscriber, publisher.name, lane, hub, lives=lives)
            return None
        await give_up(publisher, ended, hub)
    return None


async def _behind(publisher: Integration, oldest: Row, hub: Hub) -> list[str]:
    """The subscribers that have something to take: the oldest message, or a later one while another has not taken that."""
    pending: list[str] = oldest["pending"].split()
    others = [name for name in publisher.subscribers if name not in pending]
    return pending + [name for name in others if await _not_taken(name, publisher.name, oldest.partition, hub, 1)]


async def _accept(subscriber: Integration, publisher: str, published: Row, hub: Hub) -> None:
    """Into the subscriber's own ledger, unless its filter says that the message is not for it."""
    if not wanted(subscriber, orjson.loads(published["routing"] or "{}")):
        return
    n = names.number(published.key)
    row = await hub.store.get(names.tables(publisher).ledger, published.partition, names.row("c", n))
    if not row:
        return
    schema.known(subscriber.name, "outbox", hub, row)
    envelope = await stored_envelope(publisher, row, hub)
    handed = handing_over("outbox", publisher, published.partition, published.key)
    alone = altered(envelope, integration=subscriber.name, trigger="event", partner="", handed=handed)
    answer = await accept(subscriber, alone, hub)
    if answer.status in (500, 503):
        raise Away


async def _taken(subscriber: str, publisher: str, lane: str, n: int, hub: Hub) -> bool:
    """Move the cursor on, in one transaction with what that frees. False: another worker of the subscriber was here."""
    ledger = names.tables(publisher).ledger
    for _ in range(10):
        cursor = await hub.store.get(ledger, lane, f"s|{subscriber}")
        published = await hub.store.get(ledger, lane, names.row("p", n))
        ended = await hub.store.get(ledger, lane, names.row("d", n))
        if (cursor and cursor["n"] >= n) or not published or not ended:
            return True
        left = " ".join(name for name in published["pending"].split() if name != subscriber)
        step = replace(cursor, n=n) if cursor else insert(f"s|{subscriber}", {"schema": names.SCHEMA, "n": n})
        try:
            await hub.store.commit(ledger, lane, step, *_freed(published, ended, left))
        except Conflict:
            continue
        if not left:
            await drop_blob(ledger, lane, n, hub)
            await close(publisher, lane, ended["mark"], hub)
        return True
    return False


async def give_up(publisher: Integration, ended: Row, hub: Hub) -> None:
    """Published content whose retention is over goes, taken or not; that somebody did not take it is told."""
    ledger, n = names.tables(publisher.name).ledger, names.number(ended.key)
    published = await hub.store.get(ledger, ended.partition, names.row("p", n))
    if published:
        await hub.store.commit(ledger, ended.partition, *_freed(published, ended, ""))
        hub.tell("hub.message", integration=publisher.name, stage="retention", outcome="expired", error_code="not-taken")


def _freed(published: Row, ended: Row, left: str) -> list[Change]:
    """What changes when one more has taken it: content and outbox row go with the last."""
    if left:
        return [replace(published, pending=left), replace(ended, pending=left)]
    n = names.number(published.key)
    blob = {"blob": "", "blob_pending": ended["blob"]}
    return [delete(published), replace(ended, pending="", **blob), remove(names.row("c", n))]


def wanted(subscriber: Integration, routing: Mapping[str, Any]) -> bool:
    """Whether the subscriber's declared filter lets a message through; a property that is absent is empty text.

    A key is spelt as Event Grid spells it, ``data.messagetype``.
    Event Grid applies the same filter to the events; the outbox applies it again, because it is read without them.
    """
    filters = [one for trigger in subscriber.triggers if isinstance(trigger, EventGrid) for one in trigger.filters]
    return all(OPERATORS[operator](str(routing.get(key.removeprefix("data."), "")), values) for operator, key, values in filters)
