"""How many of what, and how long it took, for charts; added up when read, never used for conservation.

One row per instance and minute (partition: the day), and one per process and hour (partition: ``h`` and the month), so that
a chart of days reads a few rows. Times are counted in buckets, from which percentiles are read to within a bucket.
Many names take several rows: a property of a row holds 32,768 characters. An hour has at most ``MOST_DETAILS`` names of details.
"""

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson

from shared.hub import Hub
from shared.ledger.reporting import refusals, warned
from shared.storage.names import tables
from shared.storage.store import Away, Change, Conflict, Row
from shared.storage.stored import Stored, always, row_type

EDGES = (10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000, 30_000, 60_000, 600_000)
BEHIND = 5.0  # seconds until a count is written
HOUR = 3600
HOURLY_FROM = 6 * HOUR  # seconds; a longer range is read by the hour
NAMES = 100  # of one row; a name has at most about 220 characters
DETAIL = " "  # is in the name of a detail (a rule and a sender, a path), and in that of no outcome
MOST_DETAILS = 1000  # names of details that a process keeps of an hour


@row_type(frozen=True, kw_only=True, repr=False)
class Counted(Stored):
    """Some of what one process counted in a minute or an hour so far. ``counts``: JSON, a number for each outcome and bucket."""

    counts: str = always("")


@dataclass(eq=False, repr=False)
class Hours:
    """The counts of the hour so far, by integration: the hour, and the counts."""

    of: dict[str, tuple[str, Counter[str]]] = field(default_factory=dict)


def bucket(ms: float) -> str:
    """The name under which a time is counted: the first edge above it.

    >>> bucket(87.5), bucket(1e9)
    ('ms100', 'msinf')
    """
    at = bisect_left(EDGES, ms)
    return f"ms{EDGES[at]}" if at < len(EDGES) else "msinf"


def percentile(counts: Counter[str], share: float) -> float | None:
    """A percentile in milliseconds, straight between the edges of its bucket; ``None`` when nothing was timed.

    >>> percentile(Counter({"ms100": 50, "ms200": 50}), 0.5), percentile(Counter(), 0.95)
    (100.0, None)
    """
    timed = [counts[f"ms{edge}"] for edge in EDGES] + [counts["msinf"]]
    target, seen, below = share * sum(timed), 0, 0.0
    for count, edge in zip(timed, (*map(float, EDGES), float(EDGES[-1])), strict=True):
        if count and seen + count >= target:
            return below + (edge - below) * (target - seen) / count
        seen, below = seen + count, edge
    return None


@dataclass(eq=False, repr=False)
class Writes:
    """The integrations whose counts will be written soon, and those whose counts are being written."""

    soon: set[str] = field(default_factory=set)
    now: set[str] = field(default_factory=set)


def write_behind(hub: Hub) -> None:
    """From now on this process writes what it counts within ``BEHIND`` seconds.

    In Azure each group of functions has instances of its own: the watchdog's write what the watchdog counted, and no one else
    would write what the doors and the workers count.
    """
    hub.on_count = lambda integration: _write_soon(integration, hub)


def _write_soon(integration: str, hub: Hub) -> None:
    soon = hub.remembered(Writes).soon
    if integration not in soon:
        soon.add(integration)
        asyncio.get_running_loop().call_later(BEHIND, lambda: hub.start(_write_now(integration, hub)))


async def _write_now(integration: str, hub: Hub) -> None:
    hub.remembered(Writes).soon.discard(integration)
    try:
        await write(integration, hub)
    except (Away, Conflict):
        return  # the counts are kept, and written after the next one


async def write(integration: str, hub: Hub) -> None:
    """Write down what this process counted since the last time. Does nothing while another call writes the same counts."""
    busy = hub.remembered(Writes).now
    if integration in busy:
        return
    busy.add(integration)
    try:
        await _write(integration, hub)
    finally:
        busy.discard(integration)


async def _write(integration: str, hub: Hub) -> None:
    counted = {outcome: count for (name, outcome), count in hub.counts.items() if name == integration}
    if not counted:
        return
    when = datetime.fromtimestamp(hub.now(), UTC)
    minute = _rows(counted, f"{when:%H%M}|{_writer(hub)}|{hub.token()}")
    await hub.store.commit(tables(integration).counters, f"{when:%Y-%m-%d}", *minute)
    for outcome, count in counted.items():
        hub.counts[integration, outcome] -= count
        if not hub.counts[integration, outcome]:
            del hub.counts[integration, outcome]
    await _write_hour(integration, when, counted, hub)


