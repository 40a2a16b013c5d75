"""A FHIR bundle as an HL7 v2 message: its message type, and its segments in the order of that type."""

from collections.abc import Callable
from typing import NamedTuple

from shared.fhir.resource import Resource
from shared.hl7 import Message
from shared.hl7.segment import Segment
from shared.issue import Issue
from shared.mapping.back.header import bundle_msh, device_sft, provenance_evn
from shared.mapping.back.others import (
    content_obx,
    document_txa,
    immunization_orc,
    immunization_rxa,
    immunization_rxr,
    provider_prd,
    referral_rf1,
    role_rol,
)
from shared.mapping.back.people import (
    allergy_al1,
    condition_dg1,
    coverage_in1,
    guarantor_gt1,
    is_guarantor_role,
    patient_mrg,
    patient_pd1,
    patient_pid,
    procedure_pr1,
    related_person_nk1,
)
from shared.mapping.back.reading import expressed, peek
from shared.mapping.back.results import annotation_nte, is_of_obr, observation_obxs, order_obr, request_orc, specimen_spm
from shared.mapping.back.visit import encounter_pv1, encounter_pv2
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
    """A bundle as an HL7 v2.5.1 message. ValueError: no resource in it can be the subject of a message."""
    return _composed(Writing(bundle, records=False), message_type)


def compose_bundle(bundle: Resource, message_type: str = "") -> Composed:
    """``from_bundle``, with an issue for each resource and element that has no field."""
    write = Writing(bundle)
    message = _composed(write, message_type)
    write.name_unread()
    return Composed(message, tuple(write.issues))


def _composed(write: Writing, message_type: str) -> Message:
    kind = message_type or type_of(write)
    segments = [bundle_msh(write, kind), *device_sft(write)]
    segments += MESSAGES.get(kind.partition("^")[0], _adt)(write, kind.split("^")[1])
    return message_of(segments)


def type_of(write: Writing) -> str:
    """The message type: that of the MessageHeader, otherwise by the resources of the bundle."""
    said = str(write.first("MessageHeader").get("eventCoding", {}).get("display", ""))
    if said.count("^"):
        if said.partition("^")[0] not in MESSAGES:
            raise ValueError("this message type cannot be written as HL7 v2")
        return said
    held = {each.get("resourceType") for each in write.resources}
    for resource_type, kind in BY_CONTENT:
        if resource_type in held:
            return kind
    raise ValueError("no resource of the bundle can be the subject of an HL7 v2 message")


def _patient(write: Writing) -> list[Segment]:
    """The patient of the message, and the related persons."""
    patients = [each for each in write.all("Patient") if not _is_replaced(each)]
    if not patients:
        return []
    patient = write.subject["Patient"] = write.take(patients[0])
    people = [each for each in write.all("RelatedPerson") if _is_next_of_kin(write, each)]
    return [
        patient_pid(write, patient),
        *patient_pd1(write, patient),
        *(role_rol(write, role, {}) for role in _roles(write, patient)),
        *(related_person_nk1(write, write.take(each)) for each in people),
    ]


def _roles(write: Writing, patient: Resource) -> list[Resource]:
    """General practitioners with their role."""
    found = [write.resolve(each) for each in patient.get("generalPractitioner", [])]
    return [each for each in found if each.get("resourceType") == "PractitionerRole"]


def _is_replaced(patient: Resource) -> bool:
    return any(each.get("type") == "replaced-by" for each in patient.get("link", ()))


def _is_guarantor(person: Resource) -> bool:
    return any(is_guarantor_role(each) for each in person.get("relationship", ()))


def _is_next_of_kin(write: Writing, person: Resource) -> bool:
    """Whether a related person is neither a guarantor nor only an insured person."""
    subscribers = [write.resolve(each.get("subscriber", {})) for each in write.all("Coverage")]
    return not _is_guarantor(person) and all(each is not person for each in subscribers)


def _visit(write: Writing) -> list[Segment]:
    encounter = write.first("Encounter")
    if not encounter:
        return []
    write.subject["Encounter"] = encounter
    roles = [(each, write.resolve(each.get("individual", {}))) for each in encounter.get("participant", [])]
    return [
        encounter_pv1(write, write.take(encounter)),
        *encounter_pv2(write, encounter),
        *(role_rol(write, role, each) for each, role in roles if role.get("resourceType") == "PractitionerRole"),
    ]


def stated(write: Writing, resource_type: str) -> list[Resource]:
    """The resources of a type that state a fact. A segment cannot negate a fact, so the others are named in issues."""
    held = []
    for each in write.all(resource_type):
        if why := _not_so(each):
            write.withhold(each, why)
        else:
            expressed(each, *SAID_BY_PLACE.get(resource_type, ()))
            held.append(each)
    return held


