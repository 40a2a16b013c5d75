"""Segments and repetitions of fields: read when asked, kept as they were sent."""

from collections.abc import Iterator
from functools import lru_cache

from shared.hl7.encoding import Encoding, split, unescape
from shared.hl7.path import FieldPath, Path

HEADERS = ("MSH", "FHS", "BHS")  # their first field is the separator itself
NULL = '""'
WORD = 64  # no delimiter is alphanumeric, so a text that is all so is a leaf; a longer one is not looked through for it


class Raw(str):
    """Text as it was sent: delimiters and escapes stand, so that a copy is the same bytes."""

    __slots__ = ()


EMPTY = Raw()


class _Places(dict[str, tuple[int, int, int, int]]):
    """Paths inside a segment, zero-based but for the field; a misspelt one raises at once."""

    def __missing__(self, text: str) -> tuple[int, int, int, int]:
        field, repetition, component, subcomponent = FieldPath.parse(text)
        place = (field, max(repetition - 1, 0), max(component - 1, 0), max(subcomponent - 1, 0))
        if len(self) < 10_000:
            self[text] = place
        return place


PLACES = _Places()


class _Numbers(dict[str, int]):
    """Numbers of fields; anything else raises at once."""

    def __missing__(self, text: str) -> int:
        place = FieldPath.parse(text)
        if any(place[1:]):
            raise ValueError(f"not the number of a field: {text!r}")
        self[text] = place.field
        return place.field


NUMBERS = _Numbers()


_field_path = lru_cache(maxsize=4096)(FieldPath.parse)


@lru_cache(maxsize=4096)
def _where(name: str, occurrence: int, path: str) -> str:
    return str(Path(name, occurrence, FieldPath.parse(path) if path else FieldPath()))


def _part(text: str, delimiter: str, index: int) -> str:
    """One part of a text; a text without the delimiter is its own first part."""
    if delimiter not in text:
        return "" if index else text
    parts = text.split(delimiter, index + 1)
    return parts[index] if index < len(parts) else ""


def _leaf(text: str, component: int, subcomponent: int, encoding: Encoding) -> str:
    return _part(_part(text, encoding.component, component), encoding.subcomponent, subcomponent)


class Repetition:
    """One repetition of a field: ``cx["4.2"]`` is component 4, subcomponent 2, unescaped; false when empty."""

    __slots__ = ("_parts", "encoding", "sent")

    def __init__(self, sent: str, encoding: Encoding) -> None:
        self.sent = sent
        self.encoding = encoding
        self._parts: list[str] | None = None

    def __bool__(self) -> bool:
        return bool(self.sent)

    def __repr__(self) -> str:
        return "<Repetition>"

    def __getitem__(self, path: str) -> str:
        number, _, subcomponent, _ = PLACES[path]
        parts = self._parts
        if parts is None:
            parts = self._parts = split(self.sent, self.encoding.component)
        if number > len(parts):
            return ""
        text = parts[number - 1]
        if not text or (len(text) < WORD and text.isalnum()):
            return "" if subcomponent else text
        encoding = self.encoding
        if subcomponent or encoding.subcomponent in text:
            text = _part(text, encoding.subcomponent, subcomponent)
        return unescape(text, encoding) if encoding.escape in text else text

    def plain(self) -> list[str]:
        """The components, where each is text as it stands: no subcomponent, escape or null anywhere; else none."""
        text, (_, component, _, escape, subcomponent, _, _) = self.sent, self.encoding
        if subcomponent in text or escape in text or '"' in text:
            return []
        return text.split(component)

    def _split(self) -> list[str]:
        parts = self._parts
        if parts is None:
            parts = self._parts = split(self.sent, self.encoding.component)
        return parts

    def _leaf(self, path: str) -> str:
        component, _, subcomponent, _ = PLACES[path]
        parts = self._split()
        if component > len(parts):
            return ""
        text = parts[component - 1]
        between = self.encoding.subcomponent
        return _part(text, between, subcomponent) if subcomponent or between in text else text

    def is_null(self, path: str = "1") -> bool:
        """Whether the sender wrote ``""`` there: delete what you hold."""
        return NULL in self.sent and self._leaf(path) == NULL

    def raw(self, path: str = "") -> Raw:
        """A component (``4``) or subcomponent (``4.2``) as it was sent, or the whole repetition."""
        if not path:
            return Raw(self.sent)
        if "." in path:
            return Raw(self._leaf(path))
        component, _, _, _ = PLACES[path]
        parts = self._parts or self._split()
        return Raw(parts[component - 1]) if component <= len(parts) else EMPTY

    def only(self, *components: int) -> Raw:
        """These components at their places, as they were sent; the others left empty."""
        between = self.encoding.component
        parts = self.sent.split(between, max(components))[: max(components)]
        kept = [part if number in components else "" for number, part in enumerate(parts, 1)]
        return Raw(between.join(kept).rstrip(between))

    @property
    def whole(self) -> str:
        """All of it as one text, unescaped, component and subcomponent delimiters as they stand (TX and FT)."""
        return unescape(self.sent, self.encoding)

    @property
    def components(self) -> int:
        """How many components were sent."""
        return self.sent.count(self.encoding.component) + 1 if self.sent else 0


