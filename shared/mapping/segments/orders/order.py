"""ORC, OBR: the order, and its report."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.datatypes.identifier import cx_number, ei_identifier, eip_identifiers, v2_0203
from shared.mapping.datatypes.person import HL7, xad_address
from shared.mapping.datatypes.provider import cwe_device, xon_organization
from shared.mapping.elements import extension
from shared.mapping.reading import UNKNOWN, Reading
from shared.mapping.segments.header import PARTICIPANT, recorded
from shared.mapping.segments.orders.timing import occurrence, timing_notes, tq_priority, tq_quantity
from shared.mapping.tables import (
    CONFIDENTIALITY,
    ORDER_CONTROL_STATUS,
    ORDER_STATUS,
    ORDER_TYPE,
    V2_SYSTEM,
)
from shared.mapping.texts import text_at

# OBR-11, HL7 table 0065; the guide names no R4 code for an add-on, and the other codes are about the specimen.
INTENT = {**dict.fromkeys("ALOPRS", "order"), "G": "reflex-order"}
# ORC-1 that ends an order for any ORC-5: cancelled, cancelled or discontinued as requested, discontinued.
ENDED = ("OC", "CR", "OD", "DR")
DATA_OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
ACTIVITY = {"NW": "CREATE", "SC": "UPDATE", "OC": "CANCEL", "CA": "CANCEL"}  # ORC-1


def order_identifiers(read: Reading, orc: Segment, obr: Segment) -> list[Element]:
    """The numbers of the placer and the filler: from ORC, and from OBR if they differ.

    The guide, read literally, maps neither if both are sent; here each number is mapped once.
    """
    found: list[Element] = []
    for field, kind in (("2", "PLAC"), ("3", "FILL")):
        for segment in (orc, obr):
            found += [each for each in read.each(segment, field, ei_identifier, kind) if each not in found]
    return found


def orc_service_request(read: Reading, orc: Segment, obr: Segment) -> Resource:
    """ORC and OBR -> ServiceRequest. Source: guide, ORC[ServiceRequest] and OBR[ServiceRequest]."""
    groups = group_numbers(read, orc)
    return resource(
        "ServiceRequest",
        id=read.id(obr or orc, "/ServiceRequest"),
        meta=element(security=[read.coding(orc, "28", CONFIDENTIALITY)]),
        extension=_order_extensions(read, orc, obr),
        identifier=[
            *order_identifiers(read, orc, obr),
            *groups[1:],
            *read.each(orc, "38", ei_identifier, "FGN"),  # the number of the filler's group
            *other_identifiers(read, orc, obr),
        ],
        basedOn=_parents(read, obr),
        requisition=groups[0] if groups else {},
        status=order_status(read, orc),
        intent=read.look_up(obr, "11", INTENT) or "order",
        priority=tq_priority(read, obr, "5") or tq_priority(read, orc, "7.6") or tq_priority(read, obr, "27.6"),
        code=read.concept(obr, "4"),
        orderDetail=[*read.concepts(obr, "46"), *read.concepts(obr, "47")],
        quantityQuantity=tq_quantity(read, orc, obr),
        subject=read.patient or UNKNOWN,
        encounter=read.encounter,
        **occurrence(read, orc, obr),
        authoredOn=authored(read, orc),
        requester=requester(read, orc, obr),
        locationCode=[read.concept(orc, "29", ORDER_TYPE)] if orc else [],
        reasonCode=read.concepts(obr, "31"),
        supportingInfo=_clinical_information(read, obr),
        note=timing_notes(read, orc, obr),
    )


def _order_extensions(read: Reading, orc: Segment, obr: Segment) -> list[Element]:
    callbacks = read.telecom(obr, "17") or read.telecom(orc, "14")
    reason = read.concept(orc, "16") if not text_at(orc, "5") else {}
    return [
        *_business_event(read, orc),
        *({"url": HL7 + "servicerequest-order-callback-phone-number", "valueContactPoint": each} for each in callbacks),
        *extension(HL7 + "request-statusReason", valueCodeableConcept=reason),
    ]


# HL7 table 0119, as FHIR R4 has it
ORDER_CONTROLS = frozenset((
    "AF", "CA", "CH", "CN", "CP", "CR", "DC", "DE", "DF", "DR", "FU", "HD", "HR", "LI", "MC", "NA", "NR", "NW", "OC", "OD",
    "OE", "OF", "OH", "OK", "OP", "OR", "PA", "PR", "PY", "RA", "RC", "RD", "RE", "RF", "RL", "RO", "RP", "RQ", "RR", "RU",
    "SC", "SN", "SQ", "SR", "SS", "SU", "UA", "UC", "UD", "UF", "UH", "UM", "UN", "UR", "UX", "XO", "XR", "XX",
))  # fmt: skip


def _business_event(read: Reading, orc: Segment) -> list[Element]:
    """ORC-1 as sent and ORC-9 -> businessEvent. The guide names the value set of table 0119; this is its code system."""
    code, moment = text_at(orc, "1"), read.date_time(orc, "9")
    known = {"coding": [{"system": V2_SYSTEM + "0119", "code": code}]}
    concept = {} if not code else known if code in ORDER_CONTROLS else {"text": code}
    parts = [*extension("value", valueCodeableConcept=concept), *extension("date", valueDateTime=moment)]
    return [{"url": HL7 + "businessEvent", "extension": parts}] if parts else []


def group_numbers(read: Reading, orc: Segment) -> list[Element]:
    """ORC-4, the numbers of the group, the placer's first. A pair (EIP) since v2.7 or with subcomponents, otherwise an EI."""
    if read.message["MSH-12"] >= "2.7" or orc.encoding.subcomponent in orc.raw("4"):
        return [each for eip in orc.repeats("4") for each in eip_identifiers(eip)]
    return read.each(orc, "4", ei_identifier, "PGN")


