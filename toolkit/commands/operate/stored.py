"""Work on the store that the settings name; without settings, the store of ``./hub up`` on this machine."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from toolkit.local import spans
from toolkit.say import stop

if TYPE_CHECKING:
    from shared.hub import Hub
    from shared.integration import Integration

T = TypeVar("T")


def all_or_one(name: str) -> "list[Integration]":
    """The integration of that name, or the whole catalogue."""
    from toolkit.commands.develop.check import all_declared

    return list(all_declared([name] if name else []))


def on_store(integrations: "list[Integration]", work: "Callable[[Integration, Hub], Awaitable[T]]") -> dict[str, T]:
    """The work for each integration, by name; one clear line when storage does not answer."""

    async def whole(hub: "Hub") -> dict[str, T]:
        return {one.name: await work(one, hub) for one in integrations}

    return on_hub(integrations, whole)


def on_hub(integrations: "list[Integration]", work: "Callable[[Hub], Awaitable[T]]") -> T:
    """The work on a hub with these integrations; one clear line when storage does not answer."""
    from shared.delivery.dead import Refused
    from shared.hub import connect
    from shared.settings import SettingMissing
    from shared.storage.store import Away

    os.environ.setdefault("AzureWebJobsStorage", "UseDevelopmentStorage=true")
    if spans.is_kept() and spans.path().exists():
        spans.record(spans.path())

    async def whole() -> T:
        hub = connect(integrations)
        try:
            return await work(hub)
        finally:
            await hub.drain(30)

    try:
        return asyncio.run(whole())
    except Away:
        stop("storage does not answer: is the hub up? (./hub up, or set AzureWebJobsStorage)")
    except (Refused, SettingMissing) as why:
        stop(str(why))
