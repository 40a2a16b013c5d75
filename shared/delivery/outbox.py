"""What an integration publishes stays in its lane until each subscriber has taken it. The event is only a knock.

A subscriber keeps a cursor in the publisher's lane (row ``s|<subscriber>``) and takes the messages after it, in order.
"""

from dataclasses import replace

from shared.hub import Hub
from shared.integration import Integration
from shared.ledger import schema
from shared.ledger.blobs import drop_blob
from shared.ledger.knocks import close, close_outbox, knock_subscriber
from shared.ledger.rows import Cursor, Ended, Published
from shared.storage import names
from shared.storage.store import Change, Conflict, remove

PAGE = 50  # published messages that are read in one request
GIVEN_UP = 200  # most messages of a lane whose retention is over that one round gives up


async def not_taken(subscriber: str, publisher: str, lane: str, hub: Hub, most: int = PAGE) -> list[Published]:
    """The next published messages behind the subscriber's cursor. Raises ``Unavailable``: a newer version wrote the first."""
    ledger = names.tables(publisher).ledger
    cursor = await hub.store.get(ledger, lane, names.cursor(subscriber))
    schema.known(subscriber, "outbox", hub, cursor)
    first = (Cursor.of(cursor).number if cursor else 0) + 1
    rows = await hub.store.query(ledger, lane, names.row("p", first), "p~", most)
    schema.known(subscriber, "outbox", hub, *rows[:1])
    return [Published.of(row) for row in schema.not_newer(rows)]


async def look(publisher: Integration, lane: str, lives: float, hub: Hub) -> None:
    """The watchdog's look at one lane of the outbox: one knock for each subscriber that has not taken its oldest message.

    What no subscriber takes any more is given up when its retention is over. ``lives``: seconds that a knock is kept.
    """
    ledger = names.tables(publisher.name).ledger
    for _ in range(GIVEN_UP):
        rows = await hub.store.query(ledger, lane, "p|", "p~", 1)
        if not rows:
            return await close_outbox(publisher.name, lane, hub)
        schema.known(publisher.name, "outbox", hub, rows[0])
        oldest = Published.of(rows[0])
        ended = await _ended(ledger, lane, oldest.n, hub)
        if not ended or hub.now() - ended.ended <= publisher.retention.published * 86400:
            for subscriber in await _behind(publisher, oldest, hub):
                await knock_subscriber(subscriber, publisher.name, lane, hub, lives=lives)
            return None
        await give_up(publisher, ended, hub)
    return None


async def _published(ledger: str, lane: str, n: int, hub: Hub) -> Published | None:
    row = await hub.store.get(ledger, lane, names.row("p", n))
    return Published.of(row) if row else None


async def _ended(ledger: str, lane: str, n: int, hub: Hub) -> Ended | None:
    row = await hub.store.get(ledger, lane, names.row("d", n))
    return Ended.of(row) if row else None


async def _behind(publisher: Integration, oldest: Published, hub: Hub) -> list[str]:
    """The subscribers that have something to take: the oldest message, or a later one while another has not taken that."""
    pending = oldest.pending.split()
    others = [name for name in publisher.subscribers if name not in pending]
    return pending + [name for name in others if await not_taken(name, publisher.name, oldest.lane, hub, 1)]


async def move_cursor(subscriber: str, publisher: str, lane: str, n: int, hub: Hub) -> bool:
    """Move the cursor on, in one transaction with what that frees. False: another worker of the subscriber was here."""
    ledger = names.tables(publisher).ledger
    for _ in range(10):
        row = await hub.store.get(ledger, lane, names.cursor(subscriber))
        cursor = Cursor.of(row) if row else None
        published = await _published(ledger, lane, n, hub)
        ended = await _ended(ledger, lane, n, hub)
        if (cursor and cursor.number >= n) or not published or not ended:
            return True
        left = " ".join(name for name in published.pending.split() if name != subscriber)
        step = replace(cursor, number=n).replaced() if cursor else Cursor(number=n).inserted(names.cursor(subscriber))
        try:
            await hub.store.commit(ledger, lane, step, *_freed(published, ended, left))
        except Conflict:
            continue
        if not left:
            await drop_blob(ledger, lane, n, hub)
            await close(publisher, lane, ended.mark, hub)
        return True
    return False


async def give_up(publisher: Integration, ended: Ended, hub: Hub) -> None:
    """Delete published content whose retention is over, taken or not; report it if a subscriber did not take it."""
    ledger = names.tables(publisher.name).ledger
    published = await _published(ledger, ended.lane, ended.n, hub)
    if published:
        await hub.store.commit(ledger, ended.lane, *_freed(published, ended, ""))
        hub.emit("hub.message", integration=publisher.name, stage="retention", outcome="expired", error_code="not-taken")


def _freed(published: Published, ended: Ended, left: str) -> list[Change]:
    """What changes when one more has taken it: content and outbox row go with the last."""
    if left:
        return [replace(published, pending=left).replaced(), replace(ended, pending=left).replaced()]
    record = replace(ended, pending="", blob="", blob_pending=ended.blob)
    return [published.deleted(), record.replaced(), remove(names.row("c", published.n))]
