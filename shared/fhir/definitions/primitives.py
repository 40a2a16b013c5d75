"""The formats of FHIR's primitive types: one cheap test each, true when the JSON value is well formed.

A test may raise ``TypeError`` for a value of the wrong JSON type; the caller treats that as false.
"""

import re
from collections.abc import Callable
from math import isfinite
from typing import Any

from shared.base64_pieces import is_base64
from shared.characters import CONTROL, is_visible
from shared.fhir.definitions.narrative import is_narrative
from shared.long_texts import LongText

Test = Callable[[Any], Any]

YEAR = r"(?:[1-9]\d{3}|0\d{2}[1-9]|0\d[1-9]0|0[1-9]00)"
LEAP = r"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
MONTH_DAY = r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
DAY = rf"(?:{YEAR}-{MONTH_DAY}|{LEAP}-02-29)"
TIME = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"
TEXT = rf"[^{CONTROL}]+"
NUMBER = (int, float)
INT32 = range(-(1 << 31), 1 << 31)


def _pattern(pattern: str) -> Test:
    return re.compile(pattern, re.ASCII).fullmatch


def _is_decimal(value: object) -> bool:
    return isinstance(value, NUMBER) and value is not True and value is not False and isfinite(value)


WORD = 256  # longest word that is cached, in characters: a longer one is a sender's text and does not recur
UNIQUE = "urn:uuid:"  # the name of one entry: it does not recur, so it is not cached


class _WordCache(dict[str, bool]):
    """A bounded cache of words that recur (systems, codes, units, times): each is matched once, then looked up.

    ``visible``: a word with a character that cannot be seen does not match.
    """

    def __init__(self, pattern: str, visible: bool = False) -> None:
        super().__init__()
        self.well_formed = re.compile(pattern, re.ASCII).fullmatch
        self.visible = visible

    def __missing__(self, text: str) -> bool:
        if self.visible and not is_visible(text):
            return False
        if text[:9] == UNIQUE and text.isprintable() and " " not in text:
            return True
        well_formed = self.well_formed(text) is not None
        if len(self) > 2000:
            self.clear()
        if len(text) < WORD:
            self[text] = well_formed
        return well_formed


URI_FORM = r"[^\s\x00-\x1f]+"
URI = _WordCache(URI_FORM).__getitem__
VISIBLE_URI = _WordCache(URI_FORM, visible=True).__getitem__
CODE = _WordCache(rf"[^\s{CONTROL}]+(?:\s[^\s{CONTROL}]+)*").__getitem__
DATE_TIME = _WordCache(rf"{DAY}(?:T{TIME}{ZONE})?|{YEAR}(?:-(?:0[1-9]|1[0-2]))?").__getitem__
INSTANT = _WordCache(rf"{DAY}T{TIME}{ZONE}").__getitem__

TESTS: dict[str, Test] = {
    "base64Binary": is_base64,
    "boolean": lambda value: value is True or value is False,
    "canonical": URI,
    "code": CODE,
    "date": _pattern(rf"{DAY}|{YEAR}(?:-(?:0[1-9]|1[0-2]))?"),
    "dateTime": DATE_TIME,
    "decimal": _is_decimal,
    "id": _pattern(r"[A-Za-z0-9.-]{1,64}"),
    "instant": INSTANT,
    "integer": lambda value: type(value) is int and value in INT32,
    "markdown": _pattern(TEXT),
    "oid": _pattern(r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+"),
    "positiveInt": lambda value: type(value) is int and 0 < value < INT32.stop,
    "string": _pattern(TEXT),
    "time": _pattern(TIME),
    "unsignedInt": lambda value: type(value) is int and 0 <= value < INT32.stop,
    "uri": URI,
    "url": URI,
    "uuid": _pattern(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "xhtml": is_narrative,
}


def words_of(test: Test) -> dict[str, bool] | None:
    """The cache of a test of words that recur; ``None`` for other tests."""
    cache = getattr(test, "__self__", None)
    return cache if isinstance(cache, _WordCache) else None


_JSON_TYPE: dict[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "integer": int,
    "positiveInt": int,
    "unsignedInt": int,
    "decimal": (int, float),
    "base64Binary": (str, LongText),
}


def has_json_type(primitive: str, value: object) -> bool:
    """Whether the value has the JSON type of this primitive, in any format."""
    expected = _JSON_TYPE.get(primitive, str)
    return isinstance(value, expected) and (expected is bool or not isinstance(value, bool))
