"""The memory for one attempt at a large message: in turn, and never held by more messages than the destination has places."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from shared import budget
from shared.delivery.pace import FIRST, PATIENCE
from shared.ledger.claims.claim import Claim
from shared.ledger.rows import Waiting

HALF = PATIENCE / 2  # seconds with a claim: it outlasts the wait for memory and for a place, and the delivery


@dataclass(eq=False, repr=False)
class Turns:
    """For each destination, the turns of large messages: as many as it has places in this process."""

    of: dict[str, asyncio.Semaphore] = field(default_factory=dict)


@asynccontextmanager
async def memory(held: Claim, message: Waiting) -> AsyncIterator[None]:
    """The memory for an attempt at the message. Raises ``budget.Short``: that took too long.

    A message first gets a turn of its destination. Otherwise all that waits for a slow destination would hold the memory, or
    be first in line for it, and the large messages of every other integration would be refused.
    """
    if message.bytes <= budget.SMALL:
        yield
        return
    now = asyncio.get_running_loop().time
    end = now() + (HALF if held.is_taken else FIRST)
    async with AsyncExitStack() as turns:
        try:
            async with asyncio.timeout_at(end):
                await turns.enter_async_context(_turns(held))
        except TimeoutError:
            raise budget.Short from None
        await turns.enter_async_context(budget.turn(message.bytes, max(end - now(), 0), held.hub))
        yield


def place_patience(held: Claim, message: Waiting) -> float:
    """Seconds that an attempt waits for a place of its destination: few with a claim, or with memory that others need."""
    if message.bytes > budget.SMALL:
        return HALF
    return PATIENCE if held.is_taken else FIRST


def _turns(held: Claim) -> asyncio.Semaphore:
    turns, integration = held.hub.remembered(Turns).of, held.integration
    return turns.setdefault(integration.destination.name, asyncio.Semaphore(integration.delivery.concurrency))
