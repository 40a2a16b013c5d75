"""The title: an event -> Patient, merged into what the repository holds."""

from typing import Any

from shared.fhir.bundle import entry, transaction_bundle
from shared.fhir.profile import FhirProfile
from shared.fhir.reference import Ids
from shared.fhir.resource import Resource, element, resource
from shared.mapping.transaction import patient_search
from shared.validation.authorities import NHS_NUMBER

OUTGOING = FhirProfile("TARGET")


def to_transaction(event: Any) -> Resource:
    """The transaction; other resources can be added here, each under a number of its own."""
    names = {"MSH-3": "the-name", "MSH-4": "", "MSH-10": event["id"]}
    made = person(event)
    return transaction_bundle(names, entry(made, merge=patient_search(made)))


def person(event: Any) -> Resource:
    """The patient, one line for each element."""
    return resource(
        "Patient",
        id=Ids("the-name", "", event["patient"]["nhsNumber"])("/patient"),
        identifier=[element(system=NHS_NUMBER, value=event["patient"]["nhsNumber"])],
        name=[element(use="official", family=event["patient"]["family"], given=event["patient"].get("given"))],
        gender=event["patient"].get("gender"),
        birthDate=event["patient"]["birthDate"],
        address=[element(postalCode=event["patient"].get("postcode"))],
    )
