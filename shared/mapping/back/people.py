"""Patient, RelatedPerson, Coverage, AllergyIntolerance, Condition, Procedure -> PID, PD1, NK1, MRG, GT1, IN1, AL1, DG1, PR1."""

from shared.fhir.resource import Element, Resource
from shared.hl7.compose import Value
from shared.hl7.segment import Segment
from shared.mapping.back.datatypes import (
    address_xad,
    code_of,
    concept_cwe,
    contact_point_xtn,
    date_time_dtm,
    extension_value,
    human_name_xpn,
    identifier_cx,
    identifier_ei,
    is_absent,
    number,
)
from shared.mapping.back.reading import expressed
from shared.mapping.back.writing import Writing, chosen, repeated
from shared.mapping.datatypes.person import HL7
from shared.mapping.segments.clinical import ALTERNATE
from shared.mapping.tables import (
    ADMINISTRATIVE_SEX,
    ALLERGEN_CATEGORY_AS_SENT,
    ALLERGY_SEVERITY,
    CONTACT_ROLE,
    DIAGNOSIS_TYPE,
    MARITAL_STATUS,
    RELATIONSHIP,
    RELIGION,
)

YES_NO = {True: "Y", False: "N"}


def patient_pid(write: Writing, patient: Resource) -> Segment:
    """Patient -> PID. Source: guide, PID[Patient] read backwards."""
    names = patient.get("name", [])
    return write.segment(
        "PID",
        {
            "1": write.count("PID"),
            "3": repeated(_patient_numbers(patient), identifier_cx),
            "5": [_with_nickname(each, names) for each in names if each.get("use") != "nickname"],
            "6": _mother(patient),
            "7": _birth(patient),
            "8": code_of(patient, "gender", ADMINISTRATIVE_SEX),
            "11": repeated(patient.get("address", []), address_xad),
            "13": repeated([each for each in patient.get("telecom", []) if each.get("use") != "work"], contact_point_xtn),
            "14": repeated([each for each in patient.get("telecom", []) if each.get("use") == "work"], contact_point_xtn),
            "15": [_language(each.get("language", {})) for each in patient.get("communication", [])][:1],
            "16": concept_cwe(patient.get("maritalStatus", {}), MARITAL_STATUS),
            "17": _religion(patient),
            "18": _account(write),
            "19": _social_security(patient),
            "23": _birth_place(patient),
            "24": YES_NO.get(patient.get("multipleBirthBoolean", ""), ""),
            "25": str(patient.get("multipleBirthInteger", "")),
            "26": _countries(patient, "patient-citizenship"),
            "28": _countries(patient, "patient-nationality"),
            "29": date_time_dtm(patient.get("deceasedDateTime", "")),
            "30": YES_NO.get(patient.get("deceasedBoolean", ""), ""),
            **_last_update(write),
        },
    )


def _patient_numbers(patient: Resource) -> list[Element]:
    return [each for each in patient.get("identifier", []) if not _is_social(each)]


def _is_social(identifier: Element) -> bool:
    return any(each.get("code") == "SB" for each in identifier.get("type", {}).get("coding", ()))


def _social_security(patient: Resource) -> str:
    return next((each.get("value", "") for each in patient.get("identifier", []) if _is_social(each)), "")


def _with_nickname(name: Element, names: list[Element]) -> Value:
    """XPN; the nickname is a component of the first name."""
    nickname = next((each for each in names if each.get("use") == "nickname"), {})
    first = next((each for each in names if each.get("use") != "nickname"), {})
    parts = human_name_xpn(name)
    return (*parts, "", " ".join(nickname.get("given", []))) if nickname and name is first else parts


def _mother(patient: Resource) -> str:
    return str(extension_value(patient, HL7 + "patient-mothersMaidenName") or "")


def _birth(patient: Resource) -> str:
    moment = extension_value(patient.get("_birthDate", {}), HL7 + "patient-birthTime")
    return date_time_dtm(str(moment or patient.get("birthDate", "")))


