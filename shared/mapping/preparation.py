"""Prepare a message for FHIR: remove characters that FHIR does not allow, and apply the offset of MSH-7 to times without one."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from shared.characters import CONTROLS, has_control
from shared.hl7.leaves import paths_where
from shared.hl7.message import Message
from shared.hl7.segment import HEADERS, Segment
from shared.hl7.syntax.encoding import NONE, Encoding, escape, unescape
from shared.issue import Issue
from shared.mapping.datatypes.date import uk_offset
from shared.validation.datatypes import Leaf, leaves
from shared.validation.standard import Standard, standard

HEXADECIMAL = re.compile(r"X(?:[0-9A-Fa-f]{2})*[01][0-9A-Fa-f]")
SPACE = re.compile("[\x0b\x0c]")  # a new line or page of a printer
TIME = re.compile(r"\d{10}(?:\d\d){0,2}(?:\.\d{1,4})?")
ZONED = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)\d*(?:\.\d+)?([+-](?:0\d|1[0-4])[0-5]\d)")
NEWEST = "2.5.1"  # of the versions with data types in this package


def prepared(message: Message) -> Message:
    """The message as a mapping to FHIR reads it; itself, as a rule.

    If ``mapping_issues`` has converted the message, that is the conversion of the prepared one: it was prepared for it.
    """
    made, _ = preparation(message)
    if made is not message:
        made.converted, message.converted = message.converted, None
    return made


def preparation(message: Message) -> tuple[Message, tuple[Issue, ...]]:
    """The message for a mapping to FHIR, and an issue for each change."""
    issues: list[Issue] = []
    encoding = message.encoding
    if any(_is_suspect(line, encoding) for line in message.lines_without_long(encoding.escape)):
        issues += _refused(message)
        message = _changed(message, lambda segment: _clean(segment.line, encoding)) if issues else message
    offset = foreign_offset(message["MSH-7"])
    if offset:
        known = standard(message["MSH-12"]) or standard(NEWEST)
        assert known
        message = _changed(message, lambda segment: _zoned(segment, known, offset))
        text = "times without an offset use the offset of MSH-7, which is not that of the United Kingdom on that day"
        issues.append(
            Issue(
                severity="information",
                code="informational",
                where="MSH-7",
                text=text,
                rule="offset-of-the-message",
                clause="HL7 v2.5.1 2.A.22",
            )
        )
    return message, tuple(issues)


def _changed(message: Message, line: Callable[[Segment], str]) -> Message:
    return Message([line(segment) for segment in message.segments()], message.encoding, message.repairs)


def _is_suspect(line: str, encoding: Encoding) -> bool:
    """Whether a line has control codes, or a possible escape sequence for one."""
    has_escape = encoding.escape in line and HEXADECIMAL.search(line) is not None
    return has_escape or has_control(line)


def _refused(message: Message) -> Iterator[Issue]:
    encoding = message.encoding
    for path in paths_where(
        message,
        lambda text: CONTROLS.search(unescape(text, encoding)),
        may_have=lambda part: _is_suspect(part, encoding),
    ):
        text = "control codes, which FHIR does not allow in text, are left out"
        yield Issue(
            severity="warning",
            code="value",
            where=path,
            text=text,
            rule="control-code-not-mapped",
            clause="FHIR R4 string",
        )


def _clean(line: str, encoding: Encoding) -> str:
    """The line without control codes; nearly always itself.

    Each text between delimiters is unescaped and escaped as a whole: if only the code were removed, the characters around it
    could become an escape sequence.

    """
    if not _is_suspect(line, encoding):
        return line
    named = (encoding.field, encoding.repetition, encoding.component, encoding.subcomponent)
    delimiters = re.escape("".join(each for each in named if each != NONE))
    parts = re.split(f"([{delimiters}])", line)
    parts[::2] = [_clean_text(part, encoding) for part in parts[::2]]
    return "".join(parts)


def _clean_text(text: str, encoding: Encoding) -> str:
    if encoding.escape == NONE:
        return _without(text)
    meant = unescape(text, encoding)
    return escape(_without(meant), encoding) if CONTROLS.search(meant) else text


def _without(text: str) -> str:
    return CONTROLS.sub("", SPACE.sub(" ", text))


def foreign_offset(sent: str) -> str:
    """The offset of MSH-7, which applies to every time of the message without one; ``""`` if it is that of the United Kingdom.

    HL7 v2.5.1 section 2.15.9.7.

    >>> foreign_offset("20260715103000-0500"), foreign_offset("20260715103000+0100"), foreign_offset("20260715103000")
    ('-0500', '', '')
    """
    found = ZONED.fullmatch(sent)
    if not found:
        return ""
    try:
        year, month, day, hour = map(int, found.groups()[:4])
        own = uk_offset(year, month, day, hour).replace(":", "")
    except ValueError:
        return ""
    return "" if found[5] == own else found[5]


def _zoned(segment: Segment, known: Standard, offset: str) -> str:
    fields = list(segment.fields)
    for number, leaf in _times(segment.name, _observed(segment, known), known):
        if number < len(fields) and fields[number]:
            fields[number] = _field_zoned(fields[number], leaf, segment.encoding, offset)
    return segment.encoding.field.join(fields[:1] + fields[2:] if segment.name in HEADERS else fields)


def _observed(segment: Segment, known: Standard) -> str:
    """The data type of OBX-5 by OBX-2; ``""`` in another segment and for a text that names no type, which must not be cached."""
    kind = segment["2"] if segment.name == "OBX" else ""
    return kind if kind == "DTM" or known.components(kind) else ""


@lru_cache(maxsize=1024)
def _times(segment: str, observed: str, known: Standard) -> tuple[tuple[int, Leaf], ...]:
    """The places of times in a segment: the number of each field, and each leaf of it. ``observed``: the type of OBX-5."""
    found = []
    for number, field in enumerate(known.fields(segment), 1):
        kind = observed if segment == "OBX" and number == 5 else field.kind
        found += [(number, leaf) for leaf in leaves(kind, field.table, known) if leaf.kind == "DTM"]
    return tuple(found)


def _field_zoned(text: str, leaf: Leaf, encoding: Encoding, offset: str) -> str:
    places = (-1, max(leaf.component, 1) - 1, max(leaf.subcomponent, 1) - 1)
    return _at(text, (encoding.repetition, encoding.component, encoding.subcomponent), places, offset)


def _at(text: str, levels: tuple[str, ...], places: tuple[int, ...], offset: str) -> str:
    """The text with the offset after the time at this place of every repetition (place -1 of the first level)."""
    if not levels:
        return text + offset if TIME.fullmatch(text) else text
    parts = text.split(levels[0])
    chosen = range(len(parts)) if places[0] < 0 else [places[0]] if places[0] < len(parts) else []
    for number in chosen:
        parts[number] = _at(parts[number], levels[1:], places[1:], offset)
    return levels[0].join(parts)
