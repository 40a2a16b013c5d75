"""The doors: each app calls its own health address and that of its neighbour over HTTP, as a partner would.

The heartbeat is sent by the timer, which has an instance of its own: it proves nothing of HTTP. Where apps are private, nothing
outside the network can ask. Every app has one neighbour that watches it, so a stopped app is reported by a living one.
``HUB_DOORS`` lists the addresses: ``phw-to-mpi=https://..., ops=https://...``. Off without it.
"""

import asyncio
from dataclasses import dataclass

from shared.delivery.upkeep import alarms
from shared.destinations.wire import https
from shared.hub import Hub, together
from shared.problems import Undelivered
from shared.settings import setting

NAME = "HUB_DOORS"
EVERY = 60.0  # seconds
SECOND_TRY = 5.0  # seconds until the second call: one lost connection does not mean a closed door
LONGEST = 10.0  # seconds that an answer may take, a cold start included
CLOSED = "door-closed"


@dataclass(eq=False, repr=False)
class Called:
    """When this process called last."""

    at: float = 0.0


async def look(hub: Hub) -> None:
    """Call each door of the setting, at most once a minute; report each one that failed twice."""
    called = hub.remembered(Called)
    if hub.now() - called.at < EVERY - 5:  # the timer is not exact
        return
    called.at = hub.now()
    try:
        await together(*(_look_at(app, address, hub) for app, address in doors().items()))
    finally:
        await https.close(NAME)  # a new caller has no open connection either


def doors() -> dict[str, str]:
    """The addresses by the names of the apps."""
    pairs = (pair.partition("=") for pair in setting("HUB_DOORS").split(",") if pair.strip())
    return {name.strip(): address.strip().rstrip("/") for name, _, address in pairs}


async def _look_at(app: str, address: str, hub: Hub) -> None:
    if await call(address) and (code := await _again(address)):
        hub.emit("hub.door", integration=app, state="closed", error_code=code)
        await alarms.alarm(app, CLOSED, hub)


async def _again(address: str) -> str:
    await asyncio.sleep(SECOND_TRY)
    return await call(address)


async def call(address: str) -> str:
    """What is wrong with the door, as a code; empty when it opened."""
    try:
        async with asyncio.timeout(LONGEST):
            reply = await https.send(NAME, "GET", f"{address}/api/health", b"", {})
    except TimeoutError:
        return "timeout"
    except Undelivered as problem:
        return problem.code
    return "" if 200 <= reply.status < 300 else f"http-{reply.status}"