def _language(concept: Element) -> Value:
    coding = concept.get("coding", [{}])[0]
    words = concept.get("text", "")
    return (coding.get("code", ""), words, "ISO639-1" if words else "")


def _religion(patient: Resource) -> Value:
    concept = extension_value(patient, HL7 + "patient-religion")
    return concept_cwe(concept, RELIGION) if isinstance(concept, dict) else ""


def _birth_place(patient: Resource) -> str:
    place = extension_value(patient, HL7 + "patient-birthPlace")
    return str(place.get("text", "")) if isinstance(place, dict) else ""


def _countries(patient: Resource, name: str) -> list[Value]:
    held = [each for each in patient.get("extension", ()) if each.get("url") == HL7 + name]
    concepts = [extension_value(each, "code") for each in held]
    return [concept_cwe(each) for each in concepts if isinstance(each, dict)]


def _account(write: Writing) -> Value:
    patient = write.subject.get("Patient", {})
    accounts = [each for each in write.all("Account") if _is_of(write, each, patient)]
    return identifier_cx(write.take(accounts[0]).get("identifier", [{}])[0]) if accounts else ""


def _is_of(write: Writing, account: Resource, patient: Resource) -> bool:
    return any(write.resolve(each) is patient for each in account.get("subject", ()))


def _last_update(write: Writing) -> dict[str, Value]:
    """Provenance of the last update of the patient -> PID-33 and PID-34."""
    for each in write.all("Provenance"):
        if any(coding.get("code") == "UPDATE" for coding in each.get("activity", {}).get("coding", ())) and each.get(
            "occurredDateTime"
        ):
            who = write.resolve(write.take(each)["agent"][0].get("who", {}))
            return {"33": date_time_dtm(each["occurredDateTime"]), "34": who.get("name", "")}
    return {}


def patient_pd1(write: Writing, patient: Resource) -> list[Segment]:
    """Patient -> PD1, if it has a value for one of its fields. Source: inverse of guide, PD1[Patient]."""
    held = patient.get("generalPractitioner", [])
    organizations = [found for each in held if (found := write.organization(each))]
    people = [each for each in held if write.resolve(each).get("resourceType") != "PractitionerRole"]
    practitioners = [found for each in people if (found := write.practitioner(each))]
    will = next((each for each in write.all("Observation") if _is_living_will(each)), {})
    disability = extension_value(patient, HL7 + "patient-disability")
    values: dict[str, Value] = {
        "3": organizations,
        "4": practitioners,
        "6": concept_cwe(disability) if isinstance(disability, dict) else "",
        "7": concept_cwe(write.take(will)["valueCodeableConcept"])[0] if will else "",
        "14": str(extension_value(patient, HL7 + "patient-congregation") or ""),
    }
    return [write.segment("PD1", values)] if any(values.values()) else []


def _is_living_will(observation: Resource) -> bool:
    codings = observation.get("code", {}).get("coding", ())
    return any(each.get("code") == "75320-2" for each in codings) and "valueCodeableConcept" in observation


def patient_mrg(write: Writing, patient: Resource) -> Segment:
    """A replaced Patient -> MRG; the segment itself means that the patient of PID replaces it."""
    expressed(patient, "link")
    expressed(write.subject.get("Patient", {}), "link")
    accounts = [each for each in write.all("Account") if not each.get("subject") or _is_of(write, each, patient)]
    return write.segment(
        "MRG",
        {
            "1": repeated(patient.get("identifier", []), identifier_cx),
            "3": identifier_cx(write.take(accounts[0]).get("identifier", [{}])[0]) if accounts else "",
            "7": repeated(patient.get("name", []), human_name_xpn),
        },
    )


