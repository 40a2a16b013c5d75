"""Take the claim of a lane, when it is free or was left behind by a worker that ended."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from shared.hub import Hub
from shared.integration import Integration
from shared.ledger import schema
from shared.ledger.arrivals.arrival import Fresh
from shared.ledger.claims.claim import Claim
from shared.ledger.claims.held import new_claim
from shared.ledger.claims.lane import never
from shared.ledger.rows import Claimed, Hold, Waiting
from shared.storage import names
from shared.storage.store import Away, Conflict, Row
from shared.storage.store import replace as unchanged


async def claim(
    integration: Integration,
    lane: str,
    hub: Hub,
    fresh: Fresh | None = None,
    *,
    is_due_early: Callable[[Waiting], Awaitable[bool]] = never,
    is_postponed: Callable[[], Awaitable[bool]] | None = None,
) -> Claim | None:
    """Take the lane, or ``None`` when another worker holds it, nothing waits in it, or it is postponed.

    Args:
        fresh: what the accepting process knows of the lane and its message.
        is_due_early: whether what a message waits for has ended before the time of its next attempt.
        is_postponed: called before the claim: whether the lane is left for later, which it has then arranged.
    """
    claimed = new_claim(integration, hub)
    if fresh and fresh.quiet:
        return Claim(
            integration,
            lane,
            hub,
            claimed,
            head=fresh.head,
            waiting=[fresh.waiting],
            fresh=fresh,
            since=hub.now(),
            is_due_early=is_due_early,
        )
    first = fresh.waiting.row if fresh else await _first(integration, lane, hub)
    if fresh is None and first is None and not await _is_claimed(integration, lane, hub):
        return None
    if is_postponed and await is_postponed():
        return None
    etag = await _surely_taken(names.tables(integration.name).ledger, lane, first, hub, claimed)
    if not etag:
        return None
    taken = Claimed.of(Row(lane, names.CLAIM, etag, claimed.values()))
    return Claim(integration, lane, hub, taken, fresh=fresh, since=hub.now(), is_due_early=is_due_early)


async def _surely_taken(ledger: str, lane: str, first: Row | None, hub: Hub, claimed: Claimed) -> str:
    """The ETag of the claim; empty when another worker has the lane. An unclear answer of storage is looked into."""
    end = hub.now() + hub.timing.storage_patience
    while True:
        try:
            return await _taken(ledger, lane, first, hub, claimed)
        except Away:
            if hub.now() >= end:
                raise
            await asyncio.sleep(hub.random.uniform(0.05, 0.5))


async def _taken(ledger: str, lane: str, first: Row | None, hub: Hub, claimed: Claimed) -> str:
    """The ETag of the claim, inserted only while the message still waits as it was read.

    A worker that was stopped before this commit could otherwise claim a lane that is done, and the claim would stay.
    """
    with suppress(Conflict):
        if first:
            return (await hub.store.commit(ledger, lane, claimed.inserted(names.CLAIM), unchanged(first)))[names.CLAIM]
    row = await hub.store.get(ledger, lane, names.CLAIM)
    there = Claimed.of(row) if row and not schema.is_newer(row) else None
    if there and there.turn == claimed.turn:
        return there.row.etag  # done by an earlier try, whose answer was lost
    return await _take_over(ledger, lane, there, hub, claimed)


async def _first(integration: Integration, lane: str, hub: Hub) -> Row | None:
    """The oldest waiting message; usually ``None``, because the accepting process has delivered it before the knock."""
    rows = await hub.store.query(names.tables(integration.name).ledger, lane, "w|", "w~", 1)
    return rows[0] if rows else None


async def _is_claimed(integration: Integration, lane: str, hub: Hub) -> bool:
    """Whether a claim is stored; one that a worker left behind must be taken over."""
    return await hub.store.get(names.tables(integration.name).ledger, lane, names.CLAIM) is not None


async def _take_over(ledger: str, lane: str, there: Claimed | None, hub: Hub, claimed: Claimed) -> str:
    """Replace a claim whose end has passed; nothing when it is alive, or another worker was quicker."""
    if not there or there.end > hub.now():
        return ""
    try:
        return (await hub.store.commit(ledger, lane, replace(claimed, row=there.row).replaced()))[names.CLAIM]
    except Conflict:
        return ""


async def blocked(integration: Integration, message: Waiting, hub: Hub) -> bool:
    """Whether a merge must wait: the other patient's lane still holds a message that is older."""
    if not message.after:
        return False
    ledger, last = names.tables(integration.name).ledger, names.row("w", message.after_n + 1)
    older = await hub.store.query(ledger, message.after, "w|", last, 2)
    return any(row.key != names.HOLD or Hold.of(row).number <= message.after_n for row in older)
