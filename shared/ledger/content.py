"""Content as it is kept: compressed, in properties of a row of its own, or in a blob when it is large."""

import asyncio
import io
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.envelope import Envelope
from shared.hub import Hub
from shared.ledger.rows import Content
from shared.problems import Lost
from shared.storage import names
from shared.storage.store import Row

PIECE = 64 * 1024  # bytes that are compressed or restored at a time
KEPT = ("received_at", "content_type", "trigger", "correlation_id", "traceparent", "partner", "reference")


def compressed(body: bytes) -> bytes:
    """A large body is compressed in pieces: ``zlib.compress`` has the result in memory twice before it ends."""
    if len(body) <= PIECE:
        return zlib.compress(body, 1)
    whole, work, view = io.BytesIO(), zlib.compressobj(1), memoryview(body)
    for start in range(0, len(body), PIECE):
        whole.write(work.compress(view[start : start + PIECE]))
    whole.write(work.flush())
    return whole.getvalue()


def restored(data: bytes) -> bytes:
    """The body that was compressed. ``zlib.error``: a part of it is missing."""
    if len(data) <= PIECE:
        return zlib.decompress(data)
    whole, work, view = io.BytesIO(), zlib.decompressobj(), memoryview(data)
    for start in range(0, len(data), PIECE):
        whole.write(work.decompress(view[start : start + PIECE]))
    whole.write(work.flush())
    if not work.eof:
        raise zlib.error("incomplete data")
    return whole.getvalue()


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
    """The envelope of a content row, its body from the row or from its blob. Raises ``Lost``: the blob is gone."""
    data = await hub.store.read_blob(names.CONTENT, stored.blob) if stored.blob else stored.body
    if data is None:
        raise Lost
    large = len(data) > hub.timing.thread_from
    body = await asyncio.to_thread(restored, data) if large else restored(data)
    return envelope(integration, stored.row.values, body)


async def size_at_least(stored: Content, hub: Hub) -> int:
    """Bytes that a body takes compressed: it is at least as large. For a row that does not say how large it is."""
    found = await hub.store.blob(names.CONTENT, stored.blob) if stored.blob else None
    return found.size if found else len(stored.body)


def stored(envelope: Envelope, data: bytes, blob: str) -> Content:
    """The content row of a message: its compressed body, or the name of the blob that holds it."""
    return replace(Content.of(Row("", "", "", kept(envelope))), body=b"" if blob else data, blob=blob)
