"""Where the document of a sidecar must be: inside, if the destination takes one body; otherwise in a file next to it as well."""

from collections.abc import Iterator
from typing import Any

from shared.fhir.definitions.primitives import TESTS
from shared.issue import Issue
from shared.validation.policy import destination, safety

POLICIES = {
    "document-inside-or-in-file": safety("a sidecar without its document describes nothing", "neither data nor a file"),
    "document-inside": destination("the destination takes one body, and a file next to it would be lost", "no document.data"),
    "document-base64": safety("a document that can only be decoded in part would be sent cut or changed", "data with é in it"),
}


def document_inside(sidecar: dict[str, Any]) -> Iterator[Issue]:
    """The document is inside the sidecar: absent, or larger than 5 MiB and kept as a file, it would not be sent."""
    if "data" not in sidecar["document"]:
        text = "the document is not inside the message: it is absent, or too large for it"
        yield Issue(severity="error", code="required", where="/document/data", text=text, rule="document-inside")


def document_inside_or_in_file(sidecar: dict[str, Any]) -> Iterator[Issue]:
    """A sidecar without its document describes nothing."""
    if "data" not in sidecar["document"] and "file" not in sidecar["document"]:
        text = "the document is neither inside nor in a file of the same name"
        yield Issue(severity="error", code="required", where="/document/data", text=text)


def document_base64(sidecar: dict[str, Any]) -> Iterator[Issue]:
    """A document of which only a part can be decoded would be stored cut or changed."""
    data = sidecar["document"].get("data")
    if data is not None and not TESTS["base64Binary"](data):
        yield Issue(
            severity="error",
            code="structure",
            where="/document/data",
            text="the document is not well-formed base64",
            clause="RFC 4648 section 4",
        )


RULES = (document_inside, document_base64)
WITH_FILE = (document_inside_or_in_file, document_base64)
