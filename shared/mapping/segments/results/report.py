"""OBR as a report: DiagnosticReport and its people."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.repetition import Repetition
from shared.hl7.segment import Segment
from shared.mapping.datatypes.code import id_codeable_concept
from shared.mapping.datatypes.person import HL7
from shared.mapping.datatypes.provider import cnn_practitioner
from shared.mapping.elements import extension
from shared.mapping.reading import UNKNOWN, Reading
from shared.mapping.segments.orders.order import group_numbers, order_identifiers
from shared.mapping.tables import (
    CONFIDENTIALITY,
    DIAGNOSTIC_SERVICE,
    REPORT_STATUS,
)
from shared.mapping.texts import text_at

PERFORMER_FUNCTION = HL7 + "event-performerFunction"


def obr_diagnostic_report(read: Reading, orc: Segment, obr: Segment) -> Resource:
    """ORC and OBR -> DiagnosticReport. Source: guide, ORC[DiagnosticReport] and OBR[DiagnosticReport]."""
    return resource(
        "DiagnosticReport",
        id=read.id(obr),
        meta=element(security=[read.coding(orc, "28", CONFIDENTIALITY)]),
        extension=extension(HL7 + "event-statusReason", valueCodeableConcept=read.concept(orc, "16")),
        identifier=[*order_identifiers(read, orc, obr), *group_numbers(read, orc)],
        status=read.code(obr, "25", REPORT_STATUS, "unknown"),
        category=[id_codeable_concept(text_at(obr, "24"), DIAGNOSTIC_SERVICE)],
        code=read.concept(obr, "4") or UNKNOWN,
        subject=read.patient,
        encounter=read.encounter,
        **period(read, obr, "effective", "7", "8"),
        issued=read.instant(obr, "22"),
        performer=[*_roles(read, obr, "34", "SPRF"), *_roles(read, obr, "35", "TRANS")],
        resultsInterpreter=_roles(read, obr, "32"),
    )


def period(read: Reading, segment: Segment, name: str, start: str, end: str) -> Element:
    """``...Period`` if an end was sent, otherwise ``...DateTime``."""
    begins, ends = read.date_time(segment, start), read.date_time(segment, end)
    if ends:
        return {f"{name}Period": element(start=begins, end=ends)}
    return {f"{name}DateTime": begins} if begins else {}


def _roles(read: Reading, obr: Segment, field: str, function: str = "") -> list[Element]:
    """NDL -> PractitionerRole with its Practitioner. Source: guide, NDL[PractitionerRole]."""
    found = []
    for number, ndl in enumerate(obr.repeats(field), 1):
        practitioner = cnn_practitioner(ndl)
        if practitioner:
            path = f"{obr.name}[{obr.occurrence}]-{field}[{number}]"
            who = read.shared(practitioner, ndl.raw("1"), path + ".1")
            role = resource(
                "PractitionerRole",
                period=_ndl_period(read, obr, field, number),
                practitioner=who,
                location=[read.place(_ndl_place(ndl), path)],
            )
            found.append(_with_function(read.shared(role, ndl.sent, path), function))
    return found


def _ndl_place(ndl: Repetition) -> Repetition:
    """NDL-4 to 11 in the order of a PL: the guide's rows for them are those of a Location."""
    point, room, bed, facility, building, floor = (ndl.raw(n) for n in ("4", "5", "6", "7", "10", "11"))
    sent = ndl.encoding.component.join((point, room, bed, facility, "", "", building, floor))
    return Repetition(sent.rstrip(ndl.encoding.component), ndl.encoding)


def _ndl_period(read: Reading, obr: Segment, field: str, number: int) -> Element:
    place = f"{field}[{number}]"
    return element(start=read.date_time(obr, place + ".2"), end=read.date_time(obr, place + ".3"))


def _with_function(who: Element, code: str) -> Element:
    if not code:
        return who
    concept = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": code}]}
    return {"extension": extension(PERFORMER_FUNCTION, valueCodeableConcept=concept), **who}
