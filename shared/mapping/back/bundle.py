"""A FHIR bundle as an HL7 v2 message: its message type, and its segments in the order of that type."""

from collections.abc import Callable
from typing import Any, NamedTuple

from shared.fhir.resource import Element, Received, Resource
from shared.hl7 import Message
from shared.hl7.segment import Segment
from shared.issue import Issue
from shared.mapping.back.groups import (
    allergies_group,
    diagnoses_group,
    facts,
    implied,
    insurance_group,
    is_guarantor,
    is_replaced,
    negation,
    next_of_kin,
    no_visit,
    observation_group,
    patient_alone,
    patient_group,
    report_group,
    visit_alone,
    visit_group,
)
from shared.mapping.back.reading import expressed, leave_out, peek
from shared.mapping.back.segments.clinical import condition_dg1, procedure_pr1
from shared.mapping.back.segments.document import content_obx, document_txa
from shared.mapping.back.segments.header import bundle_msh, device_sft, provenance_evn
from shared.mapping.back.segments.orders import order_obr, request_orc, specimen_spm
from shared.mapping.back.segments.people import guarantor_gt1, patient_mrg
from shared.mapping.back.segments.referral import provider_prd, referral_rf1
from shared.mapping.back.segments.results import annotation_nte
from shared.mapping.back.segments.vaccination import immunization_orc, immunization_rxa, immunization_rxr
from shared.mapping.back.writing import Writing, message_of

# The message type for a bundle without a MessageHeader: that of the first of these resources in the bundle.
BY_CONTENT = (
    ("DiagnosticReport", "ORU^R01^ORU_R01"),
    ("Immunization", "VXU^V04^VXU_V04"),
    ("ServiceRequest", "REF^I12^REF_I12"),
    ("DocumentReference", "MDM^T02^MDM_T02"),
    ("Observation", "ORU^R01^ORU_R01"),
    ("Encounter", "ADT^A08^ADT_A01"),
    ("Patient", "ADT^A31^ADT_A05"),
)


CONTROL = {"active": "NW", "revoked": "CA", "entered-in-error": "CA"}  # ORC-1 of an order; SC (status changed) for the others


class Composed(NamedTuple):
    """The message, and the parts of the bundle that are not in it."""

    message: Message
    issues: tuple[Issue, ...]


def from_bundle(bundle: Resource, message_type: str = "") -> Message:
    """A bundle as an HL7 v2.5.1 message. ValueError: no resource in it can be the subject of a message.

    If ``compose_bundle`` has composed this very bundle, as it was received, its message is returned, once.
    """
    if isinstance(bundle, Received) and not message_type:
        made, bundle.composed = bundle.composed, None
        if isinstance(made, Message):
            return made
    return _composed(Writing(bundle, records=False), message_type)


def compose_bundle(bundle: Resource, message_type: str = "") -> Composed:
    """``from_bundle``, with an issue for each resource and element that has no field."""
    write = Writing(bundle)
    message = _composed(write, message_type)
    write.name_unread()
    if isinstance(bundle, Received) and not message_type:
        bundle.composed = message
    return Composed(message, tuple(write.issues))


def _composed(write: Writing, message_type: str) -> Message:
    kind = message_type or type_of(write)
    segments = [bundle_msh(write, kind), *device_sft(write)]
    segments += MESSAGES.get(kind.partition("^")[0], _adt)(write, kind.split("^")[1])
    return message_of(segments)


def type_of(write: Writing) -> str:
    """The message type: that of the MessageHeader, otherwise by the resources of the bundle."""
    display = str(write.first("MessageHeader").get("eventCoding", {}).get("display", ""))
    if display.count("^"):
        if display.partition("^")[0] not in MESSAGES:
            raise ValueError("this message type cannot be written as HL7 v2")
        return display
    held = {each.get("resourceType") for each in write.resources}
    for resource_type, kind in BY_CONTENT:
        if resource_type in held:
            return kind
    raise ValueError("no resource of the bundle can be the subject of an HL7 v2 message")


def _adt(write: Writing, event: str) -> list[Segment]:
    """ADT: event, patient, merge, visit, observations, allergies, diagnoses, procedures, insurance."""
    merged = [patient_mrg(write, write.take(each)) for each in write.all("Patient") if is_replaced(each)]
    guarantors = [each for each in write.all("RelatedPerson") if is_guarantor(each)]
    observations = [each for each in write.all("Observation") if "75320-2" not in str(each.get("code"))]
    return [
        *provenance_evn(write, event),
        *patient_group(write),
        *merged,
        *(visit_group(write) or no_visit(write, event)),
        *(segment for each in observations for segment in observation_group(write, each)),
        *allergies_group(write),
        *diagnoses_group(write),
        *(procedure_pr1(write, write.take(each)) for each in facts(write, "Procedure")),
        *(guarantor_gt1(write, write.take(each)) for each in guarantors),
        *insurance_group(write),
    ]


