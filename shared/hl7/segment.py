"""Segments: split into fields when they are read, stored as sent."""

from collections.abc import Iterator
from functools import lru_cache

from shared.hl7.repetition import EMPTY, NULL, PLACES, WORD, Raw, Repetition, part_of
from shared.hl7.syntax.encoding import Encoding, split, unescape
from shared.hl7.syntax.path import FieldPath, Path

HEADERS = ("MSH", "FHS", "BHS")  # their first field is the separator itself


class _Numbers(dict[str, int]):
    """A cache of field numbers. Any other text raises."""

    def __missing__(self, text: str) -> int:
        place = FieldPath.parse(text)
        if any(place[1:]):
            raise ValueError(f"not the number of a field: {text!r}")
        self[text] = place.field
        return place.field


NUMBERS = _Numbers()


class _FieldPaths(dict[str, FieldPath]):
    """A cache of paths inside a segment, as they are written. An invalid path raises."""

    def __missing__(self, text: str) -> FieldPath:
        place = FieldPath.parse(text)
        if len(self) < 10_000:
            self[text] = place
        return place


FIELD_PATHS = _FieldPaths()


@lru_cache(maxsize=4096)
def _where(name: str, occurrence: int, path: str) -> str:
    return str(Path(name, occurrence, FieldPath.parse(path) if path else FieldPath()))


class Segment:
    """One segment: ``pid["5.1"]`` is text, unescaped, ``""`` if absent; false if the message has no such segment."""

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
        """The fields as sent; ``fields[3]`` is field 3, ``fields[0]`` the segment's name."""
        fields = self._fields
        if fields is None:
            fields = self._fields = split(self.line, self.encoding.field)
            if self.name in HEADERS:
                fields.insert(1, self.encoding.field)
        return fields

    def placed(self, occurrence: int, encoding: Encoding) -> "Segment":
        """The same segment as this occurrence in a message with the same delimiters and any character set.

        Only escape sequences depend on the character set: a segment without them needs no copy for another one.
        """
        if self.occurrence == occurrence and (self.encoding.escape not in self.line or self.encoding == encoding):
            return self
        return Segment(self.name, self.line, encoding, occurrence, self._fields)

    def __getitem__(self, path: str) -> str:
        """The text at this path. Most of the time of a mapping is spent here, so it avoids calls and copies."""
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
            text = part_of(text, between_repetitions, repetition) if repetition else text.partition(between_repetitions)[0]
        elif repetition:
            return ""
        if between_components in text:
            parts = text.split(between_components, component + 1) if component else text.partition(between_components)
            text = parts[component] if component < len(parts) else ""
        elif component:
            return ""
        if subcomponent or between_subcomponents in text:
            text = part_of(text, between_subcomponents, subcomponent)
        return unescape(text, self.encoding) if escape in text else text

    def raw(self, path: str) -> Raw:
        """A field, repetition, component or subcomponent as sent."""
        field, repetition, component, subcomponent = FIELD_PATHS[path]
        fields = self._fields or self.fields
        text = fields[field] if field < len(fields) else ""
        if not text:
            return EMPTY
        if repetition or component:
            text = part_of(text, self.encoding.repetition, max(repetition - 1, 0))
        if component:
            text = part_of(text, self.encoding.component, component - 1)
        if subcomponent:
            text = part_of(text, self.encoding.subcomponent, subcomponent - 1)
        return Raw(text)

    def is_null(self, path: str) -> bool:
        """Whether the value is ``""``, the sender's null: the receiver must delete its stored value."""
        field, repetition, component, subcomponent = PLACES[path]
        fields = self._fields or self.fields
        text = fields[field] if field < len(fields) else ""
        if NULL not in text:
            return False
        encoding = self.encoding
        text = part_of(part_of(text, encoding.repetition, repetition), encoding.component, component)
        return part_of(text, encoding.subcomponent, subcomponent) == NULL

    def holds(self, field: str) -> bool:
        """Whether a field is present."""
        number = NUMBERS[field]
        fields = self._fields or self.fields
        return number < len(fields) and fields[number] != ""

    def repeats(self, field: str) -> list[Repetition]:
        """Every repetition of a field, empty ones too; an empty list if the field is absent."""
        number = NUMBERS[field]
        fields = self._fields or self.fields
        if number >= len(fields) or not (text := fields[number]):
            return []
        encoding = self.encoding
        if encoding.repetition not in text or (number < 3 and self.name in HEADERS):
            return [Repetition(text, encoding)]
        return [Repetition(part, encoding) for part in text.split(encoding.repetition)]

    def first(self, field: str) -> Repetition:
        """The first repetition of a field; an empty one, which is false, if the field is absent."""
        found = self.repeats(field)
        return found[0] if found else Repetition("", self.encoding)

    def each(self, field: str) -> Iterator[tuple[str, Repetition]]:
        """Every repetition that is not empty, with its path: ``PID-3``, ``PID-3[2]``."""
        place = _where(self.name, self.occurrence, field)
        for number, repetition in enumerate(self.repeats(field), 1):
            if repetition.sent:
                yield (f"{place}[{number}]" if number > 1 else place), repetition

    def where(self, path: str = "") -> str:
        """The full path, with the occurrence of the segment: ``OBX[2]-5``."""
        return _where(self.name, self.occurrence, path)
