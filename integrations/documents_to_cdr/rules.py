"""What the schema of a sidecar cannot say, and what an MDM^T02 must say about its document."""

from collections.abc import Iterator
from typing import Any

from shared.formats.sidecar.document import start
from shared.formats.sidecar.rules import document_base64, document_inside_or_in_file
from shared.hl7 import Message
from shared.hl7.identifier import nhs_number
from shared.issue import Issue
from shared.validation.nhs_number import is_nhs_number
from shared.validation.policy import destination, quality, safety
from shared.validation.rules import has_number, is_valued

Sidecar = dict[str, Any]
PDF = b"%PDF-"

POLICIES = {
    "nhs-number-check-digit": safety("the document would go to no one, or to someone else", "9990000019"),
    "document-inside-or-in-file": safety("a sidecar without its document describes nothing", "neither data nor a file"),
    "document-is-pdf": safety("a document that was cut off would be filed as whole", "data that does not begin with %PDF-"),
    "document-base64": safety("a document that can only be decoded in part would be filed cut or changed", "data with é in it"),
    "not-before-birth": quality("the document is of another patient, or a date is wrong", "created is before birthDate"),
    "known-patient": safety("the document would go to no one", "PID-3 without a number of type NH"),
    "document-number": safety("a correction would become a second document", "TXA-12 is empty"),
    "document-kind": destination("a DocumentReference has its kind", "TXA-2 is empty"),
    "content-present": safety("a message without its document has no content", "OBX-5 is empty"),
}


def nhs_number_check_digit(sidecar: Sidecar) -> Iterator[Issue]:
    """A number that fails its check digit is a typing error: the document would go to no one, or to another patient."""
    if not is_nhs_number(sidecar["patient"]["nhsNumber"]):
        text = "the check digit of the NHS Number is wrong"
        yield Issue(
            severity="error", code="value", where="/patient/nhsNumber", text=text, clause="NHS data dictionary: NHS NUMBER"
        )


def document_is_pdf(sidecar: Sidecar) -> Iterator[Issue]:
    """What does not begin as a PDF was cut off, encoded twice, or is something else."""
    document = sidecar["document"]
    if document.keys() & {"data", "file"} and not start(document).startswith(PDF):
        where = "/document/file" if "file" in document else "/document/data"
        yield Issue(severity="error", code="structure", where=where, text="the document is no PDF", clause="ISO 32000-2 7.5.2")


def not_before_birth(sidecar: Sidecar) -> Iterator[Issue]:
    """A document made before its patient was born belongs to another patient, or the date of birth is wrong."""
    if sidecar["document"].get("created", "9999")[:10] < sidecar["patient"]["birthDate"]:
        yield Issue(severity="warning", code="value", where="/document/created", text="before the date of birth")


def known_patient(message: Message) -> Iterator[Issue]:
    """A document goes to the record of a patient, who is known by NHS Number."""
    if not nhs_number(message["PID"]):
        yield Issue(severity="error", code="required", where="PID-3", text="no NHS Number", clause="HL7 v2.5.1 3.4.2.3")


def document_number(message: Message) -> Iterator[Issue]:
    """Without its number a corrected document would be a second one."""
    if not has_number(message["TXA"], "12"):
        yield Issue(
            severity="error", code="required", where="TXA-12", text="no unique document number", clause="HL7 v2.5.1 9.6.2.12"
        )


def document_kind(message: Message) -> Iterator[Issue]:
    """A reader looks for a document by what kind it is."""
    if not is_valued(message["TXA"], "2"):
        yield Issue(severity="error", code="required", where="TXA-2", text="no document type", clause="HL7 v2.5.1 9.6.2.2")


def content_present(message: Message) -> Iterator[Issue]:
    """MDM^T02 brings the document itself: encapsulated data, or text."""
    if not any(is_valued(obx, "5") for obx in message.segments("OBX")):
        yield Issue(
            severity="error", code="required", where="OBX-5", text="the message has no document", clause="HL7 v2.5.1 9.5.2"
        )


OF_SIDECARS = (nhs_number_check_digit, document_inside_or_in_file, document_is_pdf, document_base64, not_before_birth)
OF_MESSAGES = (known_patient, document_number, document_kind, content_present)

ROUTING = "describes the transport of the message, not the document"
COUNT = "numbers the segment"
KIND = "the kind of the document is that of TXA-2; an OBX gives its title"
STAFF = "who performed the activity is in the document; FHIR has its author and signatory"
# Element -> why it reaches nothing (mapping_sheet.md)
DROPPED = {
    **dict.fromkeys(("MSH-5", "MSH-6", "MSH-11", "MSH-12", "MSH-15", "MSH-16", "MSH-18"), ROUTING),
    **dict.fromkeys(("PID-1", "PV1-1", "TXA-1", "OBX-1", "OBR-1"), COUNT),
    **dict.fromkeys(("OBX-3.1", "OBX-3.3"), KIND),
    "EVN-1": "the event is that of MSH-9",
    "OBX-3.2": "parts of one text have one title, that of the first",
    "OBX-5.2": "the type of each OBX is known from its subtype and the start of its data",
    "OBX-11": "the status of the document is that of TXA-17 and TXA-19",
    "PV1-3.6": "the type of place has no element of its own",
    "PV1-19.5": "gives the default value",
    "TXA-3": "each OBX states how its content is presented",
    "TXA-5": STAFF,
}
