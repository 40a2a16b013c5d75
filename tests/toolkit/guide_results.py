"""What the guide's rows and components become, worked out once for all tests that read it: each takes minutes.

The tests that import this module run on one worker (``toolkit/testing/order.py``).
"""

from functools import cache

from toolkit.guide.coverage import Found, coverage
from toolkit.guide.measure import Measured, measured, measured_references


@cache
def every_component() -> list[Measured]:
    return [*measured(), *measured_references()]


@cache
def rows_of(event: str) -> list[Found]:
    """Every row of the guide for a message type."""
    return coverage(event)
