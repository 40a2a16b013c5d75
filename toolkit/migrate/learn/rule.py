"""A rule: how one value is made, as code to read and as a function to try."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.hl7 import Message, Repetition, Segment
from shared.hl7.compose import field_text
from shared.hl7.syntax.encoding import Encoding

NONE = Repetition("", Encoding())


class Row(NamedTuple):
    """One segment of a pair: the message, the segment that it was made from, and the one that the old engine made.

    ``each`` is one repetition of a field, where a rule is about repetitions.
    """

    message: Message
    source: Segment
    made: Segment
    each: Repetition = NONE


@dataclass(frozen=True)
class Rule:
    """How a value is made.

    Args:
        code: the expression in the mapping, over ``message``, ``source`` and ``each``, with the functions of ``helpers.py``.
        value: the same as a function.
        kind: what it is called in the report: copied, constant, table, ...
        tables: code tables that it needs, each with its name in ``codes.py``.
    """

    code: str
    value: Callable[[Row], Any]
    kind: str
    tables: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()

    def explains(self, rows: Iterable[Row], texts: Iterable[str]) -> bool:
        """Whether it makes every one of these texts, delimiters included."""
        return all(self.text(row) == text for row, text in zip(rows, texts, strict=True))

    def text(self, row: Row) -> str:
        """What it makes, as the text of a field; a text that no field can have where the value cannot be made."""
        try:
            return field_text(self.value(row), row.message.encoding)
        except (KeyError, ValueError):
            return "\n"
