"""The blobs of a settled message: named by its row until they are deleted."""

from shared.hub import Hub
from shared.storage import names
from shared.storage.store import replace


async def drop_blob(ledger: str, lane: str, n: int, hub: Hub) -> None:
    """Delete the blobs of a settled message, then say so in its row."""
    row = await hub.store.get(ledger, lane, names.row("d", n))
    if row and row["blob_pending"]:
        for blob in row["blob_pending"].split():
            await hub.store.delete_blob(names.CONTENT, blob)
        await hub.store.commit(ledger, lane, replace(row, blob_pending=""))
