"""AL1, DG1, PR1 and IN1 from FHIR resources: the inverse of the guide."""

from shared.fhir.resource import Element, Resource
from shared.hl7.compose import Value
from shared.hl7.segment import Segment
from shared.mapping.back.datatypes import address_xad, human_name_xpn, identifier_ei
from shared.mapping.back.reading import forget, only_first, peek, peek_codes
from shared.mapping.back.values import code_of, concept_code, concept_cwe, date_time_dtm, extension_value, is_absent, number
from shared.mapping.back.writing import Writing, chosen, repeated
from shared.mapping.datatypes.person import HL7
from shared.mapping.segments.clinical import ALTERNATE
from shared.mapping.tables import (
    ALLERGEN_CATEGORY_AS_SENT,
    ALLERGY_SEVERITY,
    DIAGNOSIS_TYPE,
    RELATIONSHIP,
)


def coverage_in1(write: Writing, coverage: Resource) -> Segment:
    """Coverage -> IN1. Source: guide, IN1[Coverage] read backwards."""
    payor = write.resolve(coverage.get("payor", [{}])[0])
    holder = write.resolve(coverage.get("policyHolder", {}))
    subscriber = write.resolve(coverage.get("subscriber", {}))
    period = coverage.get("period", {})
    is_other = subscriber.get("resourceType") == "RelatedPerson"
    return write.segment(
        "IN1",
        {
            "1": write.count("IN1"),
            "2": [(each.get("value", ""),) for each in only_first(coverage.get("identifier", []))],
            "4": write.organization(coverage.get("payor", [{}])[0]),
            "5": repeated(payor.get("address", []), address_xad),
            "11": (holder.get("name", ""),),
            "12": date_time_dtm(period.get("start", "")),
            "13": date_time_dtm(period.get("end", "")),
            "15": concept_cwe(coverage.get("type", {})),
            "16": repeated(subscriber.get("name", []), human_name_xpn) if is_other else "",
            "17": concept_cwe(coverage.get("relationship", {}), RELATIONSHIP),
            "18": date_time_dtm(subscriber.get("birthDate", "")) if is_other else "",
            "19": repeated(subscriber.get("address", []), address_xad) if is_other else "",
            "49": coverage.get("subscriberId", ""),
        },
    )


def allergy_al1(write: Writing, allergy: Resource) -> Segment:
    """AllergyIntolerance -> AL1. Source: guide, AL1[AllergyIntolerance] read backwards."""
    reaction = allergy.get("reaction", [{}])[0]
    manifestations = [each for each in reaction.get("manifestation", []) if not is_absent(each)]
    return write.segment(
        "AL1",
        {
            "1": write.count("AL1"),
            "2": _allergen_type(allergy),
            "3": concept_cwe(allergy.get("code", {})),
            "4": code_of(reaction, "severity", ALLERGY_SEVERITY),
            "5": [each.get("text") or concept_cwe(each)[1] for each in manifestations],
            "6": date_time_dtm(allergy.get("onsetDateTime", "")),
        },
    )


def _allergen_type(allergy: Resource) -> Value:
    """AL1-2: the letter as sent, otherwise that of the category."""
    categories = [each for each in allergy.get("category", []) if each]
    if len(categories) > 1:  # the field has room for one
        forget(allergy, "category")
    held = allergy.get("_category", [{}])[0] or {}
    as_sent = extension_value(held, ALTERNATE)
    if isinstance(as_sent, dict):
        return concept_cwe(as_sent, ALLERGEN_CATEGORY_AS_SENT)
    return {"medication": "DA", "food": "FA", "environment": "EA", "biologic": "AA"}.get(categories[0] if categories else "", "")


def condition_dg1(write: Writing, condition: Resource, diagnosis: Element) -> Segment:
    """Condition (with its place in Encounter.diagnosis) -> DG1. Source: guide, DG1[Condition] read backwards."""
    code = condition.get("code", {})
    words = code.get("text", "")
    displays = [each.get("display") for each in code.get("coding", ())]
    deleted = "entered-in-error" in peek_codes(peek(condition, "verificationStatus"))
    asserted = extension_value(condition, HL7 + "condition-assertedDate") or condition.get("recordedDate", "")
    return write.segment(
        "DG1",
        {
            "1": write.count("DG1"),
            "3": concept_cwe({"coding": code["coding"]}) if code.get("coding") else "",
            "4": words if words or not displays else "",
            "5": date_time_dtm(condition.get("onsetDateTime", "")),
            "6": concept_code(diagnosis.get("use", {}), DIAGNOSIS_TYPE),
            "15": str(diagnosis.get("rank", "")),
            "16": write.practitioner(condition.get("asserter", {})),
            "19": date_time_dtm(str(asserted)),
            "20": identifier_ei(condition.get("identifier", [{}])[0]),
            "21": "D" if deleted else "",
        },
    )


def procedure_pr1(write: Writing, procedure: Resource) -> Segment:
    """Procedure -> PR1. Source: guide, PR1[Procedure] read backwards."""
    kind, when = chosen(procedure, "performed")
    start = when.get("start", "") if kind == "Period" else when or ""
    code = procedure.get("code", {})
    others = [each.get("actor", {}) for each in procedure.get("performer", []) if not each.get("function")]
    return write.segment(
        "PR1",
        {
            "1": write.count("PR1"),
            "3": concept_cwe({"coding": code["coding"]}) if code.get("coding") else "",
            "4": code.get("text", ""),
            "5": date_time_dtm(start if isinstance(start, str) else ""),
            "6": concept_cwe(procedure.get("category", {})),
            "7": number(_minutes(start, when.get("end", ""))) if kind == "Period" else "",
            "8": _by_function(write, procedure, "88189002"),
            "11": _by_function(write, procedure, "304292004"),
            "12": write.practitioners(others),
            "15": [concept_cwe(each) for each in procedure.get("reasonCode", [])],
            "19": identifier_ei(procedure.get("identifier", [{}])[0]),
            "20": "D" if procedure.get("status") == "entered-in-error" else "",
        },
    )


def _by_function(write: Writing, procedure: Resource, code: str) -> list[Value]:
    return [
        write.practitioner(each.get("actor", {}))
        for each in procedure.get("performer", [])
        if any(coding.get("code") == code for coding in each.get("function", {}).get("coding", ()))
    ]


def _minutes(start: str, end: str) -> int | None:
    """Whole minutes between two times of one day or the next."""
    if "T" not in start or "T" not in end:
        return None
    first, last = (int(each[11:13]) * 60 + int(each[14:16]) for each in (start, end))
    return (last - first) % 1440
