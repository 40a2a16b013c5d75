"""The title: a row -> Patient, merged into what the repository holds."""

from shared.fhir.bundle import entry, transaction_bundle
from shared.fhir.profile import FhirProfile
from shared.fhir.reference import Ids
from shared.fhir.resource import Resource, element, resource
from shared.formats.csv.cells import day, joined
from shared.formats.csv.row import Row
from shared.mapping.datatypes.date import dtm_date
from shared.mapping.transaction import patient_search
from shared.validation.authorities import NHS_NUMBER

OUTGOING = FhirProfile("TARGET")


def to_transaction(row: Row) -> Resource:
    """The transaction; other resources can be added here, each under a number of its own."""
    names = {"MSH-3": "the-name", "MSH-4": "", "MSH-10": row["id"]}
    made = person(row)
    return transaction_bundle(names, entry(made, merge=patient_search(made)))


def person(row: Row) -> Resource:
    """The patient, one line for each element."""
    return resource(
        "Patient",
        id=Ids("the-name", "", joined(row["nhs_number"]))("/patient"),
        identifier=[element(system=NHS_NUMBER, value=joined(row["nhs_number"]))],
        name=[element(use="official", family=row["family"], given=row["given"].split())],
        gender=row["gender"].lower(),
        birthDate=dtm_date(day(row["birth_date"])),
        address=[element(postalCode=row["postcode"].upper())],
    )
