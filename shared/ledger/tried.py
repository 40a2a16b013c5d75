"""The attempts at one message, one by one: a bounded list in the row that each attempt writes anyway."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import orjson

MOST = 12  # attempts that a row lists: the first one and the last ones
Result = Literal["delivered", "waiting", "dead", "unknown"]


class Attempt(NamedTuple):
    """One attempt.

    ``at``: seconds since 1970, when sending began, or when the attempt ended if nothing was sent; 0 when it is not known.
    ``result``: ``waiting``: it failed and is tried again; ``unknown``: its worker ended before it wrote down what happened.
    ``code``: of the answer or of the failure. ``ms``: from the first byte to the answer; ``None`` when nothing was sent.
    """

    at: float
    result: Result
    code: str = ""
    ms: int | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """The attempts so far, oldest first. ``skipped``: how many are left out after the first one."""

    attempts: tuple[Attempt, ...] = ()
    skipped: int = 0

    @classmethod
    def read(cls, text: str) -> "Tried":
        """From the text of a row; none for a row of a version that did not list them."""
        if not text:
            return cls()
        skipped, *attempts = orjson.loads(text)
        return cls(tuple(Attempt(*each) for each in attempts), skipped)

    def plus(self, attempt: Attempt) -> "Tried":
        """One attempt more; the second oldest makes room for it."""
        every = (*self.attempts, attempt)
        if len(every) <= MOST:
            return Tried(every, self.skipped)
        return Tried((every[0], *every[2:]), self.skipped + 1)

    def text(self) -> str:
        """As the row keeps it.

        >>> Tried().plus(Attempt(at=1.5, result="waiting", code="ack-AE", ms=40)).text()
        '[0,[1.5,"waiting","ack-AE",40]]'
        """
        return orjson.dumps([self.skipped, *map(tuple, self.attempts)]).decode() if self.attempts else ""
