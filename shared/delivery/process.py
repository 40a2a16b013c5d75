"""Process a lane: claim it, try each message in order, settle it in the ledger."""

import asyncio
from dataclasses import dataclass, field
from functools import partial

from shared.delivery import breaker, load, pause, unmapped
from shared.delivery.attempt import attempt
from shared.delivery.pace import CROWDED, NOT_BEGUN, is_crowded
from shared.hub import Hub
from shared.integration import Integration
from shared.ledger.arrivals.arrival import Fresh
from shared.ledger.claims.claim import Claim
from shared.ledger.claims.taking import claim
from shared.ledger.ended import Later, Outcome
from shared.ledger.knocks import knock
from shared.ledger.reporting import counters
from shared.ledger.rows import Waiting
from shared.problems import Lost
from shared.storage import names
from shared.storage.store import Away
from shared.telemetry.tracing import Span, span

# Reasons to wait that are not a failure of an attempt.
NO_FAILURE = ("after-other-lane", "breaker-open", unmapped.WAITS, *NOT_BEGUN, "rate", pause.WAITS)


@dataclass(eq=False, repr=False)
class Workers:
    """The workers of this process, by integration and lane. A message that arrives in such a lane is left to its worker.

    A worker ends with a look at what has arrived, or with a knock.
    """

    of: dict[tuple[str, str], Claim] = field(default_factory=dict)


async def first_attempt(integration: Integration, lane: str, hub: Hub, fresh: Fresh | None) -> None:
    """The work of the process that accepted a message. It knocks when that does not end well or takes long.

    No knock was put before: nearly every message is delivered at once. If the process ends, a quick look of the watchdog finds
    the open row (``shared/delivery/upkeep/quick_look.py``).
    """
    ended_well = False
    slow = asyncio.get_running_loop().call_later(
        hub.timing.knock_delay, lambda: hub.start(_knock_when_slow(integration, lane, hub))
    )
    try:
        ended_well = await process(integration, lane, hub, fresh)
    except Away:
        hub.emit("hub.attempt", integration=integration.name, outcome="storage-away", lane=lane)
    # Not in a "finally": after a defect the knock for a slow attempt is still put.
    slow.cancel()
    if not ended_well:
        await knock(integration.name, lane, hub, hub.timing.knock_delay)


async def _knock_when_slow(integration: Integration, lane: str, hub: Hub) -> None:
    """Another process may have a place of the destination, or know that it answers."""
    await knock(integration.name, lane, hub)


async def process(integration: Integration, lane: str, hub: Hub, fresh: Fresh | None = None) -> bool:
    """Process the messages of a lane in order. Do nothing if another worker holds the lane.

    Returns:
        False: something may be left to do, and no knock was put for it.

    Raises:
        Away: storage does not answer.
    """
    load.accepted(integration.name, fresh, hub)
    place, held = (integration.name, lane), None
    workers = hub.remembered(Workers).of
    try:
        if fresh and fresh.is_behind and place in workers:
            return True
        held = await claim(
            integration,
            lane,
            hub,
            fresh,
            is_due_early=partial(_has_ended_early, integration, hub),
            is_postponed=partial(_leave_for_later, integration, lane, hub, fresh),
        )
        if held:
            workers[place] = held
        while held and (message := await held.next()):
            began = hub.now()
            with span("attempt", message.traceparent, kind="CONSUMER", integration=integration.name) as attempting:
                outcome = await attempt(held, message)
                _describe(attempting, message, outcome)
                if outcome.code in NOT_BEGUN and not held.is_taken:
                    return False  # nothing was claimed
                await held.settle(outcome)
                report_attempt(integration, message, outcome, hub.now() - began, hub)
    except Lost:
        hub.emit("hub.attempt", integration=integration.name, outcome="lost", lane=lane)
        return False
    finally:
        if held and workers.get(place) is held:
            del workers[place]
        if fresh:
            load.left(integration.name, lane, hub)
    return True


def _describe(here: Span, message: Waiting, outcome: Outcome) -> None:
    """The number of the attempt, its outcome, and the code of the destination or of the reason to wait."""
    here.set("attempt", message.attempts + outcome.attempted)
    here.set("outcome", "waiting" if isinstance(outcome, Later) else outcome.outcome)
    if outcome.code:
        here.set("error_code", outcome.code)


def report_attempt(integration: Integration, message: Waiting, outcome: Outcome, seconds: float, hub: Hub) -> None:
    """One event for a message that ended, or for an attempt that did not go well."""
    keys = {
        "integration": integration.name,
        "destination": integration.destination.name,
        "error_code": outcome.code,
        "attempt": message.attempts + outcome.attempted,
        "ambiguous": message.ambiguous or outcome.ambiguous,
        "ms": round(seconds * 1000, 1),
        "correlation_id": message.correlation_id,
        "message_id": names.message_id(message.lane, message.identity),
    }
    if isinstance(outcome, Later):
        return hub.emit("hub.attempt", outcome="waiting", **keys) if outcome.code not in NO_FAILURE else None
    hub.count(integration.name, outcome.outcome)
    e2e = round((hub.now() - message.at) * 1000, 1)
    if outcome.outcome == "delivered":
        hub.count(integration.name, counters.bucket(e2e))
    return hub.emit("hub.message", stage="deliver", outcome=outcome.outcome, e2e_ms=e2e, **keys)


async def _has_ended_early(integration: Integration, hub: Hub, message: Waiting) -> bool:
    """Whether what a message waits for has ended: other code tables, a delivery that was resumed, a breaker that was closed."""
    if unmapped.may_be_known(integration, message):
        return True
    if pause.waits(message):
        return not await pause.is_paused(integration.name, hub)
    return message.code == breaker.WAITS and await breaker.is_closed(integration.destination.name, hub)


async def _leave_for_later(integration: Integration, lane: str, hub: Hub, fresh: Fresh | None) -> bool:
    """Whether the lane need not be claimed yet; then a knock follows later.

    Every place of the destination is taken, or this process is about to make the first attempt in the lane.
    """
    if not is_crowded(integration, hub) and (fresh or not load.is_waiting(integration.name, lane, hub)):
        return False
    await knock(integration.name, lane, hub, hub.random.uniform(*CROWDED))
    return True
