"""PID, PD1, MRG: the resources around the patient: account, provenance, mother, living will, merged patient."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.datatypes.identifier import cx_identifier, cx_number
from shared.mapping.datatypes.person import (
    HL7,
)
from shared.mapping.datatypes.provider import xon_string
from shared.mapping.elements import extension
from shared.mapping.reading import Reading
from shared.mapping.segments.administration.patient import names
from shared.mapping.segments.header import PARTICIPANT, recorded
from shared.mapping.tables import (
    LIVING_WILL,
)
from shared.mapping.texts import text_at


def pid_account(read: Reading, pid: Segment) -> Resource:
    """PID-18 -> Account; ``{}`` without an account number. Source: guide, PID[Account], except its status, which is not sent."""
    number = read.first(pid, "18", cx_number)
    if not number:
        return {}
    return resource("Account", id=read.id(pid, "-18"), identifier=[number], status="unknown", subject=[read.patient])


def pid_provenance(read: Reading, pid: Segment) -> Resource:
    """PID-33 and PID-34 -> Provenance of the last update; ``{}`` unless both were sent. Source: guide."""
    if not text_at(pid, "33") or not text_at(pid, "34"):
        return {}
    performer = {"coding": [{"system": PARTICIPANT, "code": "performer"}]}
    return resource(
        "Provenance",
        id=read.id(pid, "-33"),
        target=[read.patient],
        occurredDateTime=read.date_time(pid, "33"),
        **recorded(read, pid, "33"),
        activity={"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-DataOperation", "code": "UPDATE"}]},
        agent=[{"type": performer, "who": read.assigner(pid, "34")}],
    )


def pid_mother(read: Reading, pid: Segment) -> list[Resource]:
    """PID-21 -> RelatedPerson, the mother. Source: guide, CX[RelatedPerson-Mother]."""
    mother = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}]}
    identifiers = read.each(pid, "21", cx_identifier)
    if not identifiers:
        return []
    made = resource("RelatedPerson", id=read.id(pid, "-21"), identifier=identifiers, patient=read.patient, relationship=[mother])
    return [made]


def pd1_patient(read: Reading, pd1: Segment) -> Element:
    """PD1 -> more of the Patient. Source: guide, PD1[Patient]."""
    return element(
        extension=[
            *extension(HL7 + "patient-disability", valueCodeableConcept=read.concept(pd1, "6")),
            *extension(HL7 + "patient-congregation", valueString=read.first(pd1, "14", xon_string)),
        ],
        generalPractitioner=[*read.organizations(pd1, "3"), *read.practitioners(pd1, "4")],
    )


def pd1_observation(read: Reading, pd1: Segment) -> Resource:
    """PD1-7 -> Observation of a living will; ``{}`` if absent. Source: guide, PD1[Observation-LivingWill]."""
    will = read.concept(pd1, "7", LIVING_WILL)
    if not will:
        return {}
    return resource(
        "Observation",
        id=read.id(pd1, "-7"),
        status="unknown",
        code={"coding": [{"system": "http://loinc.org", "code": "75320-2"}]},
        subject=read.patient,
        valueCodeableConcept=will,
    )


def mrg_account(read: Reading, mrg: Segment, whose: Element) -> Resource:
    """MRG-3 -> the prior Account: of the patient that was merged away, or of the only one; ``{}`` when absent.

    Source: guide, MRG[Account] and ADT_A06.
    """
    number = read.first(mrg, "3", cx_number)
    if not number:
        return {}
    return resource("Account", id=read.id(mrg, "-3"), identifier=[number], status="unknown", subject=[whose])


def mrg_patient(read: Reading, mrg: Segment, survivor: Element) -> Resource:
    """MRG -> the merged Patient: inactive, replaced by the survivor; ``{}`` if MRG has no number.

    The guide maps only MRG-3; this follows the definitions of ``Patient.link`` and ``Patient.active`` in FHIR.
    """
    if read.is_empty(mrg, "1", "2", "4"):
        return {}
    return resource(
        "Patient",
        id=read.id(mrg),
        identifier=read.across(mrg, ("1", "2", "4"), cx_identifier),
        active=False,
        name=names(read, mrg, "7"),
        link=[{"other": survivor, "type": "replaced-by"}],
    )
