"""The running product in which one thing fails: its events, its alarms, and what the host reports of its calls."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from shared.delivery.upkeep import alarms, doors, pulse
from shared.destinations.event_grid import Topic
from shared.envelope import Outgoing, Receipt
from shared.integration import Delivery
from shared.problems import Undelivered
from shared.storage.store import Away
from tests.infra.simulated import BEAT, Event, Simulated
from toolkit.local.host.functions import Call, Done, Function
from toolkit.local.host.invoker import Invoker

NAME = "phw-to-mpi"
MINUTE = 60.0
PATIENT = Delivery(attempts=50, first_wait=20, longest_wait=60, timeout=5, breaker_failures=100)


@dataclass
class AlarmTopic:
    """The topic of alarms, in memory. ``is_away``: it answers 503. ``is_only_way``: no telemetry leaves the product."""

    sent: list[tuple[float, str]] = field(default_factory=list)
    is_away: bool = False
    is_only_way: bool = False
    clock: Callable[[], float] = lambda: 0.0

    def reset(self, *, is_away: bool = False, is_only_way: bool = False) -> None:
        self.sent, self.is_away, self.is_only_way = [], is_away, is_only_way

    async def deliver(self, topic: Topic, outgoing: Outgoing) -> Receipt:
        if self.is_away:
            raise Undelivered(kind="transient", code="http-503", text="away")
        assert topic is alarms.ALARMS
        self.sent.append((self.clock(), str(outgoing.properties["reason"])))
        return Receipt("published")


TOPIC = AlarmTopic()


class Laboratory(Simulated):
    """One integration's app, whose parts can be broken while time goes on."""

    def __init__(self, name: str = NAME, **changes: Any) -> None:
        super().__init__(name, **changes)
        self.calls: list[tuple[float, str, bool]] = []  # of the host: when, status, whether it is a success
        self.has_pulse = self.looks_at_doors = False

    def change(self, **changes: Any) -> None:
        """From now on another version of the integration runs."""
        self.integration = replace(self.integration, **changes)
        self.hub.integrations = {self.integration.name: self.integration}

    def lose_storage(self) -> None:
        """No operation of storage is answered; so the lease of the watchdog's timer cannot be renewed either."""

        async def away(*_: Any, **__: Any) -> Any:
            raise Away

        for operation in ("get", "query", "commit", "send", "receive", "oldest"):
            setattr(self.hub.store, operation, away)
        self.alive = False

    def _note(self, name: str, **keys: Any) -> None:
        if not TOPIC.is_only_way:
            super()._note(name, **keys)

    async def send(self, lane: str = "", **values: Any) -> None:
        TOPIC.clock = lambda: self.clock
        await super().send(lane, **values)

    async def live(self, seconds: float, each_beat: Callable[[], Any] | None = None) -> None:
        async def beat() -> None:
            if each_beat:
                await each_beat()
            if self.has_pulse:
                await pulse.look(self.hub)
            if self.looks_at_doors:
                await doors.look(self.hub)

        TOPIC.clock = lambda: self.clock
        self.clock += -self.clock % BEAT  # the next round
        await super().live(seconds, beat)

    async def call_that_hangs(self) -> None:
        """A call that reaches the time limit of the host; its sender gets what the host answers."""
        hangs = Hanging()
        done = await Invoker(hangs, timeout=0.01).invoke(
            Function("post", ({"type": "httpTrigger", "name": "req"},), "post"), None, ""
        )
        self.calls.append((self.clock, "200" if done.ok else "500", done.ok))


class Hanging:
    """A worker that never answers."""

    functions: tuple[Function, ...] = ()

    async def invoke(self, call: Call) -> Done:
        await asyncio.Event().wait()
        raise AssertionError


@dataclass
class Seen:
    """What came of one failure: when it happened, and in which series its alert must open."""

    laboratory: Laboratory
    happened: float
    series: tuple[str, ...] = (NAME,)

    @property
    def events(self) -> list[Event]:
        return self.laboratory.events


Build = Callable[..., Awaitable[Laboratory]]
Scenario = Callable[[Build], Awaitable[Seen]]
SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str) -> Callable[[Scenario], Scenario]:
    """Name the failure of the table that a story makes."""

    def register(story: Scenario) -> Scenario:
        SCENARIOS[name] = story
        return story

    return register


def refuses(code: str, kind: Any = "transient") -> Callable[[Any], None]:
    """A destination that fails each delivery in this way."""

    def behave(note: Any) -> None:
        raise Undelivered(kind=kind, code=code, text="made to fail")

    return behave


def broken(*_: Any) -> Any:
    """A bug of ours."""
    raise KeyError
