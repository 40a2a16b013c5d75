"""What an HTTP status means for a message, by the table in ``failures``, and the wait that a destination requests."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from shared.destinations.kinds.failures import Owner, kind, of_status
from shared.problems import LONGEST_RETRY_AFTER, Undelivered

LONGEST_DETAIL = 2000
TEXTS: dict[Owner, str] = {
    "message": "the destination does not accept the message",
    "destination": "the destination is unavailable",
    "set-up": "the destination rejects the hub: address or sign-in is wrong",
    "access": "the hub is not allowed to write this type of resource at the destination",
    "unclear": "the destination failed after it received the message",
}


def undelivered(status: int, *, retry_after: str = "", detail: str = "", of: str = "http") -> Undelivered:
    """The problem of a status that is not a success. Redirects are not followed."""
    meaning = of_status(status, of)
    becomes = kind(meaning.owner, meaning.again)
    return Undelivered(
        kind=becomes,
        code=f"{of}-{status}",
        text="the destination redirects; redirects are not followed" if 300 <= status < 400 else TEXTS[meaning.owner],
        ambiguous=meaning.taken == "maybe",
        retry_after=seconds(retry_after, datetime.now(UTC)) if becomes == "transient" else 0,
        detail=detail[:LONGEST_DETAIL],
    )


def seconds(retry_after: str, now: datetime) -> float:
    """Seconds of a ``Retry-After``, which is a number or an HTTP date: at most ``LONGEST_RETRY_AFTER``, 0 for anything else.

    >>> seconds("120", datetime(2024, 5, 1, tzinfo=UTC)), seconds("soon", datetime(2024, 5, 1, tzinfo=UTC))
    (120.0, 0)
    >>> seconds("Wed, 01 May 2024 00:00:30 GMT", datetime(2024, 5, 1, tzinfo=UTC))
    30.0
    """
    number = retry_after.strip()
    if number.isdecimal():
        return min(float(number), LONGEST_RETRY_AFTER)
    try:
        return min(max((parsedate_to_datetime(retry_after) - now).total_seconds(), 0), LONGEST_RETRY_AFTER)
    except (TypeError, ValueError, OverflowError):
        return 0
