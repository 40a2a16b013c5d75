"""Names of segments: three characters, the first a letter, all upper case. HL7 v2.5.1 sections 2.5.2 and 2.11.

A line that begins in any other way is not a segment. No other module may use the beginning of a line as a name: it can be any
text, a patient's name too.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import count, islice

from shared.issue import Issue

_NAME = re.compile("[A-Z][A-Z0-9]{2}")
_KNOWN: set[str] = set()  # a cache of valid names; there are at most 33,696
_REPORTED = 50


def names_of(lines: Iterable[str], separator: str) -> list[str]:
    """The name of each segment, ``""`` for a line that is not one.

    >>> names_of(["MSH|^~", "EVN", "ZPV|1", "EVN PID PV1|1", "pid|", "Zed is 9 years old"], "|")
    ['MSH', 'EVN', 'ZPV', '', '', '']
    """
    return check_names(lines, separator)[0]


def check_names(lines: Iterable[str], separator: str) -> tuple[list[str], Iterable[Issue]]:
    """The name of each segment, and an error for each line that is not a segment."""
    names = [line[:3] if line[3:4] == separator or len(line) == 3 else "" for line in lines]
    if _KNOWN.issuperset(names):
        return names, ()
    names = [name if _is_name(name) else "" for name in names]
    return names, report_strays(names)


def _is_name(text: str) -> bool:
    if text in _KNOWN:
        return True
    if _NAME.fullmatch(text) is None:
        return False
    _KNOWN.add(text)
    return True


def report_strays(names: list[str]) -> Iterator[Issue]:
    """An error for each line that is not a segment, by its number."""
    lines = (number for number, name in zip(count(1), names, strict=False) if not name)
    for number in islice(lines, _REPORTED):
        text = f"line {number} is not a segment: a segment begins with a name of three capital letters or digits"
        yield Issue(severity="error", code="structure", text=text, rule="not-a-segment", clause="HL7 v2.5.1 2.5.2")
