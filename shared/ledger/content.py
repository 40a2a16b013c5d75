"""Content as it is kept: compressed, in properties of a row of its own, or in a blob when it is large.

The content of a blob is compressed as it is sent and restored as it arrives: it is never whole in memory next to its body.
"""

import asyncio
import io
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from shared.envelope import Envelope
from shared.hub import Hub, in_thread_if_large
from shared.ledger.rows import Content
from shared.problems import Lost
from shared.storage import names
from shared.storage.store import Conflict, Row

PIECE = 64 * 1024  # bytes that are compressed or restored at a time
SENT = 1024 * 1024  # bytes of a body that are compressed at a time while it is sent to a blob
T = TypeVar("T")
KEPT = ("received_at", "content_type", "trigger", "correlation_id", "traceparent", "partner", "reference")


def compressed(body: bytes) -> bytes:
    """A large body is compressed in pieces: ``zlib.compress`` has the result in memory twice before it ends."""
    if len(body) <= PIECE:
        return zlib.compress(body, 1)
    whole, work = io.BytesIO(), zlib.compressobj(1)
    for piece in _pieces(body, PIECE):
        whole.write(work.compress(piece))
    whole.write(work.flush())
    return whole.getvalue()


def compressed_below(body: bytes, limit: int) -> bytes:
    """A body compressed to fewer bytes than the limit; empty if it takes more, which its first part may show."""
    whole, work, size = io.BytesIO(), zlib.compressobj(1), 0
    for piece in _pieces(body, PIECE):
        size += whole.write(work.compress(piece))
        if size >= limit:
            return b""
    size += whole.write(work.flush())
    return whole.getvalue() if size < limit else b""


class Restoring:
    """A body that is restored from pieces of what was stored of it."""

    def __init__(self) -> None:
        self._whole, self._work = io.BytesIO(), zlib.decompressobj()

    def add(self, data: bytes) -> None:
        """The next piece."""
        for piece in _pieces(data, PIECE):
            self._whole.write(self._work.decompress(piece))

    def body(self) -> bytes:
        """The body. ``zlib.error``: a part of it is missing."""
        self._whole.write(self._work.flush())
        if not self._work.eof:
            raise zlib.error("incomplete data")
        return self._whole.getvalue()


def restored(data: bytes) -> bytes:
    """The body that was compressed. ``zlib.error``: a part of it is missing."""
    if len(data) <= PIECE:
        return zlib.decompress(data)
    restoring = Restoring()
    restoring.add(data)
    return restoring.body()


def _pieces(data: bytes, size: int) -> Iterator[memoryview]:
    view = memoryview(data)
    return (view[start : start + size] for start in range(0, len(view), size))


async def for_row(envelope: Envelope, hub: Hub) -> bytes:
    """The body as a row holds it; empty if it is too large for a row, and ``write_blob`` stores it."""
    return await in_thread_if_large(envelope, hub, compressed_below, envelope.body, hub.timing.blob_from)


async def write_blob(blob: str, body: bytes, hub: Hub) -> None:
    """Store a body in a blob, which is there when the last piece is. Raises ``Away``."""
    await hub.store.write_blob_pieces(names.CONTENT, blob, _compressed_pieces(body, hub))


async def _compressed_pieces(body: bytes, hub: Hub) -> AsyncIterator[bytes]:
    work = zlib.compressobj(1)
    for piece in _pieces(body, SENT):
        yield await _in_thread_if_large(work.compress, piece, hub)
    yield work.flush()


def kept(envelope: Envelope) -> dict[str, str]:
    """What a row keeps of an envelope besides its body; never the headers, which may hold a credential."""
    files = {"files": " ".join(envelope.files)} if envelope.files else {}
    mode = {"mode": envelope.mode} if envelope.mode else {}
    return mode | {name: getattr(envelope, name) for name in KEPT} | files


def envelope(integration: str, values: Mapping[str, Any], body: bytes) -> Envelope:
    """The envelope as it was, from its row and its body."""
    files = tuple(values.get("files", "").split())
    return Envelope(
        integration=integration,
        body=body,
        **{name: values.get(name, "") for name in KEPT},
        files=files,
        mode=values.get("mode", ""),
    )


async def stored_envelope(integration: str, stored: Content, hub: Hub) -> Envelope:
    """The envelope of a content row, its body from the row or from its blob.

    Raises ``Lost``: the blob is gone, or a part of the body is missing.
    """
    try:
        body = await (_read_blob(stored.blob, hub) if stored.blob else _in_thread_if_large(restored, stored.body, hub))
    except zlib.error:
        raise Lost from None
    return envelope(integration, stored.row.values, body)


async def _read_blob(blob: str, hub: Hub) -> bytes:
    restoring = Restoring()
    try:
        async for piece in hub.store.blob_pieces(names.CONTENT, blob):
            await _in_thread_if_large(restoring.add, piece, hub)
    except Conflict:
        raise Lost from None
    return restoring.body()


async def _in_thread_if_large(work: Callable[[Any], T], data: bytes | memoryview, hub: Hub) -> T:
    return await asyncio.to_thread(work, data) if len(data) > hub.timing.thread_from else work(data)


async def size_at_least(stored: Content, hub: Hub) -> int:
    """Bytes that a body takes compressed: it is at least as large. For a row that does not say how large it is."""
    found = await hub.store.blob(names.CONTENT, stored.blob) if stored.blob else None
    return found.size if found else len(stored.body)


def stored(envelope: Envelope, data: bytes, blob: str) -> Content:
    """The content row of a message: its compressed body, or the name of the blob that holds it."""
    return replace(Content.of(Row("", "", "", kept(envelope))), body=b"" if blob else data, blob=blob)