def related_person_nk1(write: Writing, person: Resource) -> Segment:
    """RelatedPerson -> NK1. Source: guide, NK1[RelatedPerson] read backwards."""
    relations = person.get("relationship", [])
    roles = [each for each in relations if _of_system(each, "v2-0131")]
    telecom = person.get("telecom", [])
    period = person.get("period", {})
    return write.segment(
        "NK1",
        {
            "1": write.count("NK1"),
            "2": repeated(person.get("name", []), human_name_xpn),
            "3": [concept_cwe(each, RELATIONSHIP) for each in relations if each not in roles][:1],
            "4": repeated(person.get("address", []), address_xad),
            "5": repeated([each for each in telecom if each.get("use") != "work"], contact_point_xtn),
            "6": repeated([each for each in telecom if each.get("use") == "work"], contact_point_xtn),
            "7": [concept_cwe(each, CONTACT_ROLE) for each in roles][:1],
            "8": date_time_dtm(period.get("start", "")),
            "9": date_time_dtm(period.get("end", "")),
            "12": repeated(person.get("identifier", []), identifier_cx),
            "15": code_of(person, "gender", ADMINISTRATIVE_SEX),
            "16": date_time_dtm(person.get("birthDate", "")),
            "20": [_language(each.get("language", {})) for each in person.get("communication", [])][:1],
        },
    )


def _of_system(concept: Element, ending: str) -> bool:
    return any(each.get("system", "").endswith(ending) for each in concept.get("coding", ()))


def guarantor_gt1(write: Writing, person: Resource) -> Segment:
    """RelatedPerson who is a guarantor -> GT1."""
    telecom = person.get("telecom", [])
    return write.segment(
        "GT1",
        {
            "1": write.count("GT1"),
            "2": repeated(person.get("identifier", []), identifier_cx),
            "3": repeated(person.get("name", []), human_name_xpn),
            "5": repeated(person.get("address", []), address_xad),
            "6": repeated([each for each in telecom if each.get("use") != "work"], contact_point_xtn),
            "7": repeated([each for each in telecom if each.get("use") == "work"], contact_point_xtn),
            "8": date_time_dtm(person.get("birthDate", "")),
            "9": code_of(person, "gender", ADMINISTRATIVE_SEX),
            "11": [concept_cwe(each, RELATIONSHIP) for each in person.get("relationship", []) if not is_guarantor_role(each)][:1],
        },
    )


def is_guarantor_role(concept: Element) -> bool:
    return any(each.get("code") == "GUAR" for each in concept.get("coding", ()))


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
            "2": [(each.get("value", ""),) for each in coverage.get("identifier", [])][:1],
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
    held = allergy.get("_category", [{}])[0] or {}
    as_sent = extension_value(held, ALTERNATE)
    if isinstance(as_sent, dict):
        return concept_cwe(as_sent, ALLERGEN_CATEGORY_AS_SENT)
    category = next((each for each in allergy.get("category", []) if each), "")
    return {"medication": "DA", "food": "FA", "environment": "EA", "biologic": "AA"}.get(category, "")


def condition_dg1(write: Writing, condition: Resource, diagnosis: Element) -> Segment:
    """Condition (with its place in Encounter.diagnosis) -> DG1. Source: guide, DG1[Condition] read backwards."""
    code = condition.get("code", {})
    words = code.get("text", "")
    displays = [each.get("display") for each in code.get("coding", ())]
    deleted = any(each.get("code") == "entered-in-error" for each in condition.get("verificationStatus", {}).get("coding", ()))
    asserted = extension_value(condition, HL7 + "condition-assertedDate") or condition.get("recordedDate", "")
    return write.segment(
        "DG1",
        {
            "1": write.count("DG1"),
            "3": concept_cwe({"coding": code["coding"]}) if code.get("coding") else "",
            "4": words if words or not displays else "",
            "5": date_time_dtm(condition.get("onsetDateTime", "")),
            "6": concept_cwe(diagnosis.get("use", {}), DIAGNOSIS_TYPE)[0],
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