class Segment:
    """One segment: ``pid["5.1"]`` is text, unescaped, ``""`` when absent; false when the message has no such segment."""

    __slots__ = ("_fields", "encoding", "line", "name", "occurrence")

    def __init__(self, name: str, line: str, encoding: Encoding, occurrence: int = 1, fields: list[str] | None = None) -> None:
        self.name = name
        self.line = line
        self.encoding = encoding
        self.occurrence = occurrence
        self._fields = fields

    def __bool__(self) -> bool:
        return bool(self.line)

    def __repr__(self) -> str:
        return f"<Segment {self.where()}>"

    @property
    def fields(self) -> list[str]:
        """The fields as they were sent; ``fields[3]`` is field 3, ``fields[0]`` the segment's name."""
        fields = self._fields
        if fields is None:
            fields = self._fields = split(self.line, self.encoding.field)
            if self.name in HEADERS:
                fields.insert(1, self.encoding.field)
        return fields

    def placed(self, occurrence: int, encoding: Encoding) -> "Segment":
        """The same segment as that occurrence of a message with the same delimiters, whatever its character set.

        The character set matters to escapes alone: where there is none, the segment is as it was.
        """
        if self.occurrence == occurrence and (self.encoding.escape not in self.line or self.encoding == encoding):
            return self
        return Segment(self.name, self.line, encoding, occurrence, self._fields)

    def __getitem__(self, path: str) -> str:
        """The text at this path. This is where a message spends its time: no calls, no copies."""
        field, repetition, component, subcomponent = PLACES[path]
        fields = self._fields or self.fields
        if field >= len(fields):
            return ""
        text = fields[field]
        if not text or (len(text) < WORD and text.isalnum()):
            return "" if repetition or component or subcomponent else text
        if field < 3 and self.name in HEADERS:
            return text
        _, between_components, between_repetitions, escape, between_subcomponents, _, _ = self.encoding
        if between_repetitions in text:
            parts = text.split(between_repetitions, repetition + 1)
            text = parts[repetition] if repetition < len(parts) else ""
        elif repetition:
            return ""
        if between_components in text:
            parts = text.split(between_components, component + 1)
            text = parts[component] if component < len(parts) else ""
        elif component:
            return ""
        if subcomponent or between_subcomponents in text:
            text = _part(text, between_subcomponents, subcomponent)
        return unescape(text, self.encoding) if escape in text else text

    def _field(self, number: int) -> str:
        fields = self._fields or self.fields
        return fields[number] if number < len(fields) else ""

    def raw(self, path: str) -> Raw:
        """A field, repetition, component or subcomponent as it was sent."""
        field, repetition, component, subcomponent = _field_path(path)
        fields = self._fields or self.fields
        text = fields[field] if field < len(fields) else ""
        if not text:
            return EMPTY
        if repetition or component:
            text = _part(text, self.encoding.repetition, max(repetition - 1, 0))
        if component:
            text = _part(text, self.encoding.component, component - 1)
        if subcomponent:
            text = _part(text, self.encoding.subcomponent, subcomponent - 1)
        return Raw(text)

    def is_null(self, path: str) -> bool:
        """Whether the sender wrote ``""`` there: delete what you hold."""
        field, repetition, component, subcomponent = PLACES[path]
        text = self._field(field)
        if NULL not in text:
            return False
        return _leaf(_part(text, self.encoding.repetition, repetition), component, subcomponent, self.encoding) == NULL

    def holds(self, field: str) -> bool:
        """Whether anything was sent in a field."""
        number = NUMBERS[field]
        fields = self._fields or self.fields
        return number < len(fields) and fields[number] != ""

    def repeats(self, field: str) -> list[Repetition]:
        """Every repetition of a field, empty ones in their places; an empty list when the field is absent."""
        number = NUMBERS[field]
        fields = self._fields or self.fields
        if number >= len(fields) or not (text := fields[number]):
            return []
        encoding = self.encoding
        if encoding.repetition not in text or (number < 3 and self.name in HEADERS):
            return [Repetition(text, encoding)]
        return [Repetition(part, encoding) for part in text.split(encoding.repetition)]

    def first(self, field: str) -> Repetition:
        """The first repetition of a field; an empty, false one when the field is absent."""
        found = self.repeats(field)
        return found[0] if found else Repetition("", self.encoding)

    def each(self, field: str) -> Iterator[tuple[str, Repetition]]:
        """Every repetition that holds something, with its path: ``PID-3``, ``PID-3[2]``."""
        place = _where(self.name, self.occurrence, field)
        for number, repetition in enumerate(self.repeats(field), 1):
            if repetition.sent:
                yield (f"{place}[{number}]" if number > 1 else place), repetition

    def where(self, path: str = "") -> str:
        """The full path, with the occurrence of the segment: ``OBX[2]-5``."""
        return _where(self.name, self.occurrence, path)
