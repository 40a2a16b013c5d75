"""What an HTTP status means for a message (docs/architecture.md): try again, never, or the hub is set up wrong."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from shared.problems import Undelivered

MISCONFIGURED = (401, 403, 404, 405)
TRANSIENT = (408, 409, 412, 423, 425, 429)
OPEN = (500, 502, 504)  # it broke somewhere: the message may have been taken before
LONGEST_DETAIL = 2000


def undelivered(status: int, *, retry_after: str = "", detail: str = "", of: str = "http") -> Undelivered:
    """The problem for a status that is no success; 5xx are transient, redirects are refused, other 4xx are permanent."""
    code, detail = f"{of}-{status}", detail[:LONGEST_DETAIL]
    if 300 <= status < 400:
        return Undelivered("misconfigured", code, "the destination redirects, which is never followed")
    if status in MISCONFIGURED:
        return Undelivered("misconfigured", code, "the destination does not know or admit the hub", detail=detail)
    if status in TRANSIENT or status >= 500:
        wait = seconds(retry_after, datetime.now(UTC))
        text = "the destination cannot take it now"
        return Undelivered("transient", code, text, ambiguous=status in OPEN, retry_after=wait, detail=detail)
    return Undelivered("permanent", code, "the destination refuses the message", detail=detail)


def seconds(retry_after: str, now: datetime) -> float:
    """The wait of a ``Retry-After``, which is a number of seconds or an HTTP date; 0 for anything else. Never above a day.

    >>> seconds("120", datetime(2024, 5, 1, tzinfo=UTC)), seconds("soon", datetime(2024, 5, 1, tzinfo=UTC))
    (120.0, 0)
    >>> seconds("Wed, 01 May 2024 00:00:30 GMT", datetime(2024, 5, 1, tzinfo=UTC))
    30.0
    """
    if retry_after.strip().isdecimal():
        return min(float(retry_after), 86400)
    try:
        return min(max((parsedate_to_datetime(retry_after) - now).total_seconds(), 0), 86400)
    except (TypeError, ValueError):
        return 0
