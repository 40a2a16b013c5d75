"""The five kinds of failure (docs/architecture.md). Raised once, turned into an answer at the edge.

Problem
 ├─ Unsupported   read:    wrong version, sender or type             AR, recorded, no retry
 ├─ Rejected      check:   the content breaks a rule                 AE (or AR), recorded, no retry
 ├─ Unavailable   accept:  storage is away                           503; nothing stored, the sender sends again
 ├─ Undelivered   deliver: the destination refused or is away        retried, then a dead letter
 └─ Fault         anything else                                      500 before the record, dead letter after it
     └─ Unsendable  our own output does not pass its check           AE at the check; dead letter when stored already
"""

from typing import Literal

from shared.issue import Issue

LONGEST_RETRY_AFTER = 900.0  # seconds; a destination that asks for more is tried after this all the same


class Problem(Exception):
    """What went wrong, as issues; its text is made of rule ids and paths only, never of values."""

    def __init__(self, *issues: Issue) -> None:
        super().__init__("; ".join(f"{issue.rule or issue.code} at {issue.where or '-'}" for issue in issues))
        self.issues = issues


class Unsupported(Problem):
    """The message is none that this integration takes: version, sender or type."""


class Rejected(Problem):
    """The content breaks a rule; the sender must mend it."""


class Unavailable(Problem):
    """The ledger cannot take the message now; nothing was stored."""


class Undelivered(Problem):
    """The destination did not take the message.

    Args:
        kind: ``transient`` (try again), ``permanent`` (this message will never be taken: dead letter),
            ``misconfigured`` (401, 403, 404: open the breaker, keep the message). Whose failure it is, and what that costs,
            is in ``shared/destinations/failures.py``, by the code.
        code: short and fixed, for telemetry: ``timeout``, ``refused``, ``http-503``, ``ack-AE``.
        ambiguous: it may have been taken all the same; the resend carries the same control id.
        retry_after: seconds that the destination asked for, at most ``LONGEST_RETRY_AFTER``; 0 when it did not.
        detail: the destination's own words (an ERR text), kept in the dead letter as content, never logged.
    """

    def __init__(
        self,
        kind: Literal["transient", "permanent", "misconfigured"],
        code: str,
        text: str,
        *,
        ambiguous: bool = False,
        retry_after: float = 0,
        detail: str = "",
    ) -> None:
        super().__init__(Issue(severity="error", code="transient" if kind == "transient" else "processing", text=text, rule=code))
        self.kind, self.code, self.ambiguous = kind, code, ambiguous
        self.retry_after, self.detail = min(retry_after, LONGEST_RETRY_AFTER), detail


class Fault(Problem):
    """A failure of the hub itself: a bug, or output that does not pass its own check. Its text says where in the code."""

    def __str__(self) -> str:
        return "; ".join(f"{issue.rule or issue.code}: {issue.text}" for issue in self.issues)


class Unsendable(Fault):
    """What would leave for a message does not pass its own check: the message is refused, because it always would fail."""


class Interrupted(Exception):
    """Work that cannot go on now through no bug: storage is away, another worker was first, or a claim has ended."""
