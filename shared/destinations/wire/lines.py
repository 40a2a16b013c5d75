"""TCP connections that are kept open: each serves one delivery at a time, is checked before use, and is dropped if in doubt."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.destinations.wire import fence
from shared.destinations.wire.framing import END, START, read_frame
from shared.destinations.wire.loops import PerLoop

IDLE = 60.0  # seconds: a firewall may drop an older connection without notice


class Address(NamedTuple):
    """The address of a connection; ``limit``: bytes of the largest frame that is read from it."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    limit: int = 64 * 1024


class _Reader(asyncio.StreamReader):
    """A stream reader that counts the bytes received, and knows whether the other side has closed."""

    received, ended = 0, False

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]
        self.received += len(data)
        super().feed_data(data)

    def feed_eof(self) -> None:
        self.ended = True
        super().feed_eof()


@dataclass(slots=True, eq=False, repr=False)
class Line:
    """One connection. ``read`` counts the bytes of the frames that were read, so that unexpected bytes show."""

    address: Address
    reader: _Reader
    writer: asyncio.StreamWriter
    parked_at: float = 0
    read: int = 0

    async def send(self, parts: Iterable[bytes | memoryview]) -> None:
        """Send these bytes. ``fence.Late``: the claim has expired meanwhile, and nothing was sent."""
        fence.check()
        for part in parts:
            self.writer.write(part)
        await self.writer.drain()

    async def receive(self) -> bytes:
        frame = await read_frame(self.reader)
        self.read += len(START) + len(frame) + len(END)
        return frame

    async def is_clean(self) -> bool:
        """Whether it is open, recently used, and has received nothing since the last reply: no close, and no stray frame."""
        more = await self.has_more()
        young = asyncio.get_running_loop().time() - self.parked_at < IDLE
        return young and not more and not self.reader.ended and not self.writer.is_closing()

    async def has_more(self) -> bool:
        """Whether it has received unexpected bytes."""
        for _ in range(2):  # first the event loop sees the bytes, then it feeds the reader
            await asyncio.sleep(0)
        return self.reader.received > self.read

    def drop(self) -> None:
        self.writer.close()


@dataclass(slots=True, eq=False, repr=False)
class _Pool:
    idle: list[Line] = field(default_factory=list)


_POOLS = PerLoop(_Pool)


@asynccontextmanager
async def line(name: str, address: Address) -> AsyncIterator[Line]:
    """A connection to this destination for one exchange. It is kept afterwards only if the exchange raised nothing."""
    pool = _POOLS.get(name)
    taken = await _kept(pool, address) or await connect(address)
    done = False
    try:
        yield taken
        done = True
    finally:
        if done:
            taken.parked_at = asyncio.get_running_loop().time()
            pool.idle.append(taken)
        else:
            taken.drop()


async def _kept(pool: _Pool, address: Address) -> Line | None:
    while pool.idle:
        candidate = pool.idle.pop()
        if candidate.address == address and await candidate.is_clean():
            return candidate
        candidate.drop()
    return None


async def connect(address: Address) -> Line:
    """A new connection, with TCP keep-alive on."""
    loop = asyncio.get_running_loop()
    reader = _Reader(limit=address.limit, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.create_connection(lambda: protocol, address.host, address.port, ssl=address.tls)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return Line(address, reader, asyncio.StreamWriter(transport, protocol, reader, loop))


async def close(name: str) -> None:
    """Close this event loop's idle connections to the destination."""
    pool = _POOLS.take(name)
    for parked in pool.idle if pool else ():
        parked.drop()
    await asyncio.sleep(0)
