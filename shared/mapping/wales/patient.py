"""The Patient of NHS Wales: the result of the guide for PID, with Welsh identifiers, codes and extensions."""

from shared.fhir.resource import Element, Resource, element
from shared.hl7.repetition import Repetition
from shared.hl7.segment import Segment
from shared.mapping.datatypes.person import HL7
from shared.mapping.texts import text_at
from shared.mapping.wales.codes import concept, is_title, language, marital_status, verification
from shared.validation.authorities import ARC, NHS_NUMBER

UK_EXTENSION = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"
WALES_EXTENSION = "https://fhir.nhs.wales/StructureDefinition/Extension-DataStandardsWales-"
GUIDE_RELIGION = HL7 + "patient-religion"
GENDER = {"Z": "unknown"}  # Data Standards Wales, Sex: not disclosed or unknown


def welsh_patient(made: Resource, pid: Segment) -> Resource:
    """The Patient of the guide for this PID, with the rules of Wales."""
    welsh = {
        **made,
        "extension": _extensions(made, pid),
        "identifier": welsh_identifiers(made, text_at(pid, "32")),
        "name": [_titled(name) for name in made.get("name", ())],
        "gender": GENDER.get(text_at(pid, "8")) or made.get("gender"),
        "maritalStatus": marital_status(text_at(pid, "16")) or made.get("maritalStatus"),
        "communication": [_preferred(each) for each in made.get("communication", ())],
        "generalPractitioner": [each for each in made.get("generalPractitioner", ()) if each["type"] == "Organization"],
    }
    return element(**welsh)


def welsh_identifiers(made: Resource, status: str = "") -> list[Element]:
    """Identifiers with the system of their authority; one with an unknown authority is left out."""
    named = [_named(each) for each in made.get("identifier", ())]
    return [_verified(each, status) if each["system"] == NHS_NUMBER else each for each in named if "system" in each]


def _named(identifier: Element) -> Element:
    """An authority without a FHIR system has its OID as the system, and is the assigner too."""
    code = identifier.get("assigner", {}).get("display", "")
    if "system" in identifier or not code.isdigit():
        return identifier
    return {**identifier, "system": f"urn:oid:{ARC}{code}", "assigner": {"display": code}}


def _verified(identifier: Element, status: str) -> Element:
    found = verification(status)
    extension = [{"url": UK_EXTENSION + "NHSNumberVerificationStatus", "valueCodeableConcept": found}] if found else []
    value = identifier.get("value", "").replace(" ", "")
    return element(
        **{"extension": (), **identifier, "value": value} | {"extension": [*extension, *identifier.get("extension", ())]}
    )


def _extensions(made: Resource, pid: Segment) -> list[Element]:
    """The guide's, with religion and ethnic category as Wales has them."""
    kept = [each for each in made.get("extension", ()) if each["url"] != GUIDE_RELIGION]
    ethnic = _coded(pid.first("22"), "ethnic_category")
    religion: Element = next((each for each in made.get("extension", ()) if each["url"] == GUIDE_RELIGION), {})
    more = [
        element(url=UK_EXTENSION + "EthnicCategory", valueCodeableConcept=ethnic) if ethnic else {},
        {**religion, "url": WALES_EXTENSION + "Religion"} if religion else {},
    ]
    return [*kept, *filter(None, more)]


def _coded(cwe: Repetition, table: str) -> Element:
    return concept(table, text_at(cwe, "1"), text_at(cwe, "2"))


def _titled(name: Element) -> Element:
    """A title in the component of the suffix is a title too."""
    titles = [each for each in name.get("suffix", ()) if is_title(each)]
    if not titles:
        return name
    suffix = [each for each in name["suffix"] if each not in titles]
    return element(**{**name, "prefix": [*name.get("prefix", ()), *titles], "suffix": suffix})


def _preferred(communication: Element) -> Element:
    """PID-15 is the preferred language of the patient, in both code systems."""
    preferred = communication["language"]
    code = next((each["code"] for each in preferred.get("coding", ()) if len(each["code"]) == 2), "")
    return {"language": language(code) if code else preferred, "preferred": True}


def address_lines(made: Resource, pid: Segment) -> Resource:
    """PID-11 of the results standard: components 1 to 4 are address lines, unlike in other messages."""
    sent = [xad for xad in pid.repeats("11") if xad]
    addresses = made.get("address", [])
    if len(sent) != len(addresses):
        return made
    return {**made, "address": [_lined(each, xad) for each, xad in zip(addresses, sent, strict=True)]} if sent else made


def _lined(address: Element, xad: Repetition) -> Element:
    kept = {name: value for name, value in address.items() if name not in ("line", "city", "state")}
    return element(**{**kept, "use": kept.get("use", "home"), "line": [text_at(xad, n) for n in ("1.1", "2", "3", "4")]})
