"""Which limit a region meets first as its messages grow, and the smallest layout that has room: from its busiest hour alone."""

import math
from bisect import bisect
from dataclasses import replace
from typing import Any, NamedTuple

from toolkit.scale import region
from toolkit.scale.day import Day
from toolkit.scale.region import MEMORY, REQUESTS, Costs, Layout, Outage, azure

BUSIEST = (10 * 3600.0, 11 * 3600.0)  # seconds of the day


def used(day: Day, layout: Layout, costs: Costs, facts: dict[str, Any] | None = None) -> dict[str, float]:
    """The part of each limit that the busiest hour of the day needs."""
    day_of_region = region.Region(day, layout, costs, Outage(), facts or azure())
    for at, rates in day.rates(region.STEP):
        if BUSIEST[0] <= at < BUSIEST[1]:
            day_of_region.look(at, rates)
    return {name: limit.used for name, limit in day_of_region.result.limits.items()}


class First(NamedTuple):
    """The limit that is met first as messages grow. ``messages``: a day, at which; ``0``: the integrations alone exceed it, and
    ``integrations`` is how many do not."""

    name: str
    messages: float
    integrations: int


def first(day: Day, layout: Layout, costs: Costs) -> First:
    """Which limit is met first."""
    at_rest = used(replace(day, messages=1.0), layout, costs)
    if (worst := max(at_rest, key=lambda name: at_rest[name])) and at_rest[worst] > 1:
        fit = bisect(
            range(1, day.integrations), 1.0, key=lambda n: used(replace(day, messages=1.0, integrations=n), layout, costs)[worst]
        )
        return First(worst, 0.0, fit)
    few, many = 1.0, 1e12
    while many / few > 1.01:
        middle = math.sqrt(few * many)
        few, many = (few, middle) if max(used(replace(day, messages=middle), layout, costs).values()) > 1 else (middle, many)
    found = used(replace(day, messages=many), layout, costs)
    return First(max(found, key=lambda name: found[name]), few, day.integrations)


def enough(day: Day, costs: Costs, memory_mb: int, most: float = 0.7) -> Layout | None:
    """The smallest layout in which no limit is used to more than this part: cells for memory, then accounts for requests.

    ``None``: one integration alone needs more. No layout moves that, only two integrations in place of one.
    """
    found = Layout(memory_mb=memory_mb)
    while used(day, found, costs)[MEMORY] > most and found.cells < day.integrations:
        found = replace(found, cells=found.cells + 1)
    while used(day, found, costs)[REQUESTS] > most and found.accounts * found.cells < day.integrations:
        found = replace(found, accounts=found.accounts + 1)
    return found if max(used(day, found, costs).values()) <= most else None
