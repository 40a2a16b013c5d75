"""Receipts whose retention is over; a message that is still open, or a dead letter without a line in its list, is seen again."""

from dataclasses import replace

from shared.delivery.dead import PARTITION
from shared.hub import Hub
from shared.integration import Integration
from shared.ledger import schema
from shared.ledger.index import Found, Listed
from shared.ledger.knocks import knock, open_lane
from shared.ledger.rows import Ended, Head, Receipt, Waiting
from shared.storage import names


async def delete_receipts(integration: Integration, found: list[Found], before: float, hub: Hub) -> bool:
    done = [await _delete_receipt(integration, one, before, hub) for one in found]
    return all(done)


async def _delete_receipt(integration: Integration, found: Found, before: float, hub: Hub) -> bool:
    """Delete the receipt of a message that has ended; False while it waits. A lost open row or list line is written again."""
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
