"""A message: split into segments at once, and into fields only when they are read."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, overload

from shared.hl7.long_lines import Lines, segment_at
from shared.hl7.repetition import Raw
from shared.hl7.segment import Segment
from shared.hl7.syntax import charset, names
from shared.hl7.syntax.encoding import NONE, Encoding
from shared.hl7.syntax.path import FieldPath, Path
from shared.issue import Issue

# For the type checker: one of these names without a field is a segment, any other path is text.
Name = Literal[
    "MSH", "SFT", "EVN", "PID", "PD1", "ROL", "NK1", "PV1", "PV2", "DB1", "OBX", "AL1", "DG1", "DRG", "PR1", "GT1", "IN1",
    "IN2", "IN3", "ACC", "UB1", "UB2", "MRG", "MSA", "ERR", "ORC", "OBR", "NTE", "SPM", "TQ1", "TQ2", "CTI", "IAM", "ARV",
    "SCH", "RGS", "AIS", "AIG", "AIL", "AIP", "TXA", "RXA", "RXE", "RXO", "RXR", "RXC", "RXD", "PRT", "FT1", "QRD", "QRF",
    "QPD", "QAK", "RCP", "CON", "FHS", "BHS", "BTS", "FTS", "DSC", "MFI", "MFE", "PDA", "SAC", "BLG", "GP1", "PRB",
]  # fmt: skip


LARGE = 256 * 1024  # characters
Place = tuple[str, str, int, str]


class _Places(dict[str, Place]):
    """A cache of paths: key of the segment, its name and occurrence, and the path inside it. An invalid path raises."""

    def __missing__(self, text: str) -> Place:
        path = Path.parse(text)
        key = str(path._replace(place=FieldPath()))
        place = (key, path.segment, path.occurrence, text.partition("-")[2])
        if len(self) < 10_000:
            self[text] = place
        return place


_PLACES = _Places()


class Message:
    """One HL7 v2 message.

    >>> from shared.hl7 import parse
    >>> message = parse(b"MSH|^~\\\\&|252|PHW\\rPID|||1^^^NHS^NH~2^^^252^PI||Jon\\\\T\\\\es^Ann\\r")
    >>> message["PID-5"], message["PID-3[2].4"], message["PID-7"], bool(message["PV1"])
    ('Jon&es', '252', '', False)
    """

    __slots__ = (
        "_index",
        "_named",
        "_names",
        "_read",
        "_segments",
        "_sent",
        "converted",
        "doubts",
        "encoding",
        "lines",
        "repairs",
    )

    def __init__(
        self,
        lines: "list[str] | Lines",
        encoding: Encoding,
        repairs: tuple[Issue, ...] = (),
        names: list[str] | None = None,
        sent: "Message | None" = None,
    ) -> None:
        self.lines = lines
        self.encoding = encoding
        self.repairs = repairs  # repairs of the reader, and an error for each line that is not a segment
        self.doubts: list[Any] | None = None  # fields that failed the quick check; ``None`` before the check
        self._sent = sent
        self.converted: object = None  # the conversion that a check made, so that the transformation does not repeat it
        self._read: dict[str, Segment] = {}
        self._segments: dict[int, Segment] = {}
        self._named: dict[tuple[str, ...], tuple[Segment, ...]] = {}
        self._index: dict[str, list[int]] | None = None
        self._names = names

    def __repr__(self) -> str:
        return f"<Message of {len(self.lines)} segments>"

    @overload
    def __getitem__(self, path: Name) -> Segment: ...  # type: ignore[overload-overlap]
    @overload
    def __getitem__(self, path: str) -> str: ...
    def __getitem__(self, path: str) -> str | Segment:
        key, name, occurrence, inside = _PLACES[path]
        segment = self._read.get(key)
        if segment is None:
            segment = self._read[key] = self.segment(name, occurrence)
        return segment[inside] if inside else segment

    @property
    def names(self) -> list[str]:
        """The names of the segments, in the order of the message; ``""`` for a line that is not a segment."""
        found = self._names
        if found is None:
            found = self._names = names.names_of(self.lines_without_long(NONE), self.encoding.field)
        return found

    @property
    def index(self) -> dict[str, list[int]]:
        """The line numbers, from 0, of the segments of each name."""
        index = self._index
        if index is None:
            index = self._index = {}
            for number, name in enumerate(self.names):
                if name in index:
                    index[name].append(number)
                else:
                    index[name] = [number]
        return index

    def keep(self, segments: Sequence[Segment]) -> None:
        """Use these parsed segments for the first lines, so that they are not parsed again. They have the same delimiters."""
        counts: dict[str, int] = {}
        kept = self._segments
        for place, segment in enumerate(segments):
            counts[segment.name] = number = counts.get(segment.name, 0) + 1
            is_placed = segment.occurrence == number and segment.encoding is self.encoding
            kept[place] = segment if is_placed else segment.placed(number, self.encoding)
        if len(kept) == len(self.lines):
            self._named[()] = tuple(kept.values())
            self._names = [segment.name for segment in segments]

    def segment(self, name: str, occurrence: int = 1) -> Segment:
        """One segment by name; an empty one, which is false, if the message does not have it."""
        names = self._names or self.names
        if occurrence == 1 and name in names:  # the usual case, without the index
            return self._at(names.index(name), name, 1)
        places = self.index.get(name, ())
        if occurrence > len(places):
            return Segment(name, "", self.encoding, occurrence)
        return self._at(places[occurrence - 1], name, occurrence)

    def _at(self, place: int, name: str, occurrence: int) -> Segment:
        segment = self._segments.get(place)
        if segment is None:
            lines, encoding = self.lines, self.encoding
            segment = self._segments[place] = (
                Segment(name, lines[place], encoding, occurrence)
                if isinstance(lines, list)
                else segment_at(place, lines, name, encoding, occurrence)
            )
        return segment

    def segments(self, *names: str) -> tuple[Segment, ...]:
        """The segments of these names, or all, in the order of the message."""
        found = self._named.get(names)
        if found is None:
            found = self._named[names] = tuple(self._of(names))
        return found

    def _of(self, names: tuple[str, ...]) -> Iterable[Segment]:
        if not names:
            return self._every()
        if len(names) == 1:
            name = names[0]
            places = self.index.get(name)
            return [self._at(place, name, number) for number, place in enumerate(places, 1)] if places else ()
        return [segment for segment in self.segments() if segment.name in names]

    def _every(self) -> Iterator[Segment]:
        occurrences: dict[str, int] = {}
        if not isinstance(self.lines, list):
            yield from self._every_long(self.lines)
            return
        read, lines, encoding = self._segments, self.lines, self.encoding
        for place, name in enumerate(self.names):
            occurrences[name] = number = occurrences.get(name, 0) + 1
            segment = read.get(place)
            if segment is None:
                segment = read[place] = Segment(name, lines[place], encoding, number)
            yield segment

    def _every_long(self, lines: Lines) -> Iterator[Segment]:
        occurrences: dict[str, int] = {}
        for place, name in enumerate(self.names):
            occurrences[name] = number = occurrences.get(name, 0) + 1
            if place not in self._segments:
                self._segments[place] = segment_at(place, lines, name, self.encoding, number)
            yield self._segments[place]

    def groups(self, first: str) -> Iterator[tuple[Segment, ...]]:
        """The message cut before each segment of this name, without the segments before the first one."""
        group: list[Segment] = []
        for segment in self.segments():
            if segment.name == first:
                if group:
                    yield tuple(group)
                group = [segment]
            elif group:
                group.append(segment)
        if group:
            yield tuple(group)

    def is_null(self, path: str) -> bool:
        """Whether the value is ``""``, the sender's null: the receiver must delete its stored value."""
        key, name, occurrence, inside = _PLACES[path]
        return (self._read.get(key) or self.segment(name, occurrence)).is_null(inside)

    def raw(self, path: str) -> Raw:
        """The text at a path as sent, with delimiters and escape sequences."""
        key, name, occurrence, inside = _PLACES[path]
        return (self._read.get(key) or self.segment(name, occurrence)).raw(inside)

    def repaired(self, *issues: Issue) -> "Message":
        """The same message with more recorded repairs."""
        return Message(self.lines, self.encoding, (*self.repairs, *issues), sent=self._sent)

    def lines_without_long(self, unless: str) -> Iterable[str]:
        """Each line without its long texts of base64, which are many MiB; whole, if it has this delimiter."""
        return self.lines if isinstance(self.lines, list) else self.lines.without_long(unless)

    @property
    def size(self) -> int:
        """Characters of the lines."""
        return sum(map(len, self.lines)) if isinstance(self.lines, list) else self.lines.size()

    @property
    def as_sent(self) -> "Message":
        """The message as sent, without repairs, which a pass-through forwards."""
        return self._sent or self

    def encode(self) -> bytes:
        """The message as bytes in its character set, with CR after each segment.

        UTF-8 replaces it, in MSH-18 too, if it lacks a character of the message, and replaces UTF-16 and UTF-32, which MLLP
        cannot frame.
        """
        is_wide = charset.is_wide(self.encoding.charset)
        try:
            if self.size > LARGE and not is_wide:
                return self._encoded()
            text = "\r".join([*self.lines, ""])
            return _in_utf_8(text, self.encoding.field) if is_wide else text.encode(self.encoding.charset)
        except UnicodeEncodeError:
            return _in_utf_8("\r".join([*self.lines, ""]), self.encoding.field)

    def _encoded(self) -> bytes:
        """A large message is encoded in pieces, so that its text is not in memory once more."""
        whole = io.BytesIO()
        texts = ([each] for each in self.lines) if isinstance(self.lines, list) else self.lines.parts()
        for parts in texts:
            for part in (*parts, "\r"):
                for start in range(0, len(part), LARGE):
                    whole.write(part[start : start + LARGE].encode(self.encoding.charset))
        return whole.getvalue()


def _in_utf_8(text: str, separator: str) -> bytes:
    header, end, rest = text.partition("\r")
    fields = header.split(separator)
    fields += [""] * (18 - len(fields))
    fields[17] = charset.UTF_8
    return (separator.join(fields) + end + rest).encode("utf-8", "surrogatepass")
