"""TQ, RI, RPT and TQ1's parts: when and how often."""

from shared.fhir.resource import Element, element
from shared.mapping.datatypes.date import dtm_date_time, tm_time
from shared.mapping.datatypes.value import nm_decimal, positive
from shared.mapping.said import Part, said
from shared.mapping.tables import TIMING_EVENT

UNITS = {"S": "s", "M": "min", "H": "h", "D": "d", "W": "wk", "L": "mo", "MIN": "min", "HR": "h"}
LONGEST = 200 * 366 * 1440.0  # minutes; a longer duration is a slip, and no calendar holds its end
MINUTES = {"s": 1 / 60, "min": 1, "h": 60, "d": 1440, "wk": 10080}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def minutes(number: str, unit: str) -> float:
    """A duration in minutes; the unit is minutes when it was not sent. ValueError: not a number or no unit of time.

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


def tq_timing(tq: Part) -> Element:
    """Timing from TQ (v2.3 to 2.6): interval, start, end, how many times. Source: guide, TQ[ServiceRequest]."""
    bounds = element(start=dtm_date_time(said(tq, "4")), end=dtm_date_time(said(tq, "5")))
    count = said(tq, "12")
    repeat = element(
        boundsPeriod=bounds,
        count=positive(count),
        timeOfDay=[tm_time(said(tq, "2.2"))] if said(tq, "2.2") else [],
    )
    return element(repeat=repeat, code={"text": said(tq, "2.1")} if said(tq, "2.1") else {})


def rpt_timing(rpt: Part) -> Element:
    """Timing from RPT (TQ1-3). ValueError: RPT-5 is no number. Source: guide, RPT[Timing]."""
    pattern, period, unit = said(rpt, "1"), said(rpt, "5"), said(rpt, "6")
    event = TIMING_EVENT.get(said(rpt, "8"))
    repeat = element(
        period=nm_decimal(period) if period and UNITS.get(unit.upper()) else None,
        periodUnit=UNITS.get(unit.upper(), "") if period else "",
        dayOfWeek=[day for path in ("3", "4") if (day := _day(rpt, path))],
        when=[event],
        offset=_offset(rpt) if event else None,
    )
    return element(repeat=repeat, code={"text": pattern} if pattern else {})


def _day(rpt: Part, path: str) -> str:
    number = said(rpt, path)
    return DAYS[int(number) - 1] if said(rpt, "2") == "DW" and number in "1234567" and number else ""


def _offset(rpt: Part) -> int | None:
    quantity = said(rpt, "9")
    return round(minutes(quantity, said(rpt, "10"))) if quantity else None
