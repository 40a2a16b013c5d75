"""IN1: insurance."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.datatypes.code import coding_system
from shared.mapping.datatypes.identifier import cx_number
from shared.mapping.datatypes.person import xad_address, xpn_human_name
from shared.mapping.elements import merge
from shared.mapping.reading import UNKNOWN, Reading
from shared.mapping.tables import RELATIONSHIP
from shared.mapping.texts import Part, code_of, text_at

SELF = ("SEL", "SELF", "S", "18")  # IN1-17: the patient is the insured


def in1_coverage(read: Reading, in1: Segment) -> Resource:
    """IN1 -> Coverage; an absent payor is marked unknown. Source: guide, IN1[Coverage].

    ``{}`` without a plan, a payor, a policy and a group.
    """
    if read.is_empty(in1, "2", "3", "4", "8", "10", "11", "15", "16", "36", "49"):
        return {}
    return resource(
        "Coverage",
        id=read.id(in1),
        identifier=[each for cwe in in1.repeats("2") for each in cwe_identifiers(cwe)],
        status="active",
        type=read.concept(in1, "15"),
        policyHolder=_policy_holder(read, in1),
        subscriber=_subscriber(read, in1),
        subscriberId=text_at(in1, "49.1"),
        beneficiary=read.patient or UNKNOWN,
        relationship=read.concept(in1, "17", RELATIONSHIP),
        period=element(start=read.date_time(in1, "12"), end=read.date_time(in1, "13")),
        payor=[_payor(read, in1) or dict(UNKNOWN)],
    )


def in3_care_team(read: Reading, in3: Segment) -> Resource:
    """IN3-21 -> CareTeam: the case manager; ``{}`` if absent. Source: guide, IN3[CareTeam]."""
    name = text_at(in3, "21")
    if not name:
        return {}
    role = {"coding": [{"system": "http://snomed.info/sct", "code": "768832004"}], "text": "case manager"}
    participant = {"role": [role], "member": {"display": name}}
    return resource("CareTeam", id=read.id(in3), subject=read.patient, participant=[participant])


def cwe_identifiers(cwe: Part) -> list[Element]:
    """Identifiers from CWE: its codes with their systems. Source: guide, CWE[Identifier]."""
    pairs = (("1", "3"), ("4", "6"), ("10", "12"))
    return [
        element(system=coding_system(text_at(cwe, system)), value=text_at(cwe, value))
        for value, system in pairs
        if text_at(cwe, value)
    ]


def _payor(read: Reading, in1: Segment) -> Element:
    """IN1-4 -> Organization, with the address of IN1-5."""
    payor = read.organization(in1, "4")
    if payor:
        read.furnish(payor, in1, "5", address=read.each(in1, "5", xad_address))
    return payor


def _policy_holder(read: Reading, in1: Segment) -> Element:
    """IN1-10 and IN1-11 -> Organization, the group of the policy."""
    holder = read.organization(in1, "11")
    number = read.first(in1, "10", cx_number)
    if holder and number:
        merge(read.held(holder), {"identifier": [number]})
    return holder or (read.keep(resource("Organization", id=read.id(in1, "-10"), identifier=[number])) if number else {})


def _subscriber(read: Reading, in1: Segment) -> Element:
    """IN1-16 -> the patient, or a RelatedPerson of that name."""
    if code_of(in1, "17") in SELF:
        return read.patient
    names = read.each(in1, "16", xpn_human_name)
    if not names:
        return {}
    return read.keep(
        resource(
            "RelatedPerson",
            id=read.id(in1, "-16"),
            patient=read.patient or UNKNOWN,
            name=names,
            birthDate=read.date(in1, "18"),
            address=read.each(in1, "19", xad_address),
        )
    )
