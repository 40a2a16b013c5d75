"""A circuit breaker per destination, shared by every worker through the store: a sick destination costs no attempts.

Closed: every message is sent. Open: none is sent until a time. Half-open: one lane probes with one message, and the result
decides. What opens it is several lanes that failed in a row, never one lane alone: a message that cannot be delivered delays
its own patient and no other. Lanes that have not failed probe first. Storage that does not answer never stops a delivery: the
breaker is advice.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace

from shared.delivery.lanes import knock_on
from shared.delivery.outages import Outage, outages, text_of
from shared.delivery.rows import Breaker
from shared.destinations.kinds.failures import Owner
from shared.hub import Hub
from shared.integration import Delivery, Integration
from shared.ledger.rows import Waiting
from shared.privacy import code as safe_code
from shared.storage.names import BREAKER, SHARED_TABLE
from shared.storage.store import Away, Conflict, Row

BELIEVED = 2.0  # seconds that a closed breaker is not looked at again
LONGEST_PAUSE = 30.0  # seconds between two probes of an unavailable destination; a probe costs nothing
LOOK_AGAIN = 3.0  # seconds until a lane looks again while another lane probes
WINDOW = 600.0  # seconds; failures that are further apart are not in a row
LANES = 32  # lanes that a row remembers as failed
WAITS = "breaker-open"  # the code of a message that waits for it


@dataclass(eq=False, repr=False)
class Breakers:
    """What this process knows of the breakers, each by destination."""

    read: dict[str, tuple[float, Breaker | None]] = field(default_factory=dict)  # when it was read, and what was
    answered: dict[str, dict[str, float]] = field(default_factory=dict)  # lanes that were answered last, and when


async def wait(integration: Integration, message: Waiting, hub: Hub) -> float:
    """Seconds to wait before this message may be tried; 0: now. One lane gets through when the time is up."""
    try:
        row = await _read(integration.destination.name, hub)
        if not row or row.state == "closed":
            return 0
        left = row.until - hub.now()
        if left > 0:
            return (min(left, LOOK_AGAIN) if row.state == "half-open" else left) + _turn(integration, row, message, hub)
        return await _probe(integration, row, message, hub)
    except Away:
        return 0


async def succeeded(integration: Integration, lane: str, hub: Hub) -> None:
    """The destination answered a message of this lane, with any answer: the breaker closes, and the lanes that wait continue."""
    destination = integration.destination.name
    _remember_answer(destination, lane, hub)
    _, row = hub.remembered(Breakers).read.get(destination, (0, None))
    if row and (row.state != "closed" or row.lanes):
        ended = await _write(integration, row, _closed(row, hub.now()), hub)
        if ended and row.state != "closed":
            hub.start(_wake(destination, frozenset(row.lanes.split()), hub))


async def _wake(destination: str, failed: frozenset[str], hub: Hub) -> None:
    """Knock on the lanes that wait for the breaker. Without it each is tried at its own time, up to a pause later.

    A lane that failed last keeps its time: its message may be the reason of the failures, and would open the breaker again.
    """
    for integration in hub.integrations.values():
        if integration.destination.name == destination:
            with suppress(Away):
                await knock_on(integration, WAITS, hub, leave_out=lambda lane: _mark(lane) in failed)


async def failed(integration: Integration, lane: str, owner: Owner, retry_after: float, hub: Hub, *, code: str = "") -> None:
    """A failure of a message closes the breaker, because the destination answered; any other failure may open it.

    ``code``: of the failure, in the words of docs/generated/delivery-failures.md.
    """
    if owner in ("message", "access"):
        return await succeeded(integration, lane, hub)
    try:
        row = await _read(integration.destination.name, hub, believed=0)
    except Away:
        return None
    if row and row.state != "closed" and row.probe != _mark(lane):
        return None  # it was sent before the breaker opened: the probe decides
    before = row or Breaker()
    lanes = _lanes(row, lane, hub)
    run = replace(
        before,
        state="closed",
        probe="",
        until=0.0,
        lanes=" ".join(lanes),
        failures=len(lanes),
        first=before.first if before.lanes and _is_in_a_row(before, hub) else hub.now(),
        since=hub.now(),
        code=safe_code(code),
    )
    if before.state == "half-open" or owner == "set-up" or len(lanes) >= integration.delivery.breaker_failures:
        until = hub.now() + max(_pause(integration.delivery, owner, before.opens), retry_after)
        await _write(integration, row, replace(run, state="open", opens=before.opens + 1, until=until), hub)
    else:
        await _write(integration, row, run, hub)
    return None


async def give_back(integration: Integration, lane: str, hub: Hub) -> None:
    """A lane that was to probe and sent nothing lets another one probe."""
    _, row = hub.remembered(Breakers).read.get(integration.destination.name, (0, None))
    if row and row.state == "half-open" and row.probe == _mark(lane):
        await _write(integration, row, replace(row, state="open", probe="", until=hub.now()), hub)


def answers_others(integration: Integration, lane: str, since: float, hub: Hub) -> bool:
    """Whether the destination has answered another lane since then, as far as this process knows."""
    answered = hub.remembered(Breakers).answered.get(integration.destination.name, {})
    return any(at > since for other, at in answered.items() if other != _mark(lane))


async def close(integration: Integration, hub: Hub) -> bool:
    """Close it, because a person knows that the destination is well. False: it is closed, or changed at this moment."""
    row = await _read(integration.destination.name, hub, believed=0)
    return row is not None and row.state != "closed" and await _write(integration, row, _closed(row, hub.now()), hub)


async def is_closed(destination: str, hub: Hub) -> bool:
    """Whether deliveries go; also when storage does not say."""
    try:
        row = await _read(destination, hub)
    except Away:
        return True
    return not row or row.state == "closed"


def _closed(row: Breaker, now: float) -> Breaker:
    """The same row of a breaker that is closed and has seen no failure. An outage that ends with it is kept in its list."""
    past = text_of([*outages(row), Outage(row.first, now, row.opens, row.code)]) if row.state != "closed" else row.past
    return replace(row, state="closed", failures=0, lanes="", probe="", opens=0, until=0.0, first=0.0, code="", past=past)


def _remember_answer(destination: str, lane: str, hub: Hub) -> None:
    """The two lanes that were answered last: at least one of them is not the lane in question."""
    answered = hub.remembered(Breakers).answered.setdefault(destination, {})
    answered.pop(_mark(lane), None)
    answered[_mark(lane)] = hub.now()
    for oldest in list(answered)[:-2]:
        del answered[oldest]


def _mark(lane: str) -> str:
    return lane[-16:]


def _lanes(row: Breaker | None, lane: str, hub: Hub) -> list[str]:
    """The lanes that failed in a row, this one last."""
    earlier = row.lanes.split() if row and _is_in_a_row(row, hub) else []
    return [*(each for each in earlier if each != _mark(lane)), _mark(lane)][-LANES:]


def _is_in_a_row(row: Breaker, hub: Hub) -> bool:
    """Whether a failure now belongs to those that the row has."""
    return row.state != "closed" or hub.now() - row.since <= WINDOW


def _pause(delivery: Delivery, owner: Owner, opens: int) -> float:
    """How long the breaker stays open: twice as long each time. A wrong set-up is tried seldom: an account may be locked."""
    longest = delivery.longest_wait if owner == "set-up" else min(delivery.longest_wait, LONGEST_PAUSE)
    return float(min(delivery.breaker_wait * 2 ** min(opens, 10), max(longest, delivery.breaker_wait)))


def _rank(row: Breaker, message: Waiting) -> int:
    """Who probes first: messages that have not failed, then those that have, and last the lane that failed last."""
    if row.lanes.split()[-1:] == [_mark(message.lane)]:
        return 2
    return 1 if message.tries else 0


def _turn(integration: Integration, row: Breaker, message: Waiting, hub: Hub) -> float:
    """Seconds after the breaker's time until it is this message's turn, with jitter."""
    spread = integration.delivery.breaker_wait / 2
    return hub.random.uniform(0, spread) + spread * _rank(row, message)


async def _probe(integration: Integration, row: Breaker, message: Waiting, hub: Hub) -> float:
    """Be the one that tries; the others look again soon. A lane that is before its turn waits for it."""
    turn = row.until + integration.delivery.breaker_wait / 2 * _rank(row, message) - hub.now()
    if turn > 0:
        return turn + hub.random.uniform(0, integration.delivery.breaker_wait / 2)
    until = hub.now() + hub.delivery_time(integration) + hub.timing.claim_margin
    if await _write(integration, row, replace(row, state="half-open", probe=_mark(message.lane), until=until), hub):
        return 0
    return max(_turn(integration, row, message, hub), 0.1)


async def _read(destination: str, hub: Hub, believed: float = BELIEVED) -> Breaker | None:
    at, known = hub.remembered(Breakers).read.get(destination, (-1.0e9, None))
    if hub.now() - at < believed and (not known or known.state == "closed"):
        return known
    row = await hub.store.get(SHARED_TABLE, destination, BREAKER)
    found = Breaker.of(row) if row else None
    hub.remembered(Breakers).read[destination] = (hub.now(), found)
    return found


async def _write(integration: Integration, before: Breaker | None, after: Breaker, hub: Hub) -> bool:
    """Change the breaker if no one else has; who loses the race learns it at the next look."""
    destination = integration.destination.name
    change = after.replaced() if before else after.inserted(BREAKER)
    hub.remembered(Breakers).read.pop(destination, None)
    try:
        etags = await hub.store.commit(SHARED_TABLE, destination, change)
    except (Conflict, Away):
        return False
    hub.remembered(Breakers).read[destination] = (hub.now(), Breaker.of(Row(destination, BREAKER, etags[BREAKER], change.values)))
    if not before or before.state != after.state:
        hub.emit("hub.breaker", integration=integration.name, destination=destination, state=after.state)
    return True
