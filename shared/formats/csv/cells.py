"""What a cell means: dates and times as British spreadsheets write them, numbers with spaces for reading.

Each function returns ``""`` for an empty cell and raises ``ValueError`` for a text of another form. It never guesses: a year
of two digits, a month before the day and a number that a spreadsheet shortened are refused.
"""

import re
from functools import lru_cache

ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ]00:00(?::00)?)?")
UK_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: 00:00(?::00)?)?")
TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")
SPACES = re.compile(r"[\s-]")


@lru_cache(maxsize=4096)  # rules and mapping read the same cell
def day(text: str) -> str:
    """A date as ``YYYYMMDD``: ``2026-05-01``, or day before month as in ``01/05/2026``, ``1.5.2026``. It may not exist.

    >>> day("2026-05-01"), day("1/5/2026"), day("01/05/2026 00:00"), day("")
    ('20260501', '20260501', '20260501', '')
    """
    if not text:
        return ""
    if found := ISO_DATE.fullmatch(text):
        return "".join(found.groups())
    if found := UK_DATE.fullmatch(text):
        return found[3] + found[2].zfill(2) + found[1].zfill(2)
    raise ValueError("not a date of the form YYYY-MM-DD or DD/MM/YYYY")


@lru_cache(maxsize=4096)
def clock(text: str) -> str:
    """A time of day as ``HHMM[SS]``.

    >>> clock("9:05"), clock("14:30:00"), clock("")
    ('0905', '143000', '')
    """
    if not text:
        return ""
    found = TIME.fullmatch(text)
    if found is None:
        raise ValueError("not a time of the form HH:MM")
    return found[1].zfill(2) + found[2] + (found[3] or "")


def joined(text: str) -> str:
    """A number without the spaces and hyphens that make it easy to read.

    >>> joined("999 000 0018")
    '9990000018'
    """
    return SPACES.sub("", text)
