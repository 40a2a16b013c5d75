"""A subscriber takes what another integration has published: in order, from its own cursor in the publisher's lane.

Doubled, lost and reordered events do no harm: an event is only a knock. Taking is idempotent, because the subscriber's own
ledger recognises a message that it has.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace as altered
from typing import Any

import orjson

from shared import budget
from shared.delivery.outbox import move_cursor, not_taken
from shared.hub import Hub
from shared.intake.accept import accept
from shared.integration import EventGrid, Integration
from shared.ledger import schema
from shared.ledger.content import size_at_least, stored_envelope
from shared.ledger.knocks import close_outbox, knock_subscriber
from shared.ledger.rows import Content, Published, Waiting
from shared.privacy import handing_over
from shared.storage import names
from shared.storage.store import Away

TURN = 60.0  # seconds after which a worker lets another invocation go on
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
    end = hub.now() + TURN
    page = await not_taken(subscriber.name, publisher, lane, hub)
    while True:
        for published in page:
            if subscriber.name in published.pending.split():
                await _accept(subscriber, publisher, published, hub)
            if not await move_cursor(subscriber.name, publisher, lane, published.n, hub):
                return None
        if hub.now() > end:
            return await knock_subscriber(subscriber.name, publisher, lane, hub)
        # Before the outbox is read again: a message that is settled between the two reads is then in the outbox.
        # In the other order it would be in neither, and would wait for the watchdog.
        is_sending = await _is_sending(publisher, lane, hub)
        page = await not_taken(subscriber.name, publisher, lane, hub)
        if not page:
            break
    if is_sending:
        await knock_subscriber(subscriber.name, publisher, lane, hub, LOOK_AGAIN)
    await close_outbox(publisher, lane, hub)
    return None


async def _accept(subscriber: Integration, publisher: str, published: Published, hub: Hub) -> None:
    """Into the subscriber's own ledger, unless its filter excludes the message."""
    if not passes_filter(subscriber, orjson.loads(published.routing or "{}")):
        return
    row = await hub.store.get(names.tables(publisher).ledger, published.lane, names.row("c", published.n))
    if not row:
        return
    schema.known(subscriber.name, "outbox", hub, row)
    stored = Content.of(row)
    async with budget.turn(published.bytes or await size_at_least(stored, hub), budget.PATIENCE, hub):
        await _accept_content(subscriber, publisher, published, stored, hub)


async def _accept_content(subscriber: Integration, publisher: str, published: Published, stored: Content, hub: Hub) -> None:
    envelope = await stored_envelope(publisher, stored, hub)
    handed = handing_over("outbox", publisher, published.lane, published.row.key)
    alone = altered(
        envelope,
        integration=subscriber.name,
        trigger="event",
        partner="",
        handed=handed,
        traceparent=published.traceparent or envelope.traceparent,
    )
    answer = await accept(subscriber, alone, hub)
    if answer.status in (500, 503):
        raise Away


async def _is_sending(publisher: str, lane: str, hub: Hub) -> bool:
    """Whether a message of the lane is not settled yet: its event may have overtaken that, so the subscriber looks again."""
    waiting = await hub.store.query(names.tables(publisher).ledger, lane, "w|", "w~", 2)
    return any(row.key != names.HOLD and Waiting.of(row).state == "sending" for row in waiting)


def passes_filter(subscriber: Integration, routing: Mapping[str, Any]) -> bool:
    """Whether the subscriber's declared filter lets a message through; a property that is absent is empty text.

    A key is written as Event Grid writes it, ``data.messagetype``.
    Event Grid applies the same filter to the events; the outbox applies it again, because it is read without them.
    """
    filters = [one for trigger in subscriber.triggers if isinstance(trigger, EventGrid) for one in trigger.filters]
    return all(OPERATORS[operator](str(routing.get(key.removeprefix("data."), "")), values) for operator, key, values in filters)
