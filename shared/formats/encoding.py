"""Content-Encoding of a request: gzip, up to a limit, so that a small body cannot become an endless one."""

import io
import zlib
from collections.abc import Callable

from shared.issue import Issue
from shared.problems import Unsupported

UNKNOWN = Issue(
    severity="fatal", code="not-supported", text="this content encoding is not supported; gzip is", rule="content-encoding"
)
BROKEN = Issue(severity="fatal", code="structure", text="the body is not gzip, or is incomplete", rule="not-gzip")
TOO_LARGE = Issue(severity="fatal", code="too-long", text="the body is too large", rule="too-large")


PIECE = 1024 * 1024  # bytes that are unpacked at a time


def _free(size: int) -> None:
    """A size that is always accepted."""


def decoded(body: bytes, encoding: str, limit: int, grow: Callable[[int], None] = _free) -> bytes:
    """The body without its Content-Encoding.

    Args:
        encoding: the header's text; ``""`` or ``identity`` when there is none. ``gzip`` and ``x-gzip`` are supported.
        limit: bytes after decompression.
        grow: is called with the size so far after each piece is unpacked; what it raises ends the work.
    Raises:
        Unsupported: another encoding, a damaged or incomplete body, or more than ``limit`` bytes.

    >>> import gzip
    >>> decoded(gzip.compress(b"MSH|") + gzip.compress(b"^~"), "gzip", 100)
    b'MSH|^~'
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return bounded(body, limit)
    if name not in ("gzip", "x-gzip"):
        raise Unsupported(UNKNOWN)
    return bounded(_decompressed(body, limit + 1, grow), limit)


def _decompressed(body: bytes, most: int, grow: Callable[[int], None]) -> bytes:
    """The first ``most`` bytes of all members of the file. A file may have several members (RFC 1952 section 2.2)."""
    import gzip  # imported only when a sender uses it: cold start

    whole = io.BytesIO()  # gives its bytes back without a copy
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as members:
            size = 0
            while piece := members.read(min(PIECE, most - size)):
                size += len(piece)
                grow(size)
                whole.write(piece)
        return whole.getvalue()
    except (OSError, EOFError, zlib.error):
        raise Unsupported(BROKEN) from None


def bounded(body: bytes, limit: int) -> bytes:
    """The body. ``Unsupported``: it is larger than ``limit`` bytes."""
    if len(body) > limit:
        raise Unsupported(TOO_LARGE)
    return body
