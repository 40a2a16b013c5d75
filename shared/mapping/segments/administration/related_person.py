"""NK1 and GT1: related persons, contacts and the guarantor."""

from typing import NamedTuple

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.datatypes.identifier import cx_identifier, cx_number, v2_0203
from shared.mapping.datatypes.person import (
    xad_address,
    xpn_human_name,
)
from shared.mapping.elements import backbone
from shared.mapping.reading import UNKNOWN, Reading
from shared.mapping.segments.administration.language import language
from shared.mapping.segments.administration.patient import names
from shared.mapping.tables import (
    ADMINISTRATIVE_SEX,
    CONTACT_ROLE,
    RELATIONSHIP,
)
from shared.mapping.texts import code_of, text_at

# Fields of NK1 about a person or an organization; a relationship without them names no person.
NK1_PERSON = ("2", "4", "5", "6", "12", "13", "30", "31", "32", "33", "37", "40", "41")
CONTACTS = ("EMR", "E", "F", "I", "S")  # NK1-3: an employer, an insurer, an agency; not a person related to the patient


class Person(NamedTuple):
    """The fields of NK1 for a related person or a contact."""

    relationship: list[Element]
    names: list[Element]
    telecom: list[Element]
    gender: str
    addresses: list[Element]
    period: Element


def nk1_person(read: Reading, nk1: Segment) -> Person:
    """NK1-2 to 9 and 15. Source: guide, NK1[RelatedPerson] and NK1[Patient], which map them alike."""
    return Person(
        relationship=[*read.concepts(nk1, "3", RELATIONSHIP), *read.concepts(nk1, "7", CONTACT_ROLE)],
        names=names(read, nk1, "2"),
        telecom=[
            *read.telecom(nk1, "5"),
            *({**each, "use": "work"} for each in read.telecom(nk1, "6")),
        ],
        gender=read.code(nk1, "15", ADMINISTRATIVE_SEX) if code_of(nk1, "15") else "",
        addresses=read.each(nk1, "4", xad_address),
        period=element(start=read.date_time(nk1, "8"), end=read.date_time(nk1, "9")),
    )


def nk1_related_person(read: Reading, nk1: Segment, person: Person) -> Resource:
    """NK1 -> RelatedPerson. Source: guide, NK1[RelatedPerson]."""
    return resource(
        "RelatedPerson",
        id=read.id(nk1),
        identifier=[
            *read.across(nk1, ("12", "33"), cx_identifier),
            {"type": v2_0203("SB"), "value": text_at(nk1, "37")} if text_at(nk1, "37") else {},
        ],
        patient=read.patient or UNKNOWN,
        relationship=person.relationship,
        name=[*person.names, *names(read, nk1, "30")],
        telecom=[*person.telecom, *(each for n in ("31", "40", "41") for each in read.telecom(nk1, n))],
        gender=person.gender,
        birthDate=read.date(nk1, "16"),
        address=[*person.addresses, *read.each(nk1, "32", xad_address)],
        period=person.period,
        communication=backbone(read.each(nk1, "20", language), "language"),
    )


def nk1_patient(read: Reading, nk1: Segment, person: Person) -> Element:
    """NK1 -> Patient.contact. Source: guide, NK1[Patient]."""
    contact = element(
        relationship=person.relationship,
        name=person.names[0] if person.names else {},
        telecom=[*person.telecom, *(each for n in ("40", "41") for each in read.telecom(nk1, n))],
        address=person.addresses[0] if person.addresses else {},
        gender=person.gender,
        organization=_contact_organization(read, nk1),
        period=person.period,
    )
    return {"contact": [contact]} if contact.keys() & {"name", "telecom", "address", "organization"} else {}


def _contact_organization(read: Reading, nk1: Segment) -> Element:
    """NK1-13 -> Organization, with NK1-30, 31, 32 as its contact."""
    reference = read.organization(nk1, "13")
    contact = element(
        name=read.first(nk1, "30", xpn_human_name),
        telecom=read.telecom(nk1, "31"),
        address=read.first(nk1, "32", xad_address),
    )
    if reference and contact:
        read.furnish(reference, nk1, "30", contact=[contact])
    return reference


def gt1_related_person(read: Reading, gt1: Segment) -> Resource:
    """GT1 -> RelatedPerson, the guarantor; ``{}`` without a person. The guide has no map for GT1; it is mapped like NK1."""
    if read.is_empty(gt1, "2", "3", "5", "6", "7", "12"):
        return {}
    return resource(
        "RelatedPerson",
        id=read.id(gt1),
        identifier=[
            *read.each(gt1, "2", cx_number),
            {"type": v2_0203("SB"), "value": text_at(gt1, "12")} if text_at(gt1, "12") else {},
        ],
        patient=read.patient or UNKNOWN,
        relationship=[*read.concepts(gt1, "11", RELATIONSHIP), {"coding": [GUARANTOR]}],
        name=names(read, gt1, "3"),
        telecom=[*read.telecom(gt1, "6", "home"), *read.telecom(gt1, "7", "work")],
        gender=read.code(gt1, "9", ADMINISTRATIVE_SEX) if code_of(gt1, "9") else "",
        birthDate=read.date(gt1, "8"),
        address=read.each(gt1, "5", xad_address),
        period=element(start=read.date_time(gt1, "13"), end=read.date_time(gt1, "14")),
    )


GUARANTOR = {"system": "http://terminology.hl7.org/CodeSystem/v3-RoleClass", "code": "GUAR"}
