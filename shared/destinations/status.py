"""What an HTTP status means for a message, by the table in ``failures``, and how long a destination asks us to wait."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from shared.destinations.failures import Owner, kind, of_status
from shared.problems import LONGEST_RETRY_AFTER, Undelivered

LONGEST_DETAIL = 2000
TEXTS: dict[Owner, str] = {
    "message": "the destination does not take the message",
    "destination": "the destination cannot take it now",
    "set-up": "the destination does not know or admit the hub",
    "access": "the destination does not let the hub write this kind of resource",
    "unclear": "the destination failed while it had the message",
}


def undelivered(status: int, *, retry_after: str = "", detail: str = "", of: str = "http") -> Undelivered:
    """The problem for a status that is not a success; a redirect is never followed."""
    meaning = of_status(status, of)
    becomes = kind(meaning.owner, meaning.again)
    return Undelivered(
        kind=becomes,
        code=f"{of}-{status}",
        text="the destination redirects, which is never followed" if 300 <= status < 400 else TEXTS[meaning.owner],
        ambiguous=meaning.taken == "maybe",
        retry_after=seconds(retry_after, datetime.now(UTC)) if becomes == "transient" else 0,
        detail=detail[:LONGEST_DETAIL],
    )


def seconds(retry_after: str, now: datetime) -> float:
    """The wait of a ``Retry-After``, which is a number of seconds or an HTTP date; 0 for anything else, never above the longest.

    >>> seconds("120", datetime(2024, 5, 1, tzinfo=UTC)), seconds("soon", datetime(2024, 5, 1, tzinfo=UTC))
    (120.0, 0)
    >>> seconds("Wed, 01 May 2024 00:00:30 GMT", datetime(2024, 5, 1, tzinfo=UTC))
    30.0
    """
    if retry_after.strip().isdecimal():
        return min(float(retry_after), LONGEST_RETRY_AFTER)
    try:
        return min(max((parsedate_to_datetime(retry_after) - now).total_seconds(), 0), LONGEST_RETRY_AFTER)
    except (TypeError, ValueError, OverflowError):
        return 0
