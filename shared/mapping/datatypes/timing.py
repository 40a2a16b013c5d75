"""TQ, RI, RPT and parts of TQ1: time, frequency and duration."""

import re

from shared.fhir.resource import Decimal, Element, element
from shared.mapping.datatypes.date import dtm_date_time, plus_minutes, tm_time
from shared.mapping.datatypes.value import nm_decimal, positive
from shared.mapping.tables import TIMING_EVENT
from shared.mapping.texts import Part, text_at

UCUM = "http://unitsofmeasure.org"
UNITS = {"S": "s", "M": "min", "H": "h", "D": "d", "W": "wk", "L": "mo", "MIN": "min", "HR": "h"}
TIME_UNITS = ("s", "min", "h", "d", "wk", "mo", "a")  # FHIR, units-of-time
DURATION = re.compile(r"([SMHDWL])(\d{1,6})")  # TQ-3: only a unit and a whole number
TIMES = re.compile(r"X(\d{1,6})")
LONGEST = 200 * 366 * 1440.0  # minutes; a longer duration is a typing error, and a date cannot represent its end
MINUTES = {"s": 1 / 60, "min": 1, "h": 60, "d": 1440, "wk": 10080}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def minutes(number: str, unit: str) -> float:
    """A duration in minutes; the unit is minutes if absent. ValueError: not a number or not a unit of time.

    >>> minutes("2", "h"), minutes("30", "")
    (120.0, 30.0)

    A duration of more than 200 years is a ValueError too.
    """
    code = UNITS.get(unit.upper(), unit.lower()) if unit else "min"
    if code not in MINUTES:
        raise ValueError("not a unit of time")
    length = float(nm_decimal(number)) * MINUTES[code]
    if not -LONGEST < length < LONGEST:
        raise ValueError("longer than a lifetime")
    return length


def as_duration(text: str) -> Element:
    """Duration from TQ-3 in the format of TQ; ``{}`` for any other text.

    Source: HL7 v2.5.1 section 2.A.81.3; guide, TQ[ServiceRequest].

    >>> as_duration("D10")
    {'value': 10, 'unit': 'd', 'system': 'http://unitsofmeasure.org', 'code': 'd'}
    """
    found = DURATION.fullmatch(text)
    return duration(int(found[2]), UNITS[found[1]]) if found else {}


def duration(value: int | Decimal, unit: str, words: str = "") -> Element:
    """A Duration in a unit of UCUM, in the sender's words for it where there are any."""
    return {"value": value, "unit": words or unit, "system": UCUM, "code": unit}


def tq_timing(tq: Part) -> Element:
    """Timing from TQ (v2.3 to 2.6): interval, start, end, duration, how many times. Source: guide, TQ[ServiceRequest]."""
    words, hours = _interval(tq)
    times = TIMES.fullmatch(text_at(tq, "3"))
    repeat = element(**_tq_bounds(tq), count=positive(text_at(tq, "12") or (times[1] if times else "")), timeOfDay=hours)
    return element(repeat=repeat, code={"text": words} if words else {})


def _interval(tq: Part) -> tuple[str, list[str]]:
    """RI: the pattern, and the times of day in ``HHMM,HHMM``; other texts are added to the text of the pattern."""
    pattern, times = text_at(tq, "2.1"), text_at(tq, "2.2")
    try:
        return pattern, [tm_time(each.strip()) for each in times.split(",") if each.strip()]
    except ValueError:
        return " ".join(filter(None, (pattern, times))), []


def _tq_bounds(tq: Part) -> Element:
    """Start and end, with an absent end calculated from the duration; the duration alone if neither was sent."""
    start, end, length = dtm_date_time(text_at(tq, "4")), dtm_date_time(text_at(tq, "5")), as_duration(text_at(tq, "3"))
    if not start and not end:
        return {"boundsDuration": length} if length else {}
    return {"boundsPeriod": element(start=start, end=end or _end(start, length))}


def _end(start: str, length: Element) -> str:
    return plus_minutes(start, length["value"] * MINUTES[length["code"]]) if length.get("code") in MINUTES else ""


def unsaid_duration(tq: Part) -> str:
    """TQ-3 if the timing does not have it, or cannot be read; ``""`` otherwise."""
    text = text_at(tq, "3")
    if not text or (TIMES.fullmatch(text) and not text_at(tq, "12")):
        return ""
    try:
        bounds = _tq_bounds(tq)
    except ValueError:
        return text
    holds = "boundsDuration" in bounds or (not text_at(tq, "5") and "end" in bounds.get("boundsPeriod", {}))
    return "" if holds else text


def rpt_timing(rpt: Part) -> Element:
    """Timing from RPT (TQ1-3). ValueError: RPT-5 is not a number, or is negative. Source: guide, RPT[Timing]."""
    pattern, period, unit = text_at(rpt, "1"), text_at(rpt, "5"), text_at(rpt, "6")
    event = TIMING_EVENT.get(text_at(rpt, "8"))
    number = nm_decimal(period) if period and UNITS.get(unit.upper()) else None
    if number is not None and number < 0:
        raise ValueError("a period is not negative")
    repeat = element(
        period=number,
        periodUnit=UNITS.get(unit.upper(), "") if period else "",
        dayOfWeek=[day for path in ("3", "4") if (day := _day(rpt, path))],
        when=[event],
        offset=_offset(rpt) if event else None,
    )
    return element(repeat=repeat, code={"text": pattern} if pattern else {})


def _day(rpt: Part, path: str) -> str:
    number = text_at(rpt, path)
    return DAYS[int(number) - 1] if text_at(rpt, "2") == "DW" and number in "1234567" and number else ""


def _offset(rpt: Part) -> int | None:
    quantity = text_at(rpt, "9")
    return round(minutes(quantity, text_at(rpt, "10"))) if quantity else None
