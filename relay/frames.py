"""The messages of one connection, read as they come, in bounded memory."""

import asyncio
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from shared.destinations.wire.framing import END, START, BadFrame, content

WINDOW = 64 * 1024  # bytes of a connection that wait unread; the sender's side of the line holds the rest
SMALL = 1024 * 1024
PIECE = 5.0  # seconds
FRAME = len(START + END)
STRAY = (b"\r", b"\n", b"\x00", b" ")  # what some senders put between frames, or send to keep a line alive


async def begin(reader: StreamReader) -> bytes:
    """The first byte of the next frame, however long it takes. ``EOFError``: the connection ended between frames."""
    while (byte := await reader.read(1)) in STRAY:
        pass
    if not byte:
        raise EOFError("closed")
    return byte


class Places:
    """Places for messages above 1 MiB, and how many senders wait for one."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)
        self.waiting = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place, when one is free."""
        self.waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self._free.release()


@asynccontextmanager
async def message(
    reader: StreamReader, first: bytes, *, largest: int, seconds: float, large: Places, piece: float = PIECE
) -> AsyncIterator[bytes]:
    """The message whose first byte was read. While it is in hand, one above 1 MiB keeps a place of ``large``.

    Args:
        piece: seconds in which each next piece of 64 KiB must arrive while another sender waits for a place.
    Raises:
        EOFError: the connection ends within it. TimeoutError: it takes more than ``seconds``, or a place is needed and it is too
            slow. BadFrame: it is larger than ``largest`` or is no frame.
    """
    data = bytearray(first)
    async with asyncio.timeout(seconds):
        is_whole = await _read(reader, data, min(SMALL, largest))
    if is_whole:
        yield _message(data, largest)
        return
    if largest <= SMALL:
        raise BadFrame("too large")
    async with large.place():
        async with asyncio.timeout(seconds):
            if not await _read(reader, data, largest, lambda: _in_time(reader, piece, large)):
                raise BadFrame("too large")
        yield _message(data, largest)


def _message(data: bytearray, largest: int) -> bytes:
    body = content(data)
    data.clear()
    if len(body) > largest:
        raise BadFrame("too large")
    return body


async def _read(
    reader: StreamReader, data: bytearray, most: int, until_end: Callable[[], Awaitable[bytes]] | None = None
) -> bool:
    """Read on, to the end of the frame or until its content has more bytes than that. Whether the frame is whole."""
    while len(data) <= most + FRAME:
        try:
            data += await (until_end() if until_end else reader.readuntil(END))
        except LimitOverrunError as error:
            data += await reader.readexactly(error.consumed)
        except IncompleteReadError:
            raise EOFError("cut") from None
        else:
            return True
    return False


async def _in_time(reader: StreamReader, seconds: float, large: Places) -> bytes:
    """The rest of the frame, or ``LimitOverrunError`` for a full piece. ``TimeoutError``: it is slow, and another one waits."""
    while True:
        try:
            async with asyncio.timeout(seconds):
                return await reader.readuntil(END)
        except TimeoutError:
            if large.waiting:
                raise
