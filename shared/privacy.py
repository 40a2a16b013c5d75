"""Keyed hashes: how a lane, a patient or an identity is found again without being readable."""

import hashlib
import hmac

from shared.settings import in_azure, required, setting

KEY_VERSION = "1"


def keyed(kind: str, text: str) -> str:
    """HMAC-SHA-256 of a value, cut to 32 hexadecimal digits; ``kind`` keeps the same value apart in different uses.

    The key is the setting ``HUB_HASH_KEY``. It changes only when all lanes are drained, together with ``HUB_HASH_KEY_VERSION``.
    """
    return hmac.new(_key(), f"{kind}\0{text}".encode(), hashlib.sha256).hexdigest()[:32]


def lane_hash(lane: str) -> str:
    """The partition of a lane: version of the key and hash, never the value itself."""
    return f"{setting('HUB_HASH_KEY_VERSION', KEY_VERSION)}-{keyed('lane', lane)}"


def digest(body: bytes) -> str:
    """SHA-256 of a body with its line ends made equal, so that a queue that turns CR into LF does not make a new message."""
    return hashlib.sha256(body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")).hexdigest()


def _key() -> bytes:
    return (required("HUB_HASH_KEY") if in_azure() else setting("HUB_HASH_KEY", "a key for this machine alone")).encode()
