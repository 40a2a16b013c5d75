"""The delivery of an integration, paused and resumed by a person.

While it is paused, messages are accepted and wait; nothing is sent and nothing expires. The time of a pause counts for no
message, so none expires when the delivery is resumed either (docs/decisions/0026-a-pause-stops-the-clock.md). A message that is
being sent at that moment is finished. Each worker sees the pause within ``BELIEVED`` seconds. When it is resumed, each lane
continues in its order: the first lanes at once, all others in the next round of the watchdog.
"""

from dataclasses import dataclass, field, replace

import orjson

from shared.delivery.dead import Person, Refused
from shared.delivery.rows import Paused, Pauses
from shared.hub import Hub
from shared.integration import Integration
from shared.ledger import audit
from shared.ledger.audit import Act
from shared.ledger.rows import Waiting
from shared.storage.names import PAUSE, SHARED_TABLE
from shared.storage.store import Conflict

WAITS = "paused"  # the code of a message that waits for the delivery to be resumed
BELIEVED = 2.0  # seconds that a delivery which is not paused is not looked at again
AGAIN = 6 * 3600.0  # seconds after which a message looks again in any case
LONG = 3600.0  # seconds after which a pause is an alert
OVER = "|over"  # after the name of an integration: the key of the row of its pauses that are over
MOST = 200  # pauses that are over which an integration keeps, the last ones


@dataclass(eq=False, repr=False)
class Running:
    """When this process last saw that the delivery of an integration was not paused."""

    seen: dict[str, float] = field(default_factory=dict)


async def paused(integration: str, hub: Hub) -> Paused | None:
    """The pause as it is stored now; ``None``: there is none. Raises ``Away``."""
    row = await hub.store.get(SHARED_TABLE, PAUSE, integration)
    return Paused.of(row) if row else None


async def is_paused(integration: str, hub: Hub) -> bool:
    """Whether nothing may be sent now.

    Raises ``Away``: unlike the breaker, a pause is the decision of a person. What cannot be known is not sent.
    """
    running = hub.remembered(Running).seen
    if 0 <= hub.now() - running.get(integration, -1.0e9) < BELIEVED:  # below 0: the clock was set back
        return False
    if await paused(integration, hub):
        running.pop(integration, None)
        return True
    running[integration] = hub.now()
    return False


def waits(message: Waiting) -> bool:
    """Whether a message waits for the delivery to be resumed."""
    return message.code == WAITS and message.state == "waiting"


async def pause(integration: Integration, person: Person, hub: Hub) -> None:
    """Pause the delivery of an integration. Raises ``Refused``: it is paused already, or no purpose is given."""
    _require_purpose(person)
    await audit.append(integration.name, Act(person.who, "pause", "", person.purpose), hub)
    row = Paused(at=hub.now(), who=person.who, purpose=person.purpose)
    try:
        await hub.store.commit(SHARED_TABLE, PAUSE, row.inserted(integration.name))
    except Conflict:
        raise Refused("the delivery is paused already", "paused-already") from None
    hub.remembered(Running).seen.pop(integration.name, None)
    hub.emit("hub.paused", integration=integration.name, state="paused", oldest_age_s=0.0)


async def resume(integration: Integration, person: Person, hub: Hub) -> None:
    """Resume the delivery; the lanes are released by ``shared/delivery/waiting.py``. Raises ``Refused``: it is not paused."""
    _require_purpose(person)
    found = await paused(integration.name, hub)
    if found is None:
        raise Refused("the delivery is not paused", "not-paused")
    over = await _over(integration.name, hub)  # it changes only when a pause ends, and this one has not
    spans = [*over.spans(), (found.at, hub.now())][-MOST:]
    await audit.append(integration.name, Act(person.who, "resume", "", person.purpose), hub)
    try:  # this pause and no other: someone may have resumed it, and someone else may have paused it again for a new reason
        changes = found.deleted(), replace(over, past=orjson.dumps(spans).decode()).put(integration.name + OVER)
        await hub.store.commit(SHARED_TABLE, PAUSE, *changes)
    except Conflict:
        raise Refused("the pause was changed at this moment: look again", "busy") from None
    hub.emit("hub.paused", integration=integration.name, state="resumed", oldest_age_s=0.0)


async def time_left(integration: Integration, since: float, hub: Hub) -> float:
    """Seconds until a message expires that has waited ``since`` then; below 0: it has expired. Time in a pause does not count.

    The pauses are read only if the message is too old with them. Raises ``Away``.
    """
    left = integration.delivery.expires - (hub.now() - since)
    if left >= 0:
        return left
    over = await _over(integration.name, hub)
    return left + sum(max(0.0, end - max(begin, since)) for begin, end in over.spans())


async def _over(integration: str, hub: Hub) -> Pauses:
    row = await hub.store.get(SHARED_TABLE, PAUSE, integration + OVER)
    return Pauses.of(row) if row else Pauses()


async def look(integration: str, hub: Hub) -> float:
    """Once a round of the watchdog: report the pause. Seconds since 1970 of its begin; 0: there is none."""
    found = await paused(integration, hub)
    if found is None:
        return 0.0
    age = round(hub.now() - found.at, 1)
    hub.emit("hub.paused", integration=integration, state="paused", oldest_age_s=age)
    return found.at


def _require_purpose(person: Person) -> None:
    if not person.purpose.strip():
        raise Refused("give the reason: it is recorded in the audit", "no-purpose")
