"""The leaves of an HL7 v2 message: its subcomponents that hold a text, and the same message with some of them changed."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from shared.hl7.message import Message
from shared.hl7.segment import HEADERS
from shared.hl7.syntax.encoding import Encoding
from shared.leaves import Leaf, occurrence

Test = Callable[[str], object]
Place = tuple[int, ...]  # field, repetition, component, subcomponent: zero-based; -1 where a level was not divided


class Spot(NamedTuple):
    """Where a leaf of a message is: its path, its text, the number of its line, its place in the line."""

    path: str
    text: str
    line: int
    at: Place


def hl7_leaves(message: Message) -> Iterator[Leaf]:
    """Subcomponents that hold a text. The delimiters in MSH-1 and MSH-2 are not leaves."""
    for spot in hl7_spots(message):
        yield Leaf(spot.path, spot.text, partial(_with_text, message, spot))


def hl7_spots(message: Message) -> Iterator[Spot]:
    """Where each leaf of ``hl7_leaves`` is, for callers that change several at once."""
    for number, (segment, line) in enumerate(segments(message).items()):
        for at, text in _segment_parts(segment, line, message.encoding):
            yield Spot(_path(segment, at), text, number, at)


def paths_where(message: Message, is_one: Test, may_have: Test) -> Iterator[str]:
    """The path of each leaf that ``is_one``. Nothing that cannot have one is divided: in most messages that is nearly all.

    ``may_have``: whether a part of a line may have such a leaf. If it is true of a leaf, it is true of each part around it.
    """
    for segment, line in segments(message).items():
        for at, text in _segment_parts(segment, line, message.encoding, may_have):
            if is_one(text):
                yield _path(segment, at)


def replaced(message: Message, texts: Iterable[tuple[Spot, str]]) -> Message:
    """The same message with other texts at these places."""
    lines, levels = list(message.lines), _levels(message.encoding)
    for spot, text in texts:
        lines[spot.line] = _with_part(lines[spot.line], levels, spot.at, text)
    return Message(lines, message.encoding, message.repairs)


def segments(message: Message) -> dict[str, str]:
    """Every segment by its path: ``PID``, ``OBX``, ``OBX[2]``."""
    found: dict[str, str] = {}
    counts: dict[str, int] = {}
    for line in message.lines:
        name = line.split(message.encoding.field, 1)[0]
        counts[name] = counts.get(name, 0) + 1
        found[name + occurrence(counts[name])] = line
    return found


def segment_texts(segment: str, line: str, encoding: Encoding) -> dict[str, str]:
    """Path and text of every leaf of one segment."""
    return {_path(segment, at): text for at, text in _segment_parts(segment, line, encoding)}


def _segment_parts(segment: str, line: str, encoding: Encoding, may_have: Test = bool) -> Iterator[tuple[Place, str]]:
    first = 2 if segment in HEADERS else 1
    return (part for part in _parts(line, _levels(encoding), may_have) if part[0][0] >= first)


def _path(segment: str, at: Place) -> str:
    field = at[0] + 1 if segment in HEADERS else at[0]
    return f"{segment}-{field}{occurrence(at[1] + 1)}" + "".join(f".{part + 1}" for part in at[2:] if part >= 0)


def _levels(encoding: Encoding) -> tuple[str, ...]:
    return encoding.field, encoding.repetition, encoding.component, encoding.subcomponent


def _parts(text: str, levels: tuple[str, ...], may_have: Test = bool) -> Iterator[tuple[Place, str]]:
    """Every part that holds a text, with its place at each level; only of those parts that ``may_have`` one."""
    if not text or not may_have(text):
        return
    if not levels:
        yield (), text
        return
    parts = text.split(levels[0])
    for number, part in enumerate(parts):
        place = -1 if len(levels) < 3 and len(parts) == 1 else number
        yield from (((place, *rest), leaf) for rest, leaf in _parts(part, levels[1:], may_have))


def _with_text(message: Message, spot: Spot, text: str) -> Message:
    return replaced(message, ((spot, text),))


def _with_part(text: str, levels: tuple[str, ...], at: Place, new: str) -> str:
    if not levels:
        return new
    parts = text.split(levels[0])
    place = max(at[0], 0)
    parts[place] = _with_part(parts[place], levels[1:], at[1:], new)
    return levels[0].join(parts)
