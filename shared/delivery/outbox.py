"""What an integration publishes stays in its lane until each subscriber has taken it. The event is only a knock.

A subscriber keeps a cursor in the publisher's lane (row ``s|<subscriber>``) and takes what lies after it, in order.
"""

from shared.hub import Hub
from shared.integration import Integration
from shared.ledger import schema
from shared.ledger.blobs import drop_blob
from shared.ledger.knocks import close, close_outbox, knock_subscriber
from shared.storage import names
from shared.storage.store import Change, Conflict, Row, delete, insert, remove, replace

PAGE = 50  # published messages that are read in one request
GIVEN_UP = 200  # most messages of a lane whose retention is over that one round gives up


async def not_taken(subscriber: str, publisher: str, lane: str, hub: Hub, most: int = PAGE) -> list[Row]:
    """The next published messages behind the subscriber's cursor."""
    ledger = names.tables(publisher).ledger
    cursor = await hub.store.get(ledger, lane, f"s|{subscriber}")
    schema.known(subscriber, "outbox", hub, cursor)
    first = (cursor["n"] if cursor else 0) + 1
    return await hub.store.query(ledger, lane, names.row("p", first), "p~", most)


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
    return pending + [name for name in others if await not_taken(name, publisher.name, oldest.partition, hub, 1)]


async def move_cursor(subscriber: str, publisher: str, lane: str, n: int, hub: Hub) -> bool:
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
