"""A file of several messages, as its format reads it: the members one by one, and the answer made of their verdicts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from shared.envelope import Answer, Envelope
from shared.issue import Issue, Verdict


class Member(NamedTuple):
    """One message of a file.

    Args:
        number: from 1, without a gap. body: the same bytes as if it were sent alone.
        content_type: of the body, if it is not that of the file.
        answered_in: the media type of its acknowledgement, if it becomes a part of one in that type; ``""``: as ``Accept`` names.
        place: where the sender sees it, such as the row of a table; 0 if it has no such number.
        issues: why it is refused without a look at its content; empty for nearly every member.
    """

    number: int
    body: bytes
    place: int = 0
    issues: tuple[Issue, ...] = ()
    content_type: str = ""
    answered_in: str = ""

    def alone(self, file: Envelope) -> Envelope:
        """The member as if it were sent alone, in place of the file."""
        alone = file.with_body(self.body, self.content_type or file.content_type)
        if not self.answered_in or file.headers.get("accept", self.answered_in) == self.answered_in:
            return alone
        return replace(alone, headers={**alone.headers, "accept": self.answered_in})


class Answered(NamedTuple):
    """A member with the verdict on it and the acknowledgement that it would get if it were sent alone."""

    member: Member
    verdict: Verdict
    acknowledgement: bytes


class Batch(Protocol):
    """A file, to be read once. ``issues`` (of the file as a whole) and ``count`` are complete after its members were read.

    A fatal issue means that the file could not be read to its end: nothing of it is taken.
    """

    @property
    def issues(self) -> Sequence[Issue]: ...

    @property
    def count(self) -> int: ...

    def members(self) -> Iterator[Member]:
        """Each message, in order."""

    def acknowledge(self, answered: Iterable[Answered]) -> Answer:
        """The acknowledgement of the file. It reads the members through ``answered``, which decides on each."""
