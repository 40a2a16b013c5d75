"""TQ1, and the older TQ in ORC-7 and OBR-27: time, frequency and duration of an order."""

from shared.fhir.resource import Decimal, Element, element
from shared.hl7.segment import Segment
from shared.mapping.datatypes.code import Component
from shared.mapping.datatypes.date import plus_minutes, tm_time
from shared.mapping.datatypes.timing import (
    LONGEST,
    MINUTES,
    TIME_UNITS,
    UNITS,
    as_duration,
    duration,
    rpt_timing,
    tq_timing,
    unsaid_duration,
)
from shared.mapping.datatypes.value import cq_quantity, nm_decimal, positive
from shared.mapping.reading import Reading
from shared.mapping.tables import PRIORITY
from shared.mapping.texts import Part, text_at


def tq_priority(read: Reading, segment: Segment, path: str) -> str:
    """A priority by HL7 table 0485; ``""`` when none was sent, or none that FHIR has a code for."""
    return (read.look_up(segment, path, PRIORITY) or "") if segment else ""


def tq_quantity(read: Reading, orc: Segment, obr: Segment) -> Element:
    return _tq(read, orc, obr, _quantity) or {}


def _quantity(tq: Part) -> Element:
    number = text_at(tq, "1.1")
    return cq_quantity(Component(tq, "1")) if number else {}


def _tq(read: Reading, orc: Segment, obr: Segment, converter: object) -> Element:
    """The older quantity and timing: ORC-7, otherwise OBR-27."""
    found: Element = read.first(orc, "7", converter) or read.first(obr, "27", converter)  # type: ignore[arg-type]
    return found


def occurrence(read: Reading, orc: Segment, obr: Segment) -> Element:
    """ORC-7 or OBR-27 -> occurrenceTiming, otherwise OBR-6 -> occurrenceDateTime."""
    timing = _tq(read, orc, obr, tq_timing)
    if timing:
        return {"occurrenceTiming": timing}
    return element(occurrenceDateTime=read.date_time(obr, "6"))


def timing_notes(read: Reading, orc: Segment, obr: Segment) -> list[Element]:
    """The text of the timing (TQ-8), and a duration (TQ-3) that does not fit a FHIR Timing."""
    words = text_at(orc, "7.8") or text_at(obr, "27.8")
    notes = [{"text": words}] if words else []
    tq, field = (orc, "7") if orc.holds("7") else (obr, "27")
    if tq.holds(field) and (length := unsaid_duration(tq.first(field))):
        notes.append(_unsaid(read, tq, f"{field}.3", length))
    return notes


def _unsaid(read: Reading, segment: Segment, path: str, length: str) -> Element:
    """A duration as text, with an issue."""
    read.note(
        code="value",
        where=segment.where(path),
        text="the duration does not fit a FHIR Timing; it is kept as a note",
        rule="duration-not-mapped",
    )
    return {"text": f"duration: {length}"}


def tq1_service_request(read: Reading, tq1: Segment) -> Element:
    """TQ1 -> more of the ServiceRequest. Source: guide, TQ1[ServiceRequest]."""
    timing, notes = tq1_timing(read, tq1)
    return element(
        priority=read.look_up(tq1, "9", PRIORITY),
        quantityQuantity=read.first(tq1, "2", cq_quantity),
        occurrenceTiming=timing,
        note=notes,
    )


def tq1_timing(read: Reading, tq1: Segment) -> tuple[Element, list[Element]]:
    """TQ1 -> Timing, and notes with its text and a duration that does not fit."""
    timing = read.first(tq1, "3", rpt_timing)
    number, unit = _length(tq1, "6")
    bounds, is_held = _bounds(read, tq1, number, unit)
    repeat = element(
        **bounds,
        countMax=positive(text_at(tq1, "14")),
        **_duration(read, tq1, "13"),
        timeOfDay=read.each(tq1, "4", lambda tm: tm_time(text_at(tm, "1"))),
    )
    if repeat.get("countMax"):
        repeat["count"] = repeat["countMax"]
    notes = [{"text": words} for words in (text_at(tq1, "11"),) if words]
    pattern = timing.get("repeat", {})
    if repeat.get("timeOfDay") and pattern.get("when"):  # FHIR, tim-10: the times are exact, the event is not
        notes.append(_event(read, tq1, pattern["when"][0]))
        pattern = {name: value for name, value in pattern.items() if name not in ("when", "offset")}
    if not is_held:
        notes.append(_unsaid(read, tq1, "6", " ".join(filter(None, (text_at(tq1, "6.1"), text_at(tq1, "6.2"))))))
    return element(repeat={**pattern, **repeat}, code=timing.get("code", {})), notes


def _event(read: Reading, tq1: Segment, event: str) -> Element:
    """An event that a Timing with times of day cannot have, as text, with an issue."""
    read.note(
        code="value",
        where=tq1.where("3.8"),
        text="FHIR allows no event next to times of day; it is kept as a note",
        rule="time-event-not-mapped",
    )
    return {"text": f"event: {event}"}


def _length(tq1: Segment, field: str) -> tuple[Decimal | None, str]:
    """Number and unit of a CQ, or of the older ``D10`` in its place; neither for a negative number, or no unit of time."""
    text, codes = text_at(tq1, field + ".1"), (text_at(tq1, f"{field}.2.{n}") for n in (1, 4, 10))
    if older := as_duration(text):
        return nm_decimal(str(older["value"])), older["code"]
    units = (UNITS.get(code.upper(), code.lower()) for code in codes if code)
    unit = next((unit for unit in units if unit in TIME_UNITS), "")
    try:
        number = nm_decimal(text) if text and unit else None
    except ValueError:
        return None, ""
    return (number, unit) if number is not None and number >= 0 else (None, "")


def _bounds(read: Reading, tq1: Segment, number: Decimal | None, unit: str) -> tuple[Element, bool]:
    """TQ1-7 and TQ1-8, an absent one calculated from the duration of TQ1-6; and whether they contain that duration."""
    start, end = read.date_time(tq1, "7"), read.date_time(tq1, "8")
    if not start and not end:
        words = text_at(tq1, "6.2.9") or text_at(tq1, "6.2.2")
        bounds: Element = {"boundsDuration": duration(number, unit, words)} if number is not None else {}
        return bounds, bool(bounds) or not text_at(tq1, "6.1")
    if number is None or unit not in MINUTES or (start and end):
        return {"boundsPeriod": element(start=start, end=end)}, not text_at(tq1, "6.1")
    length = float(number) * MINUTES[unit] if abs(float(number)) * MINUTES[unit] < LONGEST else 0
    begins = start or (plus_minutes(end, -length) if length else "")
    ends = end or (plus_minutes(start, length) if length else "")
    return {"boundsPeriod": element(start=begins, end=ends)}, bool(begins and ends)


def _duration(read: Reading, tq1: Segment, field: str) -> Element:
    """TQ1-13: the duration of each time."""
    number, unit = _length(tq1, field)
    if number is None and text_at(tq1, field + ".1"):
        read.note(code="value", where=tq1.where(field), text="not a duration", rule="value-not-mapped")
    return {"duration": number, "durationUnit": unit} if number is not None else {}
