"""SCH, AIS, AIG, AIL, AIP: appointments. RGS only starts a group and has no content."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.datatypes.code import cwe_coding
from shared.mapping.datatypes.date import is_after, plus_minutes
from shared.mapping.datatypes.identifier import ei_identifier
from shared.mapping.datatypes.timing import minutes
from shared.mapping.reading import UNKNOWN, Reading
from shared.mapping.segments.administration.insurance import cwe_identifiers
from shared.mapping.segments.header import PARTICIPANT, recorded
from shared.mapping.tables import APPOINTMENT_REASON, APPOINTMENT_STATUS, APPOINTMENT_TYPE
from shared.mapping.texts import code_of, text_at

# The status of an appointment by the trigger event (HL7 v2.5.1 section 10.3): booked unless SCH-25 has a status, or ended for
# any SCH-25.
BOOKED = ("S12", "S13")
ENDED = {"S15": "cancelled", "S16": "cancelled", "S17": "entered-in-error", "S26": "noshow"}
ORDERED = {  # status of the appointment -> status of its request
    "booked": "active",
    "arrived": "active",
    "checked-in": "active",
    "fulfilled": "completed",
    "cancelled": "revoked",
    "entered-in-error": "entered-in-error",
}


def sch_appointment(read: Reading, sch: Segment) -> Resource:
    """SCH -> Appointment. Source: guide, SCH[Appointment]."""
    status = _status(read, sch)
    return resource(
        "Appointment",
        id=read.id(sch),
        identifier=read.across(sch, ("1", "2"), ei_identifier),
        status=status,
        appointmentType=_type(read, sch),
        reasonCode=[] if _is_type(sch, "7") else read.concepts(sch, "7", APPOINTMENT_REASON),
        **_times(read, sch),
        participant=[
            *_contacts(read, sch, "12", status),
            *_contacts(read, sch, "16", status),
            *_contacts(read, sch, "20", status),
        ],
    )


def _status(read: Reading, sch: Segment) -> str:
    """An event that ends it, otherwise SCH-25, otherwise an event that books it, otherwise AIS-10, otherwise proposed."""
    event, by_filler = read.message["MSH-9.2"], code_of(sch, "25") and APPOINTMENT_STATUS.get(code_of(sch, "25"))
    if event in ENDED:
        if by_filler and by_filler not in ENDED.values():
            words = "the event ends the appointment, its status does not: the event counts"
            read.note(code="conflict", where=sch.where("25"), text=words, rule="event-against-status")
        return by_filler if by_filler in ENDED.values() else ENDED[event]
    by_event = "booked" if event in BOOKED else APPOINTMENT_STATUS.get(text_at(read.message["AIS"], "10"))
    if code_of(sch, "25"):
        return read.code(sch, "25", APPOINTMENT_STATUS, by_event or "proposed")
    if not by_event:
        read.note(
            code="required",
            where=sch.where("25"),
            text="no status of the appointment was sent; it is proposed",
            rule="element-absent",
        )
    return by_event or "proposed"


def _is_type(sch: Segment, field: str) -> bool:
    return text_at(sch, field + ".3").upper() == "HL70277"


def _type(read: Reading, sch: Segment) -> Element:
    """SCH-8, or SCH-7 if that is a code of table 0277."""
    return read.concept(sch, "8", APPOINTMENT_TYPE) or (read.concept(sch, "7", APPOINTMENT_TYPE) if _is_type(sch, "7") else {})


def _times(read: Reading, sch: Segment) -> Element:
    """SCH-11 -> start and end; SCH-9 in the units of SCH-10 -> minutesDuration."""
    length = duration(read, sch, "9", "10")
    return element(
        start=read.instant(sch, "11.4"),
        end=read.instant(sch, "11.5"),
        minutesDuration=round(length) if length and length >= 1 else None,
    )


def duration(read: Reading, segment: Segment, number: str, unit: str) -> float | None:
    """A duration in minutes; ``None`` if absent or not a duration (with an issue)."""
    found: float | None = read.number(segment, number, lambda text: minutes(text, text_at(segment, unit)))
    return found


def _contacts(read: Reading, sch: Segment, field: str, status: str) -> list[Element]:
    """SCH-12, 16, 20 -> participants; the guide has no code for the contact persons."""
    enterer: Element = {"coding": [{"system": PARTICIPANT, "code": "enterer"}]}
    kind = [enterer if field == "20" else {"text": "placer contact" if field == "12" else "filler contact"}]
    return [{"type": kind, "actor": who, "status": _reply(status)} for who in read.practitioners(sch, field)]


def sch_provenance(read: Reading, sch: Segment, target: Element) -> Resource:
    """SCH-20 -> Provenance: the person who entered it; ``{}`` if absent. Source: guide, SCH[Provenance]."""
    enterer = {"coding": [{"system": PARTICIPANT, "code": "enterer"}]}
    agents = [{"type": enterer, "who": who} for who in read.practitioners(sch, "20")]
    if not agents:
        return {}
    made = resource("Provenance", id=read.id(sch, "-20"), target=[target], agent=agents)
    return {**made, **recorded(read, read.message["MSH"], "7")}


def sch_service_requests(read: Reading, sch: Segment, status: str) -> list[Resource]:
    """SCH-26 and SCH-27 -> ServiceRequest; none if both are absent. Source: guide, SCH[ServiceRequest]."""
    identifiers = [
        *read.each(sch, "26", ei_identifier, "PLAC"),
        *read.each(sch, "27", ei_identifier, "FILL"),
    ]
    if not identifiers:
        return []
    return [
        resource(
            "ServiceRequest",
            id=read.id(sch, "/ServiceRequest"),
            identifier=identifiers,
            status=ORDERED.get(status, "unknown"),
            intent="order",
            subject=read.patient or UNKNOWN,
        )
    ]


def patient_participant(read: Reading, appointment: Resource) -> Element:
    """The patient as a participant. Source: guide, PID[Appointment]."""
    return {"actor": read.patient, "status": _reply(appointment.get("status", ""))}


def _reply(status: str) -> str:
    """Appointment.participant.status, which FHIR demands: booked is accepted, the rest waits for an answer."""
    return "accepted" if status in ("booked", "fulfilled", "checked-in", "arrived") else "needs-action"


def ais_appointment(read: Reading, ais: Segment) -> Element:
    """AIS -> serviceType, and the times if SCH has none. Source: guide, AIS[Appointment]."""
    return element(serviceType=read.concepts(ais, "3"), **service_times(read, ais, ("4", "7", "8")))


def ais_service_request(read: Reading, ais: Segment) -> Element:
    """AIS-11, AIS-12 and its times -> more of the ServiceRequest. Source: guide, AIS[ServiceRequest]."""
    period = service_times(read, ais, ("4", "7", "8"))
    period.pop("minutesDuration", None)
    return element(
        identifier=[each for n in ("11", "12") for cwe in ais.repeats(n) for each in cwe_identifiers(cwe)],
        code=read.concept(ais, "3"),
        occurrencePeriod=period,
    )


def service_times(read: Reading, segment: Segment, fields: tuple[str, str, str]) -> Element:
    """Start, and the end from the duration: AIS-4 and 7, AIP-6 and 9, AIL-6 and 9, AIG-8 and 11."""
    start, length = read.instant(segment, fields[0]), duration(read, segment, fields[1], fields[2])
    end = plus_minutes(start, length) if start and length else ""
    return element(start=start, end=end, minutesDuration=round(length) if length and length >= 1 else None)


def aig_participant(read: Reading, aig: Segment, appointment: Resource) -> Element:
    """AIG -> participant: a resource of any kind, by its code. Source: guide, AIG[Appointment]."""
    coding = read.first(aig, "3", cwe_coding)
    identifiers = [each for cwe in aig.repeats("3") for each in cwe_identifiers(cwe)]
    words = coding.get("display") or text_at(aig, "3.2")
    actor = element(type="Location", identifier=identifiers[0] if identifiers else {}, display=words)
    return _participant(read, aig, actor, ("4", "8", "11", "12"), appointment)


def ail_participant(read: Reading, ail: Segment, appointment: Resource) -> Element:
    """AIL -> participant: a place. Source: guide, AIL[Appointment]."""
    return _participant(read, ail, read.location(ail, "3"), ("4", "6", "9", "10"), appointment)


def aip_participant(read: Reading, aip: Segment, appointment: Resource) -> Element:
    """AIP -> participant: a person. Source: guide, AIP[Appointment]."""
    return _participant(read, aip, read.practitioner(aip, "3"), ("4", "6", "9", "10"), appointment)


def _participant(read: Reading, segment: Segment, actor: Element, fields: tuple[str, ...], appointment: Resource) -> Element:
    if not actor:
        return {}
    times = service_times(read, segment, fields[1:])  # type: ignore[arg-type]
    times.pop("minutesDuration", None)
    return element(
        type=read.concepts(segment, fields[0]), actor=actor, status=_reply(appointment.get("status", "")), period=times
    )


def nte_appointment(words: str) -> Element:
    """NTE -> Appointment.comment; several are lines of it. Source: guide, NTE[Appointment-Comment], in R4's own element."""
    return {"comment": words} if words else {}


def complete(read: Reading, appointment: Resource) -> None:
    """FHIR requires start and end together, and both if booked: an absent one is marked unknown, never invented."""
    start, end = appointment.get("start"), appointment.get("end")
    if start and end and is_after(start, end):
        read.note(
            code="value",
            where="SCH-11",
            text="the appointment ends before it starts; its end is left out",
            rule="period-not-mapped",
        )
        end = appointment.pop("end") and None
    if start and end:
        return
    if start and appointment.get("minutesDuration"):
        appointment["end"] = end = plus_minutes(start, appointment["minutesDuration"])
        if end:
            return
        del appointment["end"]
    if appointment["status"] not in ("proposed", "cancelled", "waitlist") or start or end:
        read.note(
            code="required",
            where="SCH-11",
            text="start or end of the appointment was not sent; it is marked unknown",
            rule="element-absent",
        )
        for name in ("start", "end"):
            if not appointment.get(name):
                appointment[f"_{name}"] = UNKNOWN
