"""The figures of the ops page from the counters: totals, the time axis, and who was refused by which rule."""

from collections import Counter
from collections.abc import Sequence

from shared.ledger.reporting import counters, refusals
from shared.ops.figures.facts import Point, Refusals

NOT_ACCEPTED = ("fault", "unavailable")  # no verdict was reached: the hub's own failures
FAILED = ("dead", *NOT_ACCEPTED)
STEPS = 120  # a chart has at most so many points
LISTED = 50  # senders and rules that the page lists, the most frequent
CALLER = "refused-"  # begins the counters of calls that were not allowed

ByTime = dict[int, Counter[str]]


def total(by_time: ByTime) -> Counter[str]:
    return sum(by_time.values(), Counter())


def failed(counts: Counter[str]) -> int:
    """Messages that the hub could not accept or could not deliver."""
    return sum(counts[name] for name in FAILED)


def step_of(since: float, until: float) -> int:
    """Seconds of one point: whole minutes or hours, as long as ``STEPS`` requires."""
    least = counters.HOUR if until - since > counters.HOURLY_FROM else 60
    return least * max(1, -(-int(until - since) // (least * STEPS)))


def points(counted: Sequence[ByTime], since: float, until: float) -> tuple[Point, ...]:
    """The time axis of several integrations together."""
    step = step_of(since, until)
    at: ByTime = {}
    for by_time in counted:
        for minute, counts in by_time.items():
            at.setdefault(minute - minute % step, Counter()).update(counts)
    first, last = int(since) - int(since) % step, int(until) - int(until) % step
    return tuple(_point(t, at.get(t, Counter())) for t in range(first, last + 1, step))


def _point(t: int, counts: Counter[str]) -> Point:
    return Point(t, counts["accepted"], counts["rejected"], failed(counts), counters.percentile(counts, 0.95))


def refused(counts: Counter[str]) -> tuple[Refusals, ...]:
    """Rejected messages by sender and rule: the sender with the most first, its total before its rules."""
    found = [(refusals.of(name), count) for name, count in counts.items() if count]
    listed = [Refusals(one.sender, one.rule, count) for one, count in found if one]
    totals = {one.sender: one.count for one in listed if one.rule == refusals.ANY}
    ordered = sorted(
        listed, key=lambda one: (-totals.get(one.sender, 0), one.sender, one.rule != refusals.ANY, -one.count, one.rule)
    )
    return tuple(ordered[:LISTED])


def callers(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    """Calls that were not allowed, by reason."""
    return tuple(
        sorted((name.removeprefix(CALLER), count) for name, count in counts.items() if name.startswith(CALLER) and count)
    )
