"""Batches: FHS, BHS, messages, BTS, FTS. Read from a stream one message at a time, so that a file of any size needs only the
memory of its largest message. HL7 v2.5.1 sections 2.10.3 and 2.15.1 to 2.15.6.

``for member in (batch := BatchReader(body)):`` gives the messages in order. The bytes of each are the same as if it were sent
alone, so its identity and digest show when the same file is read again. Check ``batch.issues`` after the loop, because counts and
trailers are at the end of the file: an error there is about the file as a whole. ``write_acknowledgement`` writes the answer to
each member as soon as there is one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain, groupby
from typing import BinaryIO, NamedTuple

from shared.hl7.ack import HUB
from shared.hl7.compose import Value, segment
from shared.hl7.message import Message
from shared.hl7.reader import ParseError, parse
from shared.hl7.segment import Segment
from shared.hl7.syntax.timestamp import local
from shared.issue import Issue

_CHUNK = 1 << 16
_ANY_END = re.compile(rb"\r\n|\r|\n")
# Where CR ends the segments, LF is a line end inside a field, as in a single message; but not before a header or trailer.
_CR_END = re.compile(rb"\r\n?|\n(?=(?:MSH|FHS|BHS|BTS|FTS)[^A-Za-z0-9])")
_LOOKAHEAD = 4  # bytes after an LF that decide whether it ends a segment
_BEFORE = b"\xef\xbb\xbf\x0b \t\r\n"
_CLAUSE = "HL7 v2.5.1 2.10.3"


def is_batch(body: bytes) -> bool:
    """Whether a body begins with a file header or a batch header.

    >>> is_batch(b"\\r\\nFHS|^~\\\\&|A\\r"), is_batch(b"MSH|^~\\\\&|A\\r")
    (True, False)
    """
    return body[:64].lstrip(_BEFORE)[:3] in (b"FHS", b"BHS")


class Member(NamedTuple):
    """One message of a batch: its number in the file, from 1, its bytes, and the header of its batch, ``None`` without one."""

    number: int
    body: bytes
    header: Segment | None


@dataclass(slots=True, eq=False, repr=False)
class BatchReader:
    """The messages of a file, read once. ``issues`` and the headers cover the part of the file that was read so far."""

    source: bytes | BinaryIO
    file_header: Segment | None = None
    batch_headers: list[Segment] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    count: int = 0
    _in_batch: int = 0
    _open: list[str] = field(default_factory=list)  # headers without their trailer so far
    _lines: list[bytes] = field(default_factory=list)
    _closed: bool = False

    def __iter__(self) -> Iterator[Member]:
        for line in lines(BytesIO(self.source) if isinstance(self.source, bytes) else self.source):
            name = line[:3]
            if name in (b"MSH", b"FHS", b"BHS", b"BTS", b"FTS"):
                yield from self._member()
                self._control(name, line)
            elif self._lines:
                self._lines.append(line)
            else:
                self._report(text="a segment outside any message", rule="batch-segment")
        yield from self._member()
        for header in reversed(self._open):
            trailer = {"FHS": "FTS", "BHS": "BTS"}[header]
            self._report(where=trailer, text=f"{trailer} is missing: the file may be incomplete", rule="batch-trailer")

    @property
    def _header(self) -> Segment | None:
        return self.batch_headers[-1] if "BHS" in self._open else None

    def _member(self) -> Iterator[Member]:
        if self._lines:
            body = b"\r".join(self._lines) + b"\r"
            self._lines = []
            self.count += 1
            self._in_batch += 1
            yield Member(self.count, body, self._header)

    def _control(self, name: bytes, line: bytes) -> None:
        if self._closed:
            self._report(where="FTS", text="there are segments after the trailer of the file", rule="batch-trailer")
        if name == b"MSH":
            self._lines = [line]
        else:
            {b"FHS": self._file, b"BHS": self._batch, b"BTS": self._batch_end, b"FTS": self._file_end}[name](line)

    def _file(self, line: bytes) -> None:
        if self.file_header or self.batch_headers or self.count:
            self._report(where="FHS", text="FHS is not the first segment of the file", rule="batch-header")
        self.file_header = self._read("FHS", line)
        self._open = ["FHS"]

    def _batch(self, line: bytes) -> None:
        if "BHS" in self._open:
            self._report(where="BTS", text="BTS is missing before the next batch", rule="batch-trailer")
            self._open.remove("BHS")
        self.batch_headers.append(self._read("BHS", line))
        self._open.append("BHS")
        self._in_batch = 0

    def _batch_end(self, line: bytes) -> None:
        self._end("BHS", line, self._in_batch, "messages")
        self._in_batch = 0

    def _file_end(self, line: bytes) -> None:
        if "BHS" in self._open:
            self._report(where="BTS", text="BTS is missing before FTS", rule="batch-trailer")
            self._open.remove("BHS")
        self._end("FHS", line, len(self.batch_headers), "batches")
        self._closed = True

    def _end(self, header: str, line: bytes, counted: int, what: str) -> None:
        trailer = {"FHS": "FTS", "BHS": "BTS"}[header]
        if header not in self._open:
            self._report(where=trailer, text=f"{trailer} without {header}", rule="batch-trailer")
            return
        self._open.remove(header)
        stated = self._read(trailer, line)["1"]
        if stated and stated.lstrip("0") != (str(counted) if counted else ""):
            self._report(
                code="value",
                where=f"{trailer}-1",
                text=f"{trailer}-1 does not match the number of {what}, which is {counted}",
                rule="batch-count",
            )

    def _read(self, name: str, line: bytes) -> Segment:
        """A header or trailer segment; a trailer has the delimiters of its header."""
        text = line.decode("utf-8", "replace")
        try:
            if name in ("FHS", "BHS"):
                return Segment(name, text, parse("MSH" + text[3:]).encoding)
        except ParseError:
            self._report(where=name, text=f"{name} declares no delimiters", rule="batch-header")
        header = self.batch_headers[-1] if self.batch_headers else self.file_header
        return Segment(name, text, header.encoding if header else parse("MSH|^~\\&|").encoding)

    def _report(self, *, text: str, rule: str, where: str = "", code: str = "structure") -> None:
        if len(self.issues) < 50:
            self.issues.append(Issue(severity="error", code=code, where=where, text=text, rule=rule, clause=_CLAUSE))


def lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream without MLLP framing and blank lines, read in pieces of 64 KiB.

    CR, LF or CRLF ends a line. If the first line ends in CR alone, LF ends a line only before a header or trailer.
    """
    pieces: list[bytes] = []
    begun, end = False, None
    while chunk := _piece(stream):
        chunk = chunk if begun else chunk.lstrip(_BEFORE)
        begun = begun or bool(chunk)
        end = end or _line_end(chunk)
        first, *rest = (end or _ANY_END).split(chunk)
        pieces.append(first)
        for line in rest:
            yield from _line(pieces)
            pieces = [line]
    yield from _line(pieces)


