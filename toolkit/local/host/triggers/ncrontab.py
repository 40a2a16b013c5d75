"""NCRONTAB: six fields with the seconds first (five: seconds are 0), UTC."""

from datetime import datetime, timedelta
from typing import NamedTuple

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
RANGES = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
NAMES: tuple[tuple[str, ...], ...] = ((), (), (), (), MONTHS, DAYS)


class Schedule(NamedTuple):
    """Which seconds, minutes, hours, days, months and weekdays."""

    second: frozenset[int]
    minute: frozenset[int]
    hour: frozenset[int]
    day: frozenset[int]
    month: frozenset[int]
    weekday: frozenset[int]

    def next_after(self, at: datetime) -> datetime:
        """The first time later than ``at``.

        >>> parse("*/30 * * * * *").next_after(datetime(2026, 5, 1, 10, 0, 30))
        datetime.datetime(2026, 5, 1, 10, 1)
        """
        found = at.replace(microsecond=0) + timedelta(seconds=1)
        for _ in range(100_000):
            step = self._misses(found)
            if step is None:
                return found
            found = step
        raise ValueError("the schedule never comes")

    def _misses(self, at: datetime) -> datetime | None:
        """Where to look next when a field does not fit; ``None`` when all fit."""
        midnight = at.replace(hour=0, minute=0, second=0)
        if at.month not in self.month:
            return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
        if at.day not in self.day or (at.weekday() + 1) % 7 not in self.weekday:
            return midnight + timedelta(days=1)
        if at.hour not in self.hour:
            return at.replace(minute=0, second=0) + timedelta(hours=1)
        if at.minute not in self.minute:
            return at.replace(second=0) + timedelta(minutes=1)
        return None if at.second in self.second else at + timedelta(seconds=1)


def parse(text: str) -> Schedule:
    """Raises ``ValueError`` with the expression."""
    fields = text.split()
    if len(fields) == 5:
        fields = ["0", *fields]
    if len(fields) != 6:
        raise ValueError(f"{text!r} is no NCRONTAB expression of five or six fields")
    seconds, minutes, hours, days, months, weekdays = (_field(one, index) for index, one in enumerate(fields))
    return Schedule(seconds, minutes, hours, days, months, frozenset(day % 7 for day in weekdays))


def _field(text: str, index: int) -> frozenset[int]:
    """
    >>> sorted(_field("1,10-12,*/20", 0))
    [0, 1, 10, 11, 12, 20, 40]
    >>> sorted(_field("mon-wed", 5))
    [1, 2, 3]
    """
    return frozenset(value for part in text.split(",") for value in _part(part, index))


def _part(text: str, index: int) -> range:
    low, high = RANGES[index]
    span, _, step = text.partition("/")
    if span != "*":
        first, dash, last = span.partition("-")
        low = _number(first, index)
        high = _number(last, index) if dash else high if step else low
    if not RANGES[index][0] <= low <= high <= RANGES[index][1] or not int(step or 1):
        raise ValueError(f"{text!r} is out of range in an NCRONTAB expression")
    return range(low, high + 1, int(step or 1))


def _number(text: str, index: int) -> int:
    names = NAMES[index]
    if text.lower()[:3] in names:
        return names.index(text.lower()[:3]) + (1 if index == 4 else 0)
    return int(text)
