"""Messages that wait, and what a person may do: try one now, give one up, close a breaker. Each act is written down first."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from shared.delivery import breaker
from shared.delivery.dead import Person, Refused
from shared.hub import Hub
from shared.integration import Integration
from shared.issue import Issue
from shared.ledger import audit
from shared.ledger.audit import Act
from shared.ledger.claims.taking import claim
from shared.ledger.ended import Done
from shared.ledger.knocks import knock
from shared.ledger.reporting.search import sequence, status
from shared.ledger.rows import Claimed, Waiting
from shared.problems import Lost
from shared.storage import names
from shared.storage.store import Conflict

GIVEN_UP = Issue(severity="error", code="processing", text="a person gave up waiting for it", rule="given-up")
BUSY = "a worker has its lane: look again in a minute"
MOST = 1000  # messages that a list shows


async def waiting(integration: Integration, hub: Hub, most: int = MOST) -> list[dict[str, Any]]:
    """The first message of each lane that waits, oldest first; never its content."""
    found = [row async for row in _first_of_lanes(integration, hub, most)]
    stories = [await status(integration.name, names.message_id(row.lane, row.identity), hub) for row in found]
    return sorted((story for story in stories if story), key=lambda story: float(story["at"]))


async def retry(integration: Integration, message_id: str, person: Person, hub: Hub) -> None:
    """Try a waiting message now, for any reason to wait except an open breaker. Raises ``Refused``."""
    message = await _waiting(integration, message_id, hub)
    await audit.append(integration.name, Act(person.who, "retry", message_id, person.purpose), hub)
    try:
        await hub.store.commit(names.tables(integration.name).ledger, message.lane, replace(message, due=0.0).replaced())
    except Conflict:
        raise Refused(BUSY) from None
    await knock(integration.name, message.lane, hub)


async def give_up(integration: Integration, message_id: str, person: Person, hub: Hub) -> None:
    """Make a waiting message a dead letter, so that its lane continues. Raises ``Refused``."""
    message = await _waiting(integration, message_id, hub)
    await audit.append(integration.name, Act(person.who, "give-up", message_id, person.purpose), hub)
    try:
        held = await claim(integration, message.lane, hub)
        if held is None:
            raise Refused(BUSY)
        sent = message.state == "sending"  # under a claim that has ended: it may have arrived
        await held.end_one(message, Done("dead", GIVEN_UP.rule, (GIVEN_UP,), ambiguous=sent, attempted=False))
    except Lost:
        raise Refused(BUSY) from None
    hub.emit("hub.message", integration=integration.name, stage="deliver", outcome="dead", error_code=GIVEN_UP.rule)
    hub.count(integration.name, "dead")


async def close_breaker(integration: Integration, person: Person, hub: Hub) -> int:
    """Close the breaker of the destination and knock on each lane that waits for it. The count of lanes."""
    destination = integration.destination.name
    await audit.append(integration.name, Act(person.who, "close-breaker", destination, person.purpose), hub)
    if not await breaker.close(integration, hub):
        raise Refused("the breaker is closed, or changed at this moment: look again")
    lanes = [row.lane async for row in _first_of_lanes(integration, hub) if row.code == breaker.WAITS]
    for lane in lanes:
        await knock(integration.name, lane, hub)
    return len(lanes)


async def _waiting(integration: Integration, message_id: str, hub: Hub) -> Waiting:
    """The row of a waiting message; ``Refused`` when there is none, or it is being sent."""
    lane, _, key = message_id.partition(".")
    ledger = names.tables(integration.name).ledger
    n = await sequence(ledger, lane, key, hub)
    row = await hub.store.get(ledger, lane, names.row("w", n)) if n else None
    if row is None or row.key == names.HOLD:
        raise Refused("no such message waits")
    held = await hub.store.get(ledger, lane, names.CLAIM)
    if held and Claimed.of(held).end > hub.now():
        raise Refused(BUSY)
    return Waiting.of(row)


async def _first_of_lanes(integration: Integration, hub: Hub, most: int = 0) -> AsyncIterator[Waiting]:
    tables, seen = names.tables(integration.name), set[str]()
    async for opened in hub.store.scan(tables.open):
        lane = opened.key.split(".")[0]
        if lane in seen or opened.partition == names.BATCH or (most and len(seen) >= most):
            continue
        seen.add(lane)
        for row in await hub.store.query(tables.ledger, lane, "w|", "w~", 2):
            if row.key != names.HOLD:
                yield Waiting.of(row)
                break
