"""The text of a body in XML: by its byte order mark, then by its declaration, otherwise UTF-8.

Source: XML 1.0 (fifth edition) section 4.3.3 and appendix F; RFC 7303 section 3 (the mark has priority).
"""

from collections.abc import Mapping
from typing import NamedTuple

from shared.xml.problems import wrong_encoding
from shared.xml.prolog import Prolog, prolog

MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
UTF_32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
CODECS: Mapping[str, str] = {  # an encoding as declared, in lower case -> Python's codec
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "iso-8859-14": "iso8859-14",  # Celtic: w and y with circumflex
    "iso-8859-15": "iso8859-15",
    "windows-1252": "cp1252",
}
UTF_16 = ("utf-16", "utf-16le", "utf-16be")  # a body without a mark cannot be UTF-16: its declaration could not be read


class Decoded(NamedTuple):
    """A body as text.

    Args:
        text: without its byte order mark.
        codec: Python's name of the encoding that was used.
        prolog: the text before the root.
    """

    text: str
    codec: str
    prolog: Prolog

    @property
    def is_overruled(self) -> bool:
        """Whether the declaration names another encoding than the bytes have."""
        named = self.prolog.encoding.lower()
        if self.codec.startswith("utf-16"):
            return bool(named) and named not in UTF_16
        return bool(named) and CODECS.get(named) != self.codec


def decoded(body: bytes) -> Decoded:
    """The text of a body.

    Raises:
        Unsupported: ``xml-encoding`` for an encoding that is not known, UTF-32, UTF-16 without its mark, or bytes that are not
            of the encoding; what ``prolog`` raises.

    >>> decoded("<?xml version='1.0' encoding='UTF-8'?><a>ŵ</a>".encode("utf-16")).text[-6:]
    '>ŵ</a>'
    """
    if body.startswith(UTF_32) or b"\x00" in body[:2]:
        raise wrong_encoding("UTF-32 and UTF-16 without a byte order mark are not supported")
    for mark, codec in MARKS:
        if body.startswith(mark):
            text = _text(body[len(mark) :], codec)
            return Decoded(text, codec, prolog(text))
    return _by_declaration(body)


def _by_declaration(body: bytes) -> Decoded:
    """A body without a mark. Every encoding of ``CODECS`` writes a declaration as ASCII does, so Latin-1 can read it."""
    before = prolog(body.decode("latin-1"))
    declared = before.encoding.lower()
    codec = "utf-8" if declared in ("", *UTF_16) else CODECS.get(declared, "")
    if not codec:
        raise wrong_encoding("the declared encoding is not supported")
    text = _text(body, codec)
    return Decoded(text, codec, before if text.isascii() else prolog(text))


def _text(body: bytes, codec: str) -> str:
    try:
        return body.decode(codec)
    except UnicodeDecodeError as error:
        raise wrong_encoding(f"byte {error.start + 1} after the mark is not {codec.upper()}") from None
