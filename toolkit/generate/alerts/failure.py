"""What the table knows of one kind of failure. Times are in minutes from the failure to the open alert."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One way from a failure to the people on call.

    ``event`` and ``keys`` are what the product emits. Without an event of the product, ``source`` says what is measured.
    ``minutes`` is 0 where nothing here can measure the time: then the failure has a reason.
    """

    alert: str
    minutes: int = 0
    event: str = ""
    keys: Mapping[str, str] = field(default=NOTHING)
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One kind of failure, the first way to an alert, the second one, and why a rule of the table does not hold for it."""

    name: str
    what: str
    first: Path | None = None
    second: Path | None = None
    reason: str = ""


def event(alert: str, minutes: int, name: str, **keys: str) -> Path:
    """An event in the logs, which a query reads."""
    return Path(alert=alert, minutes=minutes, event=name, keys=keys)


def alarm(reason: str, minutes: int) -> Path:
    """An event of the watchdog on the topic of alarms, which a metric alert counts: no log is needed."""
    return Path(alert="watchdog", minutes=minutes, source=f"alarm `{reason}`")


def platform(alert: str, source: str, minutes: int = 0) -> Path:
    """A measure of Azure itself: neither the hub nor its logs are needed."""
    return Path(alert=alert, minutes=minutes, source=source)
