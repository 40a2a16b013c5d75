"""The character set of a file: its byte order mark, the declared one, UTF-8 if the bytes are UTF-8, else the default."""

import codecs
import re
from typing import NamedTuple

from shared.formats.csv.refused import TableError

MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SUPPORTED = {  # name by Python's registry -> how it is read
    "utf-8": "utf-8",
    "ascii": "utf-8",
    "cp1252": "cp1252",
    "iso8859-1": "cp1252",  # as browsers read it: 80 to 9F are printed characters of Windows, never controls
    "iso8859-15": "iso8859-15",
    "iso8859-14": "iso8859-14",  # the Celtic set, with the Welsh letters that CP1252 does not have
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}
CHARSET = re.compile(r';\s*charset\s*=\s*"?([^\s";]+)', re.IGNORECASE)
PIECE = 1 << 16  # bytes


class Charset(NamedTuple):
    """Python's name of a character set, and whether it is a guess: neither marked nor declared, and not UTF-8."""

    name: str
    is_guess: bool = False


def charset(body: bytes, content_type: str, default: str) -> Charset:
    """The character set of a file.

    Args:
        content_type: of the request; its ``charset`` is the declared one.
        default: of a file without mark or declaration that is not UTF-8.
    Raises:
        TableError: a declared character set that is not supported, or UTF-16 without a byte order mark.

    >>> charset(b"id;name", "text/csv", "cp1252").name, charset(b"id;Si\\xe2n", "text/csv", "cp1252").name
    ('utf-8', 'cp1252')
    >>> charset(b"id;name", "text/csv; charset=Windows-1252", "utf-8").name
    'cp1252'
    """
    marked = next((name for mark, name in MARKS.items() if body.startswith(mark)), "")
    if marked:
        return Charset(marked)
    found = CHARSET.search(content_type)
    if found:
        return Charset(_declared(found[1]))
    if b"\0" in body[:2]:  # one of the first two bytes of a text in UTF-16
        raise TableError("csv-charset", "the file looks like UTF-16 without a byte order mark")
    return Charset("utf-8") if is_utf8(body) else Charset(default, is_guess=True)


def _declared(name: str) -> str:
    try:
        return SUPPORTED[codecs.lookup(name).name]
    except (LookupError, ValueError):
        known = ", ".join(SUPPORTED)
        raise TableError("csv-charset", f"this character set is not supported; supported: {known}") from None


def is_utf8(body: bytes) -> bool:
    """Whether every byte is UTF-8. It decodes piece by piece, so that a large file is not in memory twice."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), PIECE):
            decoder.decode(body[start : start + PIECE], final=start + PIECE >= len(body))
    except UnicodeDecodeError:
        return False
    return True
