"""The storage operations of one message that is delivered at its first attempt: which, where, and which of them wait for others.

Nothing is timed. Every operation waits until all work has come to an operation of its own; then all of them end together. Such a
round is one round trip, so the number of rounds is the number of round trips one after the other.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from shared.delivery.upkeep import quick_look
from shared.envelope import Envelope, Receipt
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.triggers.knocks import answer_knock
from shared.integration import Integration
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Change

BEGIN = 1_770_000_000.0  # of a clock that is set by hand
STEP = 0.5  # seconds by which that clock goes on
POLL = 2.0  # seconds between two looks of the host into a queue: ``maxPollingInterval`` of host.json
PASSES = 200  # turns of the event loop in which other work may come to an operation of its own


class Step(NamedTuple):
    """One operation. ``turn``: the round trip it belongs to, from 1; ``place``: the table or queue; ``rows``: what it changes."""

    turn: int
    action: str
    place: str
    partition: str
    rows: str = ""


@dataclass(eq=False, repr=False)
class Counting:
    """A store that writes down each operation, and lets those end together that do not wait for each other."""

    store: Any
    integration: str
    steps: list[Step] = field(default_factory=list)
    turn: int = 0
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    driver: asyncio.Task[None] | None = None

    def __getattr__(self, name: str) -> Any:
        work = getattr(self.store, name)
        return self._counted(name, work) if name in ("get", "query", "commit", "send", "settle") else work

    def _counted(self, action: str, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counted(*args: Any, **more: Any) -> Any:
            turn = asyncio.get_running_loop().create_future()
            self.waiting.append(turn)
            self.driver = self.driver or asyncio.create_task(self._end_together())
            await turn
            self.steps.append(Step(self.turn, action, *self._where(*args)))
            return await work(*args, **more)

        return counted

    async def _end_together(self) -> None:
        for _ in range(PASSES):
            await asyncio.sleep(0)
        self.driver, self.turn = None, self.turn + 1
        ended, self.waiting = self.waiting, []
        for each in ended:
            each.set_result(None)

    def _where(self, place: Any, partition: Any = b"", *rest: Any) -> tuple[str, str, str]:
        """Table or queue, partition and rows in words: no key of a message."""
        tables = names.tables(self.integration)._asdict()
        words = {table: word for word, table in tables.items()}
        place = getattr(place, "queue", place)  # a ticket
        keys = [part.key if isinstance(part, Change) else str(part) for part in rest]
        shown = ", ".join(key.partition("|")[0] if "|" in key else key.partition(".")[0] for key in keys)
        if place == tables["ledger"]:
            return "ledger", "lane", shown
        if place == tables["open"]:
            return "open", "last digit of the lane", f"{len(keys)} open"
        if place == tables["find"]:
            return "find", "one of eight", f"{len(keys)} of the index"
        return words.get(place, place.removeprefix(f"{self.integration}-")), "", ""


@dataclass(eq=False, repr=False)
class Path:
    """What one message costs. ``acknowledged``, ``delivered``, ``recorded``, ``ended``: after how many round trips."""

    steps: list[Step]
    acknowledged: int
    delivered: int

    @property
    def counts(self) -> Counter[str]:
        """Operations by kind."""
        return Counter(step.action for step in self.steps)

    @property
    def recorded(self) -> int:
        """Round trips until the ledger says that it was delivered, and its lane is free."""
        return next(step.turn for step in self.steps if step.place == "ledger" and step.turn > self.delivered)

    @property
    def ended(self) -> int:
        """Round trips until nothing of it is left to be done."""
        return max(step.turn for step in self.steps)

    def lines(self) -> list[str]:
        """The operations in their order, and the round trips."""
        waits = [
            f"{self.acknowledged} before the acknowledgement",
            f"{self.delivered - self.acknowledged} from there to its delivery",
            f"{self.recorded - self.delivered} from its delivery until that is recorded and the lane is free",
            f"{self.ended - self.recorded} to tidy up after that",
        ]
        shown = [f"  {step.turn}  {step.action:<7} {step.place:<7} {step.partition:<23} {step.rows}" for step in self.steps]
        return [*shown, f"Round trips one after the other: {', '.join(waits)}"]


@dataclass(eq=False, repr=False)
class Taking:
    """A destination that takes everything; ``at``: the round trips before the last delivery."""

    name: str
    clock: Callable[[], int]
    takes_synthetic: bool = True
    at: int = -1

    async def deliver(self, outgoing: Any) -> Receipt:
        self.at = self.clock()
        return Receipt()

    async def close(self) -> None:
        """Nothing is open."""


async def path(integration: Integration, body: bytes, first: bytes) -> Path:
    """One message from its acceptance until nothing is left to be done.

    Args:
        first: another message, which is sent before: the process then knows its breaker and that nothing is paused.
    """
    store = Counting(MemoryStore(time.time), integration.name)
    taking = Taking(integration.destination.name, lambda: store.turn)
    one = replace(integration, destination=taking)
    hub = Hub(store, {one.name: one}, emit=_silent)
    await accept(one, _envelope(one, first, hub), hub)
    await _done(hub)
    store.steps.clear()
    store.turn = 0
    await accept(one, _envelope(one, body, hub), hub)
    acknowledged = store.turn
    await _done(hub)
    return Path(sorted(store.steps), acknowledged, taking.at)


async def recovery(integration: Integration, body: bytes) -> list[float]:
    """Seconds until a message is delivered whose process was killed after the acknowledgement.

    The clock is set by hand. The timer of one app looks every ten seconds, a host looks into its queue every two; each begins in
    every half second of these.
    """
    looks, polls = (range(int(each / STEP)) for each in (quick_look.EVERY, POLL))
    return [await _recovered(integration, body, STEP * look, STEP * poll) for look in looks for poll in polls]


async def _recovered(integration: Integration, body: bytes, look: float, poll: float) -> float:
    """``look``, ``poll``: seconds since the last look of the timer, and of the host into its queue."""
    passed = 0.0
    store = MemoryStore(lambda: BEGIN + passed)
    taking = Taking(integration.destination.name, lambda: 0)
    one = replace(integration, destination=taking)
    killed, other = (Hub(store, {one.name: one}, now=lambda: BEGIN + passed, emit=_silent) for _ in range(2))
    killed.start = lambda work: work.close()  # type: ignore[method-assign]
    await accept(one, _envelope(one, body, killed), killed)
    while taking.at < 0:
        passed += STEP
        if (passed + look) % quick_look.EVERY == 0:
            await quick_look.look(other)
        if (passed + poll) % POLL == 0:
            for arrived in await store.receive(f"{one.name}-work", 30):
                await answer_knock(one, arrived.body, other)
    return passed


def _envelope(integration: Integration, body: bytes, hub: Hub) -> Envelope:
    return Envelope(integration=integration.name, body=body, received_at=hub.stamp(), trigger="http")


async def _done(hub: Hub) -> None:
    while hub.tasks:
        await asyncio.gather(*hub.tasks)


def _silent(name: str, **keys: Any) -> None:
    """No telemetry."""
