"""The queues that others write to: how long their first message has waited to be taken."""

from shared.hub import Hub


async def look(integration: str, hub: Hub) -> None:
    """Report the queue ``<name>-in`` as ``hub.queue`` while a message waits in it; an empty one is not reported."""
    queue = f"{integration}-in"
    put = await hub.store.oldest(queue)
    if put is not None:
        hub.emit("hub.queue", integration=integration, queue=queue, oldest_age_s=round(max(0.0, hub.now() - put), 1))
