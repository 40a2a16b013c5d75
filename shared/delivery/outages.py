"""The outages of a destination that are over: a bounded list in the row of its circuit breaker, which is written anyway."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from shared.delivery.rows import Breaker

MOST = 20  # outages that a row keeps, the last ones


class Outage(NamedTuple):
    """One outage. ``first``: its first failure, 0 when it is not known; ``end``: when the destination answered again.

    Times are seconds since 1970. ``opens``: how often the breaker opened: one more than the probes that failed. ``code``: of the
    last failure.
    """

    first: float
    end: float
    opens: int
    code: str


def outages(row: Breaker) -> list[Outage]:
    """The outages that are over, oldest first."""
    return [Outage(*each) for each in orjson.loads(row.past)] if row.past else []


def text_of(past: Sequence[Outage]) -> str:
    """As the row keeps them.

    >>> text_of([Outage(first=1.0, end=61.0, opens=2, code="refused")])
    '[[1.0,61.0,2,"refused"]]'
    """
    return orjson.dumps([tuple(outage) for outage in past[-MOST:]]).decode()
