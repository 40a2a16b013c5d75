"""FHIR in XML as a body: whether it is one, the resource in it, and a resource as one."""

from typing import Any

from shared.envelope import Envelope, Outgoing
from shared.formats.fhir import is_xml
from shared.formats.media import FHIR_VERSION, FHIR_XML
from shared.issue import Issue
from shared.problems import Unsupported

VERSION = Issue(severity="fatal", code="not-supported", text="this FHIR version is not supported; 4.0 is", rule="fhir-version")
XML = "xml"


def sends_xml(envelope: Envelope) -> bool:
    """Whether a body is XML, by how it begins; the media type decides for a body that begins in an unknown way."""
    return is_xml(envelope.body) or (XML in envelope.content_type and envelope.body.lstrip()[:1] != b"{")


def resource(envelope: Envelope) -> dict[str, object]:
    """The resource, as JSON would give it. ``Unsupported``: another FHIR version, not well-formed XML, or not FHIR."""
    from shared.fhir.xml.read import read
    from shared.xml.parse import parse

    version = FHIR_VERSION.search(envelope.content_type)
    if version and not version[1].startswith("4.0"):
        raise Unsupported(VERSION)
    return read(parse(envelope.body))


def as_xml(content: object, made: dict[str, Any]) -> tuple[Outgoing, ...]:
    """What a mapping made, as it is sent to a receiver that takes XML: ``Integration(write=as_xml)``."""
    from shared.fhir.xml.write import write

    control = made.get("identifier", {}).get("value", "") if made["resourceType"] == "Bundle" else made.get("id", "")
    return (Outgoing(content_type=FHIR_XML, body=write(made), control_id=control),)
