"""One repetition of a field, its raw text, and the caches of paths. Values stay as sent until they are read."""

from shared.hl7.syntax.encoding import Encoding, split, unescape
from shared.hl7.syntax.path import FieldPath

NULL = '""'
WORD = 64  # longest text, in characters, that is tested for being alphanumeric: then it has no delimiter


class Raw(str):
    """Text as sent, with delimiters and escape sequences, so that a copy is the same bytes."""

    __slots__ = ()


EMPTY = Raw()


class _Places(dict[str, tuple[int, int, int, int]]):
    """A cache of paths inside a segment: the field number and, from 0, the other numbers. An invalid path raises."""

    def __missing__(self, text: str) -> tuple[int, int, int, int]:
        field, repetition, component, subcomponent = FieldPath.parse(text)
        place = (field, max(repetition - 1, 0), max(component - 1, 0), max(subcomponent - 1, 0))
        if len(self) < 10_000:
            self[text] = place
        return place


PLACES = _Places()


def part_of(text: str, delimiter: str, index: int) -> str:
    """One part of a text, from 0; a text without the delimiter is its own first part."""
    if delimiter not in text:
        return "" if index else text
    parts = text.split(delimiter, index + 1)
    return parts[index] if index < len(parts) else ""


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
            text = part_of(text, encoding.subcomponent, subcomponent)
        return unescape(text, encoding) if encoding.escape in text else text

    def plain(self) -> list[str]:
        """The components, if none has a subcomponent, an escape sequence or a null; otherwise an empty list."""
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
        return part_of(text, between, subcomponent) if subcomponent or between in text else text

    def is_null(self, path: str = "1") -> bool:
        """Whether the value is ``""``, the sender's null: the receiver must delete its stored value."""
        return NULL in self.sent and self._leaf(path) == NULL

    def raw(self, path: str = "") -> Raw:
        """A component (``4``) or subcomponent (``4.2``) as sent, or the whole repetition."""
        if not path:
            return Raw(self.sent)
        if "." in path:
            return Raw(self._leaf(path))
        component, _, _, _ = PLACES[path]
        parts = self._parts or self._split()
        return Raw(parts[component - 1]) if component <= len(parts) else EMPTY

    def only(self, *components: int) -> Raw:
        """These components as sent, at their places; the others are empty."""
        between = self.encoding.component
        parts = self.sent.split(between, max(components))[: max(components)]
        kept = [part if number in components else "" for number, part in enumerate(parts, 1)]
        return Raw(between.join(kept).rstrip(between))

    @property
    def size(self) -> int:
        """Characters of the repetition as sent."""
        return len(self.sent)

    @property
    def whole(self) -> str:
        """The repetition as one unescaped text, in which component and subcomponent delimiters are text too (TX and FT)."""
        return unescape(self.sent, self.encoding)

    @property
    def components(self) -> int:
        """How many components were sent."""
        return self.sent.count(self.encoding.component) + 1 if self.sent else 0
