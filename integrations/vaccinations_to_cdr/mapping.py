"""Vaccination events -> Patient, Immunization. One line per FHIR element, in FHIR's order.

The Patient is created only when the repository has none with this NHS Number; an event never changes one.
"""

from typing import Any

from shared.fhir.bundle import entry, transaction_bundle
from shared.fhir.reference import Ids, reference
from shared.fhir.resource import Element, Resource, element, resource

Event = dict[str, Any]

PROFILE = "https://fhir.nhs.wales/StructureDefinition/DataStandardsWales-Immunization"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
UK_CORE = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"
REGISTERS = {  # HL7 UK naming systems of professional registers
    "GMC": "https://fhir.hl7.org.uk/Id/gmc-number",
    "NMC": "https://fhir.hl7.org.uk/Id/nmc-number",
    "HCPC": "https://fhir.hl7.org.uk/Id/hcpc-number",
    "GPhC": "https://fhir.hl7.org.uk/Id/gphc-number",
}


class Named:
    """An event by the names that tell a message apart: who sent it and what they call it."""

    def __init__(self, event: Event) -> None:
        self._names = {"MSH-3": event["source"], "MSH-4": "", "MSH-10": event["id"]}

    def __getitem__(self, path: str, /) -> str:
        return str(self._names[path])


def bundle(event: Event) -> Resource:
    """The transaction for the repository: the vaccination under its own id, the same for every event about it."""
    ids = Ids.of(Named(event))
    person = patient(event["patient"], ids("/patient"))
    only_new = f"identifier={NHS_NUMBER}|{event['patient']['nhsNumber']}"
    named = f"{event['source']}|{event['vaccination']['id']}"
    given = immunization(event, vaccination_id(event), person["id"])
    return transaction_bundle(
        Named(event), entry(person, if_none_exist=only_new), entry(given, url=f"Immunization?identifier={named}")
    )


def vaccination_id(event: Event) -> str:
    """An id of the vaccination, not of the event: a correction writes the same Immunization again."""
    return Ids(event["source"], "", event["vaccination"]["id"])("/vaccination")


def patient(sent: Event, patient_id: str) -> Resource:
    return resource(
        "Patient",
        id=patient_id,
        identifier=[element(system=NHS_NUMBER, value=sent["nhsNumber"])],
        name=[element(use="official", family=sent["family"], given=sent.get("given"))],
        gender=sent.get("gender"),
        birthDate=sent["birthDate"],
        address=[element(postalCode=sent.get("postcode"))],
    )


def immunization(event: Event, immunization_id: str, patient_id: str) -> Resource:
    v = event["vaccination"]
    return resource(
        "Immunization",
        id=immunization_id,
        meta={"profile": [PROFILE]},
        extension=[procedure(v), parent_present(v)],
        identifier=[element(system=event["source"], value=v["id"])],
        status=v["status"],
        statusReason=codeable(v.get("reasonNotDone")),
        vaccineCode=codeable(v["vaccine"]),
        patient=reference("Patient", patient_id) | {"identifier": {"system": NHS_NUMBER, "value": event["patient"]["nhsNumber"]}},
        occurrenceDateTime=v["occurred"],
        recorded=event["recorded"],
        primarySource=v.get("primarySource", True),
        manufacturer=element(display=v.get("manufacturer")),
        lotNumber=v.get("lotNumber"),
        expirationDate=v.get("expires"),
        site=codeable(v.get("site")),
        route=codeable(v.get("route")),
        doseQuantity=element(**v.get("dose", {})),
        performer=[performer(event.get("performer")), organisation(event.get("organisation"))],
        reasonCode=[codeable(v.get("reason"))],
        protocolApplied=[element(series=v.get("series"), doseNumberPositiveInt=v.get("doseNumber")) if "doseNumber" in v else {}],
    )


def procedure(v: Event) -> Element:
    return (
        element(url=UK_CORE + "VaccinationProcedure", valueCodeableConcept=codeable(v["procedure"])) if "procedure" in v else {}
    )


def parent_present(v: Event) -> Element:
    return element(url=UK_CORE + "ParentPresent", valueBoolean=v["parentPresent"]) if "parentPresent" in v else {}


def codeable(code: Event | None) -> Element:
    """A CodeableConcept of one coding; empty for an absent code."""
    return {"coding": [dict(code)]} if code else {}


def performer(sent: Event | None) -> Element:
    """Who gave it, by the number in their register; no resource of their own is written."""
    if sent is None:
        return {}
    identifier = element(system=REGISTERS[sent["scheme"]], value=sent["id"])
    return {"actor": element(type="Practitioner", identifier=identifier, display=sent.get("name"))}


def organisation(sent: Event | None) -> Element:
    """Where it was given, by its ODS code."""
    if sent is None:
        return {}
    return {"actor": element(type="Organization", identifier=element(system=ODS, value=sent["code"]), display=sent.get("name"))}
