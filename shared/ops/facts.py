"""What the ops page shows, as plain values. ``Facts`` supplies them: from the ledger, or in tests from memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from shared.ops.codes import Line

Kind = Literal["control_id", "correlation_id", "nhs_number"]


@dataclass(frozen=True, slots=True)
class Flow:
    """One integration over the range; times in milliseconds, ``None`` if nothing was delivered."""

    integration: str
    accepted: int = 0
    delivered: int = 0
    rejected: int = 0
    duplicate: int = 0
    dead: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    waiting: int = 0
    oldest_s: float = 0
    dead_now: int = 0
    dead_is_more: bool = False  # as many as were read; there may be more
    breaker: Literal["closed", "open", "half-open"] = "closed"
    codes_waiting: int = 0  # lanes that wait for a code that no table has
    observed: int = 0

    @property
    def error_rate(self) -> float | None:
        """Rejected and dead of all received, in per cent; ``None`` without traffic."""
        received = self.accepted + self.rejected
        return 100 * (self.rejected + self.dead) / received if received else None

    @property
    def needs_action(self) -> bool:
        return self.dead_now > 0 or self.codes_waiting > 0 or self.breaker == "open"


@dataclass(frozen=True, slots=True)
class Point:
    """One step of the time axis: its start in epoch seconds, counts, and the 95th percentile in milliseconds."""

    t: int
    accepted: int = 0
    errors: int = 0
    p95: float | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    flows: tuple[Flow, ...]
    points: tuple[Point, ...]
    at: str


@dataclass(frozen=True, slots=True)
class Found:
    """One message: its id in the ledger and what became of it; ``can_replay`` if it needs action."""

    integration: str
    id: str
    control_id: str
    outcome: str
    received_at: str
    attempts: int = 0
    reason: str = ""
    can_replay: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a journey."""

    at: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Journey:
    found: Found
    correlation_id: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold of an integration; a value beyond it raises an alert. Below 0: none."""

    integration: str
    rule: str
    value: float
    who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds that are set, and what can be set: integrations, and rules with their units."""

    given: tuple[Limit, ...]
    integrations: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Actor:
    """The person and the reason, as the audit keeps them."""

    name: str
    role: str
    why: str = ""


class Facts(Protocol):
    """Every call reads named partitions or ranges of rows; none scans a table."""

    async def overview(self, minutes: int) -> Overview: ...

    async def find(self, kind: Kind, value: str, actor: Actor) -> Sequence[Found]: ...

    async def journey(self, integration: str, message_id: str) -> Journey | None: ...

    async def dead(self, most: int = 100) -> Sequence[Found]: ...

    async def replay(self, integration: str, message_id: str, actor: Actor) -> bool: ...

    async def discard(self, integration: str, message_id: str, actor: Actor) -> bool: ...

    async def codes(self) -> Sequence[Line]: ...

    async def parallel(self, minutes: int) -> Sequence[Mapping[str, Any]]:
        """Each parallel run, as ``./hub observe --json`` shows it."""

    async def limits(self) -> Limits: ...

    async def set_limit(self, limit: Limit) -> bool: ...
