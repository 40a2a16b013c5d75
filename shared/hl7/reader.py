"""Reading: a body becomes a message, split into segments at once. What is put right, and what is wrong, is an issue."""

import re
from functools import lru_cache

from shared import bounds
from shared.hl7 import charset, names
from shared.hl7.encoding import NONE, Encoding, declared, split
from shared.hl7.message import Message
from shared.hl7.segment import Segment
from shared.issue import Issue

# The characters that frame a message on MLLP cannot be in one: a receiver would take a part for the whole.
BLOCK_CHARACTER = Issue(
    severity="error",
    code="value",
    text="a block character of MLLP (hexadecimal 0B or 1C) is inside the message",
    rule="block-character",
    clause="HL7 v2.5.1 appendix C (MLLP)",
    hl7="102",
)
TOO_MANY_LINES = f"more than {bounds.SEGMENTS} lines"


class ParseError(ValueError):
    """The body is not an HL7 v2 message, or is beyond a bound of ``shared.bounds``.

    Args:
        rule: ``not-hl7`` (no MSH segment, or one that declares no delimiters) or ``too-much``.
        where: the segment; its text is ours and holds no value.
    """

    def __init__(self, text: str, rule: str = "not-hl7", where: str = "MSH") -> None:
        super().__init__(text)
        self.rule, self.where = rule, where


def parse(data: bytes | str, charset_default: str = "latin-1") -> Message:
    """Read a message; ``ParseError`` when there is no MSH segment.

    Args:
        charset_default: what bytes above 127 are read as when MSH-18 is absent or wrong and they are not UTF-8.
    """
    findings: tuple[Issue, ...] = ()
    if isinstance(data, bytes) and data.isascii():
        text, read_as = data.decode("ascii"), ""
    else:
        text, read_as, findings = _text(data, charset_default)
    lines, repairs = _lines(text)
    header = lines[0] if lines else ""
    separator = header[3:4]
    if header[:3] != "MSH" or not separator:
        raise ParseError(f"the body does not begin with an MSH segment{_batch(header)}")
    fields = header.split(separator)
    encoding, more = _encoding(separator, fields[1], fields[11:18:6], read_as)
    if len(text) > bounds.UNCOUNTED:
        _bounded(lines, encoding)
    found, strays = names.checked(lines, separator)
    if found.count("MSH") > 1:
        raise ParseError("the body holds more than one message, and no batch header")
    if read_as and (left := charset.control_codes(text)):
        more = (*more, left)
    message = Message(lines, encoding, (*findings, *repairs, *more, *strays), found)
    fields.insert(1, separator)
    message._segments[0] = Segment("MSH", header, encoding, 1, fields)  # split already
    return message


def header(data: bytes, charset_default: str = "latin-1") -> Message | None:
    """The MSH segment alone, for an acknowledgement of a body that cannot be read whole; ``None`` when it has none."""
    line = min(data[: bounds.UNCOUNTED].lstrip(b"\x0b \t\r\n").splitlines()[:1], default=b"")
    try:
        return parse(line, charset_default)
    except ParseError:
        return None


def _bounded(lines: list[str], encoding: Encoding) -> None:
    """Raises ``ParseError``: a segment has more parts than a real one could have. Only long lines can."""
    most = (
        (encoding.field, bounds.FIELDS, "fields"),
        (encoding.repetition, bounds.REPETITIONS, "repetitions"),
        (encoding.component, bounds.COMPONENTS, "components"),
        (encoding.subcomponent, bounds.COMPONENTS, "subcomponents"),
    )
    for number, line in enumerate(lines, 1):
        if len(line) > bounds.FIELDS:
            for delimiter, limit, what in most:
                if delimiter != NONE and line.count(delimiter) > limit:
                    raise ParseError(f"line {number} has more than {limit} {what}", "too-much", "")


def _batch(header: str) -> str:
    return ": it is a batch" if header[:3] in ("FHS", "BHS") else ""


def _text(data: bytes | str, default: str) -> charset.Text:
    if isinstance(data, str):
        return charset.Text(data.removeprefix("\ufeff"), "")
    return charset.decode(data, default)


def _repair(rule: str, text: str, where: str = "") -> Issue:
    return Issue(severity="information", code="informational", where=where, text=text, rule=rule)


