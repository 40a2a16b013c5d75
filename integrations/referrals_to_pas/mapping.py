"""FHIR referral -> REF^I12 2.5.1: the HL7 v2-to-FHIR guide read backwards, and the PAS's own requirements."""

from hashlib import sha256
from typing import Any

from shared import mapping as guide
from shared.fhir.resource import to_json
from shared.hl7 import Message, Repetition, Segment, compose, replace

Resource = dict[str, Any]

SYSTEM_NAMES = {  # FHIR system -> HL7 table 0396
    "http://snomed.info/sct": "SCT",
    "http://loinc.org": "LN",
    "http://hl7.org/fhir/sid/icd-10": "I10",
}
CONTROL_ID_LENGTH = 20  # MSH-10, HL7 v2.5.1 2.15.9.10
NHS, NHS_NUMBER_TYPE = "NHS", "NH"  # assigning authority and HL7 UK table 0203


def referral(bundle: Resource) -> Message:
    """The message for the PAS."""
    made = guide.from_bundle(bundle)  # what has no field is named by the check (rules.nothing_is_lost)
    return compose(made, [_for_pas(each, made, bundle) for each in made.segments()])


def _for_pas(segment: Segment, made: Message, bundle: Resource) -> Segment:
    if segment.name == "MSH":
        return replace(
            segment, {"5": "PAS", "10": control_id(made["MSH-10"].strip() or digest(bundle)), "11": segment["11"] or "P"}
        )
    if segment.name == "PID":
        return replace(segment, {"3": [typed(cx) for cx in segment.repeats("3")]})
    if segment.name == "RF1":
        return replace(segment, {"3": referral_type(the("ServiceRequest", bundle))})
    return segment


def digest(bundle: Resource) -> str:
    """Replaces a missing identifier of a bundle; the same bundle gets the same one when it is sent again."""
    return sha256(to_json(bundle)).hexdigest()


def control_id(text: str) -> str:
    """MSH-10 of at most 20 characters: the bundle's identifier, or a stable replacement of a longer one.

    >>> control_id("R-1"), len(control_id("x" * 64)), control_id("x" * 64) == control_id("x" * 64)
    ('R-1', 20, True)
    """
    return text if len(text) <= CONTROL_ID_LENGTH else sha256(text.encode()).hexdigest()[:CONTROL_ID_LENGTH].upper()


def the(resource_type: str, bundle: Resource) -> Resource:
    """The resource of a type that a referral has once; ``{}`` when it has none."""
    found = (each.get("resource", {}) for each in bundle.get("entry", ()))
    return next((each for each in found if each.get("resourceType") == resource_type), {})


def typed(cx: Repetition) -> tuple[str, ...] | Repetition:
    """An NHS Number with the type that the PAS finds it by; any other number as it is."""
    if cx["4"] != NHS or cx["5"]:
        return cx
    return (cx["1"], "", "", NHS, NHS_NUMBER_TYPE)


def referral_type(request: Resource) -> tuple[str, ...]:
    """RF1-3: the service that is asked for (code), with the category as the alternate; one alone when there is only one."""
    codings = [first_coding(each) for each in (request.get("code", {}), *request.get("category", ())[:1])]
    return tuple(part for coding in codings if coding for part in coding)


def first_coding(concept: Resource) -> tuple[str, str, str]:
    """Code, text and system of a CodeableConcept as CE has them; empty texts when there is none."""
    coding: Resource = next(iter(concept.get("coding", ())), {})
    system = SYSTEM_NAMES.get(coding.get("system", ""), "L" if coding else "")
    return (coding.get("code", ""), coding.get("display", "") or concept.get("text", ""), system)
