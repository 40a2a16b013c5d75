"""Large batch files one at a time in a process: one takes minutes of a thread, and several times its size in memory.

Otherwise a few of them would take every thread, and the messages of all partners would wait. A caller waits for its turn up to
``PATIENCE``. While one file is split into the ledger, another is left for a later knock: its row and its file are stored.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from shared.envelope import Envelope
from shared.hub import Hub, in_thread
from shared.intake.batch_decision import Decided, decide_batch
from shared.integration import Integration
from shared.issue import Issue
from shared.problems import Unavailable

LARGE = 1024 * 1024  # bytes of a file
PATIENCE = 60.0  # seconds for which a file waits for the one before it; less than a caller waits for its answer
BUSY = Issue(
    severity="error",
    code="throttled",
    text="other large files are being read: send it again later",
    rule="large-file-waits",
    hl7="207",
)


@dataclass(eq=False, repr=False)
class LargeBatches:
    """What this process does with large files now."""

    deciding: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    is_splitting: bool = False


async def decide_in_turn(integration: Integration, envelope: Envelope, hub: Hub) -> Decided:
    """The decision on a batch. ``Unavailable``: the large ones before it took too long."""
    if len(envelope.body) <= LARGE:
        return await asyncio.to_thread(decide_batch, integration, envelope)
    turn = hub.remembered(LargeBatches).deciding
    try:
        async with asyncio.timeout(PATIENCE):
            await turn.acquire()
    except TimeoutError:
        raise Unavailable(BUSY) from None
    return await in_thread(decide_batch, integration, envelope, release=turn)


def must_wait(size: int, hub: Hub) -> bool:
    """Whether a file is large and another large one is being split now."""
    return size > LARGE and hub.remembered(LargeBatches).is_splitting


@contextmanager
def splitting(size: int, hub: Hub) -> Iterator[None]:
    """The time in which a file is split."""
    large, is_large = hub.remembered(LargeBatches), size > LARGE
    large.is_splitting = large.is_splitting or is_large
    try:
        yield
    finally:
        large.is_splitting = large.is_splitting and not is_large