def _lines(text: str) -> tuple[list[str], list[Issue]]:
    """The segments of a text. CR, LF and CRLF end one; MLLP framing, blank lines and what precedes MSH are put right."""
    repairs = []
    if text[:3] != "MSH" and text[:1].isspace() | text.startswith("\x0b"):
        text = text.lstrip("\x0b \t\r\n")
        repairs.append(_repair("leading-space", "space or framing before MSH was removed"))
    if "\x1c" in text[-8:] and not text[text.rindex("\x1c") :].strip("\x1c \t\r\n"):
        text = text.rstrip("\x1c\r\n")
        repairs.append(_repair("framing", "MLLP framing after the last segment was removed"))
    if "\x0b" in text or "\x1c" in text:
        repairs.append(BLOCK_CHARACTER)
    if len(text) > bounds.UNCOUNTED and max(text.count("\r"), text.count("\n")) > bounds.SEGMENTS:  # before a list is made
        raise ParseError(TOO_MANY_LINES, "too-much", "")
    if "\n" in text:
        text, found = _line_feeds(text)
        repairs += found
    lines = split(text, "\r")
    if not lines[-1]:
        lines.pop()
    if "" in lines:
        lines = [line for line in lines if line]
        repairs.append(_repair("blank-lines", "blank lines between segments were removed"))
    if len(lines) > bounds.SEGMENTS:
        raise ParseError(TOO_MANY_LINES, "too-much", "")
    return lines, repairs


def _line_feeds(text: str) -> tuple[str, list[Issue]]:
    """The text with CR alone at the end of each segment.

    HL7 v2.5.1 section 2.5.2 ends segments by CR. Where CR does so, a lone LF is part of a text, unless a segment begins after it
    or nothing but space is left of the line.
    """
    whole = text.replace("\r\n", "\r")
    cr_ends = "\r" in whole.rstrip("\r\n")
    ended = "\r".join(map(_ended_by_cr, whole.split("\r"))) if cr_ends else whole.replace("\n", "\r")
    found = []
    if len(ended) != len(text) or ended != text:
        found.append(_repair("line-ends", "segments ended by LF or CRLF were read as ended by CR"))
    if "\n" in ended.partition("\r")[0]:
        words = "a line feed is inside the header, where no field is a text of several lines"
        found.append(Issue(severity="error", code="value", where="MSH", text=words, rule="line-feed", clause="HL7 v2.5.1 2.5.2"))
    elif "\n" in ended:
        words = "a line feed inside a field was read as a line end of its text"
        found.append(Issue(severity="warning", code="value", text=words, rule="line-feed", clause="HL7 v2.5.1 2.5.2"))
    return ended, found


def _ended_by_cr(line: str) -> str:
    if "\n" not in line:
        return line
    kept = line.rstrip()
    return _SEGMENT_AFTER_LF.sub("\r", kept) + line[len(kept) :].replace("\n", "\r")


_SEGMENT_AFTER_LF = re.compile(r"\n(?=[A-Z][A-Z0-9]{2}[^\w\s])")


def _encoding(separator: str, characters: str, named: list[str], read_as: str) -> tuple[Encoding, tuple[Issue, ...]]:
    """The encoding that MSH declares, and what is odd about it. ``named`` is MSH-12 and MSH-18, as far as they were sent."""
    version, name = (*named, "", "")[:2]
    return _declared(separator, characters, version[:3] >= "2.7", name, read_as)


@lru_cache(maxsize=256)
def _declared(separator: str, characters: str, truncates: bool, name: str, read_as: str) -> tuple[Encoding, tuple[Issue, ...]]:
    try:
        encoding = declared(separator, characters, read_as)
    except ValueError as error:
        raise ParseError(str(error)) from None
    known = charset.codec(name.split(encoding.repetition)[0])
    repairs = [] if known or read_as else [charset.unknown()]
    if charset.is_wide(known) and not read_as:
        known, repairs = "", [charset.not_wide()]
    if len(characters) != 4 and not (truncates and len(characters) == 5):
        text = "MSH-2 does not hold four characters; it was read as it stands"
        repairs.append(_repair("encoding-characters", text, "MSH-2"))
    return encoding._replace(charset=read_as or known or "ascii"), tuple(repairs)
