"""What the ops page shows, as plain values. ``Facts`` supplies them: from the ledger, or in tests from memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from shared.ops.figures.codes import Line

Kind = Literal["control_id", "correlation_id", "nhs_number"]


@dataclass(frozen=True, slots=True)
class Flow:
    """One integration over the range; times in milliseconds, ``None`` if nothing was delivered.

    ``rejected``: messages that their senders must correct. ``failed``: messages that the hub could not accept (a fault, or
    storage that did not answer) or could not deliver.
    """

    integration: str
    accepted: int = 0
    delivered: int = 0
    rejected: int = 0
    duplicate: int = 0
    failed: int = 0
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
    unaccepted: int = 0  # of ``failed``: those that were not accepted
    held: int = 0  # lanes that a dead letter holds
    overdue: int = 0  # lanes whose first message has waited too long
    destination: str = ""
    paused: str = ""  # since when its delivery is paused; "" while it is not

    @property
    def received(self) -> int:
        return self.accepted + self.rejected + self.unaccepted

    @property
    def refusal_rate(self) -> float | None:
        """Rejected of all received, in per cent: the senders' share; ``None`` without traffic."""
        return 100 * self.rejected / self.received if self.received else None

    @property
    def failure_rate(self) -> float | None:
        """Failed of all received, in per cent: the hub's and the destination's share; ``None`` without traffic."""
        return 100 * self.failed / self.received if self.received else None


@dataclass(frozen=True, slots=True)
class Point:
    """One step of the time axis: its start in epoch seconds, counts, and the 95th percentile in milliseconds."""

    t: int
    accepted: int = 0
    refused: int = 0
    failed: int = 0
    p95: float | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    flows: tuple[Flow, ...]
    points: tuple[Point, ...]
    at: str
    step: int = 60  # seconds of one point


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
    """One line of a journey: something that has happened."""

    at: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt. ``at``: ``""`` if it is not known; ``ms``: ``None`` if nothing was sent; ``n``: its number, from 1."""

    n: int
    at: str
    result: str
    code: str = ""
    ms: int | None = None
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens next: not before ``at`` (``""``: as soon as what it waits for has ended), and what it waits for.

    ``why``: ``held``, ``behind``, ``sending``, ``due``, ``failed``, or the code of a reason to wait. ``behind``: the id of the
    message that must go first.
    """

    at: str
    why: str
    behind: str = ""


@dataclass(frozen=True, slots=True)
class Journey:
    """``not_listed``: attempts that the row no longer lists; ``not_recorded``: those that an earlier version only counted.

    ``plan``: ``None`` when the message has ended. ``is_newer``: a newer version wrote the record, and only its id is known here.
    """

    found: Found
    correlation_id: str = ""
    steps: tuple[Step, ...] = ()
    tries: tuple[Try, ...] = ()
    not_listed: int = 0
    not_recorded: int = 0
    plan: Plan | None = None
    is_newer: bool = False


@dataclass(frozen=True, slots=True)
class Refusals:
    """Messages of one sender that broke one rule; ``rule`` ``*``: all of them that were rejected."""

    sender: str
    rule: str
    count: int


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which the destination was not reachable; ``begin`` is ``""`` when it is not known."""

    begin: str
    end: str
    seconds: float
    probes: int
    code: str


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination now. ``since``: its first failure in a row; ``code``: of the last one; ``until``: when it is tried again.

    ``meanings``: what the code means, in the words of the table of failures, each with who caused it.
    """

    name: str
    state: Literal["closed", "open", "half-open"] = "closed"
    since: str = ""
    last: str = ""
    code: str = ""
    meanings: tuple[tuple[str, str], ...] = ()
    probes: int = 0
    until: str = ""
    outages: tuple[Outage, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenLane:
    """A lane in which messages wait: its first message, why it waits, and the dead letter that holds it, if one does."""

    first: Found | None
    waiting: int
    since: str
    plan: Plan | None = None
    held_by: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """One integration: everything that its page shows. ``agreement``: ``None`` when it does not run in parallel."""

    flow: Flow
    points: tuple[Point, ...]
    step: int
    at: str
    destination: Destination
    refusals: tuple[Refusals, ...] = ()
    callers: tuple[tuple[str, int], ...] = ()
    lanes: tuple[OpenLane, ...] = ()
    codes: Sequence[Line] = ()
    dead: Sequence[Found] = ()
    agreement: Mapping[str, Any] | None = None


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

    async def detail(self, integration: str, minutes: int) -> Detail | None:
        """``None``: there is no such integration."""

    async def find(self, kind: Kind, value: str, actor: Actor) -> Sequence[Found]: ...

    async def journey(self, integration: str, message_id: str) -> Journey | None: ...

    async def dead(self, most: int = 100) -> Sequence[Found]: ...

    async def replay(self, integration: str, message_id: str, actor: Actor) -> str:
        """Why it could not be replayed, as one word; ``""``: it is."""

    async def discard(self, integration: str, message_id: str, actor: Actor) -> str:
        """Why it could not be discarded, as one word; ``""``: it is."""

    async def codes(self) -> Sequence[Line]: ...

    async def parallel(self, minutes: int) -> Sequence[Mapping[str, Any]]:
        """Each parallel run, as ``./hub observe --json`` shows it."""

    async def limits(self) -> Limits: ...

    async def set_limit(self, limit: Limit) -> bool: ...
