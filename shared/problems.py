"""The five kinds of failure (docs/architecture.md). Raised once; the trigger turns it into an answer.

Problem
 ├─ Unsupported   read:    wrong version, sender or type             AR, recorded, no retry
 ├─ Rejected      check:   the content breaks a rule                 AE (or AR), recorded, no retry
 ├─ Unavailable   accept:  storage is not available                  503; nothing stored, the sender sends again
 ├─ Undelivered   deliver: the destination rejects or is unavailable retried, then a dead letter
 └─ Fault         any other failure                                  500 before the record, dead letter after it
     └─ Unsendable  the output of the hub fails its check            AE at the check; dead letter if already stored
"""

import sys
from traceback import clear_frames
from typing import Literal

from shared.issue import Issue

LONGEST_RETRY_AFTER = 900.0  # seconds; a longer Retry-After of a destination is reduced to this


class Problem(Exception):
    """A failure, with its issues. The text has only rule ids and paths, never values."""

    def __init__(self, *issues: Issue) -> None:
        super().__init__("; ".join(f"{issue.rule or issue.code} at {issue.where or '-'}" for issue in issues))
        self.issues = issues


class Unsupported(Problem):
    """The integration does not accept this version, sender or type of message."""


class Rejected(Problem):
    """The content breaks a rule; the sender must correct and resend it."""


class Unavailable(Problem):
    """The ledger cannot store the message now; nothing was stored."""


class Undelivered(Problem):
    """The destination did not accept the message.

    Args:
        kind: ``transient`` (try again), ``permanent`` (the destination will never accept this message: dead letter),
            ``misconfigured`` (401, 403, 404: open the breaker, keep the message). The owner of each failure, by its code:
            ``shared/destinations/kinds/failures.py``.
        code: short and fixed, for telemetry: ``timeout``, ``refused``, ``http-503``, ``ack-AE``.
        ambiguous: the destination may have accepted it; the hub sends it again with the same control id.
        retry_after: seconds that the destination requests, at most ``LONGEST_RETRY_AFTER``; 0 if it requests none.
        detail: the text of the destination (ERR), stored in the dead letter as content, never logged.
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
    """A failure of the hub: a bug, or output that fails its check. The text names the place in the code."""

    def __str__(self) -> str:
        return "; ".join(f"{issue.rule or issue.code}: {issue.text}" for issue in self.issues)


class Unsendable(Fault):
    """The output for a message fails its check. The message is rejected, because every attempt would fail."""


class Interrupted(Exception):
    """Work that cannot go on now through no bug: storage is away, another worker was first, or a claim has ended."""


class Lost(Interrupted):
    """The claim is another worker's, or storage does not answer: the other worker finishes the work."""


def without_traceback(problem: BaseException) -> None:
    """Take the tracebacks from an error that is translated into another, and from those that it followed.

    The function that raised it, or a context manager that it passed, may keep it in a variable, and the SDK of Azure another one
    made of it. Then the errors, their tracebacks and the frames refer to each other, and the frames to those of their callers,
    with the message that is worked on: its memory would be in use until Python looks for such circles, which may be several
    messages later. Frames that have ended lose their variables; those that run or wait keep them.
    """
    seen: BaseException | None = problem
    while seen:
        if sys.version_info >= (3, 13):  # before, this would end a coroutine that has caught the same error and waits
            clear_frames(seen.__traceback__)
        seen.__traceback__ = None
        seen = seen.__cause__ or seen.__context__