# The meaning of the segment itself, after the codes of NOT_SO are excluded: an order is an order, a document is current.
SAID_BY_PLACE = {"ServiceRequest": ("intent",), "DocumentReference": ("status",)}
# Type -> element -> codes that negate or postpone the fact, and that the segment has no field for.
NOT_SO: dict[str, dict[str, tuple[str, ...]]] = {
    "AllergyIntolerance": {
        "verificationStatus": ("refuted", "entered-in-error"),
        "clinicalStatus": ("inactive", "resolved"),
    },
    "Condition": {"verificationStatus": ("refuted",)},
    "Procedure": {"status": ("not-done", "preparation", "on-hold")},
    "Coverage": {"status": ("cancelled", "draft", "entered-in-error")},
    "DocumentReference": {"status": ("entered-in-error", "superseded")},
    "ServiceRequest": {"status": ("draft",), "intent": ("proposal", "plan", "directive", "option")},
}


def _not_so(made: Resource) -> str:
    """The reason why a resource cannot become a segment; ``""`` if it can."""
    coded: dict[str, tuple[str, ...]] = NOT_SO.get(str(peek(made, "resourceType")), {})
    if peek(made, "doNotPerform") is True:
        return "an order not to do something; an order segment would mean the opposite"
    if peek(made, "modifierExtension"):
        return "an extension changes the meaning of the resource; the segment has no field for it"
    for name, codes in coded.items():
        if _code(peek(made, name)) in codes:
            return f"its {name} negates the statement; the segment has no field for that"
    return ""


def _code(value: object) -> str:
    """A code, or the first code of a concept, without marking it as read."""
    if isinstance(value, dict):
        codings = peek(value, "coding") or [{}]
        return str(peek(codings[0], "code") or "")
    return str(value or "")


def _no_visit(write: Writing, event: str) -> list[Segment]:
    """A28 and A31 are about a person only, but their structure requires a PV1: class N means not applicable."""
    return [write.segment("PV1", {"1": "1", "2": "N"})] if event in ("A28", "A31") else []


def _allergies(write: Writing) -> list[Segment]:
    return [allergy_al1(write, write.take(each)) for each in stated(write, "AllergyIntolerance")]


def _diagnoses(write: Writing) -> list[Segment]:
    placed = {
        peek(write.resolve(each.get("condition", {})), "id"): each
        for encounter in write.all("Encounter")
        for each in encounter.get("diagnosis", [])
    }
    return [condition_dg1(write, write.take(each), placed.get(peek(each, "id"), {})) for each in stated(write, "Condition")]


def _insurance(write: Writing) -> list[Segment]:
    paid = [each for each in stated(write, "Coverage") if each.get("payor", [{}])[0].get("reference") or each.get("identifier")]
    return [coverage_in1(write, write.take(each)) for each in paid]


def _adt(write: Writing, event: str) -> list[Segment]:
    """ADT: event, patient, merge, visit, observations, allergies, diagnoses, procedures, insurance."""
    merged = [patient_mrg(write, write.take(each)) for each in write.all("Patient") if _is_replaced(each)]
    guarantors = [each for each in write.all("RelatedPerson") if _is_guarantor(each)]
    observations = [each for each in write.all("Observation") if "75320-2" not in str(each.get("code"))]
    return [
        *provenance_evn(write, event),
        *_patient(write),
        *merged,
        *(_visit(write) or _no_visit(write, event)),
        *(segment for each in observations for segment in _observation(write, each)),
        *_allergies(write),
        *_diagnoses(write),
        *(procedure_pr1(write, write.take(each)) for each in stated(write, "Procedure")),
        *(guarantor_gt1(write, write.take(each)) for each in guarantors),
        *_insurance(write),
    ]


def _observation(write: Writing, observation: Resource) -> list[Segment]:
    write.restart("NTE")
    made = observation_obxs(write, write.take(observation))
    return [*made, *(annotation_nte(write, each) for each in observation.get("note", []))]


def _oru(write: Writing, event: str) -> list[Segment]:
    """ORU: patient, visit, then each report as a group; observations without a report are a group without one."""
    segments = [*_patient(write), *_visit(write)]
    for report in write.all("DiagnosticReport"):
        segments += _report(write, write.take(report))
    return segments


