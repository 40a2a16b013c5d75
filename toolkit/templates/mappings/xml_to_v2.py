"""The title: a document -> ADT^A31, by the HL7 v2-to-FHIR guide read backwards."""

from shared.fhir.reference import Ids
from shared.fhir.resource import Resource, element, resource
from shared.formats.xml.document import XmlDocument
from shared.hl7 import Message, compose, replace
from shared.mapping import from_bundle
from shared.mapping.back.values import date_time_dtm
from shared.validation import Hl7Profile
from shared.validation.authorities import NHS_NUMBER
from shared.validation.rules import OUTGOING as RULES
from shared.validation.standard_structures import structures_of

OUTGOING = Hl7Profile(name="The title ADT 2.5.1", structures=structures_of(("ADT^A31",)), rules=RULES)


def to_message(document: XmlDocument) -> Message:
    """The change of a person's details; other segments can be added here."""
    made = from_bundle({"resourceType": "Bundle", "entry": [{"resource": person(document)}]}, "ADT^A31^ADT_A05")
    header, event_type, *others = made.segments()
    sent, mode = date_time_dtm(document.text("Recorded")), "T" if document.test_id else "P"
    names = {"3": "SENDER", "5": "TARGET", "7": sent, "10": document.text("Id"), "11": mode}
    return compose(made, [replace(header, names), replace(event_type, {"2": sent}), *others])


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
