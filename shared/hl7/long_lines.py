"""Lines with a long text: the text stays where it is in the body, and what is read of the line refers to it.

A message with a document would otherwise have it once more in its line, in its field and in its component. Code that reads one of
them gets a ``str``, as always: it is made when it is read, and is not kept. ``LongRepetition.where_it_is`` makes none.
A long text has no delimiter and no escape sequence, so that it is always inside one subcomponent.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, cast, overload

from shared.hl7.repetition import EMPTY, NULL, PLACES, Raw, Repetition
from shared.hl7.segment import HEADERS, NUMBERS, Segment
from shared.hl7.syntax.encoding import Encoding, unescape
from shared.long_texts import LongText


class Rope(NamedTuple):
    """A text in parts: the second, the fourth and so on are long texts."""

    parts: tuple[str | LongText, ...]

    def __str__(self) -> str:
        """The text, put together."""
        parts = [str(each) for each in self.parts if each]
        return parts[0] if len(parts) == 1 else "".join(parts)

    @property
    def is_short(self) -> bool:
        return len(self.parts) == 1

    @property
    def short(self) -> tuple[str, ...]:
        """The parts between the long texts."""
        return cast("tuple[str, ...]", self.parts[::2])

    def has(self, text: str) -> bool:
        """Whether a text of delimiters is in it: a long text has none."""
        return any(text in each for each in self.short)

    def split(self, delimiter: str) -> list["Rope"]:
        found, rope = list[Rope](), list[str | LongText]()
        for part in self.parts:
            if isinstance(part, LongText):
                rope.append(part)
                continue
            first, *others = part.split(delimiter)
            rope.append(first)
            for other in others:
                found.append(Rope(tuple(rope)))
                rope = [other]
        return [*found, Rope(tuple(rope))]


NOTHING = Rope(("",))


class Lines(Sequence[str]):
    """The lines of a message, of which some have a long text. Not a ``list``: its methods in C would not put a line together."""

    __slots__ = ("_ropes",)

    def __init__(self, ropes: Iterable[Rope]) -> None:
        self._ropes = list(ropes)

    def __len__(self) -> int:
        return len(self._ropes)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        return [str(each) for each in self._ropes[place]] if isinstance(place, slice) else str(self._ropes[place])

    def __iter__(self) -> Iterator[str]:
        return map(str, self._ropes)

    def __setitem__(self, place: int, line: str) -> None:
        self._ropes[place] = Rope((line,))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list | Lines) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> "Lines":
        return Lines(self._ropes)

    def rope(self, place: int) -> Rope:
        return self._ropes[place]

    def without_long(self, unless: str) -> Iterator[str]:
        """Each line without its long texts; whole, if it has this delimiter."""
        return (str(each) if each.has(unless) else "".join(each.short) for each in self._ropes)

    def size(self) -> int:
        return sum(len(part) for rope in self._ropes for part in rope.parts)

    def parts(self) -> Iterator[tuple[str | LongText, ...]]:
        """The parts of each line."""
        return (each.parts for each in self._ropes)


class LongSegment(Segment):
    """A segment with a long text."""

    __slots__ = ("_brief", "_long", "rope")

    def __init__(self, name: str, rope: Rope, encoding: Encoding, occurrence: int) -> None:
        self.name, self.rope, self.encoding, self.occurrence = name, rope, encoding, occurrence
        self._fields = None
        fields = rope.split(encoding.field)
        self._long = {number: field for number, field in enumerate(fields) if not field.is_short}
        self._brief = Segment(name, "", encoding, occurrence, [str(each) if each.is_short else "" for each in fields])

    @property
    def line(self) -> str:  # type: ignore[override]
        return str(self.rope)

    def __bool__(self) -> bool:
        return True

    @property
    def fields(self) -> list[str]:
        """The fields as sent: a new list each time, so that a field with a long text is not kept."""
        fields = list(self._brief.fields)
        for number, field in self._long.items():
            fields[number] = str(field)
        return fields

    @property
    def without_long(self) -> Segment:
        """The fields as sent, with an empty one in place of each that has a long text."""
        return self._brief

    def placed(self, occurrence: int, encoding: Encoding) -> Segment:
        if self.occurrence == occurrence and (self.encoding == encoding or not self.rope.has(self.encoding.escape)):
            return self
        return LongSegment(self.name, self.rope, encoding, occurrence)

    def __getitem__(self, path: str) -> str:
        number, repetition, component, subcomponent = PLACES[path]
        if number not in self._long:
            return self._brief[path]
        rope, encoding = self._long[number], self.encoding
        between = (encoding.repetition, encoding.component, encoding.subcomponent)
        for delimiter, place in zip(between, (repetition, component, subcomponent), strict=True):
            parts = rope.split(delimiter)
            if place >= len(parts):
                return ""
            rope = parts[place]
        return unescape(str(rope), encoding) if rope.has(encoding.escape) else str(rope)

    def raw(self, path: str) -> Raw:
        number, *_ = PLACES[path]
        return Segment.raw(self if number in self._long else self._brief, path)

    def is_null(self, path: str) -> bool:
        number, *_ = PLACES[path]
        return Segment.is_null(self if number in self._long else self._brief, path)

    def holds(self, field: str) -> bool:
        return self.has_long(field) or self._brief.holds(field)

    def repeats(self, field: str) -> list[Repetition]:
        found = self._long.get(NUMBERS[field])
        if found is None:
            return self._brief.repeats(field)
        ropes = found.split(self.encoding.repetition)
        return [Repetition(str(each), self.encoding) if each.is_short else LongRepetition(each, self.encoding) for each in ropes]

    def each(self, field: str) -> Iterator[tuple[str, Repetition]]:
        place = self.where(field)
        for number, repetition in enumerate(self.repeats(field), 1):
            if repetition:
                yield (f"{place}[{number}]" if number > 1 else place), repetition

    def has_long(self, field: str) -> bool:
        """Whether a field has a long text."""
        return NUMBERS[field] in self._long


class LongRepetition(Repetition):
    """A repetition with a long text."""

    __slots__ = ("_brief", "_rope", "_ropes")

    def __init__(self, rope: Rope, encoding: Encoding) -> None:
        self._rope, self.encoding = rope, encoding
        self._ropes = rope.split(encoding.component)
        self._brief = Repetition("", encoding)  # without the components that have a long text
        self._brief._parts = [str(each) if each.is_short else "" for each in self._ropes]

    @property
    def sent(self) -> str:  # type: ignore[override]
        return str(self._rope)

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, path: str) -> str:
        rope = self._long(path)
        if rope is None:
            return self._brief[path]
        return unescape(str(rope), self.encoding) if rope.has(self.encoding.escape) else str(rope)

    def _long(self, path: str) -> Rope | None:
        """A component or subcomponent of a component that has a long text; ``None``: it has none."""
        component, _, subcomponent, _ = PLACES[path]
        if component > len(self._ropes) or self._ropes[component - 1].is_short:
            return None
        parts = self._ropes[component - 1].split(self.encoding.subcomponent)
        return parts[subcomponent] if subcomponent < len(parts) else NOTHING

    def _leaf(self, path: str) -> str:
        rope = self._long(path)
        return self._brief._leaf(path) if rope is None else str(rope)

    def raw(self, path: str = "") -> Raw:
        if not path or "." in path:
            return Raw(self._leaf(path) if path else self.sent)
        component, _, _, _ = PLACES[path]
        return Raw(self._ropes[component - 1]) if component <= len(self._ropes) else EMPTY

    def where_it_is(self, path: str) -> str | LongText:
        """The text at a path; a long text that is all of it is not copied."""
        rope = self._long(path)
        found = [each for each in rope.parts if each] if rope else []
        return found[0] if len(found) == 1 and isinstance(found[0], LongText) else self[path]

    @property
    def size(self) -> int:
        return sum(map(len, self._rope.parts))

    def is_null(self, path: str = "1") -> bool:
        return self._rope.has(NULL) and self._leaf(path) == NULL

    @property
    def components(self) -> int:
        return len(self._ropes)


def with_component(segment: Segment, field: str, text: LongText) -> LongSegment:
    """The segment with a long text as one more component of a field, which has no repetitions."""
    fields, number, encoding = segment.fields, NUMBERS[field], segment.encoding
    before = encoding.field.join(fields[: number + 1]) + encoding.component
    after = "".join(encoding.field + each for each in fields[number + 1 :])
    return LongSegment(segment.name, Rope((before, text, after)), encoding, segment.occurrence)


def segment_at(place: int, lines: Lines, name: str, encoding: Encoding, occurrence: int) -> Segment:
    """The segment of a line."""
    rope = lines.rope(place)
    if rope.is_short:
        return Segment(name, str(rope), encoding, occurrence)
    return LongSegment(name, rope, encoding, occurrence)


def lines_of(segments: Sequence[Segment]) -> "list[str] | Lines":
    """The lines of these segments, each with its long text once."""
    if LongSegment in map(type, segments):
        return Lines(each.rope if isinstance(each, LongSegment) else Rope((each.line,)) for each in segments)
    return [each.line for each in segments]


def with_texts(lines: Sequence[str], mark: str, texts: list[LongText]) -> Lines | None:
    """The lines with a long text in the place of each mark; ``None``: a mark is not there, or in the header of a batch."""
    marked = [line for line in lines if mark in line]
    if any(line.startswith(HEADERS) for line in marked) or sum(line.count(mark) for line in marked) != len(texts):
        return None
    left = iter(texts)
    return Lines(Rope(tuple(_between(line.split(mark), left))) for line in lines)


def _between(parts: list[str], texts: Iterator[LongText]) -> Iterator[str | LongText]:
    yield parts[0]
    for part in parts[1:]:
        yield next(texts)
        yield part
