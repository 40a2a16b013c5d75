"""The texts of a body: each with the places that it is at, and the body with other texts in their place."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.compare.trees import format_of, place
from shared.hl7 import Message, ParseError, parse
from shared.hl7.leaves import hl7_spots, replaced

NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
LINE, KEY, BODY = "(line)", "(key)", "(body)"
Found = dict[str, list[str]]  # text -> places without indices


def texts(body: bytes) -> Found:
    """Every text of a body: leaves of a message, with lines that are no segments; strings, numbers and keys of JSON; else all."""
    found: Found = {}
    for where, text in _texts(body):
        found.setdefault(text, []).append(where)
    return found


def _texts(body: bytes) -> Iterator[tuple[str, str]]:
    read = _read(body)
    if isinstance(read, Message):
        yield from ((LINE, name) for name in _names(read) if not NAME.fullmatch(name))
        yield from ((place(spot.path), spot.text) for spot in hl7_spots(read))
    elif isinstance(read, str):
        yield BODY, read
    else:
        yield from _values(read, "")


def _read(body: bytes) -> Any:
    """A message, a JSON document, or the body as one text."""
    try:
        if format_of(body) == "hl7":
            return parse(body)
        if format_of(body) == "json":
            return json.loads(body)
    except (ParseError, ValueError):
        pass
    return body.decode("utf-8", "surrogateescape")


def _names(message: Message) -> list[str]:
    return [line.split(message.encoding.field, 1)[0] for line in message.lines]


def _values(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Values of a document, each under the key that it has."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield KEY, name
            yield from _values(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner, key)
    elif isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield key, str(value)


def with_texts(body: bytes, changed: Mapping[str, str]) -> bytes:
    """The body with other texts, everywhere that the old ones are."""
    read = _read(body)
    if isinstance(read, Message):
        return _with_names(replaced(read, [(spot, changed.get(spot.text, spot.text)) for spot in hl7_spots(read)]), changed)
    if isinstance(read, str):
        return changed.get(read, read).encode("utf-8", "surrogateescape")
    text = json.dumps(_changed(read, changed), ensure_ascii=False, indent=2)
    return text.encode("utf-8", "surrogatepass") + b"\n"


def _with_names(message: Message, changed: Mapping[str, str]) -> bytes:
    lines = [
        line if NAME.fullmatch(name) else changed.get(name, name) + line[len(name) :]
        for name, line in zip(_names(message), message.lines, strict=True)
    ]
    return Message(lines, message.encoding).encode()


def _changed(value: Any, changed: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {changed.get(key, key): _changed(inner, changed) for key, inner in value.items()}
    if isinstance(value, list):
        return [_changed(inner, changed) for inner in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        new = changed.get(str(value), str(value))
        return type(value)(new) if new.replace(".", "", 1).isdecimal() else value
    return changed.get(value, value) if isinstance(value, str) else value
