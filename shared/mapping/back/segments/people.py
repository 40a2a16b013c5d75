"""Patient, RelatedPerson, Coverage, AllergyIntolerance, Condition, Procedure -> PID, PD1, NK1, MRG, GT1, IN1, AL1, DG1, PR1."""

from shared.fhir.resource import Element, Resource
from shared.hl7.compose import Value
from shared.hl7.segment import Segment
from shared.mapping.back.datatypes import address_xad, contact_point_xtn, human_name_xpn, identifier_cx
from shared.mapping.back.reading import expressed, only_first, peek, wholly_expressed
from shared.mapping.back.values import code_of, concept_code, concept_cwe, date_time_dtm, extension_element, extension_value
from shared.mapping.back.writing import Writing, repeated
from shared.mapping.datatypes.person import HL7
from shared.mapping.tables import (
    ADMINISTRATIVE_SEX,
    CONTACT_ROLE,
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
            "6": str(extension_value(patient, HL7 + "patient-mothersMaidenName") or ""),
            "7": _birth(patient),
            "8": code_of(patient, "gender", ADMINISTRATIVE_SEX),
            "11": repeated(patient.get("address", []), address_xad),
            "13": repeated([each for each in patient.get("telecom", []) if each.get("use") != "work"], contact_point_xtn),
            "14": repeated([each for each in patient.get("telecom", []) if each.get("use") == "work"], contact_point_xtn),
            "15": [_language(each.get("language", {})) for each in only_first(patient.get("communication", []))],
            "16": concept_cwe(patient.get("maritalStatus", {}), MARITAL_STATUS),
            "17": concept_cwe(extension_element(patient, HL7 + "patient-religion"), RELIGION),
            "18": _account(write),
            "19": _social_security(patient),
            "23": str(extension_element(patient, HL7 + "patient-birthPlace").get("text", "")),
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


def _birth(patient: Resource) -> str:
    moment = extension_value(patient.get("_birthDate", {}), HL7 + "patient-birthTime")
    return date_time_dtm(str(moment or patient.get("birthDate", "")))


def _language(concept: Element) -> Value:
    coding = concept.get("coding", [{}])[0]
    words = concept.get("text", "")
    return (coding.get("code", ""), words, "ISO639-1" if words else "")


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
        "7": concept_code(write.take(will)["valueCodeableConcept"]) if will else "",
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
            "3": [concept_cwe(each, RELATIONSHIP) for each in only_first([each for each in relations if each not in roles])],
            "4": repeated(person.get("address", []), address_xad),
            "5": repeated([each for each in telecom if each.get("use") != "work"], contact_point_xtn),
            "6": repeated([each for each in telecom if each.get("use") == "work"], contact_point_xtn),
            "7": [concept_cwe(each, CONTACT_ROLE) for each in only_first(roles)],
            "8": date_time_dtm(period.get("start", "")),
            "9": date_time_dtm(period.get("end", "")),
            "12": repeated(person.get("identifier", []), identifier_cx),
            "15": code_of(person, "gender", ADMINISTRATIVE_SEX),
            "16": date_time_dtm(person.get("birthDate", "")),
            "20": [_language(each.get("language", {})) for each in only_first(person.get("communication", []))],
        },
    )


def _of_system(concept: Element, ending: str) -> bool:
    return any((peek(each, "system") or "").endswith(ending) for each in peek(concept, "coding") or ())


def guarantor_gt1(write: Writing, person: Resource) -> Segment:
    """RelatedPerson who is a guarantor -> GT1."""
    relations = person.get("relationship", [])
    others = [each for each in relations if not is_guarantor_role(each)]
    wholly_expressed([each for relation in relations for each in peek(relation, "coding") or () if _is_guarantor(each)])  # GT1
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
            "11": [concept_cwe(each, RELATIONSHIP) for each in only_first(others)],
        },
    )


def is_guarantor_role(concept: Element) -> bool:
    return any(map(_is_guarantor, peek(concept, "coding") or ()))


def _is_guarantor(coding: Element) -> bool:
    return bool(peek(coding, "code") == "GUAR")
