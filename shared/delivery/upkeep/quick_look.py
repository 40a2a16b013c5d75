"""The quick look between two rounds of the watchdog, for messages whose first attempt should be over.

The process that accepts a message makes the first attempt at once and puts no knock before it. If that process ends, only the
open row of the message is left. One request reads the open rows of an integration; a lane with a row of that age gets a knock.
What is older is left to the rounds, so that a destination that is away costs no more knocks than before.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

from shared.delivery.isolation import isolated
from shared.hub import Hub, together
from shared.ledger.knocks import knock
from shared.ledger.open_rows import Opened
from shared.storage import names
from shared.storage.store import Away, Row

EVERY = 10.0  # seconds between two quick looks
LATE = 3.0  # seconds after which a first attempt is over, or is known to be slow by its own process
SEEN = LATE + 2 * EVERY  # seconds up to which an open row is looked at: twice, because a timer may be late
MOST = 2000  # open rows that one look reads; where more are open, as after an outage, the next look continues there
AT_ONCE = 32  # knocks that are put at the same time
SHARDS_END = "g"  # behind the last partition of open rows of messages; those of outboxes come later


@dataclass(eq=False, repr=False)
class Begins:
    """Where the next look begins, by integration, if the last one did not read every open row: a partition."""

    of: dict[str, str] = field(default_factory=dict)


async def look(hub: Hub) -> None:
    """One quick look at every integration; storage that does not answer is reported by the rounds."""
    await together(*(_look(name, hub) for name in hub.integrations))


async def _look(integration: str, hub: Hub) -> None:
    """Knock on each lane with a message that was accepted a few seconds ago and is not done."""
    at_once, lanes = asyncio.Semaphore(AT_ONCE), dict[str, None]()

    async def knocked(lane: str) -> None:
        async with at_once:
            await knock(integration, lane, hub, lives=EVERY)

    with isolated(integration, "sweep", hub), suppress(Away):  # what was read before is knocked on
        async for row in _open_rows(integration, hub):
            lane = names.lane_of(row.key)
            with isolated(integration, "sweep", hub, lane):
                if row.partition != names.BATCH and LATE <= hub.now() - Opened.of(row).at < SEEN:
                    lanes[lane] = None
    await together(*map(knocked, lanes))


async def _open_rows(integration: str, hub: Hub) -> AsyncIterator[Row]:
    """``MOST`` open rows at most, from where the last look stopped; with fewer, all of them. Raises ``Away``."""
    begins, left = hub.remembered(Begins).of, MOST
    begin = begins.pop(integration, names.SHARDS[0])
    for first, last in ((begin, SHARDS_END), (names.SHARDS[0], begin)):
        if first == last:
            return
        async for row in hub.store.scan(names.tables(integration).open, first, last):
            yield row
            left -= 1
            if left <= 0:
                # On in the same partition, or behind one that is longer than a look: the rounds see the rest of that.
                begins[integration] = row.partition if row.partition != begin else f"{begin}!"
                return
