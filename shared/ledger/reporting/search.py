"""What became of a message: by its id, its control id, its correlation id, or a patient's number that is hashed first."""

import asyncio
from collections.abc import Iterable
from typing import Any, Literal

from shared.hub import Hub
from shared.ledger.index import Found
from shared.ledger.rows import Ended, Receipt
from shared.privacy import search_hash, shown
from shared.storage import names
from shared.storage.store import Row

By = Literal["control", "correlation", "patient"]
PARTITIONS: dict[By, str] = {"control": "c", "correlation": "x", "patient": "p"}
CHOSEN = {"control": "control", "sender": "sender", "facility": "facility", "correlation_id": "correlation"}  # by callers
LOOKED_AT = 1000  # rows of a partition that a person's question reads: what Azure gives in one answer
SHOWN = (
    *("control", "sender", "facility", "outcome", "acknowledgement", "state", "at", "ended", "due", "attempts", "tries", "code"),
    *("rules", "where", "ambiguous", "replays", "correlation_id", "bytes", "pending", "reference", "partner", "synthetic"),
    *("resent", "resent_as"),
)


async def find(integration: str, by: By, value: str, hub: Hub, most: int = 100) -> list[dict[str, Any]]:
    """The story of each message that the index refers to, oldest first; index rows without a message are skipped.

    One request reads the index (``LOOKED_AT`` rows), and only the newest stories of those are returned: a batch of a hundred
    thousand may share one correlation id.
    """
    partition = f"{PARTITIONS[by]}|{search_hash(by, value)}"
    rows = await hub.store.query(names.tables(integration).find, partition, limit=LOOKED_AT)
    found = sorted(map(Found.of, rows), key=lambda one: one.at)
    ids = dict.fromkeys(names.message_id(one.of_lane, one.identity) for one in found)
    stories = await asyncio.gather(*(status(integration, one, hub) for one in list(ids)[-most:]))
    return [story for story in stories if story]


async def status(integration: str, message_id: str, hub: Hub) -> dict[str, Any] | None:
    """What became of one message, its earlier attempts included; never its content. ``None``: there is no such message."""
    lane, _, key = message_id.partition(".")
    ledger = names.tables(integration).ledger
    n = await sequence(ledger, lane, key, hub)
    if n is None:
        return None
    waiting = await hub.store.get(ledger, lane, names.row("w", n))
    past = await hub.store.query(ledger, lane, names.row("d", n), names.row("d", n) + "~")
    rows = [*([waiting] if waiting else []), *past]
    if not rows:
        return None
    now = next((row for row in rows if row.key in (names.row("w", n), names.row("d", n))), rows[0])
    history = [_shown(row) for row in rows if row is not now]
    return {"id": message_id, "n": n, "outcome": now["outcome"] or now["state"], **_shown(now), "history": history}


async def sequence(ledger: str, lane: str, key: str, hub: Hub) -> int | None:
    """The message's number in its lane; that of a refused one, alone in its lane, is 0. ``None``: there is no such message."""
    if not names.is_lane(lane) or not names.is_lane(key):
        return None
    if key == "0":
        return 0
    receipt = await hub.store.get(ledger, lane, names.receipt(key))
    if receipt:
        return Receipt.of(receipt).number
    ended = await hub.store.query(ledger, lane, "d|", "d~")  # its receipt has been purged
    return next((names.number(row.key) for row in ended if Ended.of(row).identity == key), None)


def _shown(row: Row) -> dict[str, Any]:
    """What a row shows. A row of an older version may hold an id as its sender wrote it."""
    return {name: shown(CHOSEN[name], row.values[name]) if name in CHOSEN else row.values[name] for name in _present(row)}


def _present(row: Row) -> Iterable[str]:
    return (name for name in SHOWN if row.values.get(name) not in (None, ""))
