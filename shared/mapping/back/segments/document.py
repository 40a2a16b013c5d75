"""DocumentReference -> TXA, OBX."""

from binascii import a2b_base64

from shared.fhir.resource import Element, Resource
from shared.hl7.compose import Value
from shared.hl7.segment import Segment
from shared.mapping.back.datatypes import identifier_ei
from shared.mapping.back.reading import only_first
from shared.mapping.back.segments.results import attachment_value
from shared.mapping.back.values import code_by, concept_code, concept_cwe, date_time_dtm, extension_value, words_or_code
from shared.mapping.back.writing import Writing
from shared.mapping.segments.document import ALTERNATE

DOC_STATUS = {"final": "AU", "preliminary": "DO", "amended": "AU", "entered-in-error": "DO"}


def document_txa(write: Writing, document: Resource) -> Segment:
    """DocumentReference -> TXA. Source: guide, TXA[DocumentReference] read backwards."""
    master = document.get("masterIdentifier") or document.get("identifier", [{}])[0]
    files = only_first([each for each in document.get("identifier", []) if set(each) == {"value"}])
    labels = document.get("securityLabel", [{}])
    first = document.get("content", [{}])[0].get("attachment", {})
    return write.segment(
        "TXA",
        {
            "1": "1",
            "2": concept_cwe(document.get("type", {})),
            "3": _presentation(first),
            "6": date_time_dtm(document.get("date", "")),
            "9": write.practitioners(document.get("author", [])),
            "10": write.practitioner(document.get("authenticator", {})),
            "12": identifier_ei(master),
            "16": [each.get("value", "") for each in files],
            "17": code_by(DOC_STATUS, document, "docStatus"),
            "18": concept_code(labels[0]) if labels and labels[0].get("coding") else "",
            "19": _availability(document),
            "25": document.get("description", ""),
        },
    )


def _presentation(attachment: Element) -> str:
    """HL7 table 0191: TX for a text, AP for any other file."""
    return "TX" if attachment.get("contentType", "").startswith("text/") else "AP"


def _availability(document: Resource) -> str:
    as_sent = extension_value(document.get("_status", {}), ALTERNATE)
    if isinstance(as_sent, dict) and (sent := words_or_code(as_sent)):
        return sent
    return code_by({"current": "AV", "superseded": "OB", "entered-in-error": "CA"}, document, "status")


def content_obx(write: Writing, document: Resource, content: Element) -> Segment:
    """DocumentReference.content -> OBX: the data, that of a Binary in the bundle, or a pointer."""
    attachment = content.get("attachment", {})
    binary = write.resolve({"reference": attachment.get("url", "")})
    if binary.get("resourceType") == "Binary":
        attachment = {
            "contentType": binary.get("contentType", ""),
            "data": binary.get("data", ""),
            "title": attachment.get("title", ""),
        }
    kind, value = _text(attachment)
    if not kind:
        kind, value = attachment_value(attachment)
    title = attachment.get("title") or document.get("description", "")
    values: dict[str, Value] = {"1": write.count("OBX"), "2": kind, "3": ("", title), "5": value, "11": "F"}
    return write.obx(values)


def _text(attachment: Element) -> tuple[str, Value]:
    """TX of plain text, line by line; empty for any other content."""
    if attachment.get("contentType") != "text/plain" or not attachment.get("data"):
        return ("", "")
    try:
        return "TX", list(a2b_base64(str(attachment["data"])).decode().split("\n"))
    except ValueError:
        return ("", "")
