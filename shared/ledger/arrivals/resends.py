"""A message that the ledger has already: redelivered, sent again, or sent again after the first was given up.

Only the last two are the sender's decision. A queue redelivers a message when a worker died, Event Grid may deliver an event
twice, an outbox is read again: ``Envelope.handed`` distinguishes these from a resend. A redelivery never sends again what the
destination refused.
"""

import asyncio
from dataclasses import replace
from typing import NamedTuple

from shared.hub import Hub
from shared.integration import Integration
from shared.ledger import schema
from shared.ledger.blobs import drop_blob
from shared.ledger.knocks import close, open_lane
from shared.ledger.rows import Ended, Hold, Receipt
from shared.storage import names
from shared.storage.store import Away, Change, Conflict, Row, delete

GONE = ("dead", "discarded", "expired")  # these do not block a resend
REMEMBERED = 20  # handings-over of one message that its receipt knows


class Earlier(NamedTuple):
    """The earlier message with the same identity and the same body."""

    receipt: Receipt
    ended: Ended | None  # what became of it; ``None`` while it waits
    hold: Hold | None  # the row by which it holds its lane
    listed: Row | None  # its line in the list of dead letters
    rests: tuple[Row, ...] = ()  # what a dead letter left: its content, the destination's words

    @property
    def n(self) -> int:
        return self.receipt.number

    @property
    def dead(self) -> Ended | None:
        """Its record, while it is a dead letter."""
        return self.ended if self.ended and self.ended.outcome == "dead" else None


async def look(integration: Integration, receipt: Receipt, hub: Hub) -> Earlier:
    """What is known of the earlier message. Raises ``Away``."""
    tables, lane, n = names.tables(integration.name), receipt.lane, receipt.number
    row = await hub.store.get(tables.ledger, lane, names.row("d", n))
    schema.known(integration.name, "accept", hub, row)
    ended = Ended.of(row) if row else None
    if not ended or ended.outcome != "dead":
        return Earlier(receipt, ended, None, None)
    held, listed, *rests = await asyncio.gather(
        hub.store.get(tables.ledger, lane, names.HOLD),
        hub.store.get(tables.find, names.DEAD, names.message_id(lane, ended.identity)),
        hub.store.get(tables.ledger, lane, names.row("c", n)),
        hub.store.get(tables.ledger, lane, names.row("e", n)),
    )
    hold = Hold.of(held) if held else None
    return Earlier(receipt, ended, hold if hold and hold.number == n else None, listed, tuple(filter(None, rests)))


def is_redelivered(receipt: Receipt, handed: str) -> bool:
    """Whether the message was already received with this handing-over."""
    return bool(handed) and handed in receipt.handed.split()


def comes_again(integration: Integration, earlier: Earlier, handed: str) -> bool:
    """Whether this is an attempt of its own: the sender sent it again, and that counts here or the first one was given up."""
    if is_redelivered(earlier.receipt, handed):
        return False
    return integration.on_resend == "deliver" or (earlier.ended is not None and earlier.ended.outcome in GONE)


def handed_over(receipt: Receipt | None, handed: str) -> str:
    """The handings-over that a receipt remembers, with this one."""
    known = receipt.handed.split() if receipt else []
    return " ".join([*known, *([handed] if handed and handed not in known else [])][-REMEMBERED:])


def replaced(earlier: Earlier, n: int, now: float) -> list[Change]:
    """A dead letter that its sender's resend replaces, as number ``n``: its content is deleted, and its record shows it."""
    dead = earlier.dead
    if not dead:
        return []
    record = replace(dead, outcome="discarded", resent_as=n, ended=now, blob="", blob_pending=dead.blob)
    return [record.replaced(), *map(delete, earlier.rests)]


async def announce(integration: Integration, earlier: Earlier, hub: Hub) -> None:
    """Before a dead letter is replaced: an open row for the blob that is then to be deleted. Raises ``Away``."""
    dead = earlier.dead
    if dead and dead.blob and not earlier.hold:
        await open_lane(integration.name, earlier.receipt.lane, dead.mark, hub, dead.identity)


async def clear(integration: Integration, earlier: Earlier, hub: Hub) -> None:
    """After it: the blob, and the line of the list by its ETag, because the new attempt may be a dead letter already.

    What is left undone here the watchdog finds by the open row, and the purge by the line.
    """
    dead = earlier.dead
    if not dead:
        return
    tables, lane = names.tables(integration.name), earlier.receipt.lane
    try:
        if earlier.listed:
            await _delete(tables.find, earlier.listed, hub)
        if dead.blob and not earlier.hold:
            await drop_blob(tables.ledger, lane, earlier.n, hub)
            await close(integration.name, lane, dead.mark, hub)
    except (Away, Conflict):
        return


async def _delete(table: str, line: Row, hub: Hub) -> None:
    try:
        await hub.store.commit(table, line.partition, delete(line))
    except Conflict:
        return
