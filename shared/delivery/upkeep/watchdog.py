"""The net under everything: lanes that are open and idle are knocked on, unfinished work is completed, the backlog is reported.

An unusual row, lane or integration does not keep the others from their turn: it is reported and skipped.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import orjson

from shared.delivery import outbox, pause, unmapped
from shared.delivery.isolation import isolated
from shared.delivery.rows import Backlog, Swept
from shared.delivery.upkeep import alarms, pulse, queues, thresholds
from shared.delivery.upkeep.left_behind import finish
from shared.delivery.upkeep.open_lanes import PARTITIONS, Walk
from shared.hub import Hub, together
from shared.integration import Integration
from shared.ledger import schema
from shared.ledger.arrivals import batch_rows as batches
from shared.ledger.knocks import knock
from shared.ledger.open_rows import Opened
from shared.ledger.reporting import code_items, counters
from shared.ledger.rows import Claimed, Waiting
from shared.settings import setting
from shared.storage import names
from shared.storage.store import Away, Row

ROUND = 30.0  # seconds between two rounds; a knock of the watchdog lives as long, so that there is one for each lane
WALK = 25.0  # seconds that a round walks at most; the next one continues from there
AT_ONCE = 64  # lanes that are looked at, at the same time
Counts = dict[str, int | float]  # by the names of ``hub.backlog``
Lanes = dict[str, tuple[int, float]]  # by unmapped code: how many lanes wait for it, and since when the first of them


@dataclass(eq=False, repr=False)
class Sweep:
    """A walk over the open lanes of one integration, which may take several rounds, and what it has seen so far."""

    waiting: int = 0
    held: int = 0
    overdue: int = 0
    oldest: float = 0.0
    cursors: dict[str, str] = field(default_factory=lambda: dict.fromkeys(PARTITIONS, ""))
    unmapped: int = 0  # lanes that wait for a code
    codes: Lanes = field(default_factory=dict)
    is_paused: bool = False  # whether a person has paused the delivery
    before: Counts = field(default_factory=dict)  # what the last whole walk has seen

    def saw(self, waiting: int, held: bool, age: float, overdue: float) -> None:
        """One lane in which messages wait; ``age`` of the oldest in seconds. A pause has an alert of its own, and no age."""
        if self.is_paused:
            age = 0.0
        self.waiting, self.held, self.oldest = self.waiting + waiting, self.held + held, max(self.oldest, age)
        self.overdue += age > overdue

    def saw_unmapped(self, waiting: int, first: Waiting) -> None:
        """One lane that waits for codes. It is not overdue: each code has a report of its own, once."""
        self.waiting, self.unmapped = self.waiting + waiting, self.unmapped + 1
        for code in first.codes.split():
            lanes, since = self.codes.get(code, (0, first.since))
            self.codes[code] = lanes + 1, min(since, first.since)

    def backlog(self) -> Counts:
        """What waits. Half a walk has seen less than there is: then what the last whole one saw counts too."""
        seen = {"waiting": self.waiting, "held": self.held, "overdue": self.overdue, "oldest_age_s": round(self.oldest, 1)}
        return {key: max(value, self.before.get(key, 0)) for key, value in seen.items()} if self.cursors else seen


@dataclass(eq=False, repr=False)
class Sweeps:
    """Walks of this process that are not finished, by integration."""

    of: dict[str, Sweep] = field(default_factory=dict)


Files = Callable[[Integration, Hub], Awaitable[int]]


async def no_files(integration: Integration, hub: Hub) -> int:
    """No integration here takes files."""
    return 0


async def tick(hub: Hub, files: Files = no_files) -> None:
    """One round over all integrations at once; one that is in trouble does not keep the others from it.

    ``files`` looks at the files of one integration that wait to be taken, and returns how many wait for their other half.
    """
    at_once = asyncio.Semaphore(AT_ONCE)
    await together(*(_round(integration, hub, files, at_once) for integration in hub.integrations.values()))


async def _round(integration: Integration, hub: Hub, files: Files, at_once: asyncio.Semaphore) -> None:
    name = integration.name
    backlog: Counts = {}
    try:
        with isolated(name, "sweep", hub):
            backlog = await sweep(integration, hub, files, at_once)
        with isolated(name, "queue", hub):
            await queues.look(name, hub)
        with isolated(name, "counters", hub):
            await counters.write(name, hub)
        with isolated(name, "codes", hub):
            await code_items.write(name, hub)
        with isolated(name, "thresholds", hub):
            await thresholds.evaluate(name, backlog, hub) if backlog else None
        with isolated(name, "alarms", hub):
            await alarms.raise_alarms(name, backlog, hub)
    except Away:
        with isolated(name, "alarms", hub):
            await pulse.report_away(name, hub)
    hub.emit("hub.heartbeat", integration=name, instance=hub.instance, role=setting("HUB_ROLE", "app"))


async def sweep(integration: Integration, hub: Hub, files: Files = no_files, at_once: asyncio.Semaphore | None = None) -> Counts:
    """Look at every lane that has an open row; report, write down and return how much waits."""
    table, name = names.tables(integration.name).open, integration.name
    split: list[tuple[int, float]] = []
    for row in await hub.store.query(table, names.BATCH):
        with isolated(name, "batch", hub):
            split.append(await _look_at_batch(integration, row, hub))
    so_far = await _so_far(name, hub)
    since = await pause.look(name, hub)
    so_far.is_paused = since > 0
    walk = Walk(table, hub, at_once or asyncio.Semaphore(AT_ONCE), hub.now() + WALK, so_far.cursors)
    await walk.run(partial(_visit, integration, hub, so_far))
    if walk.is_done:
        with isolated(name, "codes", hub):
            if await code_items.waiting(name, so_far.codes, hub):
                await alarms.alarm(name, unmapped.WAITS, hub)
    unpaired = 0
    with isolated(name, "inbox", hub):
        unpaired = await files(integration, hub)
    backlog = _with_batches({"unpaired": unpaired, **so_far.backlog()}, split, hub.timing.overdue)
    hub.emit("hub.backlog", integration=name, **backlog)
    await _remember(name, so_far, hub)
    seen = {**backlog, "codes": so_far.unmapped, "at": hub.now()} | ({"paused": since} if since else {})
    kept = Backlog.of(Row(names.BACKLOG, name, "", seen))
    await hub.store.commit(names.SHARED_TABLE, names.BACKLOG, kept.put(name))
    return backlog


async def _so_far(integration: str, hub: Hub) -> Sweep:
    """The walk that was not finished, in this process or in the one before it; else a new one."""
    sweeps = hub.remembered(Sweeps).of
    if integration not in sweeps:
        row = await hub.store.get(names.SHARED_TABLE, names.SWEEP, integration)
        left = orjson.loads(Swept.of(row).cursors) if row else {}
        sweeps[integration] = Sweep(cursors=left) if left else Sweep()
    return sweeps[integration]


async def _remember(integration: str, done: Sweep, hub: Hub) -> None:
    """A walk that was not finished is kept, in storage too; after one that was, the next starts from the beginning."""
    if done.cursors:
        swept = Swept(cursors=orjson.dumps(done.cursors).decode(), at=hub.now())
        await hub.store.commit(names.SHARED_TABLE, names.SWEEP, swept.put(integration))
    else:
        hub.remembered(Sweeps).of[integration] = Sweep(before=done.backlog())


async def _visit(integration: Integration, hub: Hub, so_far: Sweep, lane: str, rows: list[Row]) -> None:
    with isolated(integration.name, "sweep", hub, lane):
        if rows[0].partition.startswith(names.OUTBOX):
            await outbox.look(integration, lane, ROUND, hub)
        else:
            await _look(integration, lane, rows, so_far, hub)


async def _look(integration: Integration, lane: str, rows: list[Row], so_far: Sweep, hub: Hub) -> None:
    """One lane, by its first waiting message alone: knock on it when it is idle, and finish what was left behind."""
    ledger = names.tables(integration.name).ledger
    held, row = await _first(ledger, lane, hub)
    schema.known(integration.name, "sweep", hub, row)
    first = Waiting.of(row) if row else None
    age = hub.now() - first.since if first else 0.0  # before the knock: a row that cannot be read costs no worker its time
    left = _left_behind(rows, first, hub)
    busy = first is not None and not held and first.state == "waiting" and not left
    claim = None if busy else await hub.store.get(ledger, lane, names.CLAIM)
    due = first is not None and not held and not so_far.is_paused and _is_due(integration, first, hub)
    if Claimed.of(claim).end <= hub.now() if claim else due:
        await knock(integration.name, lane, hub, lives=ROUND)  # a claim that ran out is taken over, and given back
    if not claim:
        for opened in left:
            await finish(integration, lane, opened, hub)
    if first and unmapped.waits(first) and not held:
        so_far.saw_unmapped(len(rows) - len(left), first)
    elif first:
        so_far.saw(len(rows) - len(left), held, age, hub.timing.overdue)


def _is_due(integration: Integration, first: Waiting, hub: Hub) -> bool:
    """Whether a message may be tried, in a delivery that is not paused."""
    return first.due <= hub.now() or pause.waits(first) or unmapped.may_be_known(integration, first)


async def _first(ledger: str, lane: str, hub: Hub) -> tuple[bool, Row | None]:
    """Whether a dead message holds the lane, and the oldest message that waits."""
    rows = await hub.store.query(ledger, lane, "w|", "w~", 1)
    if not rows or rows[0].key != names.HOLD:
        return False, rows[0] if rows else None
    behind = await hub.store.query(ledger, lane, names.row("w", 1), "w~", 1)
    return True, behind[0] if behind else None


def _left_behind(rows: list[Row], first: Waiting | None, hub: Hub) -> list[Opened]:
    """Open rows that are older than what waits: of messages that have ended, or that were never stored."""
    old = [opened for opened in map(Opened.of, rows) if hub.now() - opened.at > hub.timing.open_grace]
    if first is None:
        return old
    own = names.open_key(first.lane, first.mark)
    return [opened for opened in old if opened.at < first.at and opened.row.key != own]


async def _look_at_batch(integration: Integration, row: Row, hub: Hub) -> tuple[int, float]:
    """One batch: members that are not in the ledger yet, and seconds since the last progress. Knocks if no worker has it."""
    schema.known(integration.name, "batch", hub, row)
    batch = batches.read(integration.name, row)
    if batch.until <= hub.now() and hub.now() - batch.at > hub.timing.knock_delay:
        await hub.store.send(f"{integration.name}-work", orjson.dumps({"batch": batch.key}), lives=ROUND)
    return batch.left, hub.now() - batch.since


def _with_batches(seen: Counts, split: list[tuple[int, float]], overdue: float) -> Counts:
    """The backlog with what waits in batches: members and seconds since the last progress of each."""
    ages = [round(age, 1) for _, age in split]
    return {
        **seen,
        "waiting": seen["waiting"] + sum(left for left, _ in split),
        "batches": len(split),
        "overdue": seen["overdue"] + sum(age > overdue for age in ages),
        "oldest_age_s": max([seen["oldest_age_s"], *ages]),
    }