def _piece(stream: BinaryIO) -> bytes:
    """The next bytes, extended until it is clear what a CR or LF at their end belongs to."""
    chunk = stream.read(_CHUNK)
    while (chunk.endswith(b"\r") or b"\n" in chunk[-_LOOKAHEAD:]) and (more := stream.read(_LOOKAHEAD)):
        chunk += more
    return chunk


def _line_end(chunk: bytes) -> re.Pattern[bytes] | None:
    """The pattern of line ends, by the first one in these bytes; ``None`` without one."""
    found = _ANY_END.search(chunk)
    return None if found is None else _CR_END if found[0] == b"\r" else _ANY_END


def _line(pieces: list[bytes]) -> Iterator[bytes]:
    line = b"".join(pieces)
    if line and line != b"\x1c":
        yield line


def write_acknowledgement(batch: BatchReader, answers: Iterable[tuple[Member, bytes]], received_at: str) -> Iterator[bytes]:
    """The batch acknowledgement, piece by piece: the answers to the messages of each batch between a header and a trailer.

    Args:
        answers: each member, in order, with its acknowledgement (MSH, MSA, ERR).
        received_at: UTC, ISO 8601: the time of creation in the headers.
    """
    pending = iter(answers)
    first = next(pending, None)  # reads the headers too
    if batch.file_header:
        yield _reply("FHS", batch.file_header, received_at)
    reported = batches = 0
    for header, group in groupby(chain([first] if first else [], pending), key=lambda pair: pair[0].header):
        yield _reply("BHS", header or batch.file_header, received_at)
        count = 0
        for _, answer in group:
            count += 1
            yield answer
        yield _trailer("BTS", count, batch, reported)
        reported, batches = len(batch.issues), batches + 1
    if not batches:
        yield _reply("BHS", batch.batch_headers[-1] if batch.batch_headers else batch.file_header, received_at)
        yield _trailer("BTS", 0, batch, reported)
    if batch.file_header:
        yield _trailer("FTS", max(batches, 1), batch, reported)


def _reply(name: str, header: Segment | None, received_at: str) -> bytes:
    """FHS or BHS of the answer: sender and receiver are swapped, and the control id of the header is the reference."""
    like = Message([], header.encoding) if header else parse("MSH|^~\\&|")
    swapped = {"3": "5", "4": "6", "5": "3", "6": "4", "9": "9", "12": "11"}
    values: dict[str, Value] = {to: header.raw(source) for to, source in swapped.items()} if header else {"3": HUB}
    values |= {"1": like.encoding.field, "2": like.encoding.characters, "7": local(received_at, offset=True)}
    return f"{segment(name, values, like=like).line}\r".encode()


def _trailer(name: str, count: int, batch: BatchReader, reported: int) -> bytes:
    """BTS or FTS with the count; the comment has the issues of the file as a whole after the first ``reported`` ones."""
    comment = "; ".join(issue.text for issue in batch.issues[reported:])[:80]
    header = batch.file_header or (batch.batch_headers[-1] if batch.batch_headers else None)
    like = Message([], header.encoding) if header else parse("MSH|^~\\&|")
    return f"{segment(name, {'1': str(count), '2': comment}, like=like).line}\r".encode()
