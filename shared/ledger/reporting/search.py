"""What became of a message: by its id, its control id, its correlation id, or a patient's number that is hashed first."""

import asyncio
import re
from typing import Any, Literal

from shared.hub import Hub
from shared.ledger import schema
from shared.ledger.index import under
from shared.ledger.rows import Ended, Receipt, message_of
from shared.ledger.tried import Tried
from shared.privacy import search_hash, shown
from shared.storage import names
from shared.storage.store import Row

By = Literal["control", "correlation", "patient"]
FINDERS: dict[By, str] = {"control": "c", "correlation": "x", "patient": "p"}
CHOSEN = {"control": "control", "sender": "sender", "facility": "facility", "correlation_id": "correlation"}  # by callers
NHS_NUMBER = re.compile(r"\s*(\d{3})[\s-]?(\d{3})[\s-]?(\d{4})\s*")  # as people write it
LOOKED_AT = 1000  # rows of a partition of the index that a person's question reads: what Azure gives in one answer
SHOWN = (
    *("control", "sender", "facility", "outcome", "acknowledgement", "state", "at", "ended", "due", "attempts", "tries", "code"),
    *("rules", "where", "ambiguous", "replays", "correlation_id", "bytes", "pending", "reference", "partner", "synthetic"),
    *("resent", "resent_as"),
)


async def find(integration: str, by: By, value: str, hub: Hub, most: int = 100) -> list[dict[str, Any]]:
    """The story of each message that the index refers to, oldest first; index rows without a message are skipped.

    An NHS Number may be written as people write it, ``999 000 0018``.
    One request reads each partition of the index (``LOOKED_AT`` rows), and only the newest stories of those are returned: a batch
    of a hundred thousand may share one correlation id.
    """
    written = NHS_NUMBER.fullmatch(value) if by == "patient" else None
    value = "".join(written.groups()) if written else value
    found = await under(f"{FINDERS[by]}|{search_hash(by, value)}", integration, hub, LOOKED_AT)
    listed = {one.id: one.at for one in sorted(found, key=lambda one: one.at)}
    stories = await asyncio.gather(*(status(integration, one, hub) for one in list(listed)[-most:]))
    # A second copy of a message writes the index again, so the time there may be later than its acceptance.
    return sorted(filter(None, stories), key=lambda story: story.get("at", listed[story["id"]]))


async def status(integration: str, message_id: str, hub: Hub) -> dict[str, Any] | None:
    """What became of one message, its earlier attempts included; never its content. ``None``: there is no such message.

    ``newer``: a newer version wrote one of its rows, so nothing but its id is certain.
    """
    try:
        n, rows = await _rows(integration, message_id, hub)
    except schema.Newer:
        return {"id": message_id, "outcome": schema.NEWER.rule, "history": [], "newer": True}
    if not rows:
        return None
    now = next((row for row in rows if row.key in (names.row("w", n), names.row("d", n))), rows[0])
    history = [shown_row(row) for row in rows if row is not now]
    outcome = now["outcome"] or now["state"] or schema.NEWER.rule
    newer = {"newer": True} if schema.is_newer(*rows) else {}
    return {"id": message_id, "n": n, "outcome": outcome, **shown_row(now), "history": history, **newer}


async def traces(integration: str, message_id: str, hub: Hub) -> tuple[str, ...]:
    """The trace contexts of one message: of its acceptance, then of each replay. Never shown to a partner.

    None of a row that a newer version wrote.
    """
    try:
        _, rows = await _rows(integration, message_id, hub)
    except schema.Newer:
        return ()
    oldest_first = sorted((message_of(row) for row in rows if not schema.is_newer(row)), key=lambda row: row.replays)
    return tuple(dict.fromkeys(row.traceparent for row in oldest_first if row.traceparent))


async def _rows(integration: str, message_id: str, hub: Hub) -> tuple[int, list[Row]]:
    """The number of a message, and its rows: as it waits or ended, and its earlier attempts."""
    lane, _, key = message_id.partition(".")
    ledger = names.tables(integration).ledger
    n = await sequence(ledger, lane, key, hub)
    if n is None:
        return 0, []
    waiting = await hub.store.get(ledger, lane, names.row("w", n)) if n != names.UNNUMBERED else None  # the key of a hold
    past = await hub.store.query(ledger, lane, names.row("d", n), names.row("d", n) + "~")
    return n, [*([waiting] if waiting else []), *past]


async def sequence(ledger: str, lane: str, key: str, hub: Hub) -> int | None:
    """The message's number in its lane; that of a refused one, alone in its lane, is 0. ``None``: there is no such message.

    Raises ``Newer``: a newer version wrote its receipt, or a row of the lane that may be this message.
    """
    if not names.is_lane(lane) or not names.is_lane(key):
        return None
    if key == "0":
        return 0
    receipt = schema.readable(await hub.store.get(ledger, lane, names.receipt(key)))
    if receipt:
        return Receipt.of(receipt).number
    ended = await hub.store.query(ledger, lane, "d|", "d~")  # its receipt has been purged
    if known := [row for row in ended if not schema.is_newer(row) and Ended.of(row).identity == key]:
        return names.number(known[0].key)
    if schema.is_newer(*ended):
        raise schema.Newer
    return None


def shown_row(row: Row) -> dict[str, Any]:
    """What the row of a message shows, its attempts one by one: no content.

    A row of an older version may hold an id as its sender wrote it; the attempts of a newer version cannot be read.
    """
    tried = Tried() if schema.is_newer(row) else Tried.read(row.values.get("tried", ""))
    listed = {"tried": [each._asdict() for each in tried.attempts], "not_listed": tried.skipped} if tried.attempts else {}
    present = {name: row.values[name] for name in SHOWN if row.values.get(name) not in (None, "")}
    return listed | {name: shown(CHOSEN[name], str(value)) if name in CHOSEN else value for name, value in present.items()}
