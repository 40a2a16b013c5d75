"""The ER7 lines of a document in the XML encoding, read from its pieces (see ``pieces``)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from shared import bounds
from shared.formats.hl7_xml.groups import Group, Groups
from shared.formats.hl7_xml.writer import is_sequence
from shared.hl7 import ParseError
from shared.hl7.segment import HEADERS
from shared.hl7.syntax.encoding import Encoding, escape

RULE = "not-v2xml"
SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
PART = re.compile(r"([A-Z][A-Z0-9_]*)\.([1-9]\d{0,3})")
ESCAPE = re.compile(r'escape\s+V="([^"]*)"\s*/')
DEEPEST = 8  # groups in each other; the standard has five


class Read(NamedTuple):
    """One segment: its name, its ER7 line, and the groups that it is in."""

    name: str
    line: str
    groups: Groups


class _Numbers(dict[str, int]):
    """A cache of element names: the number at the end; 0 for a name without one. ``before``: how the name must begin."""

    def __init__(self, before: str = "") -> None:
        super().__init__()
        self.before = before

    def __missing__(self, tag: str) -> int:
        name = tag.partition(" ")[0].rstrip("/")
        found = PART.fullmatch(name) if name.startswith(self.before) else None
        number = int(found[2]) if found else 0
        if len(self) < 10_000 and len(tag) < 20:
            self[tag] = number
        return number


_PARTS = _Numbers()
_FIELDS: dict[str, _Numbers] = {}


def _fields_of(segment: str) -> _Numbers:
    known = _FIELDS.get(segment)
    if known is None:
        known = _Numbers(f"{segment}.")
        if len(_FIELDS) < 1000:
            _FIELDS[segment] = known
    return known


class LineReader:
    """Reads the pieces of one document, one after the other."""

    __slots__ = ("absent", "count", "encoding", "pieces", "where")

    def __init__(self, encoding: Encoding, pieces: list[str]) -> None:
        self.encoding, self.pieces = encoding, iter(pieces)
        self.absent = self.count = 0
        self.where = "MSH"

    def read(self, root: str) -> list[Read]:
        """Every segment. Raises ``ParseError``."""
        opened, _, text = next(self.pieces).partition(">")
        self._check_blank(text)
        return [] if opened[-1] == "/" else list(self._content(root, ()))

    def _content(self, root: str, groups: Groups) -> Iterator[Read]:
        """The segments up to the end of the element that is open, and those of the groups in it."""
        for piece in self.pieces:
            opened, _, text = piece.partition(">")
            if text:
                self._check_blank(text)
            if opened[0] == "/":
                return
            name, is_empty = opened.partition(" ")[0].rstrip("/"), opened[-1] == "/"
            if SEGMENT.fullmatch(name):
                self.where = name
                yield Read(name, name if is_empty else self._line(name), groups)
            elif name.startswith(f"{root}.") and len(groups) < DEEPEST:
                self.count += 1
                if not is_empty:
                    yield from self._content(root, (*groups, Group(name, self.count)))
            else:
                raise self._wrong("an element is neither a segment nor a group of the message")

    def _line(self, name: str) -> str:
        numbers, fields, last, is_header = _fields_of(name), [name], 0, name in HEADERS
        repetition = self.encoding.repetition
        for piece in self.pieces:
            opened, _, text = piece.partition(">")
            if opened[0] == "/":
                if text:
                    self._check_blank(text)
                break
            number = numbers[opened]
            if not number:
                raise self._wrong("an element is not a field of its segment")
            is_delimiter = is_header and number < 3
            value = self._parts(opened, text, is_delimiter)
            if number == last + 1:
                fields.append(value)
            elif number > last:
                self._count_absent(number - last)
                fields += [""] * (number - last)
                fields[number] = value
            elif number == last and not is_delimiter:
                fields[number] += repetition + value
            else:
                raise self._wrong("the fields of a segment are not in their order")
            last = number
        if is_header:
            fields[1:3] = [self.encoding.characters]
        return self.encoding.field.join(fields)

    def _parts(self, opened: str, text: str, is_delimiter: bool) -> str:
        """One repetition: the value of a field, or its components."""
        if opened[-1] == "/":
            self._check_blank(text)
            return ""
        piece = next(self.pieces)
        if piece[0] == "/":
            if piece[-1] != ">":
                self._check_tail(piece)
            return "" if is_delimiter else text if text.isalnum() else self._value(text)
        if piece.startswith("escape"):
            return self._with_escapes(text, piece)
        if text:
            self._check_blank(text)
        if is_delimiter:
            raise self._wrong("MSH.1 and MSH.2 have no elements")
        return self._components(piece)

    def _components(self, piece: str) -> str:
        """The components, from the first piece of them to the end of their field."""
        parts: list[str] = []
        while piece[0] != "/":
            opened, _, text = piece.partition(">")
            number = _PARTS[opened]
            self._check_place(number, len(parts))
            if opened[-1] == "/":
                self._check_blank(text)
                value = ""
            else:
                inner = next(self.pieces)
                if inner[0] == "/":
                    value = text if text.isalnum() else self._value(text)
                    if inner[-1] != ">":
                        self._check_tail(inner)
                elif inner[:6] == "escape":
                    value = self._with_escapes(text, inner)
                else:
                    if text:
                        self._check_blank(text)
                    value = self._subcomponents(inner)
            if number > len(parts) + 1:
                self._count_absent(number - len(parts))
                parts += [""] * (number - len(parts) - 1)
            parts.append(value)
            piece = next(self.pieces)
        if piece[-1] != ">":
            self._check_tail(piece)
        return self.encoding.component.join(parts)

    def _subcomponents(self, piece: str) -> str:
        parts: list[str] = []
        while piece[0] != "/":
            opened, _, text = piece.partition(">")
            number = _PARTS[opened]
            self._check_place(number, len(parts))
            value = self._deepest(opened, text)
            if number > len(parts) + 1:
                self._count_absent(number - len(parts))
                parts += [""] * (number - len(parts) - 1)
            parts.append(value)
            piece = next(self.pieces)
        if piece[-1] != ">":
            self._check_tail(piece)
        return self.encoding.subcomponent.join(parts)

    def _deepest(self, opened: str, text: str) -> str:
        """A subcomponent: its value, or the first part of its data type, for which HL7 v2 has no level of its own."""
        if opened[-1] == "/":
            self._check_blank(text)
            return ""
        piece = next(self.pieces)
        if piece[0] == "/":
            if piece[-1] != ">":
                self._check_tail(piece)
            return self._value(text)
        if piece.startswith("escape"):
            return self._with_escapes(text, piece)
        self._check_blank(text)
        inner, _, text = piece.partition(">")
        if _PARTS[inner] != 1 or self.absent > bounds.COMPONENTS:
            raise self._wrong("a value has more levels than HL7 v2 has")
        self.absent += 1
        value = self._deepest(inner, text)
        closing = next(self.pieces)
        if closing[0] != "/":
            raise self._wrong("a value has more levels than HL7 v2 has")
        self._check_tail(closing)
        return value

    def _with_escapes(self, text: str, piece: str) -> str:
        """A value with escape sequences in it, from the first of them to the end of its element."""
        sign, values = self.encoding.escape, [self._value(text)]
        while piece[0] != "/":
            opened, _, text = piece.partition(">")
            found = ESCAPE.fullmatch(opened)
            if not found or not is_sequence(sequence := _unescaped(found[1])):
                raise self._wrong("an escape element has no sequence of HL7 v2 in its attribute V")
            values.append(f"{sign}{sequence}{sign}{self._value(text)}")
            piece = next(self.pieces)
        self._check_tail(piece)
        return "".join(values)

    def _value(self, text: str) -> str:
        return escape(_unescaped(text), self.encoding) if text else ""

    def _check_place(self, number: int, filled: int) -> None:
        if not number:
            raise self._wrong("an element is not a part of a data type")
        if number <= filled:
            raise self._wrong("two elements have the same place, or the parts of a value are not in their order")

    def _count_absent(self, places: int) -> None:
        """Count places that are absent before an element: a short name may leave out many of them."""
        self.absent += places - 1
        if self.absent > bounds.COMPONENTS:
            raise ParseError(f"more than {bounds.COMPONENTS} places are absent", "too-much", self.where)

    def _check_tail(self, closing: str) -> None:
        self._check_blank(closing.partition(">")[2])

    def _check_blank(self, text: str) -> None:
        if text and not text.isspace():
            raise self._wrong("there is text between the elements")

    def _wrong(self, text: str) -> ParseError:
        return ParseError(text, RULE, self.where)


def _unescaped(text: str) -> str:
    """The characters of a text as the writer of lxml writes it."""
    if "&" not in text:
        return text
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    text = text.replace("&#13;", "\r").replace("&#9;", "\t").replace("&#10;", "\n")
    return text.replace("&amp;", "&")
