"""Functions that a draft may need: tried here, and written into the draft as they are."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from shared.hl7 import Segment


def without_offset(text: str) -> str:
    """A date or time as it was sent, without its offset from UTC, which is dropped and never applied; ``""`` when absent."""
    return text.partition("+")[0].partition("-")[0]


def looked_up(table: Mapping[str, str], code: str) -> str:
    """The target code; ``""`` when absent. Raises ``KeyError``: the table does not have it."""
    return table[code] if code else ""


def typed(source: Segment, field: str, kind: str) -> str:
    """The number of the first repetition of this type (component 5); ``""`` when there is none."""
    return next((each["1"].strip() for each in source.repeats(field) if each["5"].strip().upper() == kind), "")


def present(*repetitions: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The repetitions whose first component holds something."""
    return [each for each in repetitions if each[0]]


def prefixed(prefix: str, text: str) -> str:
    """The text behind a prefix; ``""`` when the text is absent."""
    return prefix + text if text else ""


HELPERS: dict[str, Callable[..., Any]] = {each.__name__: each for each in (without_offset, looked_up, typed, present, prefixed)}


def source_of(name: str) -> str:
    """The code of a helper, for the draft."""
    return inspect.getsource(HELPERS[name])
