"""Content-Encoding on the way in: gzip is taken, bounded, so that a small body cannot become an endless one."""

import zlib

GZIP = 16 + zlib.MAX_WBITS


class Undecodable(ValueError):
    """The body is not what its Content-Encoding says, or grows beyond the limit (``too_large``)."""

    def __init__(self, text: str, *, too_large: bool = False) -> None:
        super().__init__(text)
        self.too_large = too_large


def decoded(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its Content-Encoding.

    Args:
        encoding: the header's text; ``""`` or ``identity`` when there is none. ``gzip`` and ``x-gzip`` are taken.
        limit: bytes after unpacking.
    Raises:
        Undecodable: another encoding, a damaged or cut body, or more than ``limit``.

    >>> import gzip
    >>> decoded(gzip.compress(b"MSH|"), "gzip", 100)
    b'MSH|'
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _bounded(body, limit)
    if name not in ("gzip", "x-gzip"):
        raise Undecodable("this content encoding is not taken; gzip is")
    unpacker = zlib.decompressobj(GZIP)
    try:
        out = _bounded(unpacker.decompress(body, limit + 1), limit)
    except zlib.error:
        raise Undecodable("the body is not gzip") from None
    if not unpacker.eof:
        raise Undecodable("the gzip body is cut short")
    return out


def _bounded(body: bytes, limit: int) -> bytes:
    if len(body) > limit:
        raise Undecodable("the body is too large", too_large=True)
    return body
