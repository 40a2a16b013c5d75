"""Groups of segments from the resources of a bundle: patient, visit, report, and the facts that a segment can state."""

from shared.fhir.resource import Resource
from shared.hl7.segment import Segment
from shared.mapping.back.reading import expressed, peek, peek_codes
from shared.mapping.back.segments.clinical import allergy_al1, condition_dg1, coverage_in1
from shared.mapping.back.segments.orders import is_of_obr, order_obr, request_orc, specimen_spm
from shared.mapping.back.segments.people import is_guarantor_role, patient_pd1, patient_pid, related_person_nk1
from shared.mapping.back.segments.referral import role_rol
from shared.mapping.back.segments.results import annotation_nte, observation_obxs
from shared.mapping.back.segments.visit import encounter_pv1, encounter_pv2
from shared.mapping.back.writing import Writing


def patient_group(write: Writing) -> list[Segment]:
    """The patient of the message, and the related persons."""
    alone = patient_alone(write)
    if not alone:
        return []
    patient = write.subject["Patient"]
    roles = (role_rol(write, role, {}) for role in _roles(write, patient))
    return [*alone, *patient_pd1(write, patient), *roles, *next_of_kin(write)]


def patient_alone(write: Writing) -> list[Segment]:
    """PID, for a message without the other segments of a patient: what only they have a field for is then named as left out."""
    patients = [each for each in write.all("Patient") if not is_replaced(each)]
    if not patients:
        return []
    patient = write.subject["Patient"] = write.take(patients[0])
    return [patient_pid(write, patient)]


def next_of_kin(write: Writing) -> list[Segment]:
    people = [each for each in write.all("RelatedPerson") if is_next_of_kin(write, each)]
    return [related_person_nk1(write, write.take(each)) for each in people]


def _roles(write: Writing, patient: Resource) -> list[Resource]:
    """General practitioners with their role."""
    found = [write.resolve(each) for each in patient.get("generalPractitioner", [])]
    return [each for each in found if each.get("resourceType") == "PractitionerRole"]


def is_replaced(patient: Resource) -> bool:
    return any(each.get("type") == "replaced-by" for each in patient.get("link", ()))


def is_guarantor(person: Resource) -> bool:
    return any(is_guarantor_role(each) for each in person.get("relationship", ()))


def is_next_of_kin(write: Writing, person: Resource) -> bool:
    """Whether a related person is neither a guarantor nor only an insured person."""
    subscribers = [write.resolve(each.get("subscriber", {})) for each in write.all("Coverage")]
    return not is_guarantor(person) and all(each is not person for each in subscribers)


def visit_group(write: Writing) -> list[Segment]:
    """PV1, PV2 and ROL of the visit; none without an Encounter."""
    alone = visit_alone(write)
    if not alone:
        return []
    encounter = write.subject["Encounter"]
    roles = [(each, write.resolve(each.get("individual", {}))) for each in encounter.get("participant", [])]
    return [
        *alone,
        *encounter_pv2(write, encounter),
        *(role_rol(write, role, each) for each, role in roles if role.get("resourceType") == "PractitionerRole"),
    ]


def visit_alone(write: Writing) -> list[Segment]:
    """PV1, for a message without the other segments of a visit: what only they have a field for is then named as left out."""
    encounter = write.first("Encounter")
    if not encounter:
        return []
    write.subject["Encounter"] = encounter
    return [encounter_pv1(write, write.take(encounter))]


def facts(write: Writing, resource_type: str) -> list[Resource]:
    """The resources of a type that state a fact. A segment cannot negate a fact, so the others are named in issues."""
    held = []
    for each in write.all(resource_type):
        if why := negation(each):
            write.withhold(each, why)
        else:
            expressed(each, *implied(each))
            held.append(each)
    return held


def implied(made: Resource) -> list[str]:
    """The elements that the segment itself expresses: all codes of an element have to be among those of ``IMPLIED``."""
    known = IMPLIED.get(str(peek(made, "resourceType")), {})
    return [name for name, codes in known.items() if peek_codes(peek(made, name)) <= {*codes}]