def _report(write: Writing, report: Resource) -> list[Segment]:
    """ORC, OBR, notes, OBX with their notes, SPM with theirs."""
    write.restart("OBX", "SPM", "NTE")
    requests = [found for each in report.get("basedOn", []) if (found := write.resolve(each))]
    request = requests[0] if requests else {}
    results = [found for each in report.get("result", []) if (found := write.resolve(each))]
    asked = [found for each in request.get("supportingInfo", []) if (found := write.resolve(each))]
    specimens = [found for each in report.get("specimen", []) if (found := write.resolve(each)) and not is_of_obr(found)]
    return [
        request_orc(write, request, report, "RE"),
        order_obr(write, request, report),
        *(annotation_nte(write, each) for each in request.get("note", [])),
        *(segment for each in [*results, *asked] for segment in _observation(write, each)),
        *(segment for each in specimens for segment in _specimen(write, each)),
    ]


def _specimen(write: Writing, specimen: Resource) -> list[Segment]:
    """SPM, and the observations about the specimen."""
    about = [each for each in write.all("Observation") if _is_about(write, each, specimen)]
    return [specimen_spm(write, specimen), *(segment for each in about for segment in _observation(write, each))]


def _is_about(write: Writing, observation: Resource, specimen: Resource) -> bool:
    return any(write.resolve(each) is specimen for each in observation.get("focus", ()))


def _orders(write: Writing, event: str) -> list[Segment]:
    """ORM, OML, OMG: patient, visit, then each order."""
    segments = [*_patient(write), *_visit(write), *_allergies(write)]
    for request in stated(write, "ServiceRequest"):
        write.restart("OBX", "SPM", "NTE")
        write.take(request)
        asked = [found for each in request.get("supportingInfo", []) if (found := write.resolve(each))]
        reasons = [found for each in request.get("reasonReference", []) if (found := write.resolve(each))]
        segments += [
            request_orc(write, request, {}, CONTROL.get(request.get("status", ""), "SC")),
            order_obr(write, request, {}),
            *(annotation_nte(write, each) for each in request.get("note", [])),
            *(condition_dg1(write, each, {}) for each in reasons),
            *(segment for each in asked for segment in _observation(write, each)),
            *(specimen_spm(write, found) for each in request.get("specimen", []) if (found := write.resolve(each))),
        ]
    return segments


def _vxu(write: Writing, event: str) -> list[Segment]:
    """VXU: patient, visit, then each vaccination with its observations."""
    segments = [*_patient(write), *_visit(write)]
    for immunization in write.all("Immunization"):
        write.restart("OBX", "NTE")
        seen = [
            each for each in write.all("Observation") if any(write.resolve(p) is immunization for p in each.get("partOf", ()))
        ]
        ordered = [each for each in write.all("ServiceRequest") if _same_number(each, immunization)][:1]
        orc = immunization_orc(write, write.take(immunization))
        segments += [
            *([request_orc(write, write.take(each), {}, orc["1"]) for each in ordered] or [orc]),
            immunization_rxa(write, immunization),
            *immunization_rxr(write, immunization),
            *(annotation_nte(write, each) for each in immunization.get("note", [])),
            *(segment for each in seen for segment in _observation(write, each)),
        ]
    return segments


def _same_number(request: Resource, immunization: Resource) -> bool:
    """Whether a request is the order behind a vaccination: it has one of its numbers."""
    numbers = [(each.get("system"), each.get("value")) for each in immunization.get("identifier", ())]
    return any((each.get("system"), each.get("value")) in numbers for each in request.get("identifier", ()))


def _mdm(write: Writing, event: str) -> list[Segment]:
    """MDM: event, patient, visit, the document and its content."""
    document = write.take(write.first("DocumentReference"))
    visit = _visit(write) or [write.segment("PV1", {"1": "1", "2": "U"})]
    return [
        *provenance_evn(write, event),
        *_patient(write)[:1],
        *visit[:1],
        document_txa(write, document),
        *(content_obx(write, document, each) for each in document.get("content", [])),
    ]


def _ref(write: Writing, event: str) -> list[Segment]:
    """REF: the referral, both providers, the patient and clinical information."""
    request = write.take(write.first("ServiceRequest"))
    expressed(request, *(("intent",) if not _not_so(request) else ()))
    patient = next((each for each in write.all("Patient")), {})
    documents = [write.take(each) for each in stated(write, "DocumentReference")]
    return [
        referral_rf1(write, request),
        *provider_prd(write, "RP", request.get("requester", {})),
        *(segment for each in request.get("performer", []) for segment in provider_prd(write, "RT", each)),
        *(segment for each in patient.get("generalPractitioner", []) for segment in provider_prd(write, "PP", each)),
        *[each for each in _patient(write) if each.name not in ("PD1", "ROL")],
        *_insurance(write),
        *_diagnoses(write),
        *_allergies(write),
        *(segment for each in write.all("DiagnosticReport") for segment in _report(write, write.take(each))),
        *_attachments(write, documents),
        *_visit(write)[:1],
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
