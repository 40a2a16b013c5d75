"""Base64 in pieces: a document of many MiB is not in memory once more to be decoded, measured or looked through."""

from base64 import b64decode
from collections.abc import Iterator
from typing import Protocol

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
SPACE = b" \t\r\n"
PIECE = 256 * 1024  # characters


class Text(Protocol):
    """A text, or what can be read like one in parts."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> str: ...


def decoded(text: Text) -> Iterator[bytes]:
    """What a base64 text means, in pieces; spaces and line ends are left out. ``ValueError``: it is not base64.

    >>> b"".join(decoded("TVNI\\r\\nfF5-"[:6] + "fF4="))
    b'MSH|^'
    """
    rest, is_padded = b"", False
    for start in range(0, len(text), PIECE):
        data = rest + text[start : start + PIECE].encode("ascii").translate(None, SPACE)
        whole = len(data) // 4 * 4
        data, rest = data[:whole], data[whole:]
        if not data:
            continue
        if is_padded:
            raise ValueError("data after the padding")
        yield b64decode(data, validate=True)
        is_padded = data.endswith(b"=")
    if rest:
        raise ValueError("incomplete")


def is_base64(text: str) -> bool:
    """Whether a text is base64, with its padding; it may have spaces and line ends.

    No regular expression: ``bytes.translate`` checks a document of many kilobytes in one pass.

    >>> is_base64("TVNI fA=="), is_base64("TVNI fA="), is_base64("TV=I"), is_base64("")
    (True, False, False, False)
    """
    if not text.isascii():
        return False
    size, others, end = 0, b"", b""
    for start in range(0, len(text), PIECE):
        data = text[start : start + PIECE].encode()
        found = data.translate(None, ALPHABET)
        if found.strip(b"="):
            data = data.translate(None, SPACE)
            found = data.translate(None, ALPHABET)
        size, others, end = size + len(data), others + found, (end + data[-2:])[-2:]
        if len(others) > 2:
            return False
    return size > 0 and not size % 4 and others in (b"", b"=", b"==") and end.endswith(others)
