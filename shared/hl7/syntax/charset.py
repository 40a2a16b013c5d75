"""Character sets: the one that MSH-18 declares, and the one that the bytes are in. HL7 table 0211."""

import re
from typing import NamedTuple

from shared.issue import Issue

UTF_8 = "UNICODE UTF-8"
_FIXED = {"": "ascii", "ASCII": "ascii", UTF_8: "utf-8", "UTF-8": "utf-8", "UTF8": "utf-8", "UNICODE": "utf-8"}
_FIXED |= {"UNICODE UTF-16": "utf-16", "UNICODE UTF-32": "utf-32"}
_ISO_8859 = re.compile(r"(?:ISO[ -]?)?8859[/-](1[0-6]|[1-9])")
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


_C1 = re.compile("[\x80-\x9f]")  # control codes: usually letters of windows-1252 declared as 8859/1
WINDOWS = "cp1252"


class Text(NamedTuple):
    """A body as text, the character set that was used, and the issues."""

    text: str
    charset: str
    findings: tuple[Issue, ...] = ()


def codec(name: str) -> str:
    """Python's codec for a name of table 0211; ``""`` without one.

    >>> codec("8859/14"), codec("UNICODE UTF-8"), codec(""), codec("ISO IR87")
    ('iso8859-14', 'utf-8', 'ascii', '')
    """
    name = name.strip().upper()
    found = _ISO_8859.fullmatch(name)
    if found:
        return f"iso8859-{found[1]}" if found[1] != "12" else ""
    return _FIXED.get(name, "")


def decode(data: bytes, default: str) -> Text:
    """The text of a body that has bytes above 127 or begins with a byte-order mark.

    The character set of MSH-18 is used if the bytes are valid in it. Otherwise UTF-8 and then ``default`` are tried, with a
    warning.
    """
    for mark, charset in _MARKS:
        if data.startswith(mark):
            return _marked(data, charset, default)
    name = declared_name(data)
    charset = codec(name)
    has_others = is_wide(charset) and b"\0" not in data  # nearly any bytes are UTF-16; a delimiter in it has a byte 0
    text = _strictly(data, charset) if charset and not has_others else None
    if text is None:
        return _detected(data, name, default)
    if charset == "iso8859-1" and _C1.search(text) and (meant := _strictly(data, WINDOWS)) is not None:
        return Text(meant, WINDOWS, (_mismatch(name, WINDOWS),))
    return Text(text, charset, _doubt(data, charset))


def declared_name(data: bytes) -> str:
    """MSH-18, first repetition, of a body that is not parsed yet."""
    line = re.split(rb"[\r\n]", data[:65536].lstrip(b"\x0b \t\r\n"), maxsplit=1)[0].decode("latin-1")
    fields = line.split(line[3:4] or "|")
    return re.split(r"[^\w /.-]", fields[17])[0] if len(fields) > 17 else ""


def _marked(data: bytes, charset: str, default: str) -> Text:
    mark = Issue(severity="information", code="informational", text="the byte-order mark was removed", rule="byte-order-mark")
    text = _strictly(data, "utf-8-sig" if charset == "utf-8" else charset)
    if text is not None:
        return Text(text, charset, (mark,))
    read = decode(data[3:] if charset == "utf-8" else data[2:], default)
    return read._replace(findings=(mark, *read.findings))


def _detected(data: bytes, name: str, default: str) -> Text:
    for charset in ("utf-8", default):
        text = _strictly(data, charset)
        if text is not None and charset == "latin-1" and _C1.search(text):
            charset, text = (WINDOWS, meant) if (meant := _strictly(data, WINDOWS)) is not None else (charset, text)
        if text is not None:
            return Text(text, charset, (_mismatch(name, charset),))
    return Text(data.decode("latin-1"), "latin-1", (_mismatch(name, "latin-1"),))


def report_control_codes(text: str) -> Issue | None:
    """A warning if a text has the control codes U+0080 to U+009F: it is not in the declared character set."""
    if not _C1.search(text):
        return None
    words = "the text has control codes between letters: its character set is not the declared one"
    return Issue(severity="warning", code="value", where="MSH-18", text=words, rule="control-codes", clause="HL7 table 0211")


def report_unknown() -> Issue:
    """MSH-18 names an unknown character set. Every byte is ASCII, so the text is read correctly."""
    text = "the message declares an unknown character set"
    return Issue(severity="information", code="informational", where="MSH-18", text=text, rule="charset", clause="HL7 table 0211")


def is_wide(charset: str) -> bool:
    """Whether every character has several bytes, ASCII too: UTF-16 and UTF-32."""
    return charset.startswith(("utf-16", "utf-32"))


def report_not_wide() -> Issue:
    """MSH-18 declares UTF-16 or UTF-32, but every byte is ASCII."""
    text = "the message declares UTF-16 or UTF-32, but its bytes are ASCII; it was read as ASCII"
    return Issue(severity="warning", code="value", where="MSH-18", text=text, rule="charset", clause="HL7 table 0211")


def _mismatch(name: str, charset: str) -> Issue:
    declares = "declares no character set" if not name.strip() else "declares a character set that does not fit its bytes"
    if name.strip() and not codec(name):
        declares = "declares an unknown character set"
    return Issue(
        severity="warning",
        code="value",
        where="MSH-18",
        text=f"the message {declares}; it was read as {charset}",
        rule="charset",
        clause="HL7 table 0211",
    )


def _doubt(data: bytes, charset: str) -> tuple[Issue, ...]:
    """A warning for bytes that are valid UTF-8: any bytes are valid in a single-byte set, so the sender probably means UTF-8."""
    if charset.startswith("utf") or _strictly(data, "utf-8") is None:
        return ()
    text = f"the message was read as {charset}, which it declares, but its bytes are valid UTF-8"
    return (Issue(severity="warning", code="value", where="MSH-18", text=text, rule="charset", clause="HL7 table 0211"),)


def _strictly(data: bytes, charset: str) -> str | None:
    try:
        return data.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return None