# The meaning of the segment itself: an order is an order, a document is current, an allergy and a diagnosis are not over.
IMPLIED: dict[str, dict[str, tuple[str, ...]]] = {
    "AllergyIntolerance": {"clinicalStatus": ("active",), "verificationStatus": ("confirmed",), "type": ("allergy",)},
    "Condition": {"clinicalStatus": ("active",), "verificationStatus": ("confirmed", "entered-in-error")},  # DG1-21
    "Procedure": {"status": ("completed",)},
    "Coverage": {"status": ("active",)},
    "ServiceRequest": {"intent": ("order", "original-order", "reflex-order", "filler-order", "instance-order")},
    "DocumentReference": {"status": ("current",)},
}
# Type -> element -> codes that negate or postpone the fact, and that the segment has no field for.
NEGATIONS: dict[str, dict[str, tuple[str, ...]]] = {
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


def negation(made: Resource) -> str:
    """The reason why a resource cannot become a segment; ``""`` if it can."""
    coded: dict[str, tuple[str, ...]] = NEGATIONS.get(str(peek(made, "resourceType")), {})
    if peek(made, "doNotPerform") is True:
        return "an order not to do something; an order segment would mean the opposite"
    if peek(made, "modifierExtension"):
        return "an extension changes the meaning of the resource; the segment has no field for it"
    for name, codes in coded.items():
        if peek_codes(peek(made, name)) & {*codes}:
            return f"its {name} negates the statement; the segment has no field for that"
    return ""


def no_visit(write: Writing, event: str) -> list[Segment]:
    """A28 and A31 are about a person only, but their structure requires a PV1: class N means not applicable."""
    return [write.segment("PV1", {"1": "1", "2": "N"})] if event in ("A28", "A31") else []


def allergies_group(write: Writing) -> list[Segment]:
    return [allergy_al1(write, write.take(each)) for each in facts(write, "AllergyIntolerance")]


def diagnoses_group(write: Writing) -> list[Segment]:
    placed = {
        peek(write.resolve(each.get("condition", {})), "id"): each
        for encounter in write.all("Encounter")
        for each in encounter.get("diagnosis", [])
    }
    return [condition_dg1(write, write.take(each), placed.get(peek(each, "id"), {})) for each in facts(write, "Condition")]


def insurance_group(write: Writing) -> list[Segment]:
    paid = [each for each in facts(write, "Coverage") if each.get("payor", [{}])[0].get("reference") or each.get("identifier")]
    return [coverage_in1(write, write.take(each)) for each in paid]


def observation_group(write: Writing, observation: Resource) -> list[Segment]:
    write.restart("NTE")
    made = observation_obxs(write, write.take(observation))
    return [*made, *(annotation_nte(write, each) for each in observation.get("note", []))]


def report_group(write: Writing, report: Resource) -> list[Segment]:
    """ORC, OBR, notes, OBX with their notes, SPM with theirs."""
    write.restart("OBX", "SPM", "NTE")
    requests = [found for each in report.get("basedOn", []) if (found := write.resolve(each))]
    request = requests[0] if requests else {}
    results = [found for each in report.get("result", []) if (found := write.resolve(each))]
    supporting = [found for each in request.get("supportingInfo", []) if (found := write.resolve(each))]
    specimens = [found for each in report.get("specimen", []) if (found := write.resolve(each)) and not is_of_obr(found)]
    return [
        request_orc(write, request, report, "RE"),
        order_obr(write, request, report),
        *(annotation_nte(write, each) for each in request.get("note", [])),
        *(segment for each in [*results, *supporting] for segment in observation_group(write, each)),
        *(segment for each in specimens for segment in specimen_group(write, each)),
    ]


def specimen_group(write: Writing, specimen: Resource) -> list[Segment]:
    """SPM, and the observations about the specimen."""
    about = [each for each in write.all("Observation") if _is_about(write, each, specimen)]
    return [specimen_spm(write, specimen), *(segment for each in about for segment in observation_group(write, each))]


def _is_about(write: Writing, observation: Resource, specimen: Resource) -> bool:
    return any(write.resolve(each) is specimen for each in observation.get("focus", ()))
