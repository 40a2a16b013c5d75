"""ROL: participants in the care of the patient or in the visit."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.datatypes.identifier import ei_identifier
from shared.mapping.datatypes.person import xad_address
from shared.mapping.reading import Reading
from shared.mapping.tables import PROVIDER_ROLE
from shared.mapping.texts import text_at


def is_general_practitioner(rol: Segment) -> bool:
    """Whether ROL-3 is primary care provider of table 0443."""
    return text_at(rol, "3") == "PP" and text_at(rol, "3.3") in ("", "HL70443")


def rol_practitioner_role(read: Reading, rol: Segment) -> Resource:
    """ROL -> PractitionerRole. Source: guide, ROL[Patient-GeneralPractitioner], ROL[Encounter-PractitionerRole]."""
    who, organization, places = read.practitioner(rol, "4"), read.organization(rol, "14"), read.locations(rol, "13")
    _address(read, rol, who, organization, places)
    return resource(
        "PractitionerRole",
        id=read.id(rol),
        identifier=read.each(rol, "1", ei_identifier),
        period=element(start=read.date_time(rol, "5"), end=read.date_time(rol, "6")),
        practitioner=who,
        organization=organization,
        code=read.concepts(rol, "3", PROVIDER_ROLE),
        location=places,
        telecom=read.telecom(rol, "12"),
    )


OF_THE_PLACE = ("M", "O", "S", "SH", "TM")  # XAD-7: mailing, office, service, shipping, tube
OF_THE_ORGANIZATION = ("B", "BI", "L")  # firm, billing, legal


def _address(read: Reading, rol: Segment, who: Element, organization: Element, places: list[Element]) -> None:
    """ROL-11 -> the address of the place or the organization if its type is that and they were sent, otherwise of the person.

    A Location has one address.
    """
    for xad in rol.repeats("11"):
        kind = text_at(xad, "7")
        place = places[0] if places and kind in OF_THE_PLACE else {}
        owner = place or (organization if kind in OF_THE_ORGANIZATION else {}) or who
        found = read.each_of(rol, "11", xad, xad_address) if owner else {}
        if found and place:
            read.furnish(place, rol, "11", address=found)
        elif found:
            read.furnish(owner, rol, "11", address=[found])


def _organization(read: Reading, rol: Segment) -> Element:
    """ROL-14 with its type in ROL-10, or an organization of that type."""
    organization, types = read.organization(rol, "14"), read.concepts(rol, "10")
    if types and not organization:
        return read.organization_of_type(rol, "-10", types)
    if types:
        read.furnish(organization, rol, "10", type=types)
    return organization


def rol_participant(read: Reading, rol: Segment, role: Element) -> Element:
    """ROL after PV1 -> Encounter.participant. Source: guide, ROL[Encounter-PractitionerRole]."""
    return element(
        type=read.concepts(rol, "3", PROVIDER_ROLE),
        individual=role,
        period=element(start=read.date_time(rol, "5"), end=read.date_time(rol, "6")),
    )


def rol_care_team(read: Reading, rol: Segment) -> Resource:
    """ROL after PID -> CareTeam. Source: guide, ROL[CareTeam]."""
    who, organization = read.practitioner(rol, "4"), _organization(read, rol)
    participant = element(
        role=[*read.concepts(rol, "3", PROVIDER_ROLE), *read.concepts(rol, "9")],
        member=who or organization,
        onBehalfOf=organization if who else {},
        period=element(start=read.date_time(rol, "5"), end=read.date_time(rol, "6")),
    )
    return resource(
        "CareTeam",
        id=read.id(rol),
        subject=read.patient,
        participant=[participant],
        reasonCode=read.concepts(rol, "8"),
        telecom=read.telecom(rol, "12"),
    )
