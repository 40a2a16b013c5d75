"""Open lanes and what a waiting message waits for: named partitions alone, never a scan."""

import asyncio
from itertools import groupby

from shared.delivery import pause, process, unmapped
from shared.delivery.upkeep.open_lanes import lane_of
from shared.hub import Hub
from shared.ledger import schema
from shared.ledger.open_rows import Opened
from shared.ledger.rows import Ended, Hold, Waiting
from shared.ops.figures.facts import Found, OpenLane, Plan
from shared.ops.figures.times import iso
from shared.privacy import shown
from shared.storage import names
from shared.storage.store import Row

READ = 60  # open rows that are read of each of the 16 partitions
MOST = 25  # lanes that are shown, those with the oldest message first


async def open_lanes(integration: str, hub: Hub) -> tuple[OpenLane, ...]:
    """The lanes in which messages have waited longest; at most ``MOST``."""
    table = names.tables(integration).open
    pages = await asyncio.gather(*(hub.store.query(table, shard, limit=READ) for shard in names.SHARDS))
    by_lane = [(lane, list(rows)) for page in pages for lane, rows in groupby(page, lane_of)]
    lanes = [(min(Opened.of(row).at for row in rows), lane, len(rows)) for lane, rows in by_lane]
    found = await asyncio.gather(*(_lane(integration, lane, count, hub) for _, lane, count in sorted(lanes)[:MOST]))
    return tuple(one for one in found if one)


async def _lane(integration: str, lane: str, count: int, hub: Hub) -> OpenLane | None:
    """One lane; ``None`` when nothing waits in it by now, or a newer version wrote what waits."""
    ledger = names.tables(integration).ledger
    rows = await hub.store.query(ledger, lane, "w|", "w~", 2)
    if not rows or schema.is_newer(*rows):
        return None
    held_by = await _holder(ledger, lane, rows[0], hub)
    first = next((Waiting.of(row) for row in rows if row.key != names.HOLD), None)
    if first is None:
        return OpenLane(None, 0, "", held_by=held_by)
    found = Found(
        integration,
        names.message_id(lane, first.identity),
        shown("control", first.control),
        first.state,
        iso(first.at),
        first.attempts,
        first.code,
    )
    return OpenLane(found, count, iso(first.since), plan_of(first, held_by, hub.now()), held_by)


async def _holder(ledger: str, lane: str, row: Row, hub: Hub) -> str:
    """The id of the dead letter that holds the lane; ``""``: none does."""
    if row.key != names.HOLD:
        return ""
    dead = await hub.store.get(ledger, lane, names.row("d", Hold.of(row).number))
    return names.message_id(lane, Ended.of(dead).identity) if dead and not schema.is_newer(dead) else ""


async def plan(integration: str, message: Waiting, hub: Hub) -> Plan:
    """What happens next to a message that waits, with what waits before it in its lane."""
    ledger, lane = names.tables(integration).ledger, message.lane
    rows = await hub.store.query(ledger, lane, "w|", "w~", 2)
    held_by = await _holder(ledger, lane, rows[0], hub) if rows else ""
    first = next((row for row in rows if row.key != names.HOLD), None)
    if first and first.key < message.row.key and not held_by:
        earlier = "" if schema.is_newer(first) else names.message_id(lane, Waiting.of(first).identity)
        return Plan("", "behind", earlier)
    return plan_of(message, held_by, hub.now())


def plan_of(message: Waiting, held_by: str, now: float) -> Plan:
    """What happens next to the first message of a lane."""
    if held_by:
        return Plan("", "held", held_by)
    if message.state == "sending":
        return Plan("", "sending")
    if message.code in process.NO_FAILURE:
        return Plan("" if message.code in (unmapped.WAITS, pause.WAITS) else iso(message.due), message.code)
    if message.due <= now:
        return Plan("", "due")
    return Plan(iso(message.due), "failed")
