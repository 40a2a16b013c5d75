"""Admission by what is delivered: nothing is accepted that would wait too long for its first attempt.

A message waits from its acceptance until its first attempt begins. How long the next one would wait is known from how many
wait in this process and how many began lately. Messages that wait for an unavailable destination are not counted: to hold
them is what the hub is for.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from shared.hub import Hub
from shared.ledger.arrivals.arrival import Fresh
from shared.ledger.rows import Waiting
from shared.storage import names
from shared.storage.store import Away

LONGEST_WAIT = 30.0  # seconds that the next message may have to wait; the backlog's alert is sent at 120
WINDOW = 60.0  # seconds over which beginnings are counted
FORGOTTEN = 120.0  # seconds after which a message is not counted any more: another process has it
SHORTEST, LONGEST_RETRY = 5, 60  # seconds of Retry-After


@dataclass(slots=True, eq=False, repr=False)
class Load:
    """What waits in this process for one integration, and when first attempts began."""

    waiting: dict[str, tuple[float, str]] = field(default_factory=dict)  # by lane: when it was accepted, key of its row
    begun: deque[float] = field(default_factory=deque)
    busy_since: float = 0.0  # since when something has waited without a break


@dataclass(eq=False, repr=False)
class Loads:
    """The load of this process, by integration."""

    of: dict[str, Load] = field(default_factory=dict)


def accepted(integration: str, fresh: Fresh | None, hub: Hub) -> None:
    """A message waits for its first attempt; one that waits behind another of its lane is not counted."""
    if fresh and fresh.quiet:
        load = _load(integration, hub)
        if not load.waiting:
            load.busy_since = hub.now()
        load.waiting[fresh.waiting.lane] = hub.now(), fresh.waiting.row.key


def begun(integration: str, lane: str, hub: Hub) -> None:
    """The first attempt of a message begins; later attempts change nothing."""
    load = _load(integration, hub)
    if load.waiting.pop(lane, None) is not None:
        load.begun.append(hub.now())


def left(integration: str, lane: str, hub: Hub) -> None:
    """A message waits for a place no longer: it has ended, or waits for its destination or its declared rate."""
    _load(integration, hub).waiting.pop(lane, None)


async def overload(integration: str, hub: Hub) -> int:
    """Seconds after which a sender may try again; 0: the next message is accepted.

    Before a sender is refused, the ledger is read: does the oldest message really wait? Another process may have it.
    """
    load = _load(integration, hub)
    expected = _expected_wait(load, hub.now())
    if expected <= LONGEST_WAIT or not await _oldest_waits(integration, load, hub):
        return 0
    return max(SHORTEST, min(LONGEST_RETRY, math.ceil(min(expected, 2 * LONGEST_RETRY) - LONGEST_WAIT)))


def is_waiting(integration: str, lane: str, hub: Hub) -> bool:
    """Whether this process is about to make the first attempt in that lane, and waits for a place."""
    return lane in _load(integration, hub).waiting


def _load(integration: str, hub: Hub) -> Load:
    loads = hub.remembered(Loads).of
    return loads.get(integration) or loads.setdefault(integration, Load())


def _expected_wait(load: Load, now: float) -> float:
    """How long the next message would wait, in seconds, at the pace of late."""
    while load.begun and load.begun[0] < now - WINDOW:
        load.begun.popleft()
    while load.waiting and now - next(iter(load.waiting.values()))[0] > FORGOTTEN:
        del load.waiting[next(iter(load.waiting))]
    if not load.waiting:
        return 0
    since = max(load.busy_since, now - WINDOW)
    count, seconds = sum(at >= since for at in load.begun), max(now - since, 1.0)
    return len(load.waiting) * seconds / max(count, 1)


async def _oldest_waits(integration: str, load: Load, hub: Hub) -> bool:
    lane, (_, key) = next(iter(load.waiting.items()))
    try:
        row = await hub.store.get(names.tables(integration).ledger, lane, key)
    except Away:
        return True
    message = Waiting.of(row) if row else None
    if message and message.state == "waiting" and not message.tries:
        return True
    load.waiting.pop(lane, None)
    return False
