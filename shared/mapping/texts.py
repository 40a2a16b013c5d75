"""The text at a path without the null ``""``. To delete stored values, use ``is_null``."""

from collections.abc import Callable
from operator import itemgetter
from typing import Protocol

from shared.hl7.repetition import PLACES, Repetition

NULL = '""'


class Part(Protocol):
    """A segment or a repetition of a field."""

    def __getitem__(self, path: str, /) -> str: ...


def text_at(part: Part, path: str) -> str:
    """The text at this path; ``""`` if it is absent or null."""
    text = part[path]
    return "" if text == NULL else text


def code_of(part: Part, field: str) -> str:
    """The code of a field that may be a CWE: the first code, otherwise the alternate one.

    Source: guide, CWE[code].

    >>> code_of({"8": "", "8.4": "F"}, "8")
    'F'
    """
    return text_at(part, field) or text_at(part, field + ".4") if field.isdigit() else text_at(part, field)


def texts_at(*paths: str) -> Callable[[Part], tuple[str, ...]]:
    """A reader of several components at once: the result of ``value`` for each, many times faster for a plain repetition.

    >>> texts_at("1.1", "3", "2")({"1.1": "a", "2": "b", "3": NULL})
    ('a', '', 'b')
    """
    places = [PLACES[path] for path in paths]
    unsent = [""] * (max(component for component, _, _, _ in places) + 1)
    pick = itemgetter(*(-1 if subcomponent else component - 1 for component, _, subcomponent, _ in places))

    def read(part: Part) -> tuple[str, ...]:
        if isinstance(part, Repetition) and (components := part.plain()):
            found: tuple[str, ...] = pick(components + unsent)
            return found
        return tuple([text_at(part, path) for path in paths])

    return read
