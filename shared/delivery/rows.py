"""The rows that deliveries share: the breaker and the rate of a destination, and how far the watchdog and the purge are."""

from typing import ClassVar, Literal

import orjson

from shared.storage.stored import Stored, always, row_type


@row_type(frozen=True, kw_only=True, repr=False)
class Breaker(Stored):
    """The circuit breaker of a destination.

    ``lanes``: those that failed in a row, the last one last, separated by blanks; ``first`` and ``since``: when the first and the
    last one failed; ``code``: of the last failure. ``past``: JSON, the outages that are over (``outages.Outage``).
    ``probe``: the lane that may try while it is half-open; ``until``: the end of the pause, or of the probe. ``opens``: how often
    it has opened since the destination answered. Lanes are named by ``breaker.mark``, times are seconds since 1970.
    """

    state: Literal["closed", "open", "half-open"] = always("closed")
    failures: int = always(0)
    lanes: str = always("")
    probe: str = always("")
    opens: int = always(0)
    until: float = always(0.0)
    since: float = 0.0
    first: float = 0.0
    code: str = ""
    past: str = ""


@row_type(frozen=True, kw_only=True, repr=False)
class Rate(Stored):
    """The permits of a destination that were given out in the minute, ``HHMM`` in UTC."""

    minute: str = always("")
    used: int = always(0)


@row_type(frozen=True, kw_only=True, repr=False)
class Backlog(Stored):
    """What waited in an integration when the watchdog last looked, at ``at``.

    Counts of messages, except ``unpaired`` (files), ``batches``, and ``codes`` (lanes that wait for a code). ``paused``: since
    when the delivery is paused; 0 while it is not.
    """

    waiting: int = always(0)
    held: int = always(0)
    overdue: int = always(0)
    oldest_age_s: float = always(0.0)
    unpaired: int = always(0)
    batches: int = always(0)
    codes: int = 0
    paused: float = 0.0
    at: float = always(0.0)


@row_type(frozen=True, kw_only=True, repr=False)
class Paused(Stored):
    """The delivery of an integration is paused since ``at``: by whom and why. There is no row while it is not."""

    at: float
    who: str = always("")
    purpose: str = always("")


@row_type(frozen=True, kw_only=True, repr=False)
class Pauses(Stored):
    """The pauses of an integration that are over, oldest first. ``past``: JSON, the begin and the end of each."""

    past: str = always("[]")

    def spans(self) -> list[tuple[float, float]]:
        """The begin and the end of each, in seconds since 1970."""
        return [(begin, end) for begin, end in orjson.loads(self.past)]


@row_type(frozen=True, kw_only=True, repr=False)
class Swept(Stored):
    """Where the walk over the open lanes of an integration stopped. ``cursors``: JSON, the next key of each partition."""

    cursors: str = always("")
    at: float = always(0.0)


@row_type(frozen=True, kw_only=True, repr=False)
class Purged(Stored):
    """Where a stage of the purge stopped: in an hour, at a key in a partition of the index. Or a row that is tried again.

    ``partition`` empty: that of the hour, in which an earlier version listed it. Of a row that is tried again, ``hour`` is the
    partition.
    """

    STORED_AS: ClassVar[dict[str, str]] = {"found": "key"}
    hour: str
    found: str = always("")
    partition: str = ""


@row_type(frozen=True, kw_only=True, repr=False)
class Limit(Stored):
    """The value of a threshold of an integration, who set it, when and why."""

    value: float
    who: str = always("")
    purpose: str = always("")
    at: float = always(0.0)
