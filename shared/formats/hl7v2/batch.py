"""An HL7 v2 batch file as the hub takes it. HL7 v2.5.1 section 2.10.3."""

from collections.abc import Iterable, Iterator

from shared.envelope import Answer, Envelope
from shared.formats.batch import Answered, Member
from shared.formats.hl7v2 import HL7
from shared.hl7 import batch
from shared.hl7.batch import BatchReader, write_acknowledgement
from shared.issue import Issue

CUT_SHORT = Issue(
    severity="error",
    code="structure",
    text="the file ends inside this message: send it again",
    rule="batch-cut-short",
    clause="HL7 v2.5.1 2.10.3",
)


class Hl7Batch:
    """The messages of a batch file."""

    def __init__(self, envelope: Envelope) -> None:
        self.body, self.received_at = envelope.body, envelope.received_at
        self.reader = BatchReader(envelope.body)
        self._last: batch.Member | None = None  # the one that is being decided

    @property
    def issues(self) -> list[Issue]:
        return self.reader.issues

    @property
    def count(self) -> int:
        return self.reader.count

    def members(self) -> Iterator[Member]:
        """Each message. If the file ends in the middle of the last one, that one is refused: what is missing cannot be known."""
        for member, is_cut in self._with_cut():
            self._last = member
            # In HL7 also where Accept names another type: the acknowledgement of a batch has those of its members in it.
            yield Member(member.number, member.body, issues=(CUT_SHORT,) if is_cut else (), answered_in=HL7)

    def _with_cut(self) -> Iterator[tuple[batch.Member, bool]]:
        cut, last = is_cut_short(self.body), None
        for member in self.reader:
            if last:
                yield last, False
            last = member
        if last:
            yield last, cut

    def acknowledge(self, answered: Iterable[Answered]) -> Answer:
        """The answers between the headers and trailers of a batch acknowledgement."""
        body = b"".join(write_acknowledgement(self.reader, self._pairs(answered), self.received_at))
        return Answer(status=200, content_type=HL7, body=body)

    def _pairs(self, answered: Iterable[Answered]) -> Iterator[tuple[batch.Member, bytes]]:
        """The member that was read last, which knows the header of its batch, with its answer."""
        for each in answered:
            if self._last:
                yield self._last, each.acknowledgement


def is_cut_short(body: bytes) -> bool:
    """Whether a file ends in a line that is neither ended nor a trailer. HL7 v2.5.1 2.10.3: a trailer closes each header.

    >>> is_cut_short(b"BHS|^~\\\\&\\rMSH|^~\\\\&\\rOBX|1|NM|||12"), is_cut_short(b"BHS|^~\\\\&\\rMSH|^~\\\\&\\rBTS|1")
    (True, False)
    """
    line = body.rstrip(b"\x1c").replace(b"\n", b"\r").rpartition(b"\r")[2]
    return bool(line) and line[:3] not in (b"BTS", b"FTS")