def _oru(write: Writing, event: str) -> list[Segment]:
    """ORU: patient, visit, then each report as a group; observations without a report are a group without one."""
    segments = [*patient_group(write), *visit_group(write)]
    for report in write.all("DiagnosticReport"):
        segments += report_group(write, write.take(report))
    return segments


def _orders(write: Writing, event: str) -> list[Segment]:
    """ORM, OML, OMG: patient, visit, then each order."""
    segments = [*patient_group(write), *visit_group(write), *allergies_group(write)]
    for request in facts(write, "ServiceRequest"):
        write.restart("OBX", "SPM", "NTE")
        write.take(request)
        supporting = [found for each in request.get("supportingInfo", []) if (found := write.resolve(each))]
        reasons = [found for each in request.get("reasonReference", []) if (found := write.resolve(each))]
        segments += [
            request_orc(write, request, {}, CONTROL.get(request.get("status", ""), "SC")),
            order_obr(write, request, {}),
            *(annotation_nte(write, each) for each in request.get("note", [])),
            *(condition_dg1(write, each, {}) for each in reasons),
            *(segment for each in supporting for segment in observation_group(write, each)),
            *(specimen_spm(write, found) for each in request.get("specimen", []) if (found := write.resolve(each))),
        ]
    return segments


def _vxu(write: Writing, event: str) -> list[Segment]:
    """VXU: patient, visit, then each vaccination with its observations."""
    segments = [*patient_group(write), *visit_group(write)]
    for immunization in write.all("Immunization"):
        write.restart("OBX", "NTE")
        seen = [
            each for each in write.all("Observation") if any(write.resolve(p) is immunization for p in each.get("partOf", ()))
        ]
        ordered = [each for each in write.all("ServiceRequest") if _same_number(each, immunization)][:1]
        orc = immunization_orc(write, write.take(immunization))
        if ordered:  # its ORC has only the numbers of the order
            numbers = _numbers(ordered[0])
            leave_out([each for each in immunization.get("identifier", []) if _number_of(each) not in numbers])
        segments += [
            *([request_orc(write, write.take(each), {}, orc["1"]) for each in ordered] or [orc]),
            immunization_rxa(write, immunization),
            *immunization_rxr(write, immunization),
            *(annotation_nte(write, each) for each in immunization.get("note", [])),
            *(segment for each in seen for segment in observation_group(write, each)),
        ]
    return segments


def _same_number(request: Resource, immunization: Resource) -> bool:
    """Whether a request is the order behind a vaccination: it has one of its numbers."""
    return not _numbers(request).isdisjoint(_numbers(immunization))


def _numbers(made: Resource) -> set[tuple[Any, Any]]:
    return {_number_of(each) for each in peek(made, "identifier") or ()}


def _number_of(identifier: Element) -> tuple[Any, Any]:
    return peek(identifier, "system"), peek(identifier, "value")


def _mdm(write: Writing, event: str) -> list[Segment]:
    """MDM: event, patient, visit, the document and its content."""
    document = write.take(write.first("DocumentReference"))
    visit = visit_alone(write) or [write.segment("PV1", {"1": "1", "2": "U"})]
    return [
        *provenance_evn(write, event),
        *patient_alone(write),
        *visit,
        document_txa(write, document),
        *(content_obx(write, document, each) for each in document.get("content", [])),
    ]


def _ref(write: Writing, event: str) -> list[Segment]:
    """REF: the referral, both providers, the patient and clinical information."""
    request = write.take(write.first("ServiceRequest"))
    expressed(request, *(() if negation(request) else implied(request)))
    patient = next((each for each in write.all("Patient")), {})
    documents = [write.take(each) for each in facts(write, "DocumentReference")]
    return [
        referral_rf1(write, request),
        *provider_prd(write, "RP", request.get("requester", {})),
        *(segment for each in request.get("performer", []) for segment in provider_prd(write, "RT", each)),
        *(segment for each in patient.get("generalPractitioner", []) for segment in provider_prd(write, "PP", each)),
        *patient_alone(write),
        *next_of_kin(write),
        *insurance_group(write),
        *diagnoses_group(write),
        *allergies_group(write),
        *(segment for each in write.all("DiagnosticReport") for segment in report_group(write, write.take(each))),
        *_attachments(write, documents),
        *visit_alone(write),
        *(annotation_nte(write, each) for each in request.get("note", [])),
    ]


def _attachments(write: Writing, documents: list[Resource]) -> list[Segment]:
    """Each document as a result: OBR names it, OBX has its content."""
    segments = []
    for document in documents:
        write.restart("OBX", "NTE")
        segments.append(order_obr(write, {}, {"code": document.get("type", {}), "status": "final"}))
        segments += [content_obx(write, document, each) for each in document.get("content", [])]
    return segments


MESSAGES: dict[str, Callable[[Writing, str], list[Segment]]] = {
    "ADT": _adt,
    "ORU": _oru,
    "ORM": _orders,
    "OML": _orders,
    "OMG": _orders,
    "VXU": _vxu,
    "MDM": _mdm,
    "REF": _ref,
}
