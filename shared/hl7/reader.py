"""Reading: a body becomes a message, split into segments. Each repair and each problem is an issue."""

import re
from functools import lru_cache

from shared import base64_pieces, bounds
from shared.hl7 import long_lines
from shared.hl7.message import Message
from shared.hl7.segment import Segment
from shared.hl7.syntax import charset, names
from shared.hl7.syntax.encoding import NONE, Encoding, declared_encoding, split
from shared.issue import Issue
from shared.long_texts import LongText

# A message must not contain the characters that frame it on MLLP: a receiver would read a part as the whole message.
BLOCK_CHARACTER = Issue(
    severity="error",
    code="value",
    text="the message contains an MLLP block character (hexadecimal 0B or 1C)",
    rule="block-character",
    clause="HL7 v2.5.1 appendix C (MLLP)",
    hl7="102",
)
MARKS = (b"\x01", b"\x02", b"\x03", b"\x04", b"\x05", b"\x06")  # control codes that no step of the reader knows
HEADER = re.compile(rb"[\x0b \t\r\n]*+[^\r\n]++[\r\n]")  # the first line
TOO_MANY_LINES = f"more than {bounds.SEGMENTS} lines"


class ParseError(ValueError):
    """The body is not an HL7 v2 message, or exceeds a limit of ``shared.bounds``.

    Args:
        text: for the sender; without values of the message.
        rule: ``not-hl7`` (no MSH segment, or one without valid delimiters) or ``too-much``.
        where: the segment.
    """

    def __init__(self, text: str, rule: str = "not-hl7", where: str = "MSH") -> None:
        super().__init__(text)
        self.rule, self.where = rule, where


def parse(data: bytes | str, charset_default: str = "latin-1") -> Message:
    """Read a message; ``ParseError`` if it has no MSH segment.

    Args:
        charset_default: the character set of bytes above 127 if MSH-18 is absent or wrong and they are not UTF-8.
    """
    if len(data) >= base64_pieces.LONG and isinstance(data, bytes) and (message := _parse_without_long(data, charset_default)):
        return message
    return _parse(data, charset_default, len(data))


def _parse_without_long(data: bytes, charset_default: str) -> Message | None:
    """The message, whose long texts of base64 stay where they are in the body; ``None``: it has none, or must be read as it is.

    The message is read without them, with a mark in the place of each: a character that the message does not have. A text in MSH
    or at the beginning of a line stays. UTF-16, and a message with a delimiter out of base64, are read as they are.
    """
    first = HEADER.match(data)
    texts = [each for each in base64_pieces.runs(data) if first and each[0] > first.end() and is_inside(data, each[0])]
    mark = next((each for each in MARKS if each not in data), b"")
    if not texts or not mark or b"\0" in data:
        return None
    ends = [0, *(end for _, end in texts)], [*(start for start, _ in texts), len(data)]
    brief = mark.join([data[done:start] for done, start in zip(*ends, strict=True)])
    try:
        message = _parse(brief, charset_default, len(data))
    except ParseError:
        return None
    if not base64_pieces.OTHERS.isdisjoint(message.encoding[:6]):
        return None
    lines = long_lines.with_texts(message.lines, mark.decode(), [LongText(data, start, end) for start, end in texts])
    if lines is None:
        return None
    message.lines = lines
    return message


def is_inside(data: bytes, start: int) -> bool:
    """Whether a text begins after the name of its segment."""
    return re.search(rb"[\r\n]", data[max(start - 4, 0) : start]) is None


def _parse(data: bytes | str, charset_default: str, size: int) -> Message:
    """Read a message of this size, of which ``data`` may be a part."""
    findings: tuple[Issue, ...] = ()
    if isinstance(data, bytes) and data.isascii():
        text, read_as = data.decode("ascii"), ""
    else:
        read = charset.Text(data.removeprefix("\ufeff"), "") if isinstance(data, str) else charset.decode(data, charset_default)
        text, read_as, findings = read
    lines, repairs = _lines(text, size)
    header = lines[0] if lines else ""
    separator = header[3:4]
    if header[:3] != "MSH" or not separator:
        is_batch = ": it is a batch" if header[:3] in ("FHS", "BHS") else ""
        raise ParseError(f"the body does not begin with an MSH segment{is_batch}")
    fields = header.split(separator)
    version, name = (*fields[11:18:6], "", "")[:2]  # MSH-12 and MSH-18, which may be absent
    encoding, more = _declared(separator, fields[1], version[:3] >= "2.7", name, read_as)
    if size > bounds.UNCOUNTED:
        _check_bounds(lines, encoding)
    found, strays = names.check_names(lines, separator)
    if found.count("MSH") > 1:
        raise ParseError("the body has more than one message but no batch header")
    if read_as and (issue := charset.report_control_codes(text)):
        more = (*more, issue)
    message = Message(lines, encoding, (*findings, *repairs, *more, *strays), found)
    fields.insert(1, separator)
    message._segments[0] = Segment("MSH", header, encoding, 1, fields)  # its fields are already split
    return message


