"""AL1, IAM, DG1, PR1: allergies, diagnoses, procedures."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.caching import cached_by
from shared.mapping.datatypes.date import plus_minutes
from shared.mapping.datatypes.identifier import ei_identifier
from shared.mapping.datatypes.person import HL7
from shared.mapping.datatypes.timing import minutes
from shared.mapping.datatypes.value import positive
from shared.mapping.elements import backbone, extension
from shared.mapping.reading import UNKNOWN, Reading
from shared.mapping.tables import (
    ALLERGEN_CATEGORY,
    ALLERGEN_CATEGORY_AS_SENT,
    ALLERGY_SEVERITY,
    ALLERGY_TYPE,
    DIAGNOSIS_TYPE,
)
from shared.mapping.texts import code_of, text_at

ALTERNATE = HL7 + "alternate-codes"
CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
CONDITION_STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
SNOMED = "http://snomed.info/sct"


def al1_allergy_intolerance(read: Reading, al1: Segment) -> Resource:
    """AL1 -> AllergyIntolerance; ``{}`` without an allergen or a reaction. Source: guide, AL1[AllergyIntolerance]."""
    if read.is_empty(al1, "3", "5"):
        return {}
    return resource(
        "AllergyIntolerance",
        id=read.id(al1),
        clinicalStatus=_coded(CLINICAL, "active"),
        **_allergen(read, al1),
        patient=read.patient or UNKNOWN,
        onsetDateTime=read.date_time(al1, "6"),
        reaction=_reaction(read, al1, [{"text": each["1"]} for each in al1.repeats("5") if text_at(each, "1")]),
    )


@cached_by(2, 3)
def _allergen(read: Reading, segment: Segment) -> Element:
    """AL1-2 and 3, IAM-2 and 3 -> type, category, code."""
    return element(type=ALLERGY_TYPE.get(code_of(segment, "2")), **_category(read, segment), code=read.concept(segment, "3"))


def _category(read: Reading, segment: Segment) -> Element:
    """AL1-2 or IAM-2 -> category, with the letter as sent."""
    code = ALLERGEN_CATEGORY.get(code_of(segment, "2"))
    if not code_of(segment, "2"):
        return {}
    as_sent = read.concept(segment, "2", ALLERGEN_CATEGORY_AS_SENT)
    return {"category": [code or None], "_category": [{"extension": extension(ALTERNATE, valueCodeableConcept=as_sent)}]}


def _reaction(read: Reading, segment: Segment, manifestation: list[Element]) -> list[Element]:
    """AL1-5 with AL1-4 as its severity; a severity without a reaction is that of an unknown manifestation.

    A severity that is not in its table is a note. Source: guide, AL1-4 where severity is not used as criticality.
    """
    severity = read.look_up(segment, "4", ALLERGY_SEVERITY)
    words = code_of(segment, "4") if code_of(segment, "4") not in ALLERGY_SEVERITY else ""
    if not manifestation and not severity and not words:
        return []
    return [element(manifestation=manifestation or [UNKNOWN], severity=severity, note=[{"text": words}] if words else [])]


def iam_allergy_intolerance(read: Reading, iam: Segment) -> Resource:
    """IAM -> AllergyIntolerance; ``{}`` without an allergen or a reaction. Source: guide, IAM[AllergyIntolerance]."""
    if read.is_empty(iam, "3", "5"):
        return {}
    return resource(
        "AllergyIntolerance",
        id=read.id(iam),
        identifier=[read.first(iam, "7", ei_identifier)],
        **_allergy_status(read, iam),
        **_allergen(read, iam),
        patient=read.patient or UNKNOWN,
        onsetDateTime=read.date_time(iam, "11"),
        onsetString=text_at(iam, "12") if not text_at(iam, "11") else "",
        recordedDate=read.date_time(iam, "13"),
        reaction=_reaction(read, iam, read.concepts(iam, "5")),
    )


# HL7 table 0438, allergy clinical status -> clinicalStatus, verificationStatus
ALLERGY_STATUS = {
    "C": ("active", "confirmed"),
    "D": ("active", "unconfirmed"),
    "E": ("", "entered-in-error"),
    "I": ("inactive", "confirmed"),
    "P": ("active", "unconfirmed"),
    "S": ("active", "unconfirmed"),
    "U": ("active", "unconfirmed"),
}


def _allergy_status(read: Reading, iam: Segment) -> Element:
    """IAM-6 and IAM-17 -> verificationStatus and clinicalStatus; a deleted allergy has no clinical status (FHIR, ait-2)."""
    clinical, verified = read.look_up(iam, "17", ALLERGY_STATUS) or ("active", "")
    if text_at(iam, "6") == "D":
        clinical, verified = ALLERGY_STATUS["E"]
    return element(
        clinicalStatus=_coded(CLINICAL, clinical) if clinical else {},
        verificationStatus=_coded(VERIFIED, verified) if verified else {},
    )


def _coded(system: str, code: str) -> Element:
    return {"coding": [{"system": system, "code": code}]}


def dg1_condition(read: Reading, dg1: Segment) -> Resource:
    """DG1 -> Condition; ``{}`` without a diagnosis. Source: guide, DG1[Condition]."""
    if read.is_empty(dg1, "3", "4"):
        return {}
    deleted = is_deleted(dg1)
    parent = read.first(dg1, "22", ei_identifier)
    return resource(
        "Condition",
        id=read.id(dg1),
        extension=[
            *extension(HL7 + "condition-assertedDate", valueDateTime=read.date_time(dg1, "19")),
            *extension(HL7 + "condition-dueTo", valueReference=element(type="Condition", identifier=parent) if parent else {}),
        ],
        identifier=[read.first(dg1, "20", ei_identifier)],
        verificationStatus={"coding": [{"system": CONDITION_STATUS, "code": "entered-in-error"}]} if deleted else {},
        code=_diagnosis(read, dg1),
        subject=read.patient or UNKNOWN,
        encounter=read.encounter,
        onsetDateTime=read.date_time(dg1, "5"),
        recordedDate=read.date_time(dg1, "19"),
        asserter=read.practitioner(dg1, "16"),
    )


def is_deleted(dg1: Segment) -> bool:
    """DG1-21 deletes the diagnosis."""
    return text_at(dg1, "21") == "D"


def _diagnosis(read: Reading, dg1: Segment) -> Element:
    """DG1-3, with the text of DG1-4 if present."""
    words = text_at(dg1, "4")
    return {**read.concept(dg1, "3"), "text": words} if words else read.concept(dg1, "3")


def dg1_encounter(read: Reading, dg1: Segment, condition: Element) -> Element:
    """DG1 -> Encounter.diagnosis. Source: guide, DG1[Encounter]."""
    rank = text_at(dg1, "15")
    return {
        "diagnosis": [
            element(
                condition=condition,
                use=read.concept(dg1, "6", DIAGNOSIS_TYPE),
                rank=positive(rank),
            )
        ]
    }


def pr1_procedure(read: Reading, pr1: Segment) -> Resource:
    """PR1 -> Procedure; ``{}`` without a procedure. Source: guide, PR1[Procedure]."""
    if read.is_empty(pr1, "3", "4"):
        return {}
    return resource(
        "Procedure",
        id=read.id(pr1),
        identifier=[read.first(pr1, "19", ei_identifier)],
        partOf=_logical(read, pr1, "25", "Procedure"),
        status=_procedure_status(read, pr1),
        category=read.concept(pr1, "6"),
        code=_procedure(read, pr1),
        subject=read.patient or UNKNOWN,
        encounter=read.encounter,
        **_performed(read, pr1),
        performer=[
            *_performers(read, pr1, "8", "88189002"),
            *_performers(read, pr1, "11", "304292004"),
            *backbone(read.practitioners(pr1, "12"), "actor"),
        ],
        location=read.location(pr1, "23"),
        reasonCode=read.concepts(pr1, "15"),
    )


def _procedure_status(read: Reading, pr1: Segment) -> str:
    """Deleted by PR1-20; completed if its day (PR1-5) is not after that of the message; otherwise unknown."""
    if text_at(pr1, "20") == "D":
        return "entered-in-error"
    day, today = pr1["5"][:8], read.message["MSH-7"][:8]
    done = day.isdecimal() and today.isdecimal() and day[: len(today)] <= today[: len(day)]
    return "completed" if done else "unknown"


def _procedure(read: Reading, pr1: Segment) -> Element:
    words = text_at(pr1, "4")
    return {**read.concept(pr1, "3"), "text": words} if words and not text_at(pr1, "3.9") else read.concept(pr1, "3")


def _performers(read: Reading, pr1: Segment, field: str, function: str) -> list[Element]:
    kind = {"coding": [{"system": SNOMED, "code": function}]}
    return backbone(read.practitioners(pr1, field), "actor", function=kind)


def _performed(read: Reading, pr1: Segment) -> Element:
    """PR1-5, with the duration of PR1-7 if a time of day was sent."""
    start, length = read.date_time(pr1, "5"), read.number(pr1, "7", lambda text: minutes(text, ""))
    if length is None or "T" not in start:
        return element(performedDateTime=start)
    return {"performedPeriod": {"start": start, "end": plus_minutes(start, length)}}


def _logical(read: Reading, segment: Segment, field: str, resource_type: str) -> list[Element]:
    """References by identifier alone: the resource is elsewhere."""
    return [element(type=resource_type, identifier=each) for each in read.each(segment, field, ei_identifier)]
