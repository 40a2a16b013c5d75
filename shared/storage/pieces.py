"""Bytes in the properties of a row: a property of an Azure table holds at most 64 KiB."""

from collections.abc import Iterator, Mapping
from typing import Any

PIECE = 60 * 1024


def pieces(data: bytes, prefix: str = "b") -> dict[str, bytes]:
    """Bytes as properties of at most 60 KiB.

    >>> pieces(b"abc")
    {'b00': b'abc'}
    """
    return {f"{prefix}{i // PIECE:02d}": data[i : i + PIECE] for i in range(0, len(data), PIECE)}


def joined(values: Mapping[str, Any], prefix: str = "b") -> bytes:
    """The bytes that ``pieces`` took apart."""
    return b"".join(values[name] for name in sorted(_names(values, prefix)))


def _names(values: Mapping[str, Any], prefix: str) -> Iterator[str]:
    return (name for name in values if name.startswith(prefix) and name[len(prefix) :].isdigit())
