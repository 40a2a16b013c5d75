"""The MLLP frame, in bytes: start block, content, end block and carriage return (HL7 v2.5.1 appendix C)."""

from asyncio import IncompleteReadError, LimitOverrunError, StreamReader
from collections.abc import Iterable

START, END = b"\x0b", b"\x1c\r"
FIRST = 1024 * 1024  # bytes of a body that are written together with the start block


class BadFrame(Exception):
    """What was received is not a frame: it is too large, or has no start block."""


def framed(body: bytes) -> bytes:
    """The body in its frame. ``ValueError``: the body holds a block character, which would end the frame early.

    >>> framed(b"MSH|")
    b'\\x0bMSH|\\x1c\\r'
    """
    return b"".join(frame(body))


def frame(body: bytes) -> Iterable[bytes | memoryview]:
    """The same in the parts in which it is written: most messages are one part, and of a large one no copy is made."""
    if START in body or END[:1] in body:
        raise ValueError("a frame cannot carry a start or end block character")
    return (START + body + END,) if len(body) <= FIRST else (START + body[:FIRST], memoryview(body)[FIRST:], END)


async def read_frame(reader: StreamReader) -> bytes:
    """The content of the next frame. Bytes before its start block are dropped.

    Raises ``EOFError`` if the connection ends first (no frame, or an incomplete one), ``BadFrame`` if the frame is larger than
    the reader's limit or has no start block.
    """
    try:
        data = await reader.readuntil(END)
    except IncompleteReadError as error:
        raise EOFError("cut" if error.partial else "closed") from None
    except LimitOverrunError:
        raise BadFrame("too large") from None
    return content(data)


def content(data: bytes | bytearray) -> bytes:
    """What is in a frame, from anything before its start block to its end block. ``BadFrame``: there is no start block.

    >>> content(b"stray" + framed(b"MSH|"))
    b'MSH|'
    """
    start = data.rfind(START)
    if start < 0:
        raise BadFrame("no start block")
    return bytes(memoryview(data)[start + 1 : -len(END)])  # one copy: a message may be large
