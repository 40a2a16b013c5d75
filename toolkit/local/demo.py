"""``./hub demo``: every integration's samples through its own trigger, and what became of them on one screen."""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from shared.hub import Hub, connect
from shared.integration import Integration
from shared.ledger.reporting.conservation import balance
from toolkit.local.journeys import Journey, Sender, is_subscriber, percentile, planned
from toolkit.local.stack import Stack
from toolkit.say import say

TAKEN, REFUSED = 4, 2  # samples of each integration
SETTLES = 5.0  # seconds for the last published message to reach its subscribers


class Subscriber(NamedTuple):
    """What a subscriber delivered of what was published for it."""

    integration: Integration
    expected: int
    arrived: int

    @property
    def ok(self) -> bool:
        return self.expected == self.arrived


class Result(NamedTuple):
    """Everything that the screen shows."""

    journeys: tuple[Journey, ...]
    subscribers: tuple[Subscriber, ...]
    stack: str
    seconds: float

    @property
    def ok(self) -> bool:
        return bool(self.journeys) and all(one.ok for one in self.journeys) and all(one.ok for one in self.subscribers)

    def of(self, integration: Integration) -> list[Journey]:
        return [journey for journey in self.journeys if journey.integration is integration]


async def demo(integrations: Sequence[Integration], every_sample: bool = False) -> Result:
    """Start everything in a folder that is thrown away, send, wait, stop."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hub-demo-") as folder:
        say("starting storage, simulated destinations and the hub ...")
        async with Stack(integrations, Path(folder)) as stack, aiohttp.ClientSession() as session:
            say(f"sending samples to {stack.url} ...")
            journeys = await send_all(integrations, Sender(stack, session), every_sample)
            hub = connect(integrations)
            subscribers = await listen(integrations, stack.simulators.running, hub)
            await hub.drain(0)
            running = f"hub {stack.url}, storage Azurite, " + ", ".join(_names(stack))
    return Result(tuple(journeys), tuple(subscribers), running, time.monotonic() - began)


async def send_all(integrations: Sequence[Integration], sender: Sender, every_sample: bool) -> list[Journey]:
    """One after the other, so that each time is that of one message; the queues side by side, for a poll may take 2 s."""
    most = 10_000 if every_sample else 0
    journeys = [j for i in integrations if not is_subscriber(i) for j in planned(i, most or TAKEN, most or REFUSED)]
    await in_turn(sender, [journey for journey in journeys if journey.way != "queue"])
    queued = [[journey for journey in journeys if journey.way == "queue" and journey.integration is i] for i in integrations]
    await asyncio.gather(*(in_turn(sender, each) for each in queued))
    return journeys


async def in_turn(sender: Sender, journeys: Sequence[Journey]) -> None:
    for journey in journeys:
        await sender.travel(journey)


async def listen(integrations: Sequence[Integration], running: Mapping[str, Any], hub: Hub) -> list[Subscriber]:
    """What each subscriber should have delivered by its filters, and has. ``running``: the simulators, by destination."""
    end = time.monotonic() + SETTLES
    # Count once every event has arrived: before, a subscriber that has delivered those which had would seem to have all.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*(topic.idle() for topic in _topics(integrations, running))), SETTLES)
    while True:
        subscribers = [await _subscriber(each, integrations, running, hub) for each in integrations if is_subscriber(each)]
        if all(one.ok for one in subscribers) or time.monotonic() > end:
            return subscribers
        await asyncio.sleep(0.2)


async def _subscriber(
    integration: Integration, integrations: Sequence[Integration], running: Mapping[str, Any], hub: Hub
) -> Subscriber:
    """By its ledger: a destination may be of any kind, and take the messages of other integrations too."""
    topics = _topics([one for one in integrations if integration.name in one.subscribers], running)
    delivered = [name for topic in topics for name, _ in topic.deliverer.delivered]
    arrived = (await balance(integration, hub)).outcomes["delivered"]
    return Subscriber(integration, delivered.count(integration.name), arrived)


def _topics(publishers: Sequence[Integration], running: Mapping[str, Any]) -> list[Any]:
    """The simulated topics of these integrations that have subscribers."""
    names = {one.destination.name for one in publishers if one.subscribers}
    return [running[name] for name in sorted(names) if name in running]


def _names(stack: Stack) -> list[str]:
    """The simulated destinations."""
    return [f"{name} simulated" for name in stack.simulators.running]


def figures(journeys: Sequence[Journey]) -> tuple[float | None, float | None]:
    """p50 and p95 in milliseconds, sent to delivered."""
    times = [journey.delivered_ms for journey in journeys if journey.delivered_ms is not None]
    return percentile(times, 0.5), percentile(times, 0.95)
