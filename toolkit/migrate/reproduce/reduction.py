"""The smallest message that still fails in the same way: parts are left out as long as the failure stays."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from shared.compare.trees import format_of
from shared.hl7 import Message, ParseError, parse
from shared.hl7.leaves import hl7_spots, replaced

Holds = Callable[[bytes], bool]
Step = tuple[str | int, ...]
T = TypeVar("T")
LAST_RESORTS = (b"", b"x", b"{}", b"[]")


def smallest(body: bytes, holds: Holds) -> bytes:
    """The body with as little in it as the failure needs. ``holds``: whether a body fails as the first one does."""
    for short in LAST_RESORTS:
        if holds(short):
            return short
    kind = format_of(body)
    if kind == "hl7":
        return _hl7(body, holds)
    return _json(body, holds) if kind == "json" else _characters(body, holds)


def fewest(parts: Sequence[T], holds: Callable[[list[T]], bool]) -> list[T]:
    """The parts that are needed: halves, quarters and so on are left out, down to single ones (delta debugging).

    >>> fewest(range(100), lambda kept: 3 in kept and 97 in kept)
    [3, 97]
    """
    kept, size = list(parts), max(1, len(parts) // 2)
    while True:
        start, before = 0, len(kept)
        while start < len(kept):
            fewer = kept[:start] + kept[start + size :]
            if holds(fewer):
                kept = fewer
            else:
                start += size
        if size == 1 and len(kept) == before:
            return kept
        size = max(1, size // 2)


def _hl7(body: bytes, holds: Holds) -> bytes:
    """Segments, then the texts in them, then the delimiters that are left at the end of a line or a repetition."""
    try:
        message = parse(body)
    except ParseError:
        return _characters(body, holds)
    if not holds(message.encode()):
        return body  # the line ends or the character set matter
    lines = fewest(message.lines, lambda kept: bool(kept) and holds(_encoded(message, kept)))
    message = Message(lines, message.encoding)
    spots = list(hl7_spots(message))
    needed = set(fewest(spots, lambda kept: holds(_blanked(message, spots, set(kept)))))
    message = parse(_blanked(message, spots, needed))
    for number in range(len(message.lines)):
        for shorter in _shorter(message.lines[number], message):
            lines = [*message.lines[:number], shorter, *message.lines[number + 1 :]]
            if holds(_encoded(message, lines)):
                message = Message(lines, message.encoding)
                break
    return message.encode()


def _blanked(message: Message, spots: Iterable[Any], kept: set[Any]) -> bytes:
    return replaced(message, [(spot, "") for spot in spots if spot not in kept]).encode()


def _encoded(message: Message, lines: list[str]) -> bytes:
    return Message(lines, message.encoding).encode()


def _shorter(line: str, message: Message) -> Iterator[str]:
    """The line without empty repetitions, components and fields at the end, then with those in the middle only."""
    field, component, repetition, _, subcomponent = message.encoding[:5]
    tidy = field.join(_without_empty(part, repetition, component, subcomponent) for part in line.split(field))
    if not line.startswith("MSH"):
        yield tidy.rstrip(field)
    yield line.rstrip(field)


def _without_empty(text: str, repetition: str, component: str, subcomponent: str) -> str:
    parts = (part.rstrip(component + subcomponent) for part in text.split(repetition))
    return repetition.join(part for part in parts if part)


def _json(body: bytes, holds: Holds) -> bytes:
    """Properties and elements, the outer ones first, until none can be left out."""
    try:
        document = json.loads(body)
    except ValueError:
        return _characters(body, holds)
    if not holds(_written(document)):
        return body  # the order, a number's digits or a property that is there twice matter
    shrinking = True
    while shrinking:
        shrinking = False
        for step in sorted(_steps(document), key=len):
            fewer = _without(document, step)
            if fewer is not None and holds(_written(fewer)):
                document, shrinking = fewer, True
    return _written(document)


def _written(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "surrogatepass") + b"\n"


def _steps(value: Any, above: Step = ()) -> Iterator[Step]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*above, key)
        yield from _steps(part, (*above, key))


def _without(value: Any, step: Step) -> Any:
    """The document without one part; ``None`` when it has no such part any more."""
    key = step[0]
    if not (key in value if isinstance(value, dict) else isinstance(value, list) and isinstance(key, int) and key < len(value)):
        return None
    copy = value.copy()
    if len(step) == 1:
        del copy[key]
        return copy
    copy[key] = _without(value[key], step[1:])
    return None if copy[key] is None else copy


def _characters(body: bytes, holds: Holds) -> bytes:
    """Any other body: the bytes that are needed, looked for in pieces first."""
    return bytes(fewest(body[:4096], lambda kept: holds(bytes(kept)))) if holds(body[:4096]) else body
