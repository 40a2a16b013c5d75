"""The title: a row -> ADT^A31, by the HL7 v2-to-FHIR guide read backwards."""

from shared.fhir.reference import Ids
from shared.fhir.resource import Resource, element, resource
from shared.formats.csv.cells import day, joined
from shared.formats.csv.row import Row
from shared.formats.csv.source import TRUE
from shared.hl7 import Message, compose, replace
from shared.mapping import from_bundle
from shared.mapping.back.values import date_time_dtm
from shared.mapping.datatypes.date import dtm_date
from shared.validation import Hl7Profile
from shared.validation.authorities import NHS_NUMBER
from shared.validation.rules import OUTGOING as RULES
from shared.validation.standard_structures import structures_of

OUTGOING = Hl7Profile(name="The title ADT 2.5.1", structures=structures_of(("ADT^A31",)), rules=RULES)


def to_message(row: Row) -> Message:
    """The change of a person's details; other segments can be added here."""
    made = from_bundle({"resourceType": "Bundle", "entry": [{"resource": person(row)}]}, "ADT^A31^ADT_A05")
    header, event_type, *others = made.segments()
    sent, mode = date_time_dtm(row["recorded"]), "T" if row["test"].lower() in TRUE else "P"
    names = {"3": "SENDER", "5": "TARGET", "7": sent, "10": row["id"], "11": mode}
    return compose(made, [replace(header, names), replace(event_type, {"2": sent}), *others])


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
