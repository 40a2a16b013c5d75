"""The timer: every 30 seconds the watchdog, the files of the inbox and the doors, once an hour the purge, and quick looks."""

import asyncio
from dataclasses import dataclass

from shared.hub import Hub, together
from shared.storage.store import Away

ROUND = 25.0  # seconds after which the next call makes a round again: every third one, although a timer may be early


@dataclass(eq=False, repr=False)
class Rounds:
    """When this process began its last round, in seconds since 1970."""

    began: float = 0.0


async def tick(hub: Hub) -> None:
    """The watchdog's round, every 30 seconds, and once an hour the purge.

    The timer does not fail if storage does not answer.
    """
    from shared.delivery.upkeep import doors, purge, watchdog
    from shared.intake.inbox import watching

    await together(watchdog.tick(hub, watching.look), doors.look(hub))
    try:
        await purge.hourly(hub)
    except Away:
        return


async def tick_often(hub: Hub) -> None:
    """Every 10 seconds, in one app for all integrations: a quick look; every third time a round, and quick looks meanwhile."""
    from shared.delivery.upkeep import quick_look

    rounds = hub.remembered(Rounds)
    if 0 <= hub.now() - rounds.began < ROUND:  # below 0: the clock was set back
        return await quick_look.look(hub)
    rounds.began = hub.now()
    work = asyncio.ensure_future(tick(hub))
    done: set[asyncio.Future[None]] = set()
    while not done:
        await quick_look.look(hub)
        done, _ = await asyncio.wait({work}, timeout=quick_look.EVERY)
    return work.result()
