"""One budget for the memory of a process: work on a message larger than ``SMALL`` begins when its memory is free.

A caller who waits for an answer is refused (429) and sends again; work that reads a message back from storage waits for its turn.
Who holds a part of the budget never waits for another part, so nothing can be stuck. docs/decisions/0029.

Smaller messages are not counted: the host runs at most 100 of them at a time, which the default leaves room for.
"""

import asyncio
import gc
import math
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from threading import Lock

from shared.envelope import LARGEST
from shared.hub import Hub
from shared.problems import Interrupted
from shared.settings import SettingInvalid, number

MIB = 1024 * 1024
SMALL = 64 * 1024  # bytes of a body
COST = 8  # bytes of memory for each byte of a message at its peak: ``./hub bench memory`` measured 6.0 to 6.5
SPLIT_COST = 3  # the same for a batch file while it is split: the file, what was stored of it, and one message
DEFAULT = 768  # MiB, for an instance of 2 GiB
RETRY = 5  # seconds of Retry-After
M_MMAP_THRESHOLD = -3  # of malloc.h
MAPPED = 128 * 1024  # bytes of a block that has memory of its own: what glibc begins with
SEARCHED = MIB  # bytes of a body after which circles of references are looked for
PATIENCE = 10.0  # seconds that a worker waits for its turn, with a lease of its queue message or lane


class Short(Interrupted):
    """The memory that the work needs is not free; nothing was begun."""


class Budget:
    """Bytes in work. At most ``total`` are held, except by one piece of work that is alone and larger than that."""

    def __init__(self, total: int) -> None:
        self.total, self.held = total, 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._lock = Lock()  # a body is unpacked in a thread; all else is in the event loop

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return sum(not turn.done() for _, turn in self._waiting)

    def try_take(self, size: int) -> bool:
        """Take it if it fits and no one waits: a later caller is never served first."""
        with self._lock:
            if self._waiting or not self._fits(size):
                return False
            self.held += size
            return True

    def try_grow(self, held: int, more: int) -> bool:
        """Take more for work that holds a part. It does not wait, and may be alone and larger than the budget."""
        with self._lock:
            if self.held + more > self.total and self.held != held:
                return False
            self.held += more
            return True

    async def take(self, size: int) -> None:
        """Wait for a turn, in the order of arrival, and take it. A caller that is cancelled has taken nothing."""
        if self.try_take(size):
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            # Its turn may have come in the same moment: then it is given back.
            self.give(0 if turn.cancelled() else size)
            raise

    def give(self, size: int) -> None:
        """Give back what was taken. Those whose turn has come go on."""
        with self._lock:
            self.held -= size
            while self._waiting and (self._waiting[0][1].done() or self._fits(self._waiting[0][0])):
                first, turn = self._waiting.popleft()
                if not turn.done():  # its caller was not cancelled
                    self.held += first
                    turn.set_result(None)

    def _fits(self, size: int) -> bool:
        return self.held + size <= self.total or not self.held


@dataclass(eq=False, repr=False)
class Memory:
    """The budget of this process: its part of ``HUB_MEMORY``, in MiB, which the worker processes of an instance share."""

    budget: Budget = field(default_factory=lambda: Budget(_total()))


def _total() -> int:
    """Bytes. ``SettingInvalid``, which names the setting: it is not a number of MiB above 0."""
    mib = number("HUB_MEMORY", DEFAULT)
    if not 0 < mib < math.inf:
        raise SettingInvalid("the setting HUB_MEMORY is not a number above 0")
    # Each worker process has a budget of its own, and all of them have the memory of one instance.
    return int(mib * MIB / max(number("FUNCTIONS_WORKER_PROCESS_COUNT", 1), 1))


@dataclass(eq=False, repr=False)
class Hold:
    """What one piece of work holds of the budget, in bytes of memory."""

    budget: Budget
    held: int = 0
    is_closed: bool = False  # all of it was given back
    _lock: Lock = field(default_factory=Lock)

    def grow(self, body: int) -> None:
        """Hold enough for a body of so many bytes, which is being unpacked. Raises ``Short``."""
        with self._lock:
            more = cost_of(body) - self.held
            if more <= 0:
                return
            _give_blocks_back()
            # A thread unpacks on when its caller has gone; what it took then, no one would give back.
            if self.is_closed or not (self.budget.try_grow(self.held, more) if self.held else self.budget.try_take(more)):
                raise Short
            self.held += more

    def close(self) -> None:
        """Give all of it back."""
        with self._lock:
            given, self.held, self.is_closed = self.held, 0, True
        if given:
            _search(given)
            self.budget.give(given)


@contextmanager
def holding(body: int, hub: Hub) -> Iterator[Hold]:
    """The memory for a body of so many bytes, now. Raises ``Short``: it is not free.

    A body that is refused for its size takes none, so that it is refused for its size whether memory is free or not.
    """
    hold = Hold(hub.remembered(Memory).budget)
    try:
        hold.grow(body if body <= LARGEST else 0)
        yield hold
    finally:
        hold.close()


@asynccontextmanager
async def turn(body: int, patience: float, hub: Hub, cost: int = COST) -> AsyncIterator[None]:
    """The memory for a body of so many bytes, when it is free. Raises ``Short``: that took longer than ``patience`` seconds."""
    budget, size = hub.remembered(Memory).budget, cost_of(body, cost)
    if size:
        _give_blocks_back()
        try:
            async with asyncio.timeout(patience):
                await budget.take(size)
        except TimeoutError:
            raise Short from None
    try:
        yield
    finally:
        if size:
            _search(size)
            budget.give(size)


@cache
def _give_blocks_back() -> None:
    """Let the C library return each large block of memory to the system when it is freed.

    Otherwise glibc does so only until the first large block is freed: it then keeps blocks of up to 32 MiB, and what is between
    them stays with the process. Ten referrals of 13 MiB, one after the other, left 320 MiB more in use than before; with this, 8.

    At the first large message, because ``ctypes`` takes 6 ms to import. Not in the environment: Azure starts a process before it
    knows the settings of its app.
    """
    import ctypes

    # Another C library (macOS, Alpine) has no such option, and none of this habit.
    if adjust := getattr(ctypes.CDLL(None), "mallopt", None):
        adjust(M_MMAP_THRESHOLD, MAPPED)


def _search(held: int) -> None:
    """Free what refers to itself, before its memory counts as free.

    The SDK of Azure keeps the errors of the attempts that it repeated, and with them the frames of the hub that waited, and their
    message. The search takes 5 ms, about a hundredth of what such a message takes.
    """
    if held >= SEARCHED * COST:
        gc.collect()


def cost_of(body: int, cost: int = COST) -> int:
    """Bytes of memory for a body of so many bytes; 0 for a small one, which is not counted.

    >>> cost_of(1000), cost_of(1_000_000)
    (0, 8000000)
    """
    return body * cost if body > SMALL else 0
