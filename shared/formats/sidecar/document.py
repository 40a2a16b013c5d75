"""The document that a sidecar describes: what is known of its bytes, and how it is put into the sidecar or next to it."""

import base64
from collections.abc import Iterable, Mapping
from hashlib import sha1
from typing import Any, NamedTuple

import orjson

from shared.base64_pieces import decoded


class Measured(NamedTuple):
    """A document's length in bytes and its SHA-1 in base64, as a FHIR Attachment has them."""

    size: int
    hash: str


def measured(document: Mapping[str, Any]) -> Measured:
    """Length and hash of the ``document`` of a sidecar, wherever its bytes are.

    >>> measured({"data": "TVNI"})
    Measured(size=3, hash='VsUoPgLstGWHlMTkGztAyGhA/Qk=')
    """
    if "file" in document:
        return Measured(document["file"]["size"], document["file"]["sha1"])
    try:
        return _measured(decoded(document["data"]))
    except ValueError:  # no base64, which a rule reports: what can be decoded of it is measured
        return _measured([base64.b64decode(document["data"])])


def _measured(pieces: Iterable[bytes]) -> Measured:
    size, hashed = 0, sha1(usedforsecurity=False)
    for piece in pieces:
        size += len(piece)
        hashed.update(piece)
    return Measured(size, base64.b64encode(hashed.digest()).decode())


def start(document: Mapping[str, Any]) -> bytes:
    """The first bytes of the document; empty if its base64 is malformed."""
    text = document["file"]["start"] if "file" in document else document["data"][:8]
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:  # malformed base64 (``binascii.Error``), or text that is not ASCII
        return b""


def is_description(body: bytes) -> bool:
    """Whether a body is a sidecar that a document can be put into.

    >>> is_description(b'{"document": {"id": "1"}}'), is_description(b'{"document": {"data": "JVBERi0="}}')
    (True, False)
    """
    described = description(_object(body))
    return bool(described) and "data" not in described


def carries_document(body: bytes) -> bool:
    """Whether a sidecar has its document inside and needs no second file.

    >>> carries_document(b'{"document": {"data": "JVBERi0="}}'), carries_document(b"no JSON")
    (True, False)
    """
    return "data" in description(_object(body))


def with_document(body: bytes, document: bytes) -> bytes:
    """The sidecar with the document inside."""
    return _with(body, data=base64.b64encode(document).decode())


def with_file(body: bytes, facts: Mapping[str, str | int]) -> bytes:
    """The sidecar with what is known of the file next to it. One that cannot hold this stays unchanged, and will be rejected."""
    return _with(body, file=dict(facts)) if is_description(body) else body


def _with(body: bytes, **facts: Any) -> bytes:
    """The sidecar with these facts. They replace what the sender wrote about a kept file, which may be false."""
    sidecar = orjson.loads(body)
    sent = {name: value for name, value in sidecar["document"].items() if name != "file"}
    return orjson.dumps({**sidecar, "document": {**sent, **facts}})


def description(sidecar: Mapping[str, Any]) -> dict[str, Any]:
    """The ``document`` of a sidecar; empty if it has none."""
    described = sidecar.get("document")
    return described if isinstance(described, dict) else {}


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; empty if it is not one."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}