def other_identifiers(read: Reading, orc: Segment, obr: Segment) -> list[Element]:
    """OBR-53, else ORC-33 -> identifiers of the placer, each with the type that was sent too."""
    sent = read.each(obr, "53", cx_number) or read.each(orc, "33", cx_number)
    placer = v2_0203("PLAC")["coding"]
    return [{**each, "type": {**(kind := each.get("type", {})), "coding": [*placer, *kind.get("coding", ())]}} for each in sent]


def _parents(read: Reading, obr: Segment) -> list[Element]:
    """OBR-29 -> basedOn, by identifier."""
    if text_at(obr, "50"):
        return []
    return [{"type": "ServiceRequest", "identifier": each} for eip in obr.repeats("29") for each in eip_identifiers(eip)]


def authored(read: Reading, orc: Segment) -> str:
    """ORC-9 of a new order: when it was written."""
    return read.date_time(orc, "9") if text_at(orc, "1") == "NW" else ""


def order_status(read: Reading, orc: Segment) -> str:
    """ORC-5, else what ORC-1 does to an order; FHIR demands one, so an unsaid one is unknown."""
    control: str = read.look_up(orc, "1", ORDER_CONTROL_STATUS) or ""
    if text_at(orc, "1") == "CA":
        words = "a request to cancel: the order is active until it is cancelled, as the guide has it"
        read.note(code="informational", where=orc.where("1"), text=words, rule="cancel-requested")
    if not text_at(orc, "5"):
        return control or "unknown"
    status = read.code(orc, "5", ORDER_STATUS, "unknown")
    if text_at(orc, "1") in ENDED and status not in ("revoked", "entered-in-error"):
        words = "the order control ends the order, its status does not: revoked"
        read.note(code="conflict", where=orc.where("5"), text=words, rule="event-against-status")
        return "revoked"
    return status


def requester(read: Reading, orc: Segment, obr: Segment) -> Element:
    """ORC-12 with ORC-21 to 24 -> PractitionerRole, else OBR-16 -> Practitioner."""
    who = read.practitioner(orc, "12")
    if who and text_at(orc, "24"):
        read.furnish(who, orc, "24", address=read.each(orc, "24", xad_address))
    organization = read.organization(orc, "21")
    if organization:
        read.furnish(organization, orc, "22", address=read.each(orc, "22", xad_address), telecom=read.telecom(orc, "23"))
    if not organization:
        return who or read.practitioner(obr, "16")
    return read.keep(
        resource(
            "PractitionerRole",
            id=read.id(orc, "-12"),
            practitioner=who or read.practitioner(obr, "16"),
            organization=organization,
        )
    )


def _clinical_information(read: Reading, obr: Segment) -> list[Element]:
    """OBR-13 -> supportingInfo as text: R4 has references here, whose text can be used alone."""
    words = text_at(obr, "13.9") or text_at(obr, "13.2") or text_at(obr, "13")
    return [{"display": words}] if words else []


def orc_provenance(read: Reading, orc: Segment, target: Element) -> Resource:
    """ORC -> Provenance of the order: who entered, verified and ordered it, with the time. Source: guide, ORC[Provenance]."""
    kinds = (("10", "enterer"), ("11", "verifier"), ("12", "author"), ("19", "performer"))
    agents = [
        element(
            type={"coding": [{"system": PARTICIPANT, "code": code}]},
            who=who,
            onBehalfOf=read.coded_organization(orc, "17") if field == "10" else {},
        )
        for field, code in kinds
        for who in read.practitioners(orc, field)
    ]
    device = read.first(orc, "18", cwe_device)
    if device:
        agents.append({"who": read.shared(device, orc.raw("18"), f"ORC[{orc.occurrence}]-18")})
    if not agents:
        return {}
    activity = ACTIVITY.get(text_at(orc, "1"))
    return resource(
        "Provenance",
        id=read.id(orc, "/Provenance"),
        meta=element(security=[read.coding(orc, "28", CONFIDENTIALITY)]),
        target=[target],
        occurredDateTime=read.date_time(orc, "9"),
        **recorded(read, orc, "9"),
        location=_ordering_place(read, orc),
        activity={"coding": [{"system": DATA_OPERATION, "code": activity}]} if activity else {},
        agent=agents,
    )


def _ordering_place(read: Reading, orc: Segment) -> Element:
    """ORC-21 to 23 -> Location of the Provenance: the place of the order. Source: guide, XON[Location]."""
    facility = read.first(orc, "21", xon_organization)
    if not facility:
        return {}
    names = {name: facility[name] for name in ("identifier", "name") if name in facility}
    address, telecom = read.first(orc, "22", xad_address), read.telecom(orc, "23")
    return read.keep(resource("Location", id=read.id(orc, "-21/Location"), **names, address=address, telecom=telecom))
