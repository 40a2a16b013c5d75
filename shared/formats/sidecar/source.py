"""JSON that describes a document, as a source: the document is inside it, or is a file that the hub keeps with it."""

from dataclasses import dataclass

from shared.envelope import Envelope
from shared.formats.json.events import Document, JsonEvents
from shared.formats.sidecar.document import description
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
    """A sidecar and its document, which is inside it as base64 or is a file of the same name.

    If the file is kept next to the message, ``document.file`` has what the hub knows of it. A sender must not send that.
    """

    def read(self, envelope: Envelope) -> Document:
        """The sidecar. ``Unsupported``: not JSON, or not an object. ``Rejected``: a file is missing, or there is one too many."""
        sidecar = JsonEvents.read(self, envelope)
        described = description(sidecar)
        if "file" in described and not envelope.files:
            raise Rejected(NOT_KEPT)
        if "data" in described and envelope.files:
            raise Rejected(TWICE)
        return sidecar
