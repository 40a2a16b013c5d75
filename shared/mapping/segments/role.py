"""ROL: who takes part, in the patient's care or in the visit."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.datatypes.identifier import ei_identifier
from shared.mapping.datatypes.person import xad_address
from shared.mapping.reading import Reading
from shared.mapping.said import said
from shared.mapping.tables import PROVIDER_ROLE


def is_general_practitioner(rol: Segment) -> bool:
    """ROL-3 says primary care provider of table 0443."""
    return said(rol, "3") == "PP" and said(rol, "3.3") in ("", "HL70443")


def rol_practitioner_role(read: Reading, rol: Segment) -> Resource:
    """ROL -> PractitionerRole. Source: guide, ROL[Patient-GeneralPractitioner], ROL[Encounter-PractitionerRole]."""
    who = read.practitioner(rol, "4")
    if who and said(rol, "11"):
        read.held(who).setdefault("address", read.each(rol, "11", xad_address))
    return resource(
        "PractitionerRole",
        id=read.id(rol),
        identifier=read.each(rol, "1", ei_identifier),
        period=element(start=read.date_time(rol, "5"), end=read.date_time(rol, "6")),
        practitioner=who,
        organization=read.organization(rol, "14"),
        code=read.concepts(rol, "3", PROVIDER_ROLE),
        location=read.locations(rol, "13"),
        telecom=read.telecom(rol, "12"),
    )


def rol_participant(read: Reading, rol: Segment, role: Element) -> Element:
    """ROL after PV1 -> Encounter.participant. Source: guide, ROL[Encounter-PractitionerRole]."""
    return element(
        type=read.concepts(rol, "3", PROVIDER_ROLE),
        individual=role,
        period=element(start=read.date_time(rol, "5"), end=read.date_time(rol, "6")),
    )


def rol_care_team(read: Reading, rol: Segment) -> Resource:
    """ROL after PID -> CareTeam. Source: guide, ROL[CareTeam]."""
    who, organization = read.practitioner(rol, "4"), read.organization(rol, "14")
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
