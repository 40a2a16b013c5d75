"""Character sets: what MSH-18 declares against what the bytes are. HL7 table 0211."""

import re
from typing import NamedTuple

from shared.issue import Issue

UTF_8 = "UNICODE UTF-8"
_FIXED = {"": "ascii", "ASCII": "ascii", UTF_8: "utf-8", "UTF-8": "utf-8", "UTF8": "utf-8", "UNICODE": "utf-8"}
_FIXED |= {"UNICODE UTF-16": "utf-16", "UNICODE UTF-32": "utf-32"}
_ISO_8859 = re.compile(r"(?:ISO[ -]?)?8859[/-](1[0-6]|[1-9])")
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


_C1 = re.compile("[\x80-\x9f]")  # control codes that no text has: letters of windows-1252 sent as 8859/1, as a rule
WINDOWS = "cp1252"


class Text(NamedTuple):
    """A body as text, the character set it was read in, and what was found on the way."""

    text: str
    charset: str
    findings: tuple[Issue, ...] = ()


def codec(name: str) -> str:
    """Python's codec for a name of table 0211; ``""`` when there is none.

    >>> codec("8859/14"), codec("UNICODE UTF-8"), codec(""), codec("ISO IR87")
    ('iso8859-14', 'utf-8', 'ascii', '')
    """
    name = name.strip().upper()
    found = _ISO_8859.fullmatch(name)
    if found:
        return f"iso8859-{found[1]}" if found[1] != "12" else ""
    return _FIXED.get(name, "")


def decode(data: bytes, default: str) -> Text:
    """The text of a body that holds bytes above 127 or begins with a byte-order mark.

    MSH-18 is believed when the bytes fit it. Otherwise UTF-8 is tried strictly, then ``default``; each is a warning.
    """
    for mark, charset in _MARKS:
        if data.startswith(mark):
            return _marked(data, charset, default)
    name = declared_name(data)
    charset = codec(name)
    text = _strictly(data, charset) if charset else None
    if text is None:
        return _detected(data, name, default)
    if charset == "iso8859-1" and _C1.search(text) and (meant := _strictly(data, WINDOWS)) is not None:
        return Text(meant, WINDOWS, (_mismatch(name, WINDOWS),))
    return Text(text, charset, _doubt(data, charset))


def declared_name(data: bytes) -> str:
    """MSH-18 of a body that has not been read yet, first repetition."""
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


def control_codes(text: str) -> Issue | None:
    """A warning where a text holds the control codes U+0080 to U+009F: it is in another character set than was declared."""
    if not _C1.search(text):
        return None
    words = "control codes stand among the letters: the bytes are in another character set than the one declared"
    return Issue(severity="warning", code="value", where="MSH-18", text=words, rule="control-codes", clause="HL7 table 0211")


def unknown() -> Issue:
    """MSH-18 names a set that is not known; it did not matter, as every byte is ASCII."""
    text = "the message declares a character set that is not known"
    return Issue(severity="information", code="informational", where="MSH-18", text=text, rule="charset", clause="HL7 table 0211")


def is_wide(charset: str) -> bool:
    """Whether a character takes several bytes even when it is ASCII: UTF-16 and UTF-32."""
    return charset.startswith(("utf-16", "utf-32"))


def not_wide() -> Issue:
    """MSH-18 says UTF-16 or UTF-32, and every byte is ASCII."""
    text = "the message declares UTF-16 or UTF-32 and was read as ASCII, which its bytes are"
    return Issue(severity="warning", code="value", where="MSH-18", text=text, rule="charset", clause="HL7 table 0211")


def _mismatch(name: str, charset: str) -> Issue:
    declares = "declares no character set" if not name.strip() else "declares a character set that the bytes do not fit"
    if name.strip() and not codec(name):
        declares = "declares a character set that is not known"
    return Issue(
        severity="warning",
        code="value",
        where="MSH-18",
        text=f"the message {declares}; it was read as {charset}",
        rule="charset",
        clause="HL7 table 0211",
    )


def _doubt(data: bytes, charset: str) -> tuple[Issue, ...]:
    """A single-byte set fits any bytes; those that also make UTF-8 were most likely meant as UTF-8."""
    if charset.startswith("utf") or _strictly(data, "utf-8") is None:
        return ()
    text = f"the message declares {charset} and was read so, but its bytes are UTF-8"
    return (Issue(severity="warning", code="value", where="MSH-18", text=text, rule="charset", clause="HL7 table 0211"),)


def _strictly(data: bytes, charset: str) -> str | None:
    try:
        return data.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return None
