"""What the markup between two values means in ER7: delimiters, line ends, and the groups that open and close.

A document is values with markup between them, such as ``</HD.1></CX.4><CX.5>``. Its names have all that is needed: which element
ends, which begins, and their numbers. The meaning of a markup is therefore kept for the next document; a value never is.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from shared.hl7 import ParseError
from shared.hl7.segment import HEADERS
from shared.hl7.syntax.encoding import Encoding

RULE = "not-v2xml"
TAG = re.compile(r"(?<!\s)(\s*)<(/?)([\w.-]+)(\s[^<>]*?)?(/?)>")  # the look back: a run of space is read once
SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
PART = re.compile(r"([A-Z][A-Z0-9_]*)\.([1-9]\d{0,3})")
IS_NIL = 'an element is nil, which the XML encoding of HL7 v2 does not have: its null is the text ""'
NIL = re.compile(r":nil=\"\s*(?:true|1)\s*\"")  # of XML Schema, under any prefix
ESCAPE = re.compile(r'\s+V="([^"]*)"\s*')
SEQUENCE = re.compile(r"H|N|X[0-9A-Fa-f]*|[CMZ][^\r\n]*|\.[a-z]{2}[+-]?\d*|[FSRETP]")
OUTSIDE, IN_SEGMENT, IN_FIELD, IN_COMPONENT, IN_SUBCOMPONENT = range(5)  # levels: what is open
DROPPED = -1  # level of MSH.1 and MSH.2, whose values are the delimiters
DEEPEST = 10
CACHED = 5_000  # markups of one level; a few hundred are usual
NEXT = "\x03"  # for >< in a markup without its outer < and >
MANY = 64  # delimiters in one markup that are counted
LONG = 400  # characters of a markup that is not kept


class Steps(NamedTuple):
    """What a reader must do at a markup, in the few that need it.

    ``steps``: the name of a segment; ``+`` and the name of a group that opens; ``-`` for a group that closes. ``level``: of the
    value behind the markup.
    """

    steps: tuple[str, ...]
    level: int


# What a markup means: ER7 text, the meanings of the next markup, and the steps. A plain tuple, which Python unpacks fastest.
Meaning: TypeAlias = "tuple[str, Meanings, Steps | None]"


def is_sequence(text: str) -> bool:
    """Whether a text between two escape characters is an escape sequence of HL7 v2.5.1 section 2.7.

    >>> is_sequence(".br"), is_sequence("X0D"), is_sequence("Users")
    (True, True, False)
    """
    return SEQUENCE.fullmatch(text) is not None


class Meanings(dict[str, Meaning]):
    """The meaning of each markup at one level, in one set of delimiters. ``ParseError``: it is not of a message."""

    def __init__(self, level: int, encoding: Encoding) -> None:
        super().__init__()
        self.level, self.encoding = level, encoding

    def __missing__(self, markup: str) -> Meaning:
        tags = markup if markup[:1] == "<" else f"<{markup.replace(NEXT, '><')}>"
        reading = Reading(self.level, self.encoding)
        text, level = reading.meaning(tags)
        is_plain = level >= IN_FIELD and not reading.steps and len(text) < MANY
        steps = None if is_plain else Steps(tuple(reading.steps), level)
        meaning = text, meanings(self.encoding)[level], steps
        if len(self) < CACHED and len(markup) < LONG and '"' not in markup:  # an attribute may have a value of a patient
            self[markup] = meaning
        return meaning


@lru_cache(maxsize=16)
def meanings(encoding: Encoding) -> dict[int, Meanings]:
    """The meanings by the level of the value before a markup."""
    return {level: Meanings(level, encoding) for level in (DROPPED, *range(DEEPEST + 2))}


class Reading:
    """Reads one markup, tag by tag."""

    __slots__ = ("before", "encoding", "is_value", "level", "parts", "segment", "steps")

    def __init__(self, level: int, encoding: Encoding) -> None:
        self.encoding = encoding
        self.level = IN_FIELD if level == DROPPED else level
        self.before = -2 if level == DROPPED else 0  # number of the last element in the one that is open; -2: it may have none
        self.is_value = level != OUTSIDE  # the last thing read is a value or an escape sequence
        self.segment = ""
        self.parts: list[str] = []
        self.steps: list[str] = []

    def meaning(self, markup: str) -> tuple[str, int]:
        """ER7 text, and the level of the value behind the markup."""
        level, is_open = self.level, False
        for space, end, name, attributes, empty in _tags(markup):
            if space and level >= IN_FIELD and (self.is_value or (is_open and (end or name == "escape"))):
                self._space(space)
            if end:
                self._close(name)
                is_open = False
            elif name == "escape":
                self._escape(attributes, empty)
            else:
                if NIL.search(attributes):
                    raise self.wrong(IS_NIL)
                self._open(name)
                is_open = True
                if empty:
                    self._close(name)
                    is_open = False
            level = self.level
        if not is_open and not self.is_value and self.level >= IN_FIELD:
            raise self.wrong("there is text between the elements")
        return "".join(self.parts), self._level_of_value()

    def _space(self, space: str) -> None:
        """White space alone in an element is a value, unless it has a line end: then it is the layout of the document."""
        if "\n" not in space:
            self.parts.append(space)

    def _level_of_value(self) -> int:
        if self.level == IN_FIELD and self.segment in HEADERS and self.before == -2:
            return DROPPED
        return self.level

    def _open(self, name: str) -> None:
        if self.is_value or self.before == -2:
            raise self.wrong("a value has an element in it, or there is text between the elements")
        if self.level == OUTSIDE:
            self._open_outside(name)
        else:
            self._open_part(name)

    def _open_part(self, name: str) -> None:
        found = PART.fullmatch(name)
        if found is None or self.level > DEEPEST:
            raise self.wrong("the name of an element has no number, or a value has more levels than HL7 v2 has")
        number = int(found[2])
        if self.level == IN_SEGMENT:
            self._field(found[1], number)
        elif self.level == IN_FIELD:
            self._part(self.encoding.component, number)
        elif self.level == IN_COMPONENT:
            self._part(self.encoding.subcomponent, number)
        elif number != 1 or self.before:
            raise self.wrong("a value has more levels than HL7 v2 has")
        self.level += 1
        if self.before != -2:
            self.before = 0

    def _open_outside(self, name: str) -> None:
        if SEGMENT.fullmatch(name):
            self.segment, self.level, self.before = name, IN_SEGMENT, 0
            self.steps.append(name)
            self.parts.append(f"\r{name}")
            if name in HEADERS:
                self.parts.append(self.encoding.field + self.encoding.characters)
        else:
            self.steps.append(f"+{name}")

    def _field(self, segment: str, number: int) -> None:
        if segment != self.segment:
            raise self.wrong("an element is not a field of its segment")
        before = self.before
        if segment in HEADERS:
            if number <= 2:
                if number <= before:
                    raise self.wrong("the fields of a segment are not in their order")
                self.before = -2  # its value is dropped
                return
            before = max(before, 2)
        if number < before:
            raise self.wrong("the fields of a segment are not in their order")
        self.parts.append(self.encoding.field * (number - before) if number > before else self.encoding.repetition)

    def _part(self, delimiter: str, number: int) -> None:
        if number <= self.before:
            raise self.wrong("two elements have the same place, or the parts of a value are not in their order")
        self.parts.append(delimiter * (number - max(self.before, 1)))

    def _close(self, name: str) -> None:
        self.is_value = False
        if self.level == OUTSIDE:
            self.steps.append("-")
        elif self.level == IN_SEGMENT:
            self.level, self.segment = OUTSIDE, ""
        else:
            self.level -= 1
            segment, _, number = name.rpartition(".")
            self.before = int(number)
            if self.level == IN_SEGMENT:
                self.segment = segment

    def _escape(self, attributes: str, empty: str) -> None:
        found = ESCAPE.fullmatch(attributes)
        sequence = unescaped(found[1]) if found else ""
        is_one = is_sequence(sequence) and not any(each in sequence for each in self.encoding[:5])  # a delimiter would divide it
        if self.level < IN_FIELD or self.before or not empty or not is_one:
            raise self.wrong("an escape element has no sequence of HL7 v2 in its attribute V")
        sign = self.encoding.escape
        self.parts.append(f"{sign}{sequence}{sign}")
        self.is_value = True

    def wrong(self, text: str) -> ParseError:
        return ParseError(text, RULE, self.segment or "MSH")


def _tags(markup: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Each tag with the space before it: space, ``/`` of an end tag, name, attributes, ``/`` of an empty element."""
    for found in TAG.finditer(markup):
        space, end, name, attributes, empty = found.groups()
        yield space, end, name, attributes or "", empty


def unescaped(text: str) -> str:
    """The characters of a text as ``lxml`` writes it."""
    if "&" not in text:
        return text
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    text = text.replace("&#13;", "\r").replace("&#9;", "\t").replace("&#10;", "\n")
    return text.replace("&amp;", "&")
