"""Content as it is kept: compressed, in properties of a row of its own, or in a blob when it is large."""

import asyncio
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from shared.envelope import Envelope
from shared.hub import Hub
from shared.ledger.held import Lost
from shared.storage import names
from shared.storage.store import Row

PIECE = 60 * 1024
KEPT = ("received_at", "content_type", "trigger", "correlation_id", "traceparent", "partner", "reference")


def pieces(data: bytes, prefix: str = "b") -> dict[str, bytes]:
    """Bytes as properties of at most 60 KiB.

    >>> pieces(b"abc")
    {'b00': b'abc'}
    """
    return {f"{prefix}{i // PIECE:02d}": data[i : i + PIECE] for i in range(0, len(data), PIECE)}


def joined(values: Mapping[str, Any], prefix: str = "b") -> bytes:
    """The bytes that ``pieces`` took apart."""
    return b"".join(values[name] for name in sorted(_pieces(values, prefix)))


def _pieces(values: Mapping[str, Any], prefix: str) -> Iterator[str]:
    return (name for name in values if name.startswith(prefix) and name[len(prefix) :].isdigit())


def compressed(body: bytes) -> bytes:
    return zlib.compress(body, 1)


def restored(data: bytes) -> bytes:
    return zlib.decompress(data)


def kept(envelope: Envelope) -> dict[str, str]:
    """What a row keeps of an envelope besides its body; never the headers, which may hold a credential."""
    files = {"files": " ".join(envelope.files)} if envelope.files else {}
    return {name: getattr(envelope, name) for name in KEPT} | files


def envelope(integration: str, values: Mapping[str, Any], body: bytes) -> Envelope:
    """The envelope as it was, from its row and its body."""
    files = tuple(values.get("files", "").split())
    return Envelope(integration=integration, body=body, **{name: values.get(name, "") for name in KEPT}, files=files)


async def stored_envelope(integration: str, row: Row, hub: Hub) -> Envelope:
    """The envelope of a content row, its body from the row or from its blob."""
    data = await hub.store.read_blob(names.CONTENT, row["blob"]) if row["blob"] else joined(row.values)
    if data is None:
        raise Lost
    large = len(data) > hub.timing.thread_from
    body = await asyncio.to_thread(restored, data) if large else restored(data)
    return envelope(integration, row.values, body)
