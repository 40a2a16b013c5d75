"""A message that was checked, on its way into the ledger, and what became of it there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from shared.envelope import Answer, Envelope, Outgoing
from shared.issue import Issue, Verdict
from shared.ledger.rows import Head, Waiting
from shared.storage import names

REUSE = Issue(
    severity="warning",
    code="duplicate",
    where="MSH-10",
    text="this control id was used before with another body",
    rule="control-id-reuse",
    hl7="205",
)
AWAY = Issue(
    severity="error", code="transient", text="the hub cannot store the message now: send it again", rule="storage-away", hl7="207"
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Arrival:
    """A message that was checked, on its way into the ledger."""

    envelope: Envelope
    lane: str
    key: str  # of its receipt: the hash of its identity
    digest: str
    control: str
    by_control: str  # the finder of its control id
    facts: Mapping[str, str | bool]  # sender, facility, synthetic: what rows and search may show
    verdict: Verdict
    acknowledge: Callable[[Verdict], Answer]
    token: str
    after: str = ""  # the lane that must be done first
    finders: tuple[str, ...] = ()  # the other finders that the index has it under
    body: bytes = field(default=b"", repr=False)  # compressed; empty when it is in a blob
    blob: str = ""  # where the body is when it is large

    @property
    def id(self) -> str:
        return names.message_id(self.lane, self.key)

    @property
    def identity(self) -> str:
        """The hash of its identity, also of one with a control id that was used before."""
        return self.key.partition("-")[0]

    @property
    def is_reused(self) -> bool:
        return self.key != self.identity

    def reused(self) -> "Arrival":
        """The same control id with another body: a new message with a warning."""
        warned = self.verdict._replace(issues=(*self.verdict.issues, REUSE))
        return replace(self, key=f"{self.key}-{self.digest[:16]}", verdict=warned)


class Fresh(NamedTuple):
    """What the accepting process knows already, so that its first attempt reads nothing."""

    head: Head
    waiting: Waiting
    envelope: Envelope | None  # ``None``: it is large, and is read again when the memory for it is free
    quiet: bool  # nothing else waits in the lane and no worker has claimed it
    made: tuple[Outgoing, ...] = ()  # what leaves, where the check has made it and it is small

    @property
    def is_behind(self) -> bool:
        """Whether the lane was not idle when the message was stored: who has it cannot give it back without seeing it."""
        return self.head.idle != self.head.number - 1


class Recorded(NamedTuple):
    """What became of an arrival."""

    id: str
    kind: Literal["new", "duplicate", "again"]  # again: the same copy, read a second time by the hub itself
    answer: Answer
    lane: str = ""
    fresh: Fresh | None = None
