"""How far the two engines agree: the results of a parallel run, added up by hour.

The results of an hour that is over are one row (partition ``sum``); until then each pair is a row of its own.
"""

import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from shared.hub import Hub, together
from shared.parallel.pairs import OPEN, Result
from shared.storage import names
from shared.storage.pieces import joined, pieces
from shared.storage.store import Row

SUM = "sum"
HOUR = 3600.0
KEPT_SINGLE = 26  # hours in which each result is a row of its own: a pair of that time may still be completed
MOST = 200  # groups of differences of one hour that are kept; the most frequent
COUNTED = 1000  # sides that wait which are counted; more are "1000+"
Key = tuple[str, str, str]  # path without indices, cause, rule


@dataclass(eq=False, repr=False)
class Added:
    """Results added up: pairs by outcome, and the pairs and places of each difference."""

    outcomes: Counter[str] = field(default_factory=Counter)
    pairs: Counter[Key] = field(default_factory=Counter)
    places: Counter[Key] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        self.outcomes[result.outcome] += 1
        for path, cause, rule, count in result.differences:
            self.pairs[path, cause, rule] += 1
            self.places[path, cause, rule] += count

    def merge(self, other: "Added") -> None:
        self.outcomes.update(other.outcomes)
        self.pairs.update(other.pairs)
        self.places.update(other.places)

    @property
    def compared(self) -> int:
        return sum(self.outcomes[name] for name in ("same", "agreed", "different"))

    @property
    def agreement(self) -> float | None:
        """Pairs without a difference that no one agreed to, of those compared, in per cent; ``None`` when there are none."""
        return 100 * (1 - self.outcomes["different"] / self.compared) if self.compared else None

    def written(self) -> dict[str, bytes]:
        """As the properties of a row."""
        listed = [[*key, count, self.places[key]] for key, count in self.pairs.most_common(MOST)]
        return pieces(zlib.compress(orjson.dumps({"outcomes": self.outcomes, "found": listed}), 1))

    @classmethod
    def read(cls, row: Row) -> "Added":
        kept, added = orjson.loads(zlib.decompress(joined(row.values))), cls()
        added.outcomes.update(kept["outcomes"])
        for *key, count, places in kept["found"]:
            added.pairs[tuple(key)] += count
            added.places[tuple(key)] += places
        return added


@dataclass(frozen=True, slots=True)
class Agreement:
    """A parallel run over a range of time. ``waiting``: messages of which one side is still to come."""

    integration: str
    mode: str
    total: Added
    hours: dict[int, Added]
    waiting: int

    def face(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "integration": self.integration,
            "mode": self.mode,
            "agreement": self.total.agreement,
            "pairs": self.total.compared,
            **{name: self.total.outcomes[name] for name in ("same", "agreed", "different", "unpaired")},
            "waiting": self.waiting,
            "differences": [
                {"path": path, "cause": cause, "rule": rule, "pairs": count, "count": self.total.places[path, cause, rule]}
                for (path, cause, rule), count in sorted(self.total.pairs.items(), key=lambda each: (-each[1], each[0]))
            ],
            "hours": [
                {"at": at, "agreement": added.agreement, "pairs": added.compared, "unpaired": added.outcomes["unpaired"]}
                for at, added in sorted(self.hours.items())
            ],
        }


async def agreement(integration: str, since: float, hub: Hub) -> Agreement:
    """What a parallel run has shown since a time, in seconds since 1970; whole hours."""
    table = names.tables(integration).pairs
    summed = {row.key: Added.read(row) for row in await hub.store.query(table, SUM, names.hour(since))}
    first = max(since, hub.now() - (KEPT_SINGLE + 1) * HOUR)
    hours = sorted({names.hour(at) for at in _steps(first, hub.now())} - summed.keys())
    listed = await together(*(hub.store.query(table, hour) for hour in hours))
    every = summed | {hour: added_up(rows) for hour, rows in zip(hours, listed, strict=True) if rows}
    total = Added()
    for each in every.values():
        total.merge(each)
    waiting = await hub.store.query(table, OPEN, limit=COUNTED)
    mode = "observe" if hub.is_observed(integration) else "live"
    return Agreement(integration, mode, total, {_epoch(hour): each for hour, each in every.items()}, len(waiting))


def added_up(rows: list[Row]) -> Added:
    """The results of one hour."""
    added = Added()
    for row in rows:
        added.add(Result.of(row))
    return added


def _steps(since: float, until: float) -> list[float]:
    return [since + HOUR * n for n in range(int((until - since) // HOUR) + 1)] + [until]


def _epoch(hour: str) -> int:
    return int(datetime.strptime(hour, "t|%Y-%m-%dT%H").replace(tzinfo=UTC).timestamp())
