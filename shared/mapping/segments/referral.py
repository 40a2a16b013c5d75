"""RF1, PRD: referrals. The guide has no maps for them; these follow its patterns."""

from shared.fhir.resource import Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.datatypes.identifier import ei_identifier, pln_identifier, v2_0203
from shared.mapping.datatypes.person import xad_address, xpn_human_name
from shared.mapping.reading import UNKNOWN, Reading

STATUS = {"A": "active", "E": "completed", "P": "draft", "R": "revoked"}  # HL7 table 0283, referral status
PRIORITY = {"S": "stat", "A": "asap", "R": "routine"}  # HL7 table 0280, referral priority


def rf1_service_request(read: Reading, rf1: Segment) -> Resource:
    """RF1 -> ServiceRequest, the referral."""
    return resource(
        "ServiceRequest",
        id=read.id(rf1),
        identifier=[
            *({**each, "type": v2_0203("PLAC")} for each in read.each(rf1, "6", ei_identifier)),
            *({**each, "type": v2_0203("FILL")} for each in read.each(rf1, "11", ei_identifier)),
        ],
        status=_status(read, rf1),
        intent="order",
        category=[each for n in ("3", "4", "5") for each in read.concepts(rf1, n)],
        priority=read.look_up(rf1, "2", PRIORITY),
        subject=read.patient or UNKNOWN,
        encounter=read.encounter,
        occurrencePeriod=element(end=read.date_time(rf1, "8")),
        authoredOn=read.date_time(rf1, "7"),
        reasonCode=read.concepts(rf1, "10"),
    )


def _status(read: Reading, rf1: Segment) -> str:
    """The event I14 cancels the referral for any RF1-1."""
    status: str = read.look_up(rf1, "1", STATUS) or "unknown"
    return "revoked" if read.message["MSH-9.2"] == "I14" else status


def prd_practitioner_role(read: Reading, prd: Segment) -> Resource:
    """PRD -> PractitionerRole with its Practitioner.

    Without a name and a number there is no Practitioner: the telephone is then that of the role, and FHIR has no place for the
    address.
    """
    who = resource(
        "Practitioner",
        id=read.id(prd, "/Practitioner"),
        identifier=read.each(prd, "7", pln_identifier),
        name=read.each(prd, "2", xpn_human_name),
        telecom=read.telecom(prd, "5"),
        address=read.each(prd, "3", xad_address),
    )
    is_someone = bool(who.keys() & {"identifier", "name"})
    if "address" in who and not is_someone:
        text = "the address of a provider without a name and a number: left out"
        read.note(code="required", where=prd.where("2"), text=text, rule="element-absent")
    return resource(
        "PractitionerRole",
        id=read.id(prd),
        period=element(start=read.date_time(prd, "8"), end=read.date_time(prd, "9")),
        practitioner=read.keep(who) if is_someone else {},
        organization=read.organization(prd, "10"),
        code=read.concepts(prd, "1"),
        location=read.locations(prd, "4"),
        telecom=[] if is_someone else who.get("telecom", []),
    )


def prd_place(role: str) -> str:
    """The element of the referral for a PRD, by its role (HL7 table 0286)."""
    return {"RP": "requester", "RT": "performer", "PP": "generalPractitioner", "CP": "performer"}.get(role, "")
