"""The leaves of a document: every place that holds a text, and the same document with one of them changed."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

from shared.hl7 import Message
from shared.hl7.encoding import Encoding
from shared.hl7.segment import HEADERS

Place = tuple[int, ...]
INDEX = re.compile(r"\[\d+\]")


class Leaf(NamedTuple):
    """A place that holds a text: its path, the text as it was sent, and the document with another text there."""

    path: str
    text: str
    changed: Callable[[str], Any]


def leaves(document: Any) -> Iterator[Leaf]:
    """Every leaf of a message, or of a JSON document."""
    if isinstance(document, Message):
        return hl7_leaves(document)
    is_bundle = isinstance(document, dict) and document.get("resourceType") == "Bundle"
    return bundle_leaves(document) if is_bundle else json_leaves(document)


def short(path: str) -> str:
    """``PID-13`` for ``PID-13.1``: the first component of a field that has no other is the field.

    >>> short("PID-13.1.1"), short("PID-3[2].1"), short("PID-5.2"), short("a.1")
    ('PID-13', 'PID-3[2]', 'PID-5.2', 'a.1')
    """
    end = len(path)
    while path.endswith(".1", 0, end) and (path[end - 3 : end - 2].isdigit() or path[end - 3 : end - 2] == "]"):
        end -= 2
    return path[:end]


def place(path: str) -> str:
    """A path without its indices: ``PID-3`` for ``PID[2]-3[4].1``."""
    return short(INDEX.sub("", path))


def hl7_leaves(message: Message) -> Iterator[Leaf]:
    """Subcomponents that hold something; the delimiters of MSH-1 and MSH-2 are no leaves."""
    for spot in hl7_spots(message):
        yield Leaf(spot.path, spot.text, partial(_with, message, spot))


class Spot(NamedTuple):
    """Where a leaf of a message is: its path, its text, the number of its line, its place in the line."""

    path: str
    text: str
    line: int
    at: Place


def hl7_spots(message: Message) -> Iterator[Spot]:
    """Where each leaf of ``hl7_leaves`` is, for who changes several at once."""
    for number, (segment, line) in enumerate(segments(message).items()):
        for at, text in _segment_parts(segment, line, message.encoding):
            yield Spot(_path(segment, at), text, number, at)


def replaced(message: Message, texts: Iterable[tuple[Spot, str]]) -> Message:
    """The same message with other texts at these places."""
    lines, levels = list(message.lines), _levels(message.encoding)
    for spot, new in texts:
        lines[spot.line] = _put(lines[spot.line], levels, spot.at, new)
    return Message(lines, message.encoding, message.repairs)


def segments(message: Message) -> dict[str, str]:
    """Every segment by its path: ``PID``, ``OBX``, ``OBX[2]``."""
    found: dict[str, str] = {}
    seen: dict[str, int] = {}
    for line in message.lines:
        name = line.split(message.encoding.field, 1)[0]
        seen[name] = seen.get(name, 0) + 1
        found[name + _index(seen[name])] = line
    return found


def segment_texts(segment: str, line: str, encoding: Encoding) -> dict[str, str]:
    """Path and text of every leaf of one segment."""
    return {_path(segment, at): text for at, text in _segment_parts(segment, line, encoding)}


def _segment_parts(segment: str, line: str, encoding: Encoding) -> Iterator[tuple[Place, str]]:
    first = 2 if segment in HEADERS else 1
    return (part for part in _parts(line, _levels(encoding)) if part[0][0] >= first)


def _path(segment: str, at: Place) -> str:
    field = at[0] + 1 if segment in HEADERS else at[0]
    return f"{segment}-{field}{_index(at[1] + 1)}" + "".join(f".{part + 1}" for part in at[2:] if part >= 0)


def _levels(encoding: Encoding) -> tuple[str, ...]:
    return encoding.field, encoding.repetition, encoding.component, encoding.subcomponent


def _parts(text: str, levels: tuple[str, ...]) -> Iterator[tuple[Place, str]]:
    """Every part that holds something with its place at each level; -1 where a level was not divided."""
    if not text:
        return
    if not levels:
        yield (), text
        return
    parts = text.split(levels[0])
    for number, part in enumerate(parts):
        place = -1 if len(levels) < 3 and len(parts) == 1 else number
        yield from (((place, *rest), leaf) for rest, leaf in _parts(part, levels[1:]))


def _with(message: Message, spot: Spot, new: str) -> Message:
    return replaced(message, ((spot, new),))


def _put(text: str, levels: tuple[str, ...], at: Place, new: str) -> str:
    if not levels:
        return new
    parts = text.split(levels[0])
    place = max(at[0], 0)
    parts[place] = _put(parts[place], levels[1:], at[1:], new)
    return levels[0].join(parts)


def _index(number: int) -> str:
    return f"[{number}]" if number > 1 else ""


def json_leaves(document: Any, path: str = "", put: Callable[[Any], Any] = lambda new: new) -> Iterator[Leaf]:
    """Values of a JSON document; ``entry[0].resource.birthDate``."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from json_leaves(value, f"{path}.{key}" if path else key, _putter(document, key, put))
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from json_leaves(value, f"{path}[{number}]", _putter(document, number, put))
    elif document is not None:
        yield Leaf(path, str(document), put)


def bundle_leaves(bundle: dict[str, Any]) -> Iterator[Leaf]:
    """Values of the resources of a bundle, each under its type: ``Patient.birthDate``, ``Observation[2].status``."""
    seen: dict[str, int] = {}
    entries = bundle.get("entry", [])
    for number, entry in enumerate(entries):
        resource = entry.get("resource", {})
        kind = resource.get("resourceType", "entry")
        seen[kind] = seen.get(kind, 0) + 1
        put = _putter(entry, "resource", _putter(entries, number, _putter(bundle, "entry", lambda new: new)))
        yield from json_leaves(resource, kind + _index(seen[kind]), put)


def _putter(container: Any, key: Any, put: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def changed(new: Any) -> Any:
        copy = container.copy()
        copy[key] = new
        return put(copy)

    return changed
