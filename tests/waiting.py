"""Wait for what another process does a moment later: a test says what it waits for, never how long that takes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from toolkit.mutation.limits import waited

Found = TypeVar("Found")
PATIENCE = 120.0  # seconds: for a machine that runs five such tests at once; what never comes costs them all
LONGEST = 600.0  # seconds: of a program that a test starts. It ends one that hangs, and says nothing of how fast it is.


async def eventually(look: Callable[[], Awaitable[Found]], is_there: Callable[[Found], object] = bool) -> Found:
    """The first answer that is as it should be; the last one when patience ends, for the test to show."""
    ends = time.monotonic() + PATIENCE
    while not is_there(found := await look()) and time.monotonic() < ends:
        await asyncio.sleep(0.05)
    return found


class Timed:
    """Seconds since the start in which these processes could work: without the time for which the machine had no processor.

    Where the system does not say (it is not Linux), all seconds count.
    """

    def __init__(self, *processes: int) -> None:
        self._processes = processes
        self._began = self._now()

    def _now(self) -> float:
        return time.monotonic() - sum(map(waited, self._processes))

    @property
    def seconds(self) -> float:
        return self._now() - self._began
