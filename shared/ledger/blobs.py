"""The blobs of a settled message: named by its row until they are deleted."""

from dataclasses import replace

from shared.hub import Hub
from shared.ledger.rows import Ended
from shared.storage import names


async def drop_blob(ledger: str, lane: str, n: int, hub: Hub) -> None:
    """Delete the blobs of a settled message, then say so in its row."""
    row = await hub.store.get(ledger, lane, names.row("d", n))
    ended = Ended.of(row) if row else None
    if ended and ended.blob_pending:
        for blob in ended.blob_pending.split():
            await hub.store.delete_blob(names.CONTENT, blob)
        await hub.store.commit(ledger, lane, replace(ended, blob_pending="").replaced())
