"""How fast and how many at once: a destination's rate is shared through the store, its concurrency is that of one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from shared.delivery.rows import Rate
from shared.hub import Hub
from shared.integration import Integration
from shared.storage.names import RATE, SHARED_TABLE
from shared.storage.store import Away, Conflict

KEPT = 2  # places that messages which failed before leave to the others
FIRST = 60.0  # seconds that the accepting process waits for a place, in order of acceptance, without a claim
CROWDED = (2.0, 8.0)  # seconds until a lane is knocked on again while every place of its destination is taken
PATIENCE = 10.0  # seconds that a worker waits for a place with its claim; the claim must outlast this and the delivery

NO_PLACE, NO_MEMORY = "no-place", "memory-short"
NOT_BEGUN = (NO_PLACE, NO_MEMORY)  # codes of an attempt that was not begun in this process; another may begin it at once


class NoPlace(Exception):
    """Every place of the destination was taken for too long; nothing was sent."""


class Places:
    """The places of one destination in this process; ``again`` are those for messages that failed before."""

    def __init__(self, count: int, again: int) -> None:
        self.count, self.taken, self.waiting = count, 0, 0
        self.all, self.again = asyncio.Semaphore(count), asyncio.Semaphore(again)


@dataclass(eq=False, repr=False)
class Pace:
    """What this process knows of the rates and places of its destinations, each by destination."""

    places: dict[str, Places] = field(default_factory=dict)
    permits: dict[str, tuple[str, int]] = field(default_factory=dict)  # the minute, and how many permits are left


@asynccontextmanager
async def slot(integration: Integration, has_failed: bool, patience: float, hub: Hub) -> AsyncIterator[None]:
    """One of the places that the destination has for this process. Raises ``NoPlace``.

    A message that failed before takes one of the few for such messages first, so that time-outs never take all of them.
    """
    places = _places(integration, hub)
    async with AsyncExitStack() as held:
        places.waiting += 1
        try:
            async with asyncio.timeout(patience):
                for each in (places.again, places.all) if has_failed else (places.all,):
                    await held.enter_async_context(each)
        except TimeoutError:
            raise NoPlace from None
        finally:
            places.waiting -= 1
        places.taken += 1
        try:
            yield
        finally:
            places.taken -= 1


def is_crowded(integration: Integration, hub: Hub) -> bool:
    """Whether every place is taken and as many again wait for one: another lane need not be claimed yet."""
    places = _places(integration, hub)
    return places.taken >= places.count <= places.waiting


def _places(integration: Integration, hub: Hub) -> Places:
    name, count = integration.destination.name, integration.delivery.concurrency
    places = hub.remembered(Pace).places
    return places.get(name) or places.setdefault(name, Places(count, max(1, count - (KEPT if count > 3 else 1))))


async def permit(integration: Integration, hub: Hub) -> float:
    """Seconds to wait for the destination's rate; 0: go. Permits of a minute are fetched a few at a time."""
    if not integration.delivery.per_minute:
        return 0
    destination, now = integration.destination.name, hub.now()
    minute = f"{datetime.fromtimestamp(now, UTC):%H%M}"
    held, left = hub.remembered(Pace).permits.get(destination, ("", 0))
    if held != minute:
        left = 0
    left = left or await _fetch(integration, minute, hub)
    if not left:
        return 60 - now % 60 + hub.random.uniform(0, 5)
    hub.remembered(Pace).permits[destination] = (minute, left - 1)
    return 0


async def _fetch(integration: Integration, minute: str, hub: Hub) -> int:
    """Some of this minute's permits; none when they are used up or storage does not say."""
    destination, rate = integration.destination.name, integration.delivery.per_minute
    for _ in range(5):
        try:
            row = await hub.store.get(SHARED_TABLE, destination, RATE)
            given = Rate.of(row) if row else Rate()
            used = given.used if given.minute == minute else 0
            some = min(max(1, rate // 20), rate - used)
            now = replace(given, minute=minute, used=used + some)
            if some > 0:
                await hub.store.commit(SHARED_TABLE, destination, now.replaced() if row else now.inserted(RATE))
            return max(some, 0)
        except Conflict:
            continue
        except Away:
            return 0
    return 0
