"""The timer, every 30 seconds: the watchdog, the files of the inbox, and once an hour the purge."""

from shared.hub import Hub
from shared.storage.store import Away


async def tick(hub: Hub) -> None:
    """The watchdog's round, every 30 seconds, and once an hour the purge.

    The timer does not fail if storage does not answer.
    """
    from shared.delivery.upkeep import purge, watchdog
    from shared.intake.inbox import watching

    await watchdog.tick(hub, watching.look)
    try:
        await purge.hourly(hub)
    except Away:
        return
