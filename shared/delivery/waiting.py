"""Messages that wait, and what a person may do: try one now, give one up, close a breaker, resume a delivery.

Each act is written down first. While a worker has the lane, an act is refused and nothing is changed.
"""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from shared.delivery import breaker, pause
from shared.delivery.dead import Person, Refused, by_newer_version, row_of
from shared.delivery.lanes import First, first_of_lanes, knock_on
from shared.delivery.process import report_attempt
from shared.hub import Hub
from shared.integration import Integration
from shared.issue import Issue
from shared.ledger import audit, schema
from shared.ledger.audit import Act
from shared.ledger.claims.taking import claim
from shared.ledger.ended import Done
from shared.ledger.knocks import knock
from shared.ledger.reporting.search import shown_row
from shared.ledger.rows import Claimed, Waiting
from shared.ledger.tried import Tried
from shared.problems import Lost
from shared.storage import names
from shared.storage.store import Conflict

GIVEN_UP = Issue(severity="error", code="processing", text="a person gave up waiting for it", rule="given-up")
HELD = "lane-held"  # the reason of a message behind a dead letter that holds its lane
MOST = 1000  # lanes that a list looks at


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages are listed. ``reason``: why it waits now, or the last answer of the destination; ``""``: any.

    ``older`` and ``younger``: seconds since the message was accepted, or last replayed; 0: any.
    """

    reason: str = ""
    older: float = 0.0
    younger: float = 0.0

    def takes(self, story: dict[str, Any], now: float) -> bool:
        """Whether the message of a story is listed."""
        age = now - story["since"]
        reasons = {story.get("code", ""), story.get("answer", "")}
        return (not self.reason or self.reason in reasons) and age >= self.older and not (self.younger and age > self.younger)


ALL = Filter()


class Listed(NamedTuple):
    """The first message of each lane that waits, oldest first; ``is_cut``: more lanes wait than were looked at."""

    stories: tuple[dict[str, Any], ...]
    is_cut: bool


async def listed(integration: Integration, hub: Hub, chosen: Filter = ALL, most: int = MOST) -> Listed:
    """What waits, without its content. ``most``: lanes that are looked at; 0: all."""
    firsts = [first async for first in first_of_lanes(integration, hub, most + 1 if most else 0)]
    now = hub.now()
    stories = [story for story in map(_story, firsts[:most] if most else firsts) if chosen.takes(story, now)]
    return Listed(tuple(sorted(stories, key=lambda story: float(story["since"]))), bool(most) and len(firsts) > most)


async def waiting(integration: Integration, hub: Hub, most: int = MOST) -> list[dict[str, Any]]:
    """The first message of each lane that waits, oldest first; never its content."""
    return list((await listed(integration, hub, most=most)).stories)


async def retry(integration: Integration, message_id: str, person: Person, hub: Hub) -> None:
    """Make a waiting message due now. Raises ``Refused``: it waits for something that must end first."""
    message = await _waiting(integration, message_id, hub)
    await _require_now(integration, message, hub)
    await audit.append(integration.name, Act(person.who, "retry", message_id, person.purpose), hub)
    try:
        await hub.store.commit(names.tables(integration.name).ledger, message.lane, replace(message, due=0.0).replaced())
    except Conflict:
        raise _busy() from None
    await knock(integration.name, message.lane, hub)


async def give_up(integration: Integration, message_id: str, person: Person, hub: Hub) -> None:
    """Make a waiting message a dead letter, as at the end of its patience. Raises ``Refused``.

    Its lane continues, unless the integration holds a lane behind a dead letter (``Delivery.on_dead``).
    """
    message = await _waiting(integration, message_id, hub)
    await audit.append(integration.name, Act(person.who, "give-up", message_id, person.purpose), hub)
    sent = message.state == "sending"  # under a claim that has ended: it may have arrived
    outcome = Done("dead", GIVEN_UP.rule, (GIVEN_UP,), ambiguous=sent, attempted=False)
    try:
        held = await claim(integration, message.lane, hub)
        if held is None:
            raise _busy()
        # A second dead letter would take the place of the first one, which then holds the lane no longer.
        if await hub.store.get(held.ledger, held.lane, names.HOLD):
            await held.let_go()
            raise _is_held()
        await held.end_one(message, outcome)
    except Lost:
        raise _busy() from None
    report_attempt(integration, message, outcome, 0.0, hub)


async def close_breaker(integration: Integration, person: Person, hub: Hub) -> int:
    """Close the breaker of the destination and knock on each lane that waits for it. The count of lanes."""
    destination = integration.destination.name
    await audit.append(integration.name, Act(person.who, "close-breaker", destination, person.purpose), hub)
    if not await breaker.close(integration, hub):
        if await breaker.is_closed(destination, hub):
            raise Refused("the breaker is closed: there is nothing to do", "breaker-closed")
        raise Refused("the breaker changed at this moment: look again", "busy")
    return await knock_on(integration, breaker.WAITS, hub)


async def resume(integration: Integration, person: Person, hub: Hub) -> int:
    """Resume a paused delivery and knock on the lanes that wait for it; the count of lanes. Raises ``Refused``."""
    await pause.resume(integration, person, hub)
    return await knock_on(integration, pause.WAITS, hub)


async def _waiting(integration: Integration, message_id: str, hub: Hub) -> Waiting:
    """The row of a waiting message; ``Refused`` when there is none, or a worker has its lane."""
    row = await row_of(integration.name, message_id, "w", hub)
    if row is None or row.key == names.HOLD:
        raise Refused("no such message waits", "not-waiting")
    held = await hub.store.get(names.tables(integration.name).ledger, row.partition, names.CLAIM)
    if schema.is_newer(held):
        raise by_newer_version()
    if held and Claimed.of(held).end > hub.now():
        raise _busy()
    return Waiting.of(row)


async def _require_now(integration: Integration, message: Waiting, hub: Hub) -> None:
    """Raises ``Refused`` when the next attempt does not depend on a time, so that "now" would change nothing."""
    first = await hub.store.query(names.tables(integration.name).ledger, message.lane, "w|", "w~", 1)
    if first and first[0].key == names.HOLD:
        raise _is_held()
    if first and first[0].key != message.row.key:
        raise Refused("an earlier message of its lane waits: act on that one", "not-first")
    if await pause.paused(integration.name, hub):
        raise Refused("the delivery of the integration is paused: resume it", "paused")
    if not await breaker.is_closed(integration.destination.name, hub):
        raise Refused("the destination is not reachable: its circuit breaker is open", "breaker")


def _busy() -> Refused:
    return Refused("a worker has its lane: look again in a minute", "busy")


def _is_held() -> Refused:
    return Refused("a dead letter holds its lane: replay or discard that one", "held")


def _story(first: First) -> dict[str, Any]:
    """One line of the list.

    ``behind``: the count of messages behind it in its lane. ``answer``: the last code of its destination.
    """
    row = first.message
    story = {"id": names.message_id(row.lane, row.identity), "n": row.n, "outcome": row.state, **shown_row(row.row)}
    answers = [each.code for each in Tried.read(row.tried).attempts if each.result == "waiting"]
    held = {"code": HELD} if first.is_held else {}
    return {**story, "since": row.since, "behind": first.behind, "answer": answers[-1] if answers else "", **held}