def header(data: bytes, charset_default: str = "latin-1") -> Message | None:
    """The MSH segment alone, to acknowledge a body that cannot be parsed; ``None`` if it has no MSH."""
    line = min(data[: bounds.UNCOUNTED].lstrip(b"\x0b \t\r\n").splitlines()[:1], default=b"")
    try:
        return parse(line, charset_default)
    except ParseError:
        return None


def _check_bounds(lines: list[str], encoding: Encoding) -> None:
    """Raises ``ParseError`` for a segment with more parts than any real one. Only long lines are counted."""
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


def _repair(rule: str, text: str, where: str = "") -> Issue:
    return Issue(severity="information", code="informational", where=where, text=text, rule=rule)


def _lines(text: str, size: int) -> tuple[list[str], list[Issue]]:
    """The segments of a text, each ended by CR, LF or CRLF. MLLP framing, blank lines and spaces before MSH are removed."""
    repairs = []
    if text[:3] != "MSH" and text[:1].isspace() | text.startswith("\x0b"):
        text = text.lstrip("\x0b \t\r\n")
        repairs.append(_repair("leading-space", "space or framing before MSH was removed"))
    if "\x1c" in text[-8:] and not text[text.rindex("\x1c") :].strip("\x1c \t\r\n"):
        text = text[: text.rindex("\x1c")].rstrip("\x1c\r\n")
        repairs.append(_repair("framing", "MLLP framing after the last segment was removed"))
    if "\x0b" in text or "\x1c" in text:
        repairs.append(BLOCK_CHARACTER)
    if size > bounds.UNCOUNTED and max(text.count("\r"), text.count("\n")) > bounds.SEGMENTS:  # before a list is made
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

    HL7 v2.5.1 section 2.5.2 ends segments by CR. If CR ends the segments, a single LF is part of a text, unless a segment begins
    after it or only spaces follow in the line.
    """
    without_crlf = text.replace("\r\n", "\r")
    has_cr = "\r" in without_crlf.rstrip("\r\n")
    ended = "\r".join(map(_end_with_cr, without_crlf.split("\r"))) if has_cr else without_crlf.replace("\n", "\r")
    found = []
    if len(ended) != len(text) or ended != text:
        found.append(_repair("line-ends", "line ends LF or CRLF were read as CR"))
    if "\n" in ended.partition("\r")[0]:
        words = "the header contains a line feed, but its fields have one line each"
        found.append(Issue(severity="error", code="value", where="MSH", text=words, rule="line-feed", clause="HL7 v2.5.1 2.5.2"))
    elif "\n" in ended:
        words = "a line feed inside a field was read as a line break of its text"
        found.append(Issue(severity="warning", code="value", text=words, rule="line-feed", clause="HL7 v2.5.1 2.5.2"))
    return ended, found


def _end_with_cr(line: str) -> str:
    if "\n" not in line:
        return line
    kept = line.rstrip()
    return _SEGMENT_AFTER_LF.sub("\r", kept) + line[len(kept) :].replace("\n", "\r")


_SEGMENT_AFTER_LF = re.compile(r"\n(?=[A-Z][A-Z0-9]{2}[^\w\s])")


@lru_cache(maxsize=256)
def _declared(separator: str, characters: str, truncates: bool, name: str, read_as: str) -> tuple[Encoding, tuple[Issue, ...]]:
    """The encoding that MSH declares, and its issues."""
    try:
        encoding = declared_encoding(separator, characters, read_as)
    except ValueError as error:
        raise ParseError(str(error)) from None
    known = charset.codec(name.split(encoding.repetition)[0])
    repairs = [] if known or read_as else [charset.report_unknown()]
    if charset.is_wide(known) and not read_as:
        known, repairs = "", [charset.report_not_wide()]
    if len(characters) != 4 and not (truncates and len(characters) == 5):
        text = "MSH-2 does not have four characters; it was read unchanged"
        repairs.append(_repair("encoding-characters", text, "MSH-2"))
    return encoding._replace(charset=read_as or known or "ascii"), tuple(repairs)
