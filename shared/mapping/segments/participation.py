"""PRT: participants in care, a visit, an order, an observation or a vaccination."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.datatypes.identifier import ei_identifier, pln_identifier
from shared.mapping.datatypes.person import HL7, xad_address
from shared.mapping.datatypes.provider import xcn_practitioner
from shared.mapping.elements import extension
from shared.mapping.reading import UNKNOWN, Reading
from shared.mapping.tables import PARTICIPATION
from shared.mapping.texts import code_of, text_at

# PRT-4: providers of care. Outside ADT the guide maps all except primary care providers to RelatedPerson. FHIR does not allow
# that for a person who acts professionally, so they are in the care team there too.
PROVIDERS = ("AD", "AP", "ARI", "AT", "CP", "FHCP", "OP", "PH", "PP", "PRI", "RP", "RT", "VP", "PO")
# PRT-23, the preferred way to reach a person -> FHIR's ContactPoint.system, otherwise its use.
PREFERRED = {"E": "email", "F": "fax", "B": "pager", "C": "mobile", "H": "home", "O": "work"}


def kind(prt: Segment) -> str:
    """The code of PRT-4, of table 0912 or 0443."""
    return code_of(prt, "4")


def _period(read: Reading, prt: Segment) -> Element:
    return element(start=read.date_time(prt, "11"), end=read.date_time(prt, "12"))


def _telecom(read: Reading, prt: Segment) -> list[Element]:
    """PRT-15; the contact that PRT-23 prefers is marked."""
    preferred = PREFERRED.get(text_at(prt, "23"))
    mark = extension(HL7 + "iso21090-preferred", valueBoolean=True)
    return [
        {**each, "extension": [*each.get("extension", ()), *mark]} if preferred in (each.get("system"), each.get("use")) else each
        for each in read.telecom(prt, "15")
    ]


def _person(read: Reading, prt: Segment) -> Element:
    """PRT-5 with the address of PRT-14."""
    who = read.practitioner(prt, "5")
    if who and text_at(prt, "14"):
        read.furnish(who, prt, "14", address=read.each(prt, "14", xad_address))
    return who


def _organization(read: Reading, prt: Segment) -> Element:
    """PRT-8 with the type of PRT-7; it has the address and telephone if there is no person."""
    organization = read.organization(prt, "8")
    types = read.concepts(prt, "7")
    if types and not organization:
        organization = read.organization_of_type(prt, "-7", types)
    elif types:
        read.furnish(organization, prt, "7", type=types)
    if organization and not text_at(prt, "5"):
        read.furnish(organization, prt, "14", address=read.each(prt, "14", xad_address), telecom=_telecom(read, prt))
    return organization


def prt_practitioner_role(read: Reading, prt: Segment) -> Resource:
    """PRT -> PractitionerRole. Source: guide, PRT[PractitionerRole]."""
    return resource(
        "PractitionerRole",
        id=read.id(prt),
        identifier=read.each(prt, "24", pln_identifier),
        period=_period(read, prt),
        practitioner=_person(read, prt),
        organization=_organization(read, prt),
        code=read.concepts(prt, "4", PARTICIPATION),
        specialty=read.concepts(prt, "6"),
        location=read.locations(prt, "9"),
        telecom=_telecom(read, prt),
    )


def prt_care_team(read: Reading, prt: Segment) -> Resource:
    """PRT -> CareTeam: a role if PRT-6 has the function of the person, otherwise the person, otherwise the organization.

    The role has the organization: R4 allows ``onBehalfOf`` only for a practitioner (ctm-1).
    Source: guide, PRT[CareTeam].
    """
    role = _role_in_team(read, prt) if text_at(prt, "6") else {}
    organization = role.get("organization", {}) if role else _organization(read, prt)
    member = read.keep(role) if role else _member(read, prt)
    participant = element(
        role=read.concepts(prt, "4", PARTICIPATION),
        member=member or organization,
        onBehalfOf=organization if member.get("type") == "Practitioner" else {},
        period=_period(read, prt),
    )
    return resource("CareTeam", id=read.id(prt, "/CareTeam"), subject=read.patient, participant=[participant])


def _role_in_team(read: Reading, prt: Segment) -> Resource:
    """A role whose codes are PRT-4, and PRT-6 too: a specialty in the guide, and a code in its care team."""
    role = prt_practitioner_role(read, prt)
    return {**role, "code": [*role.get("code", ()), *role.get("specialty", ())]}


def _member(read: Reading, prt: Segment) -> Element:
    who = _person(read, prt)
    if who:
        read.furnish(who, prt, "15", telecom=_telecom(read, prt))
    return who


def prt_related_person(read: Reading, prt: Segment) -> Resource:
    """PRT of a person who is not a provider -> RelatedPerson. Source: guide, PRT[RelatedPerson] and XCN[RelatedPerson]."""
    person = read.first(prt, "5", xcn_practitioner)
    read.only_first(prt, "5")
    return resource(
        "RelatedPerson",
        id=read.id(prt),
        identifier=[*person.get("identifier", ()), *read.each(prt, "24", pln_identifier)],
        patient=read.patient or UNKNOWN,
        relationship=read.concepts(prt, "4", PARTICIPATION),
        name=person.get("name", []),
        telecom=_telecom(read, prt),
        address=read.each(prt, "14", xad_address),
        period=_period(read, prt),
    )


def prt_device(read: Reading, prt: Segment) -> Resource:
    """PRT-10 and PRT-16 to 22 -> Device; ``{}`` without a device. Source: guide, PRT[Device]."""
    if not any(text_at(prt, n) for n in ("10", "16")):
        return {}
    return resource(
        "Device",
        id=read.id(prt, "-10"),
        identifier=read.each(prt, "10", ei_identifier),
        udiCarrier=[
            {"deviceIdentifier": text_at(each, "1")} for n in ("10", "16") for each in prt.repeats(n) if text_at(each, "1")
        ],
        manufactureDate=read.date_time(prt, "17"),
        expirationDate=read.date_time(prt, "18"),
        lotNumber=text_at(prt, "19"),
        serialNumber=text_at(prt, "20"),
        distinctIdentifier=text_at(prt, "21"),
        type=read.concept(prt, "22"),
    )


def prt_location(read: Reading, prt: Segment) -> list[Element]:
    """PRT-9, or the address of PRT-14 without a person -> extension of an Observation: its place.

    Source: guide, PRT[Observation-Location].
    """
    place = read.location(prt, "9")
    address = {} if text_at(prt, "5") else read.first(prt, "14", xad_address)
    if address and not place:
        place = read.keep(resource("Location", id=read.id(prt, "-14"), address=address))
    elif address:
        read.furnish(place, prt, "14", address=address)
    return extension(HL7 + "event-location", valueReference=place)
