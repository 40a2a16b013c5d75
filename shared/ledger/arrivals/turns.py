"""Arrivals of one lane in one process store their messages one after the other: each needs the head as the one before left it.

At the same time, all but one would fail, and look again. Between processes the ETag of the head still decides. An arrival that
has waited for its turn too long continues without it, as if it were in another process.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shared.hub import Hub
from shared.ledger.rows import Head


@dataclass(eq=False, repr=False)
class Line:
    """The arrivals of one lane in this process. ``head``: as the last one wrote it; ``at``: when that was certain."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    arrivals: int = 0
    head: Head | None = None
    at: float = 0.0

    def wrote(self, head: Head, now: float) -> None:
        """An arrival wrote the head. One without a turn may report that after a later one."""
        if self.head is None or head.number > self.head.number:
            self.head, self.at = head, now

    def newest(self, head: Head | None, opened: float, hub: Hub) -> Head | None:
        """The head as an arrival before this one wrote it, where that is newer than ``head`` and may be used; else ``head``.

        ``opened``: a time before the open row of this message was written. The watchdog changes the head before it removes such a
        row as left behind, and the transaction must then fail. So a head that is newer than the row counts only if it was written
        well before the row could be removed. An older one is always safe: it only fails more often.
        """
        # A number belongs to one transaction: with the same number, ``head`` was read after it was written.
        is_newer = self.head is not None and (head is None or self.head.number > head.number)
        is_early = 0 <= self.at - opened < hub.timing.open_grace / 2  # below 0: the clock was set back
        return self.head if is_newer and is_early else head


@dataclass(eq=False, repr=False)
class Lines:
    """Those of this process, by ledger and lane; a line is forgotten when its last arrival leaves."""

    of: dict[tuple[str, str], Line] = field(default_factory=dict)


@asynccontextmanager
async def turn(ledger: str, lane: str, hub: Hub) -> AsyncIterator[Line]:
    """The turn of an arrival, in order. After half of its patience it continues without one, and has the other half."""
    lines = hub.remembered(Lines).of
    line = lines.setdefault((ledger, lane), Line())
    line.arrivals += 1
    has_turn = False
    try:
        is_alone = line.arrivals == 1
        has_turn = await (line.lock.acquire() if is_alone else _acquired(line.lock, hub.timing.storage_patience / 2))
        yield line
    finally:
        if has_turn:
            line.lock.release()
        line.arrivals -= 1
        if not line.arrivals:
            del lines[ledger, lane]


async def _acquired(lock: asyncio.Lock, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await lock.acquire()
    except TimeoutError:
        return False
