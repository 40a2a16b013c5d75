"""What a worker left undone after it settled a message: its blob, the open row of its outbox, its own open row."""

from contextlib import suppress

from shared.hub import Hub
from shared.integration import Integration
from shared.ledger.blobs import drop_blob
from shared.ledger.knocks import open_outbox
from shared.ledger.open_rows import Opened
from shared.ledger.rows import Ended, Head, Receipt, Waiting, message_of
from shared.storage import names
from shared.storage.store import Conflict


async def finish(integration: Integration, lane: str, opened: Opened, hub: Hub) -> None:
    """Finish the message of an open row when it has ended, or close the row of one that was never stored.

    The head is read before the message is looked for, and changed before the row is deleted: a message that is stored meanwhile
    changes the head, and one that is stored later finds it changed and opens its lane again.
    """
    ledger, mark = names.tables(integration.name).ledger, opened.mark
    head = await hub.store.get(ledger, lane, names.HEAD)
    message = await _marked(ledger, lane, opened.identity, mark, hub)
    if isinstance(message, Waiting):
        return  # further back in the lane, or accepted by a process whose clock is behind
    if message and message.blob_pending:
        await drop_blob(ledger, lane, message.n, hub)
    published = message.pending if message else await hub.store.query(ledger, lane, "p|", "p~", 1)
    if published:  # also when the row of an earlier version does not say which message it is
        await open_outbox(integration.name, lane, hub)
    with suppress(Conflict):  # something happens in the lane: the next round looks again
        await hub.store.commit(ledger, lane, Head.of(head).replaced() if head else Head(number=0, idle=0).inserted(names.HEAD))
        await hub.store.commit(names.tables(integration.name).open, opened.row.partition, opened.deleted())


async def _marked(ledger: str, lane: str, key: str, mark: str, hub: Hub) -> Ended | Waiting | None:
    """The message that carries the mark: by its receipt, else among all of the lane (an older row has no key)."""
    row = await hub.store.get(ledger, lane, names.receipt(key)) if key else None
    receipt = Receipt.of(row) if row else None
    for kind in ("d", "w", "d") if receipt else ():  # the last for one that was settled while the first two were read
        row = await hub.store.get(ledger, lane, names.row(kind, receipt.number)) if receipt else None
        if row and message_of(row).mark == mark:
            return message_of(row)
    for first, last in (("d|", "d~"), ("w|", "w~"), ("d|", "d~")):
        rows = await hub.store.query(ledger, lane, first, last)
        for found in (message_of(row) for row in rows if row.key != names.HOLD):
            if found.mark == mark or (isinstance(found, Waiting) and not found.mark):
                return found  # the first version wrote no mark: while such a message waits, its lane stays open
    return None
