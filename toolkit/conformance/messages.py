"""The messages of one file: a single one, a batch, MLLP frames, several HL7 messages one after another, or one on each line."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from shared import formats
from shared.destinations.wire.framing import END, START
from shared.envelope import LARGEST, Envelope
from shared.formats.encoding import decoded
from shared.formats.format import Format
from shared.formats.hl7v2.batch import CUT_SHORT
from shared.formats.sidecar.document import is_description, with_document
from shared.hl7.batch import BatchReader
from shared.integration import Integration
from shared.issue import Issue
from shared.problems import Unsupported
from toolkit.conformance.folder import File

LINES = ("jsonl", "ndjson")
BLANK = b" \t\r\n"  # not the start of a frame, which Python counts as blank
ONE_MORE = re.compile(rb"[\r\n]MSH[^A-Za-z0-9]")
ANSWER = re.compile(rb"^MSH[^\r\n]*[\r\n](?:[\r\n]|(?:SFT|UAC)[^\r\n]*[\r\n])*MSA[^A-Za-z0-9]")  # MSA follows the header


class Part(NamedTuple):
    """One message, or what is wrong with a file as a whole.

    Args:
        number: its place in the file, from 1: the row of a table; 0 for the file as a whole.
        issues: why it is refused without a look at its content.
    """

    number: int
    body: bytes
    content_type: str = ""
    issues: tuple[Issue, ...] = ()


def messages(integration: Integration, file: File) -> Iterator[Part]:
    """The messages of a file that was read."""
    body = file.body or b""
    if file.extension == "gz":
        try:
            body = decoded(body, "gzip", LARGEST)
        except Unsupported as problem:
            yield Part(0, b"", issues=tuple(problem.issues))
            return
    if file.partner and is_description(body):
        body = with_document(body, file.partner)
    yield from typed(integration, split(integration, file.extension, body))


def typed(integration: Integration, parts: Iterator[Part]) -> Iterator[Part]:
    """Each with a media type: that which the door assumes."""
    for part in parts:
        yield part if part.content_type else part._replace(content_type=formats.content_type(integration.source, part.body))


def split(integration: Integration, extension: str, body: bytes) -> Iterator[Part]:
    if len(body) > LARGEST:  # the door refuses it, so it is not searched for messages
        yield Part(1, body)
    elif body.lstrip(BLANK)[:1] == START and body.count(START) > 1:
        yield from numbered(frames(body))
    elif extension in LINES:
        yield from numbered((line, ()) for line in body.splitlines() if line.strip())
    elif form := next((form for form in formats.of(integration.source) if form.batch and form.is_batch(body)), None):
        yield from members(integration, form, body)
    elif any(form.name == "hl7v2" for form in formats.of(integration.source)) and ONE_MORE.search(body):
        yield from (Part(member.number, member.body) for member in BatchReader(body))
    else:
        yield Part(1, body)


def numbered(parts: Iterator[tuple[bytes, tuple[Issue, ...]]]) -> Iterator[Part]:
    for number, (body, issues) in enumerate(parts, 1):
        yield Part(number, body, issues=issues)


def frames(body: bytes) -> Iterator[tuple[bytes, tuple[Issue, ...]]]:
    """The content of each frame of a capture. Acknowledgements, of a capture in both directions, are left out."""
    for piece in body.split(START)[1:]:
        content, end, _ = piece.partition(END)
        if not ANSWER.match(content):
            yield content, () if end else (CUT_SHORT,)


def members(integration: Integration, form: Format, body: bytes) -> Iterator[Part]:
    """The members of a batch file; then what is wrong with the file as a whole."""
    kind = formats.content_type(integration.source, body)
    envelope = Envelope(integration=integration.name, body=body, received_at="", content_type=kind)
    try:
        batch = form.batch(integration.source, envelope) if form.batch else None
    except Unsupported as problem:
        yield Part(0, b"", issues=tuple(problem.issues))
        return
    if batch:
        for member in batch.members():
            yield Part(member.place or member.number, member.body, member.content_type, member.issues)
        if batch.issues:
            yield Part(0, b"", issues=tuple(batch.issues))
