"""Times of rows as the ops page has them."""

from datetime import UTC, datetime


def iso(at: float) -> str:
    """ISO 8601 in UTC with milliseconds; ``""`` for 0, which is a time that is not known.

    >>> iso(1.5), iso(0)
    ('1970-01-01T00:00:01.500Z', '')
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else ""
