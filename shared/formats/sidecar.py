"""JSON that describes a document: with the document inside it, or beside it as a file that the hub keeps."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, NamedTuple

import orjson

from shared.envelope import Envelope
from shared.formats.json_events import Document, JsonEvents
from shared.issue import Issue
from shared.problems import Rejected

TWICE = Issue(
    severity="error",
    code="structure",
    where="/document/data",
    text="a document is in the sidecar and another is stored with it",
    rule="document-twice",
)
NOT_KEPT = Issue(
    severity="error",
    code="structure",
    where="/document/file",
    text="only the hub may state that a file is stored with a message",
    rule="file-not-kept",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Sidecars(JsonEvents):
    """A sidecar and its document, which is in it as base64 or is a file of the same name.

    Where the file is kept beside the message, ``document.file`` says what the hub knows of it; no sender may.
    """

    def read(self, envelope: Envelope) -> Document:
        """The sidecar. ``Unsupported``: not JSON, or not an object. ``Rejected``: one file too few, or too many."""
        read = JsonEvents.read(self, envelope)
        described = _described(read)
        if "file" in described and not envelope.files:
            raise Rejected(NOT_KEPT)
        if "data" in described and envelope.files:
            raise Rejected(TWICE)
        return read


class Measured(NamedTuple):
    """A document's length in bytes and its SHA-1 in base64, as a FHIR Attachment has them."""

    size: int
    hash: str


def measured(document: Mapping[str, Any]) -> Measured:
    """Of the ``document`` of a sidecar, wherever its bytes are.

    >>> measured({"data": "TVNI"})
    Measured(size=3, hash='VsUoPgLstGWHlMTkGztAyGhA/Qk=')
    """
    if "file" in document:
        return Measured(document["file"]["size"], document["file"]["sha1"])
    data = base64.b64decode(document["data"])
    return Measured(len(data), base64.b64encode(sha1(data, usedforsecurity=False).digest()).decode())


def start(document: Mapping[str, Any]) -> bytes:
    """How the document begins; empty when its base64 is malformed."""
    text = document["file"]["start"] if "file" in document else document["data"][:8]
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:  # ``binascii.Error`` is one; so is what text beyond ASCII raises
        return b""


def is_description(body: bytes) -> bool:
    """Whether a body is a sidecar that a document can be put into.

    >>> is_description(b'{"document": {"id": "1"}}'), is_description(b'{"document": {"data": "JVBERi0="}}')
    (True, False)
    """
    described = _described(_object(body))
    return bool(described) and "data" not in described


def carries_document(body: bytes) -> bool:
    """Whether a sidecar has its document inside and needs no second file.

    >>> carries_document(b'{"document": {"data": "JVBERi0="}}'), carries_document(b"no JSON")
    (True, False)
    """
    return "data" in _described(_object(body))


def with_document(body: bytes, document: bytes) -> bytes:
    """The sidecar with the document inside."""
    return _added(body, data=base64.b64encode(document).decode())


def with_file(body: bytes, marks: Mapping[str, str | int]) -> bytes:
    """The sidecar with what is known of the file beside it; one that cannot be told so stays as it is, to be refused."""
    return _added(body, file=dict(marks)) if is_description(body) else body


def _added(body: bytes, **found: Any) -> bytes:
    """What the hub found takes the place of what the sender says of a kept file."""
    read = orjson.loads(body)
    said = {name: value for name, value in read["document"].items() if name != "file"}
    return orjson.dumps({**read, "document": {**said, **found}})


def _object(body: bytes) -> Document:
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}


def _described(read: Document) -> Document:
    described = read.get("document")
    return described if isinstance(described, dict) else {}
