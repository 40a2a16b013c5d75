"""Base64 in pieces: a document of many MiB is not in memory once more to be decoded, measured or looked through."""

from base64 import b64decode
from collections.abc import Iterator
from typing import Protocol

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
SPACE = b" \t\r\n"
CHARACTERS = ALPHABET + b"="
OTHERS = frozenset("+/=")  # its characters besides letters and digits
PIECE = 256 * 1024  # characters
LONG = 1024 * 1024  # characters of a text from which its reader leaves it where it is, or keeps it once
STEP = 64 * 1024  # characters that are looked at together


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


def is_base64(text: Text) -> bool:
    """Whether a text is base64, with its padding; it may have spaces and line ends.

    No regular expression: ``bytes.translate`` checks a document of many kilobytes in one pass.

    >>> is_base64("TVNI fA=="), is_base64("TVNI fA="), is_base64("TV=I"), is_base64("")
    (True, False, False, False)
    """
    if type(text) is Base64:
        return True
    size, others, end = 0, b"", b""
    for start in range(0, len(text), PIECE):
        piece = text[start : start + PIECE]
        if not piece.isascii():
            return False
        data = piece.encode()
        found = data.translate(None, ALPHABET)
        if found.strip(b"="):
            data = data.translate(None, SPACE)
            found = data.translate(None, ALPHABET)
        size, others, end = size + len(data), others + found, (end + data[-2:])[-2:]
        if len(others) > 2:
            return False
    return size > 0 and not size % 4 and others in (b"", b"=", b"==") and end.endswith(others)


class Base64(str):
    """A text that is base64: a document in it is looked through once, not by each check of what is made of it.

    Any change makes a plain ``str``, which is not known to be base64. ``ValueError``: the text is not base64.

    >>> is_base64(Base64("TVNI")), is_base64(Base64("TVNI") + "*")
    (True, False)
    """

    __slots__ = ()

    def __new__(cls, text: str) -> "Base64":
        if not is_base64(text):
            raise ValueError("not base64")
        return super().__new__(cls, text)


def runs(body: bytes) -> Iterator[tuple[int, int]]:
    """Where a body has ``LONG`` or more characters of base64, and no other between them.

    >>> list(runs(b"OBX|" + b"A" * LONG + b"|")), list(runs(b"A" * (LONG - 1)))
    ([(4, 1048580)], [])
    """
    if len(body) < LONG:
        return
    begin, end = -1, 0  # of the run that the pieces so far end with
    for start in range(0, len(body), STEP):
        piece = body[start : start + STEP]
        if not piece.translate(None, CHARACTERS):
            begin = end if begin < 0 else begin
            continue
        if begin >= 0:
            last = start + len(piece) - len(piece.lstrip(CHARACTERS))
            if last - begin >= LONG:
                yield begin, last
        begin = -1
        end = start + len(piece.rstrip(CHARACTERS))
    if begin >= 0 and len(body) - begin >= LONG:
        yield begin, len(body)
