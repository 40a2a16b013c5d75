"""The timer, every 30 seconds: the watchdog, the files of the inbox, and once an hour the purge."""

from shared.hub import Hub
from shared.storage.store import Away


async def tick(hub: Hub) -> None:
    """The watchdog's round, every 30 seconds, and once an hour the purge; storage that is away is not a failure of the timer."""
    from shared.delivery.upkeep import purge, watchdog
    from shared.intake.inbox import watching

    await watchdog.tick(hub, watching.look)
    try:
        await purge.hourly(hub)
    except Away:
        return
