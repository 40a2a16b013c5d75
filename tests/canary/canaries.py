"""Messages whose fields are canaries: texts that occur nowhere else, so that a text that repeats one has leaked it."""

import base64
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from typing import Any
from urllib.parse import quote

import orjson

from shared import pipeline
from shared.envelope import Envelope
from shared.integration import Integration

# What names the message itself, not a person: sender, receiver, time, type, control id, processing id, version, character set.
HEADER = (b"MSH", b"FHS", b"BHS")
LEAF = re.compile(rb"[^|^~&\r\n]+")
IDENTITY = ("id", "identifier", "source", "resourceType", "type", "system")


class Nest:
    """Makes canaries, and knows each one again in plain text, URL-encoded and in base64 at any offset."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self.made: list[str] = []

    def new(self) -> str:
        """A text of ten characters that a name, a street or an identifier may be."""
        self.made.append(f"Zq{next(self._numbers):04d}Cnry")
        return self.made[-1]

    def found_in(self, text: str | bytes) -> set[str]:
        """The canaries that a sink holds."""
        data = text.encode("utf-8", "replace") if isinstance(text, str) else text
        return {canary for canary in self.made if any(shape in data for shape in shapes(canary))}


@cache
def shapes(canary: str) -> frozenset[bytes]:
    """How a text may look in a sink."""
    encoded = (base64.b64encode(b"\0" * offset + canary.encode())[4 if offset else 0 : -4] for offset in range(3))
    return frozenset((canary.encode(), quote(canary).encode(), *encoded))


def every_leaf(body: bytes, nest: Nest) -> bytes:
    """The message with a canary in each field but the header's: most rules refuse it."""
    return b"\r".join(
        line if line.startswith(HEADER) else line[:4] + LEAF.sub(lambda _: nest.new().encode(), line[4:])
        for line in re.split(rb"\r\n|\r|\n", body)
    )


def as_many_as_pass(integration: Integration, envelope: Envelope, nest: Nest) -> Envelope:
    """The message with a canary in each leaf whose change still lets it be taken and sent."""
    body = envelope.body
    changes = json_changes if body.lstrip()[:1] == b"{" else er7_changes
    for change in list(changes(body)):
        canary = nest.new()
        tried = change(body, canary)
        ran = pipeline.run(integration, _with(envelope, tried))
        if ran.verdict.accepted and ran.outgoing:
            body = tried
        else:
            nest.made.remove(canary)
    return _with(envelope, body)


def _with(envelope: Envelope, body: bytes) -> Envelope:
    return Envelope(
        integration=envelope.integration,
        body=body,
        received_at=envelope.received_at,
        content_type=envelope.content_type,
        trigger=envelope.trigger,
    )


Change = Callable[[bytes, str], bytes]


def er7_changes(body: bytes) -> Iterator[Change]:
    """One change for each leaf outside the header."""
    for n, line in enumerate(re.split(rb"\r\n|\r|\n", body)):
        if not line.startswith(HEADER):
            yield from (er7_change(n, nth) for nth, _ in enumerate(LEAF.finditer(line[4:])))


def er7_change(line_number: int, nth: int) -> Change:
    def change(body: bytes, canary: str) -> bytes:
        lines = re.split(rb"\r\n|\r|\n", body)
        head, rest = lines[line_number][:4], lines[line_number][4:]
        match = list(LEAF.finditer(rest))[nth]
        lines[line_number] = head + rest[: match.start()] + canary.encode() + rest[match.end() :]
        return b"\r".join(lines)

    return change


def json_changes(body: bytes) -> Iterator[Change]:
    """One change for each text in a JSON document, but those that name the message."""
    for path in texts(orjson.loads(body)):
        yield json_change(path)


def texts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from () if len(path) == 0 and key in IDENTITY else texts(inner, (*path, key))
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from texts(inner, (*path, n))
    elif isinstance(value, str):
        yield path


def json_change(path: tuple[Any, ...]) -> Change:
    def change(body: bytes, canary: str) -> bytes:
        document = orjson.loads(body)
        place = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = canary
        return orjson.dumps(document)

    return change
