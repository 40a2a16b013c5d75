"""A circuit breaker per destination, shared by every worker through the store: a sick destination costs no attempts.

Closed: everything goes. Open: nothing goes until a time. Half-open: one worker tries one message; how that goes decides.
Storage that is away never stops a delivery: the breaker is advice.
"""

from shared.hub import Hub
from shared.integration import Integration
from shared.ledger.names import SHARED_TABLE
from shared.ledger.store import Away, Conflict, Row, insert, replace
from shared.problems import Undelivered

BELIEVED = 2.0  # seconds that a closed breaker is not looked at again
ROW = "breaker"


async def wait(integration: Integration, hub: Hub) -> float:
    """Seconds to wait before a message may be tried; 0: now. One worker gets through when the time is up."""
    try:
        row = await _read(integration.destination.name, hub)
        if not row or row["state"] == "closed":
            return 0
        left = row["until"] - hub.now()
        return left + _jitter(integration, hub) if left > 0 else await _probe(integration, row, hub)
    except Away:
        return 0


async def succeeded(integration: Integration, hub: Hub) -> None:
    """The destination took a message: the breaker closes."""
    _, row = hub.breakers.get(integration.destination.name, (0, None))
    if row and (row["state"] != "closed" or row["failures"]):
        await _write(integration, hub, row, state="closed", failures=0, opens=0, until=0.0)


async def failed(integration: Integration, problem: Undelivered, hub: Hub) -> None:
    """One more failure; enough of them in a row, a wrong set-up, or a failed probe open the breaker. A refusal is an answer."""
    if problem.kind == "permanent":
        return await succeeded(integration, hub)
    try:
        row = await _read(integration.destination.name, hub, believed=0)
    except Away:
        return None
    failures, opens = (row["failures"] + 1, row["opens"]) if row else (1, 0)
    sick = problem.kind == "misconfigured" or failures >= integration.delivery.breaker_failures
    if sick or (row and row["state"] == "half-open"):
        until = hub.now() + max(_pause(integration, opens), problem.retry_after)
        await _write(integration, hub, row, state="open", failures=failures, opens=opens + 1, until=until)
    else:
        await _write(integration, hub, row, state="closed", failures=failures, opens=opens, until=0.0)
    return None


def _pause(integration: Integration, opens: int) -> float:
    """How long the breaker stays open: twice as long each time, up to the longest wait."""
    delivery = integration.delivery
    return float(min(delivery.breaker_wait * 2 ** min(opens, 10), max(delivery.longest_wait, delivery.breaker_wait)))


async def _probe(integration: Integration, row: Row, hub: Hub) -> float:
    """Be the one that tries; the others wait for the outcome, at most for one delivery's time."""
    until = hub.now() + hub.delivery_time(integration) + hub.timing.claim_margin
    if await _write(integration, hub, row, state="half-open", until=until):
        return 0
    return max(_jitter(integration, hub), 0.1)


async def _read(destination: str, hub: Hub, believed: float = BELIEVED) -> Row | None:
    at, row = hub.breakers.get(destination, (-1.0e9, None))
    if hub.now() - at < believed and (not row or row["state"] == "closed"):
        return row
    row = await hub.store.get(SHARED_TABLE, destination, ROW)
    hub.breakers[destination] = (hub.now(), row)
    return row


async def _write(integration: Integration, hub: Hub, row: Row | None, **values: str | float) -> bool:
    """Change the breaker if nobody else has; who loses the race learns it at the next look."""
    destination = integration.destination.name
    change = replace(row, **values) if row else insert(ROW, values)
    hub.breakers.pop(destination, None)
    try:
        etags = await hub.store.commit(SHARED_TABLE, destination, change)
    except (Conflict, Away):
        return False
    hub.breakers[destination] = (hub.now(), Row(destination, ROW, etags[ROW], change.values))
    if not row or row["state"] != values["state"]:
        hub.tell("hub.breaker", integration=integration.name, destination=destination, state=str(values["state"]))
    return True


def _jitter(integration: Integration, hub: Hub) -> float:
    return hub.random.uniform(0, integration.delivery.breaker_wait / 2)
