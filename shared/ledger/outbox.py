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
from shared.ledger import names
from shared.ledger.claims import drop_blob, stored_envelope
from shared.ledger.knocks import close
from shared.ledger.store import Away, Change, Conflict, Row, delete, insert, remove, replace
from shared.pipeline import accept

LOOK_AGAIN = 1  # second
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
    ledger = names.tables(publisher).ledger
    cursor = await hub.store.get(ledger, lane, f"s|{subscriber.name}")
    first = (cursor["n"] if cursor else 0) + 1
    for published in await hub.store.query(ledger, lane, names.row("p", first), "p~"):
        if subscriber.name in published["pending"].split():
            await _accept(subscriber, publisher, published, hub)
        if not await _taken(subscriber.name, publisher, lane, names.number(published.key), hub):
            return
    await _look_again(subscriber.name, publisher, lane, hub)


async def _look_again(subscriber: str, publisher: str, lane: str, hub: Hub) -> None:
    """An event may overtake the settling of its own message: then the subscriber knocks for itself, a moment later."""
    waiting = await hub.store.query(names.tables(publisher).ledger, lane, "w|", "w~")
    if any(row["state"] == "sending" for row in waiting):
        await hub.store.send(f"{subscriber}-work", orjson.dumps({"publisher": publisher, "lane": lane}), LOOK_AGAIN)


async def _accept(subscriber: Integration, publisher: str, published: Row, hub: Hub) -> None:
    """Into the subscriber's own ledger, unless its filter says that the message is not for it."""
    if not wanted(subscriber, orjson.loads(published["routing"] or "{}")):
        return
    n = names.number(published.key)
    row = await hub.store.get(names.tables(publisher).ledger, published.partition, names.row("c", n))
    if not row:
        return
    envelope = await stored_envelope(publisher, row, hub)
    answer = await accept(subscriber, altered(envelope, integration=subscriber.name, trigger="event", partner=""), hub)
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
