"""DT, TM, DTM, TS, DR: dates and times at the precision sent. HL7 v2.5.1 chapter 2A; FHIR R4 date and time types."""

import re
from functools import lru_cache

from shared.fhir.resource import Element, element
from shared.mapping.texts import Part, text_at

DTM = re.compile(r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(\.\d{1,4})?)?)?)?)?)?([+-]\d{4})?")
DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
CENTURIES = 400


@lru_cache(maxsize=4096)
def dtm_date(text: str) -> str:
    """FHIR date from an HL7 v2 DTM, at the precision sent.

    Time and offset are dropped, never applied, so that the day cannot change; ``""`` if absent.
    ValueError: the text is not a calendar date (the message does not contain the value).
    Source: HL7 v2.5.1 section 2.A.22 (DTM); FHIR R4 ``date``.

    >>> dtm_date("20240501233000+0100"), dtm_date("202405"), dtm_date("")
    ('2024-05-01', '2024-05', '')
    """
    return "-".join(filter(None, _parts(text)[:3])) if text else ""


@lru_cache(maxsize=4096)
def dtm_date_time(text: str) -> str:
    """FHIR dateTime from an HL7 v2 DTM; a time without an offset is the civil time of the United Kingdom.

    FHIR requires seconds and an offset with every time: absent minutes and seconds are zero.
    ``""`` if absent; ValueError: not a date or a time of day.
    Source: HL7 v2.5.1 section 2.A.22 (DTM); FHIR R4 ``dateTime``.

    >>> dtm_date_time("202407011405"), dtm_date_time("20240115140530.25-0500"), dtm_date_time("2024")
    ('2024-07-01T14:05:00+01:00', '2024-01-15T14:05:30.25-05:00', '2024')
    """
    if not text:
        return ""
    year, month, day, hour, minute, second, fraction, offset = _parts(text)
    if not hour:
        return dtm_date(text)
    zone = f"{offset[:3]}:{offset[3:]}" if offset else uk_offset(int(year), int(month), int(day), int(hour))
    return f"{year}-{month}-{day}T{hour}:{minute or '00'}:{second or '00'}{fraction}{zone}"


def dtm_instant(text: str) -> str:
    """FHIR instant from a DTM with a time; ``""`` without a time, which an instant requires.

    >>> dtm_instant("20240115140530"), dtm_instant("20240115")
    ('2024-01-15T14:05:30+00:00', '')
    """
    moment = dtm_date_time(text)
    return moment if "T" in moment else ""


def tm_time(text: str) -> str:
    """FHIR time from an HL7 v2 TM; the offset is dropped, absent seconds are zero. ValueError: not a time of day.

    >>> tm_time("1405"), tm_time("")
    ('14:05:00', '')
    """
    return dtm_date_time("20000101" + text)[11:].partition("+")[0].partition("-")[0] if text else ""


def dr_period(dr: Part) -> Element:
    """Period from DR: start and end. ValueError: not dates."""
    return element(start=dtm_date_time(text_at(dr, "1")), end=dtm_date_time(text_at(dr, "2")))


def plus_minutes(moment: str, minutes: float) -> str:
    """A FHIR dateTime later by a number of minutes, with the same offset; ``""`` if it has no time.

    >>> plus_minutes("2024-02-28T23:50:00+00:00", 1450)
    '2024-03-01T00:00:00+00:00'
    """
    if "T" not in moment:
        return ""
    day = _days(int(moment[:4]), int(moment[5:7]), int(moment[8:10]))
    seconds = day * 86400 + int(moment[11:13]) * 3600 + int(moment[14:16]) * 60 + int(moment[17:19]) + round(minutes * 60)
    day, rest = divmod(seconds, 86400)
    if not _days(1, 1, 1) <= day <= _days(9999, 12, 31):
        return ""  # FHIR's years have four digits
    return f"{_civil(day)}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}{moment[19:]}"


def is_after(one: str, other: str) -> bool:
    """Whether a FHIR date or dateTime is certainly later than another, at the precision that both have.

    >>> is_after("2024-05-02", "2024-05-01T10:00:00+00:00"), is_after("2024-05-01T10:30:00+01:00", "2024-05-01T10:00:00+00:00")
    (True, False)
    """
    if "T" in one and "T" in other:
        return _seconds(one) > _seconds(other)
    shorter = min(len(one.partition("T")[0]), len(other.partition("T")[0]))
    return one[:shorter] > other[:shorter]


def _seconds(moment: str) -> float:
    """Seconds since 1970 in UTC, with the fraction."""
    clock, sign, offset = moment[17:].replace("Z", "+00:00").partition("-" if "-" in moment[17:] else "+")
    ahead = (int(offset[:2]) * 60 + int(offset[3:])) * (-60 if sign == "-" else 60)
    day = _days(int(moment[:4]), int(moment[5:7]), int(moment[8:10]))
    return day * 86400 + int(moment[11:13]) * 3600 + int(moment[14:16]) * 60 + float(clock) - ahead


def uk_offset(year: int, month: int, day: int, hour: int) -> str:
    """The offset of the civil time in the United Kingdom: one hour from the last Sunday of March to that of October.

    >>> uk_offset(2024, 3, 31, 0), uk_offset(2024, 3, 31, 2), uk_offset(2024, 10, 27, 1), uk_offset(2024, 10, 27, 2)
    ('+00:00', '+01:00', '+01:00', '+00:00')
    >>> uk_offset(1971, 7, 1, 12), uk_offset(1972, 7, 1, 12), uk_offset(2024, 2, 29, 12), uk_offset(2024, 11, 1, 12)
    ('+00:00', '+01:00', '+00:00', '+00:00')
    """
    if year < 1972 or not 3 <= month <= 10:
        return "+00:00"
    last_sunday = 31 - (_days(year, month, 31) + 4) % 7
    after = (day, hour) >= (last_sunday, 1 if month == 3 else 2)
    summer = after if month == 3 else not after if month == 10 else True
    return "+01:00" if summer else "+00:00"


def _parts(text: str) -> tuple[str, ...]:
    found = DTM.fullmatch(text.strip())
    if found is None:
        raise ValueError("not an HL7 v2 date and time")
    parts = found.groups("")
    year, month, day, hour, minute, second, _, offset = parts
    date = year != "0000" and 1 <= int(month or 1) <= 12 and 1 <= int(day or 1) <= _length(int(year), int(month or 1))
    time = int(hour or 0) < 24 and int(minute or 0) < 60 and int(second or 0) < 60
    zone = not offset or (int(offset[1:3]) <= 14 and int(offset[3:]) < 60)
    if not (date and time and zone):
        raise ValueError("not an existing day or time of day")
    return parts


def _length(year: int, month: int) -> int:
    return 28 if month == 2 and (year % 4 or (not year % 100 and year % CENTURIES)) else DAYS[month - 1]


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the Gregorian calendar."""
    year -= month <= 2
    era, of_era = divmod(year, CENTURIES)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def _civil(days: int) -> str:
    """The date of a number of days after 1970-01-01."""
    era, of_era_day = divmod(days + 719468, 146097)
    of_era = (of_era_day - of_era_day // 1460 + of_era_day // 36524 - of_era_day // 146096) // 365
    of_year = of_era_day - (365 * of_era + of_era // 4 - of_era // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + (3 if shifted < 10 else -9)
    return f"{of_era + era * CENTURIES + (month <= 2):04d}-{month:02d}-{of_year - (153 * shifted + 2) // 5 + 1:02d}"
