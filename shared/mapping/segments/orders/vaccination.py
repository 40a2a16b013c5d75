"""RXA, RXR, with ORC: vaccinations."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.datatypes.person import xad_address
from shared.mapping.datatypes.value import cwe_unit, measured, nm_decimal
from shared.mapping.reading import UNKNOWN, Reading
from shared.mapping.segments.orders.order import group_numbers, orc_service_request, order_identifiers
from shared.mapping.tables import BODY_PARTS, COMPLETION_STATUS, CONFIDENTIALITY, ROUTE, V2_SYSTEM
from shared.mapping.texts import text_at


def rxa_immunization(read: Reading, orc: Segment, rxa: Segment) -> Resource:
    """ORC and RXA -> Immunization. Source: guide, RXA[Immunization] and ORC[Immunization]."""
    occurred = read.date_time(rxa, "3")
    return resource(
        "Immunization",
        id=read.id(rxa),
        meta=element(security=[read.coding(orc, "28", CONFIDENTIALITY)]),
        identifier=[
            *(order_identifiers(read, orc, read.none("OBR")) if orc else []),
            *group_numbers(read, orc),
        ],
        **_status(read, rxa),
        statusReason=read.concept(rxa, "18"),
        vaccineCode=read.concept(rxa, "5") or UNKNOWN,
        patient=read.patient or UNKNOWN,
        encounter=read.encounter,
        occurrenceDateTime=occurred,
        _occurrenceDateTime={} if occurred else UNKNOWN,
        recorded=_recorded(read, orc, rxa),
        location=_location(read, rxa),
        manufacturer=read.coded_organization(rxa, "17"),
        lotNumber=text_at(rxa, "15"),
        expirationDate=read.date(rxa, "16"),
        doseQuantity=_dose(read, rxa),
        performer=[*_performers(read, orc, "12", "OP"), *_performers(read, rxa, "10", "AP")],
        reasonCode=read.concepts(rxa, "19"),
    )


def orc_vaccination_request(read: Reading, orc: Segment) -> Resource:
    """ORC -> ServiceRequest, the order of a vaccination; ``{}`` without a placer's number and an orderer.

    Its number is also on the vaccination, because an Immunization in R4 has no reference to the order. It is active only if
    ORC-5 is, because the vaccination after it may have completed it.

    Source: guide, VXU_V04 and ORC[ServiceRequest].
    """
    if not any(text_at(orc, field) for field in ("2", "4", "12")):
        return {}
    made = orc_service_request(read, orc, read.none("OBR"))
    if made["status"] == "active" and not text_at(orc, "5"):
        words = "an order that is active by its order control, and a record of the vaccination: its status is not known"
        read.note(code="informational", where=orc.where("1"), text=words, rule="event-against-status", severity="information")
        made["status"] = "unknown"
    return made


def _status(read: Reading, rxa: Segment) -> Element:
    """RXA-21 deleted is an error; a reason for refusal (RXA-18) is a refusal; otherwise RXA-20.

    The guide reads an absent RXA-20 as completed: so does this, with an issue. A code that is not in the table does not show
    what was done: the status is marked unknown, because FHIR has no code for that.
    """
    completion = text_at(rxa, "20")
    if text_at(rxa, "21") == "D":
        return {"status": "entered-in-error"}
    if is_refused(rxa):
        if COMPLETION_STATUS.get(completion) == "completed":
            words = "a reason for refusal, but the status is that the vaccine was given"
            read.note(code="conflict", where=rxa.where("20"), text=words, rule="refusal-against-status", severity="error")
        return {"status": "not-done"}
    if not completion:
        words = "no completion status was sent; it is completed, as in the guide"
        read.note(code="required", where=rxa.where("20"), text=words, rule="element-absent", severity="information")
        return {"status": "completed"}
    status = read.code(rxa, "20", COMPLETION_STATUS)
    return {"status": status} if status else {"_status": UNKNOWN}


def is_refused(rxa: Segment) -> bool:
    """RXA-18: the reason why the substance was refused (HL7 v2.5.1 section 4.14.7.18)."""
    return any(text_at(cwe, path) for cwe in rxa.repeats("18") for path in ("1", "2", "4", "5", "9"))


def _recorded(read: Reading, orc: Segment, rxa: Segment) -> str:
    """RXA-22 of an added vaccination, otherwise the time of the order event."""
    entered = read.date_time(rxa, "22") if text_at(rxa, "21") in ("", "A") else ""
    return entered or read.date_time(orc, "9")


def _dose(read: Reading, rxa: Segment) -> Element:
    """RXA-6 and RXA-7; 999 is the older code for an unknown amount (HL7 v2.5.1 section 4.14.7.6)."""
    if text_at(rxa, "6") in ("", "999"):
        return {}
    amount = read.number(rxa, "6", nm_decimal)
    units = rxa.repeats("7")
    return measured({"value": amount}, cwe_unit(units[0]) if units else {}) if amount is not None else {}


def _performers(read: Reading, segment: Segment, field: str, function: str) -> list[Element]:
    kind = {"coding": [{"system": V2_SYSTEM + "0443", "code": function}]}
    return [{"function": kind, "actor": who} for who in read.practitioners(segment, field)]


def _location(read: Reading, rxa: Segment) -> Element:
    """RXA-27 with the address of RXA-28, or the older RXA-11."""
    place = read.location(rxa, "27")
    if place and text_at(rxa, "28"):
        read.furnish(place, rxa, "28", address=read.first(rxa, "28", xad_address))
    return place or read.location(rxa, "11")


def rxr_immunization(read: Reading, rxr: Segment) -> Element:
    """RXR -> route and site. Source: guide, RXR[Immunization]."""
    return element(route=read.concept(rxr, "1", ROUTE), site=read.concept(rxr, "2", BODY_PARTS))
