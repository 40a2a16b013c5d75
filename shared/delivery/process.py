"""Process a lane: claim it, try each message in order, settle it in the ledger."""

from functools import partial

from shared.delivery import breaker, load, unmapped
from shared.delivery.attempt import attempt
from shared.delivery.pace import CROWDED, is_crowded
from shared.hub import Hub
from shared.integration import Integration
from shared.ledger.arrivals.arrival import Fresh
from shared.ledger.claims.taking import claim
from shared.ledger.ended import Later, Outcome
from shared.ledger.knocks import knock
from shared.ledger.reporting import counters
from shared.ledger.rows import Waiting
from shared.problems import Lost
from shared.storage import names
from shared.storage.store import Away
from shared.telemetry.tracing import span

# Reasons to wait that are not a failure of an attempt.
NO_FAILURE = ("after-other-lane", "breaker-open", unmapped.WAITS, "no-place", "rate")


async def process(integration: Integration, lane: str, hub: Hub, fresh: Fresh | None = None) -> None:
    """Process the messages of a lane in order. Do nothing if another worker holds the lane."""
    load.accepted(integration.name, fresh, hub)
    try:
        held = await claim(
            integration,
            lane,
            hub,
            fresh,
            is_due_early=partial(_has_ended_early, integration, hub),
            is_postponed=partial(_leave_for_later, integration, lane, hub, fresh),
        )
        while held and (message := await held.next()):
            began = hub.now()
            with span("attempt", message.traceparent, kind="CONSUMER", integration=integration.name):
                outcome = await attempt(held, message)
                if outcome.code == "no-place" and not held.is_taken:
                    return  # nothing was claimed: the knock brings a worker
                await held.settle(outcome)
                report_attempt(integration, message, outcome, hub.now() - began, hub)
    except Lost:
        hub.emit("hub.attempt", integration=integration.name, outcome="lost", lane=lane)
    except Away:
        if fresh is None:
            raise  # the queue brings the knock again
        hub.emit("hub.attempt", integration=integration.name, outcome="storage-away", lane=lane)
    finally:
        if fresh:
            load.left(integration.name, lane, hub)


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
    """Whether what a message waits for has ended: a person has closed the circuit breaker, or other code tables are deployed."""
    if unmapped.may_be_known(integration, message):
        return True
    return message.code == breaker.WAITS and await breaker.is_closed(integration.destination.name, hub)


async def _leave_for_later(integration: Integration, lane: str, hub: Hub, fresh: Fresh | None) -> bool:
    """Whether the lane need not be claimed yet; then a knock follows later.

    Every place of the destination is taken, or this process is about to make the first attempt in the lane.
    """
    if not is_crowded(integration, hub) and (fresh or not load.is_waiting(integration.name, lane, hub)):
        return False
    await knock(integration.name, lane, hub, hub.random.uniform(*CROWDED))
    return True