async def _write_hour(integration: str, when: datetime, counted: dict[str, int], hub: Hub) -> None:
    """The hour so far, whole: written again and again under one key, so that nothing is counted twice."""
    hour = f"{when:%d%H}"
    kept, so_far = hub.remembered(Hours).of.get(integration, ("", Counter()))
    so_far = _added(so_far if kept == hour else Counter(), counted)
    hub.remembered(Hours).of[integration] = (hour, so_far)
    await hub.store.commit(tables(integration).counters, f"h{when:%Y-%m}", *_rows(so_far, f"{hour}|{_writer(hub)}"))


def _added(so_far: Counter[str], counted: dict[str, int]) -> Counter[str]:
    """Both together, the names of before first. Details that there is no room for are counted as others, or left out."""
    both, details = Counter(so_far), sum(DETAIL in name for name in so_far)
    for name, count in counted.items():
        if name not in both and DETAIL in name:
            details += 1
            name = name if details <= MOST_DETAILS else _others(name)
        if name:
            both[name] += count
    return both


def _others(name: str) -> str:
    """The name under which a detail is counted that there is no room for; empty when no total needs it."""
    if name.startswith(f"{refusals.PREFIX} {refusals.ANY} "):
        return refusals.OTHERS
    return warned.OTHERS if name.startswith(f"{warned.PREFIX} ") else ""


def _writer(hub: Hub) -> str:
    return f"{hub.instance}.{hub.process}"


def _rows(counted: dict[str, int], key: str) -> list[Change]:
    """The counts in rows of ``NAMES`` names. A count that is written again has its names in the same rows: new ones come last."""
    each = list(counted.items())
    parts = [dict(each[start : start + NAMES]) for start in range(0, len(each), NAMES)]
    counts = [Counted(counts=orjson.dumps(part).decode()) for part in parts]
    return [row.put(f"{key}|{n}" if n else key) for n, row in enumerate(counts)]


async def read(integration: str, since: float, until: float, hub: Hub) -> dict[int, Counter[str]]:
    """Counts by the start of their minute, or of their hour when the range is long; times in epoch seconds."""
    hourly = until - since > HOURLY_FROM
    found: dict[int, Counter[str]] = {}
    for partition, first, last, start in (_months if hourly else _days)(since, until):
        for row in await hub.store.query(tables(integration).counters, partition, first, last):
            if counted := _counts(row):
                found.setdefault(start(row.key), Counter()).update(counted)
            else:
                hub.emit("hub.skipped", integration=integration, stage="counters", error_code="not-counts")
    return found


def _counts(row: Row) -> dict[str, int]:
    """The counts of a row; empty for one that holds none, which must not hide all the others."""
    try:
        counted = orjson.loads(Counted.of(row).counts)
    except orjson.JSONDecodeError:
        return {}
    is_sound = isinstance(counted, dict) and all(isinstance(each, int) for each in counted.values()) and row.key[:4].isdigit()
    return counted if is_sound else {}


Range = tuple[str, str, str, "Start"]


class Start:
    """Turns the key of a row into the start of its minute or hour."""

    def __init__(self, day: datetime, form: str, width: int) -> None:
        self._day, self._form, self._width = day, form, width

    def __call__(self, key: str) -> int:
        at = datetime.strptime(f"{self._day:%Y%m}{key[: self._width]}", f"%Y%m{self._form}").replace(tzinfo=UTC)
        if self._form == "%H%M":
            at = at.replace(day=self._day.day)
        return int(at.timestamp())


def _days(since: float, until: float) -> Iterator[Range]:
    """Each day of the range: its partition, first and last key."""
    first, last = (datetime.fromtimestamp(at, UTC) for at in (since, until))
    for n in range((last.date() - first.date()).days + 1):
        day = first + timedelta(days=n)
        begin = f"{first:%H%M}" if n == 0 else "0000"
        end = f"{last:%H%M}~" if day.date() == last.date() else "2400"
        yield f"{day:%Y-%m-%d}", begin, end, Start(day, "%H%M", 4)


def _months(since: float, until: float) -> Iterator[Range]:
    """Each month of the range: its partition, first and last key."""
    at, last = (datetime.fromtimestamp(moment, UTC) for moment in (since, until))
    while (at.year, at.month) <= (last.year, last.month):
        same = (at.year, at.month) == (last.year, last.month)
        yield f"h{at:%Y-%m}", f"{at:%d%H}", f"{last:%d%H}~" if same else "3224", Start(at, "%d%H", 4)
        at = (at.replace(day=1, hour=0) + timedelta(days=32)).replace(day=1)
