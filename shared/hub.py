"""The hub at run time: what accept and process work with."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random, SystemRandom
from typing import Any, TypeVar
from uuid import uuid4

from shared.envelope import Envelope
from shared.integration import Integration
from shared.mode import OBSERVE, is_observed
from shared.settings import number
from shared.storage import names
from shared.storage.accounts import account
from shared.storage.store import Store
from shared.telemetry import events as telemetry

T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class Timing:
    """The hub's own times in seconds, and sizes; tests make them short and small."""

    longest_delivery: float = 3600  # an integration's own delivery time-out is cut to this
    claim_margin: float = 15  # a claim outlasts the delivery time-out by this
    knock_delay: float = 5  # after which a first attempt is slow, and until a knock is seen: the accepting process is first
    storage_patience: float = 10  # how long an unclear answer of storage is looked into before the sender gets 503
    open_grace: float = 60  # an open row younger than this may belong to a message that is being stored
    closing: float = 0.5  # the open rows of messages that end within this time are deleted together
    overdue: float = 300  # a message that waits longer than this is reported
    pairing: float = 900  # half of a pair of files that waits longer than this is reported
    turn_messages: int = 100  # most messages of one lane in one go
    turn_seconds: float = 60
    blob_from: int = 700 * 1024  # compressed content from this size on is stored in a blob
    inline: int = 5 * 1024 * 1024  # a document up to this size travels inside its message, a larger one next to it
    thread_from: int = 8 * 1024  # work on a body from this size on leaves the event loop: it may take more than 50 ms
    alone_from: int = 1024 * 1024  # such work is done on one body at a time from this size on
    thread_lines: int = 100  # so does work on a body of more lines than this

    @classmethod
    def from_settings(cls) -> "Timing":
        return cls(
            longest_delivery=number("HUB_LONGEST_DELIVERY", cls.longest_delivery),
            claim_margin=number("HUB_CLAIM_MARGIN", cls.claim_margin),
            knock_delay=number("HUB_KNOCK_DELAY", cls.knock_delay),
            storage_patience=number("HUB_STORAGE_PATIENCE", cls.storage_patience),
            open_grace=number("HUB_OPEN_GRACE", cls.open_grace),
            overdue=number("HUB_OVERDUE", cls.overdue),
            pairing=number("HUB_PAIRING", cls.pairing),
        )


@dataclass(eq=False, repr=False)
class Hub:
    """Store, clock, random numbers, telemetry, tasks, and the integrations that this app runs."""

    store: Store
    integrations: Mapping[str, Integration]
    now: Callable[[], float] = time.time
    random: Random = field(default_factory=SystemRandom)
    emit: Callable[..., None] = telemetry.emit
    is_observed: Callable[[str], bool] = is_observed  # whether an integration, by its name, only observes now
    timing: Timing = field(default_factory=Timing.from_settings)
    instance: str = field(default_factory=lambda: os.environ.get("WEBSITE_INSTANCE_ID", "")[:12] or f"pid{os.getpid()}")
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # since they were last written, by integration and outcome
    on_count: Callable[[str], None] | None = None  # is called with the integration's name after each count
    process: str = field(default_factory=lambda: uuid4().hex[:8])
    _remembered: dict[type, Any] = field(default_factory=dict)

    def remembered(self, kind: type[T]) -> T:
        """What one module remembers in this process: the one object of that class, made when it is first needed.

        The breaker, the rates, the watchdog and others keep their own state in a class of their own, and share this hub.
        """
        found: T = self._remembered.get(kind) or self._remembered.setdefault(kind, kind())
        return found

    def observes(self, envelope: Envelope) -> bool:
        """Whether a message is not to be delivered: by the mode of now, or by that in which its batch was accepted."""
        return envelope.mode == OBSERVE if envelope.mode else self.is_observed(envelope.integration)

    def count(self, integration: str, outcome: str) -> None:
        """One more; ``shared/ledger/reporting/counters.py`` writes the counts down."""
        self.counts[integration, outcome] += 1
        if self.on_count:
            self.on_count(integration)

    def delivery_time(self, integration: Integration) -> float:
        """Seconds that one delivery may take."""
        return min(integration.delivery.timeout, self.timing.longest_delivery)

    def token(self) -> str:
        """A fresh mark, by which a writer knows its own row again."""
        return f"{self.random.getrandbits(64):016x}"

    def stamp(self) -> str:
        """The time as an envelope has it."""
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Start work that no one waits for; drain does."""
        task = asyncio.get_running_loop().create_task(self._counted(work))
        self.tasks.add(task)
        task.add_done_callback(self._ended)
        task.add_done_callback(lambda _: work.close())  # a task that was cancelled before it began never awaited its work

    async def _counted(self, work: Coroutine[Any, Any, None]) -> None:
        """The work, and out of the tasks with its end: a callback runs a moment later, and gathering what is done never waits."""
        try:
            await work
        finally:
            self.tasks.discard(asyncio.current_task())

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            self.emit("hub.fault", error_code=type(problem).__name__, frames=telemetry.frames(problem))

    async def drain(self, seconds: float = 30) -> None:
        """Wait for what runs, at most so long; then close every connection."""
        end = time.monotonic() + seconds
        while self.tasks and (left := end - time.monotonic()) > 0:  # what runs may start more
            await asyncio.wait(set(self.tasks), timeout=left)
        for integration in self.integrations.values():
            await integration.destination.close()
        await self.store.close()

    async def prepare(self) -> None:
        """Make the tables, queues and containers that are not there yet: a trigger never makes its own queue."""
        made = [table for name in self.integrations for table in names.tables(name)]
        queues = [queue for name in self.integrations for queue in names.queues(name)]
        await self.store.prepare([*made, names.SHARED_TABLE], queues, list(names.CONTAINERS))


def connect(integrations: Iterable[Integration]) -> Hub:
    """The hub on the storage account of the settings; nothing is connected before it is needed."""
    from shared.storage.azure import AzureStore

    return Hub(AzureStore(account()), {one.name: one for one in integrations})


@dataclass(eq=False, repr=False)
class Alone:
    """The turn of work on a very large body: it takes many times the size of the body in memory."""

    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))


async def in_thread_if_large(envelope: Envelope, hub: Hub, work: Callable[..., T], *args: Any) -> T:
    """Work on a large body, or on one of many lines, leaves the event loop for a thread; on very large ones, one at a time."""
    body, timing = envelope.body, hub.timing
    if len(body) > timing.alone_from:
        turn = hub.remembered(Alone).turn
        await turn.acquire()
        return await in_thread(work, *args, release=turn)
    large = len(body) > timing.thread_from or body.count(b"\r") + body.count(b"\n") > timing.thread_lines
    return await asyncio.to_thread(work, *args) if large else work(*args)


async def in_thread(work: Callable[..., T], *args: Any, release: asyncio.Semaphore) -> T:
    """Work in a thread, and the semaphore released with its end. A thread works on when its caller has gone."""

    def ended(done: "asyncio.Future[T]") -> None:
        release.release()
        if not done.cancelled():
            done.exception()  # taken here: asyncio would log the text of one that no one takes

    running = asyncio.ensure_future(asyncio.to_thread(work, *args))
    running.add_done_callback(ended)
    return await asyncio.shield(running)


async def together(*works: Awaitable[Any]) -> list[Any]:
    """All of them, each to its end; then the first failure is raised."""
    results = await asyncio.gather(*works, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
