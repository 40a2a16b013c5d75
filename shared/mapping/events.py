"""Parts that JSON events of several feeds have in common: sender, patient, professionals, organisations, codes.

The Patient is created only if the repository has none with this NHS Number; an event never changes a Patient.
"""

from typing import Any

from shared.fhir.bundle import entry
from shared.fhir.reference import reference
from shared.fhir.resource import Element, Resource, element, resource
from shared.mapping.transaction import search
from shared.validation.authorities import NHS_NUMBER

Event = dict[str, Any]

ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
REGISTERS = {  # HL7 UK naming systems of professional registers
    "GMC": "https://fhir.hl7.org.uk/Id/gmc-number",
    "NMC": "https://fhir.hl7.org.uk/Id/nmc-number",
    "HCPC": "https://fhir.hl7.org.uk/Id/hcpc-number",
    "GPhC": "https://fhir.hl7.org.uk/Id/gphc-number",
}


class Named:
    """An event under the names that identify a message: its source and its id."""

    def __init__(self, event: Event) -> None:
        self._names = {"MSH-3": event["source"], "MSH-4": "", "MSH-10": event["id"]}

    def __getitem__(self, path: str, /) -> str:
        return str(self._names[path])


def only_new(person: Resource) -> Element:
    """A Patient that is created only if the repository has none with this NHS Number, or with its first number if it has no NHS
    Number. An existing Patient is not changed.
    """
    listed = person.get("identifier", [])
    by: Element = next((each for each in listed if each.get("system") == NHS_NUMBER), next(iter(listed), {}))
    return entry(person, if_none_exist=search(by) if by.get("system") else "")


def nhs_number(person: Resource) -> str:
    """The NHS Number among the identifiers; ``""`` without one."""
    return next((each["value"] for each in person.get("identifier", ()) if each.get("system") == NHS_NUMBER), "")


def patient(sent: Event, patient_id: str) -> Resource:
    """The ``patient`` of an event -> Patient."""
    return resource(
        "Patient",
        id=patient_id,
        identifier=[element(system=NHS_NUMBER, value=sent["nhsNumber"])],
        name=[element(use="official", family=sent["family"], given=sent.get("given"))],
        gender=sent.get("gender"),
        birthDate=sent["birthDate"],
        address=[element(postalCode=sent.get("postcode"))],
    )


def subject(patient_id: str, number: str) -> Element:
    """The patient, by reference inside the transaction and by NHS Number."""
    return reference("Patient", patient_id) | element(identifier=element(system=NHS_NUMBER, value=number) if number else {})


def codeable(code: Event | None) -> Element:
    """A CodeableConcept of one coding; empty for an absent code."""
    return {"coding": [dict(code)]} if code else {}


def professional(sent: Event | None) -> Element:
    """A professional, by the number in the register; no separate resource is written."""
    if sent is None:
        return {}
    identifier = element(system=REGISTERS[sent["scheme"]], value=sent["id"])
    return element(type="Practitioner", identifier=identifier, display=sent.get("name"))


def organisation(sent: Event | None) -> Element:
    """An organisation, by its ODS code."""
    if sent is None:
        return {}
    return element(type="Organization", identifier=element(system=ODS, value=sent["code"]), display=sent.get("name"))
