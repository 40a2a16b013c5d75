"""The title: a document -> Patient, merged into what the repository holds."""

from shared.fhir.bundle import entry, transaction_bundle
from shared.fhir.profile import FhirProfile
from shared.fhir.reference import Ids
from shared.fhir.resource import Resource, element, resource
from shared.formats.xml.document import XmlDocument
from shared.mapping.transaction import patient_search
from shared.validation.authorities import NHS_NUMBER

OUTGOING = FhirProfile("TARGET")


def to_transaction(document: XmlDocument) -> Resource:
    """The transaction; other resources can be added here, each under a number of its own."""
    names = {"MSH-3": "the-name", "MSH-4": "", "MSH-10": document.text("Id")}
    made = person(document)
    return transaction_bundle(names, entry(made, merge=patient_search(made)))


def person(document: XmlDocument) -> Resource:
    """The patient, one line for each element."""
    return resource(
        "Patient",
        id=Ids("the-name", "", document.text("NhsNumber"))("/patient"),
        identifier=[element(system=NHS_NUMBER, value=document.text("NhsNumber"))],
        name=[element(use="official", family=document.text("Family"), given=document.text("Given").split())],
        gender=document.text("Gender"),
        birthDate=document.text("BirthDate"),
        address=[element(postalCode=document.text("Postcode"))],
    )
