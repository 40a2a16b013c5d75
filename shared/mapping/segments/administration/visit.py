"""PV1, PV2: the visit."""

from html import escape

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.caching import cached_by
from shared.mapping.datatypes.code import Component, cwe_codeable_concept
from shared.mapping.datatypes.identifier import cx_number, v2_0203
from shared.mapping.datatypes.person import HL7
from shared.mapping.datatypes.value import nm_decimal
from shared.mapping.elements import extension
from shared.mapping.reading import UNKNOWN, Reading
from shared.mapping.tables import (
    ADMISSION_TYPE,
    AMBULATORY_STATUS,
    BED_STATUS,
    ENCOUNTER_CLASS,
    ENCOUNTER_PRIORITY,
    ENCOUNTER_STATUS,
    ENCOUNTER_STATUS_BY_EVENT,
    HOSPITAL_SERVICE,
    MODE_OF_ARRIVAL,
    READMISSION,
)
from shared.mapping.texts import code_of, text_at

PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
PARTICIPANTS = (
    ("7", "ATND", "attender"),
    ("8", "REF", "referrer"),
    ("9", "CON", "consultant"),
    ("17", "ADM", "admitter"),
    ("52", "PART", "Participation"),
)
VISIT_NUMBER = {"type": {**v2_0203("VN"), "text": "visit number"}}  # first of an identifier's elements
# Events that cancel an admission, an expected one, a visit, or its end (HL7 v2.5.1 section 3.3).
TAKEN_BACK = {"A11": "cancelled", "A13": "in-progress", "A23": "entered-in-error", "A27": "cancelled", "A38": "cancelled"}
# Status of a visit -> status of the patient's place; none unless the visit is in progress or planned.
HERE = {"planned": "planned", "in-progress": "active"}
EPISODE = {"planned": "planned", "in-progress": "active"}
TEMPORARY = {
    "coding": [{"code": "temporary"}],
    "text": "temporary",
}  # PV1-11; the guide names a value set, which is not a code system
NO_CLASS = {"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "UNK"}


def pv1_encounter(read: Reading, pv1: Segment) -> Resource:
    """PV1 -> Encounter. Source: guide, PV1[Encounter] and MSH[Encounter]."""
    return resource(
        "Encounter",
        id=read.id(pv1),
        identifier=[*_visit_number(read, pv1), *read.each(pv1, "50", cx_number)],
        status=_status(read, pv1),
        **_kind(read, pv1),
        subject=read.patient,
        episodeOfCare=[_episode(read, pv1)],
        participant=[each for row in PARTICIPANTS for each in participants(read, pv1, *row)],
        period=element(start=read.date_time(pv1, "44"), end=read.date_time(pv1, "45")),
        hospitalization=element(
            preAdmissionIdentifier=read.first(pv1, "5", cx_number),
            **_stay(read, pv1),
            destination=_destination(read, pv1),
            dischargeDisposition=read.concept(pv1, "36"),
        ),
        location=_locations(read, pv1),
    )


def is_no_visit(pv1: Segment) -> bool:
    """Whether PV1-2 is N (not applicable), and no other field but the set id has a value."""
    return code_of(pv1, "2") == "N" and not any(pv1.fields[3:])


def _visit_number(read: Reading, pv1: Segment) -> list[Element]:
    """PV1-19: a visit number, in addition to any type of its sender."""
    return [{**VISIT_NUMBER, **each, "type": _visit_type(each.get("type", {}))} for each in read.each(pv1, "19", cx_number)]


def _visit_type(sent: Element) -> Element:
    kind = VISIT_NUMBER["type"]
    others = [coding for coding in sent.get("coding", ()) if coding.get("code") != "VN"]
    return {**kind, "coding": [*kind["coding"], *others]} if others else kind


def _status(read: Reading, pv1: Segment) -> str:
    """Cancelled or reopened by the event; finished by its end; otherwise by the event, otherwise by the class."""
    event = read.message["MSH-9.2"] or read.message["EVN-1"]
    if event in TAKEN_BACK:
        return TAKEN_BACK[event]
    by_event = ENCOUNTER_STATUS_BY_EVENT.get(event)
    if text_at(pv1, "45"):
        return "finished"
    if by_event and by_event != "unknown":
        return by_event
    return ENCOUNTER_STATUS.get(code_of(pv1, "2"), "unknown") if code_of(pv1, "2") != "N" else "unknown"


@cached_by(2, 4, 10)
def _kind(read: Reading, pv1: Segment) -> Element:
    return element(
        class_=_class(read, pv1),
        type=read.concepts(pv1, "4", ADMISSION_TYPE),
        serviceType=read.concept(pv1, "10", HOSPITAL_SERVICE),
    )


def _class(read: Reading, pv1: Segment) -> Element:
    """PV1-2 -> class, which FHIR demands: absent or unknown to its table is UNK."""
    code = code_of(pv1, "2")
    coding: Element = read.coding(pv1, "2", ENCOUNTER_CLASS)
    if code and not coding:
        read.note(
            code="code-invalid",
            where=pv1.where("2"),
            text="the patient class is not in the guide's table",
            rule="code-not-mapped",
        )
    return coding or NO_CLASS


def participants(read: Reading, segment: Segment, field: str, code: str, words: str) -> list[Element]:
    """Participants of one kind. Source: guide, PV1-7, 8, 9, 17, 52 and PV2-13."""
    people = read.practitioners(segment, field)
    if not people:
        return people
    display = {"display": words} if code == "ATND" else {}
    kind = [{"coding": [{"system": PARTICIPATION, "code": code, **display}], "text": words}]
    return [{"type": kind, "individual": who} for who in people]


@cached_by(13, 14, 15, 16, 38)
def _stay(read: Reading, pv1: Segment) -> Element:
    return element(
        admitSource=read.concept(pv1, "14"),
        reAdmission=read.concept(pv1, "13", READMISSION),
        dietPreference=read.concepts(pv1, "38"),
        specialCourtesy=read.concepts(pv1, "16"),
        specialArrangement=read.concepts(pv1, "15", AMBULATORY_STATUS),
    )


def _destination(read: Reading, pv1: Segment) -> Element:
    """PV1-37 -> Location. Source: guide, DLD[Location-Discharge]."""
    if not pv1.holds("37") or not (kind := cwe_codeable_concept(Component(pv1.first("37"), "1"))):
        return {}
    coding: Element = next(iter(kind.get("coding", ())), {})
    name = text_at(pv1, "37.1") or kind.get("text") or coding.get("display") or coding["code"]
    return read.keep(resource("Location", id=read.id(pv1, "-37"), name=name, mode="instance", type=[kind]))


def _locations(read: Reading, pv1: Segment) -> list[Element]:
    """PV1-3, 6, 11, 42 -> location, each with a status if the status of the visit implies one.

    PV1-40 is the status of the bed or room in PV1-3.
    """
    visit = _status(read, pv1)
    now, later = HERE.get(visit, ""), "reserved" if visit in ("planned", "in-progress") else ""
    rows = (("3", now), ("6", "completed"), ("11", now), ("42", later))
    found = [(read.location(pv1, field), status) for field, status in rows]
    _bed_status(read, pv1, found[0][0])
    made = [element(location=place, status=status) for place, status in found if place]
    if found[2][0]:
        temporary = next(each for each in made if each["location"] is found[2][0])
        temporary["extension"] = extension(HL7 + "subject-locationClassification", valueCodeableConcept=TEMPORARY)
    return made


def _bed_status(read: Reading, pv1: Segment, place: Element) -> None:
    read.look_up(pv1, "40", BED_STATUS)
    target = BED_STATUS.target(text_at(pv1, "40"))
    if target and (text_at(pv1, "3.2") or text_at(pv1, "3.3")):
        inner = read.held(place)
        inner["operationalStatus"] = element(system=target.system, code=target.code)


def _episode(read: Reading, pv1: Segment) -> Element:
    """PV1-53 and PV1-54 -> EpisodeOfCare; its status is that of a visit in progress or planned, otherwise unknown."""
    identifiers = read.each(pv1, "54", cx_number)
    words = extension(HL7 + "resource-instance-description", valueMarkdown=text_at(pv1, "53"))
    if not identifiers and not words:
        return {}
    status = EPISODE.get(_status(read, pv1), "")
    return read.keep(
        resource(
            "EpisodeOfCare",
            id=read.id(pv1, "-54"),
            extension=words,
            identifier=identifiers,
            status=status,
            _status={} if status else UNKNOWN,
            patient=read.patient or UNKNOWN,
        )
    )


def pv1_coverage(read: Reading, pv1: Segment) -> Resource:
    """PV1-20 -> Coverage; ``{}`` if absent. The payor is not sent. Source: guide, PV1[Coverage]."""
    kind = read.concept(pv1, "20")
    if not kind:
        return {}
    return resource(
        "Coverage",
        id=read.id(pv1, "-20"),
        status="active",
        type=kind,
        beneficiary=read.patient or UNKNOWN,
        payor=[dict(UNKNOWN)],
    )


def pv2_encounter(read: Reading, pv2: Segment) -> Element:
    """PV2 -> more of the Encounter. Source: guide, PV2[Encounter]."""
    prior = read.location(pv2, "1")
    days = read.number(pv2, "11", nm_decimal)
    return element(
        meta=element(security=_protected(pv2)),
        text=_narrative(text_at(pv2, "12")),
        extension=extension(HL7 + "encounter-modeOfArrival", valueCoding=read.coding(pv2, "38", MODE_OF_ARRIVAL)),
        priority=read.concept(pv2, "25", ENCOUNTER_PRIORITY),
        participant=participants(read, pv2, "13", "REF", "referrer"),
        reasonCode=read.concepts(pv2, "3"),
        length={"value": days, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"} if days else {},
        location=[{"location": prior, "status": "planned"}] if prior else [],
    )


def _protected(pv2: Segment) -> list[Element]:
    """PV2-22 -> meta.security: protected is restricted."""
    return [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}] * (text_at(pv2, "22") == "Y")


def _narrative(words: str) -> Element:
    if not words:
        return {}
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(words)}</div>'}
