"""Unmapped codes as items of work: one row for each code, counted in memory and written once a minute at most.

The rows are in the partition ``codes`` of the integration's counters. A code that this process meets for the first time is
written at once; so is each code that a message waits for, before it waits: no message waits for a code that no list shows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from shared.codes.met import Met
from shared.hub import Hub
from shared.storage import names
from shared.storage.store import Away, Conflict, delete
from shared.storage.stored import Stored, always, row_type

PARTITION = "codes"
MOST = 200  # items of one integration; further codes are counted together
EVERY = 60.0  # seconds between two writes of one process
TRIES = 8  # to change one row that other processes change at the same time
OTHERS = Met("", "", "others", "further codes, counted together", "others")


@row_type(frozen=True, kw_only=True, repr=False)
class CodeItem(Stored):
    """One code that no table knows. Times are seconds since 1970.

    ``path``, ``code``, ``rule``, ``text``: as in ``Met``. ``example``: the id of a message that had it. ``waiting``: lanes that
    wait for it, ``since``: from when the first of them waits. ``alerted``: when that was reported; 0 while it need not be.
    """

    path: str
    code: str
    rule: str
    text: str
    count: int = always(0)
    first: float
    last: float
    example: str = ""
    waiting: int = always(0)
    since: float = 0.0
    alerted: float = 0.0


@dataclass(eq=False, repr=False)
class Seen:
    """How often a code was met since it was last written, and in which message last."""

    met: Met
    count: int
    first: float
    last: float
    example: str

    def add(self, other: "Seen") -> None:
        self.count += other.count
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.example = other.example or self.example


@dataclass(eq=False, repr=False)
class Items:
    """What this process knows of the codes of one integration."""

    pending: dict[str, Seen] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)  # keys of rows that are in the table
    written: float = float("-inf")
    may_wait: bool = True  # whether a row may say that lanes wait; not known after a start


@dataclass(eq=False, repr=False)
class AllItems:
    """The items of this process, by integration."""

    of: dict[str, Items] = field(default_factory=dict)


def note(integration: str, codes: Iterable[Met], message_id: str, hub: Hub) -> None:
    """Count the unmapped codes of one message. They are written behind, in a task of its own, once a minute at most."""
    items = _items(integration, hub)
    for met in codes:
        _pend(items, Seen(met, 1, hub.now(), hub.now(), message_id))
    if items.pending and hub.now() - items.written >= EVERY:
        items.written = hub.now()
        hub.start(_behind(integration, hub))


async def ensure(integration: str, codes: Iterable[Met], message_id: str, hub: Hub) -> str:
    """The keys of the items that a message waits for, separated by blanks; their rows are in the table. Raises ``Away``."""
    items, keys = _items(integration, hub), list[str]()
    for met in codes:
        slot = await _slot(integration, met, hub)
        if slot.key not in items.stored:
            await _add(integration, Seen(slot, 0, hub.now(), hub.now(), message_id), hub)
        keys.append(slot.key)
    return " ".join(dict.fromkeys(keys))


async def write(integration: str, hub: Hub) -> None:
    """Write down what this process counted since the last time. Raises ``Away``: it is kept for the next time."""
    items = _items(integration, hub)
    items.written = hub.now()
    for key in list(items.pending):
        seen = items.pending.pop(key)
        try:
            seen.met = await _slot(integration, seen.met, hub)
            await _add(integration, seen, hub)
        except (Away, Conflict):
            _pend(items, seen)
            raise


async def listed(integration: str, hub: Hub) -> list[CodeItem]:
    """Every item: those that lanes wait for first, then the most frequent."""
    rows = await hub.store.query(names.tables(integration).counters, PARTITION)
    return sorted((CodeItem.of(row) for row in rows), key=lambda item: (-item.waiting, -item.count, item.row.key))


async def waiting(integration: str, lanes: Mapping[str, tuple[int, float]], hub: Hub) -> int:
    """Write down how many lanes wait for each code, and report each that has waited too long, once. How many were reported.

    ``lanes``: by the key of the item, how many wait and since when. An episode ends when no lane waits for the code any more;
    then the next one is reported.
    """
    items, reported = _items(integration, hub), 0
    if not lanes and not items.may_wait:
        return 0
    items.may_wait = bool(lanes)
    for item in await listed(integration, hub):
        count, since = lanes.get(item.row.key, (0, 0.0))
        is_late = bool(count) and not item.alerted and hub.now() - since > hub.timing.overdue
        alerted = hub.now() if is_late else item.alerted if count else 0.0
        if (item.waiting, item.since, item.alerted) == (count, since, alerted):
            continue
        try:
            changed = replace(item, waiting=count, since=since, alerted=alerted).replaced()
            await hub.store.commit(names.tables(integration).counters, PARTITION, changed)
        except Conflict:
            items.may_wait = True  # another process counted: the next round does it
            continue
        if is_late:
            reported += 1
            age = round(hub.now() - since, 1)
            hub.emit("hub.unmapped", integration=integration, rule=item.rule, error_code=item.path, count=count, oldest_age_s=age)
    return reported


async def forget(integration: str, before: float, hub: Hub) -> None:
    """Delete the items that no message has had since then, and that no lane waits for."""
    for item in await listed(integration, hub):
        if item.last < before and not item.waiting:
            await hub.store.commit(names.tables(integration).counters, PARTITION, delete(item.row))
            _items(integration, hub).stored.discard(item.row.key)


def _items(integration: str, hub: Hub) -> Items:
    known = hub.remembered(AllItems).of
    return known.get(integration) or known.setdefault(integration, Items())


def _pend(items: Items, seen: Seen) -> None:
    """Add to what is not written yet; beyond the limit to the item of all others, so that a sender cannot fill the memory."""
    if seen.met.key not in items.pending and len(items.pending) >= MOST:
        seen.met = OTHERS
    if there := items.pending.get(seen.met.key):
        there.add(seen)
    else:
        items.pending[seen.met.key] = seen


async def _behind(integration: str, hub: Hub) -> None:
    try:
        await write(integration, hub)
    except (Away, Conflict):
        return  # kept for the next time


async def _slot(integration: str, met: Met, hub: Hub) -> Met:
    """The item that counts a code: its own, or that of all others when the table is full."""
    items = _items(integration, hub)
    if met.key not in items.stored:
        rows = await hub.store.query(names.tables(integration).counters, PARTITION, limit=2 * MOST)
        items.stored = {row.key for row in rows}
    return met if met.key in items.stored or len(items.stored) < MOST else OTHERS


async def _add(integration: str, seen: Seen, hub: Hub) -> None:
    """Add to the row of a code, or write it. Raises ``Away``; ``Conflict``: other processes were always faster."""
    table, met = names.tables(integration).counters, seen.met
    for tried in range(TRIES):
        row = await hub.store.get(table, PARTITION, met.key)
        if row:
            item = CodeItem.of(row)
            last, example = max(item.last, seen.last), seen.example or item.example
            change = replace(item, count=item.count + seen.count, last=last, example=example).replaced()
        else:
            facts = CodeItem(
                path=met.path, code=met.code, rule=met.rule, text=met.text, count=seen.count, first=seen.first, last=seen.last
            )
            change = replace(facts, example=seen.example).inserted(met.key)
        try:
            await hub.store.commit(table, PARTITION, change)
            break
        except Conflict:
            if tried == TRIES - 1:
                raise
    _items(integration, hub).stored.add(met.key)
