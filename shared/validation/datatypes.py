"""Data types of HL7 v2: the leaves of a field, their allowed values, and one regular expression for a quick check."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from shared.hl7.repetition import NULL
from shared.hl7.syntax.timestamp import is_date, is_dtm, is_time
from shared.validation.standard import Component, Standard

_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|1\d|2[0-8])"  # the 29th to the 31st go to the slow, exact test
_ZONE = r"(?:[+-](?:0\d|1[0-4])[0-5]\d|)"  # "or nothing" takes two thirds of the time of "?"
_CLOCK = r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d(?:\.\d{1,4}|)|)|)"
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
_PATTERNS = {
    "DT": rf"(?!0000)\d{{4}}(?:{_DAY}|)",
    "DTM": rf"(?!0000)\d{{4}}(?:{_DAY}(?:{_CLOCK}|)|){_ZONE}",
    "TM": rf"{_CLOCK}{_ZONE}",
    "NM": _NUMBER,
    "SI": r"\d+",
}
_TESTS: dict[str, Callable[[str], bool]] = {
    "DT": is_date,
    "DTM": is_dtm,
    "TM": is_time,
    "NM": lambda text: re.fullmatch(_NUMBER, text) is not None,
    "SI": str.isdigit,
}
DATES = ("DT", "DTM", "TM")
CODED = ("ID", "IS")


class Leaf(NamedTuple):
    """A place inside a repetition that has one value; 0 if the level above has the value."""

    component: int
    subcomponent: int
    kind: str
    table: str

    @property
    def path(self) -> str:
        return f"{self.component or 1}.{self.subcomponent or 1}"

    @property
    def suffix(self) -> str:
        """The part of the path after the field: ``.7``, ``.10.2``, or ``""`` for the field itself."""
        return "".join(f".{part}" for part in (self.component, self.subcomponent) if part)


def is_checked(leaf: Leaf, known: Standard) -> bool:
    """Whether there is a test for the values of a leaf."""
    if leaf.kind in DATES:
        return True
    if leaf.kind in CODED:
        return bool(known.codes(leaf.table))
    return leaf.kind in _TESTS and not leaf.component  # a number inside a component is often a local code (XON.3)


def is_allowed(leaf: Leaf, text: str, known: Standard) -> bool:
    """Whether a text is an allowed value of the leaf; absent and null always are."""
    if not text or text == NULL:
        return True
    return text in known.codes(leaf.table) if leaf.kind in CODED else _TESTS[leaf.kind](text)


def leaves(kind: str, table: str, known: Standard) -> Iterator[Leaf]:
    """The leaves of a data type, at most two levels down."""
    parts = known.components(kind)
    if not parts:
        yield Leaf(0, 0, kind, table)
    for component, (inner, inner_table) in enumerate(parts, 1):
        yield from _leaves_of_component(component, inner, inner_table, known)


def _leaves_of_component(component: int, kind: str, table: str, known: Standard) -> Iterator[Leaf]:
    parts = known.components(kind)
    if not parts:
        yield Leaf(component, 0, kind, table)
    for subcomponent, (inner, inner_table) in enumerate(parts, 1):
        # A date two levels down (DR) is TS in TS, whose first part is the date.
        deepest: Component = ("DTM", "") if inner == "TS" else (inner, inner_table)
        yield Leaf(component, subcomponent, *deepest)


def pattern(kind: str, chosen: list[Leaf], known: Standard) -> str:
    """A pattern for a repetition in the usual delimiters. It matches only if the value of every chosen leaf is allowed."""
    if not chosen:
        return "[^~]*"
    if not known.components(kind):
        return _valued(chosen[0], known)
    by_component: dict[int, list[Leaf]] = {}
    for leaf in chosen:
        by_component.setdefault(leaf.component, []).append(leaf)
    text = r"(?:\^[^~]*|)"
    for component in range(max(by_component), 0, -1):
        own = _component(by_component.get(component, []), known)
        text = f"{own}{text}" if component == 1 else rf"(?:\^{own}{text}|)"
    return text


def _component(chosen: list[Leaf], known: Standard) -> str:
    if not chosen:
        return "[^^~]*"
    if not chosen[0].subcomponent:
        return _valued(chosen[0], known)
    by_place = {leaf.subcomponent: leaf for leaf in chosen}
    text = "(?:&[^^~]*|)"
    for place in range(max(by_place), 0, -1):
        own = _valued(by_place[place], known) if place in by_place else "[^&^~]*"
        text = f"{own}{text}" if place == 1 else f"(?:&{own}{text}|)"
    return text


def _valued(leaf: Leaf, known: Standard) -> str:
    allowed = _PATTERNS.get(leaf.kind) or "|".join(map(re.escape, sorted(known.codes(leaf.table))))
    return f'(?:{allowed}|""|)'
