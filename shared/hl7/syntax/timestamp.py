"""HL7 date-times (DTM, TS, DT): whether a text is one, and the time of the hub in the format of HL7."""

import re
from datetime import date, datetime, timedelta

_DTM = re.compile(
    r"(\d{4})(?:(0[1-9]|1[0-2])(?:(0[1-9]|[12]\d|3[01])(?:([01]\d|2[0-3])(?:([0-5]\d)(?:([0-5]\d)(?:\.\d{1,4})?)?)?)?)?)?"
    r"([+-](?:0\d|1[0-4])[0-5]\d)?"
)


def is_dtm(text: str) -> bool:
    """Whether a text is an existing date-time of any precision from the year. HL7 v2.5.1 section 2.A.22.

    >>> is_dtm("2024"), is_dtm("20240229"), is_dtm("20230229"), is_dtm("20240501233000.123+0100"), is_dtm("1/5/2024")
    (True, True, False, True, False)
    """
    found = _DTM.fullmatch(text)
    if found is None:
        return False
    year, month, day = found.group(1, 2, 3)
    return year != "0000" and (not day or day <= "28" or _is_day(int(year), int(month), int(day)))


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        return date(year, month, day) is not None
    except ValueError:
        return False


def is_date(text: str) -> bool:
    """Whether a text is an existing date: ``YYYY[MM[DD]]``. HL7 v2.5.1 section 2.A.21.

    >>> is_date("20240501"), is_date("202405"), is_date("20240501120000"), is_date("2024+0100")
    (True, True, False, False)
    """
    return len(text) <= 8 and text.isdigit() and is_dtm(text)


def is_time(text: str) -> bool:
    """Whether a text is a time of day: ``HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ]``. HL7 v2.5.1 section 2.A.75.

    >>> is_time("2359"), is_time("24"), is_time("120000.5+0100")
    (True, False, True)
    """
    return is_dtm("20000101" + text) and len(text) > 1 and text[:1].isdigit()


def without_offset(text: str) -> str:
    """The sender's local time: the text before the first ``+`` or ``-``. The time is not converted.

    >>> without_offset("20240501120000.12+0100"), without_offset("")
    ('20240501120000.12', '')
    """
    return re.split("[+-]", text, maxsplit=1)[0]


def local(received_at: str, offset: bool = False) -> str:
    """An instant of the hub (UTC, ISO 8601) as 14 digits of Europe/London, with ``offset`` followed by the offset.

    >>> local("2024-05-01T11:30:00.123Z"), local("2024-12-01T11:30:00Z", offset=True)
    ('20240501123000', '20241201113000+0000')
    """
    at = datetime.fromisoformat(received_at[:19])
    hours = 1 if _last_sunday(at.year, 3) <= at < _last_sunday(at.year, 10) else 0  # British Summer Time
    text = (at + timedelta(hours=hours)).strftime("%Y%m%d%H%M%S")
    return f"{text}+0{hours}00" if offset else text


def _last_sunday(year: int, month: int) -> datetime:
    """01:00 UTC on the last Sunday of a month of 31 days, when British Summer Time begins and ends."""
    last = datetime(year, month, 31, 1)
    return last - timedelta(days=last.isoweekday() % 7)
