"""The groups of a message structure: ER7 has none, the XML encoding has an element for each.

``groups/<version>.tsv`` has the structures with groups. toolkit/generate/build_hl7_tables.py makes the files and describes their
signs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from shared.validation.standard import VERSIONS

LATEST = VERSIONS[-1]  # of a version that has no table
CACHED = 200  # segments; the groups of a longer message are not cached
_HERE = Path(__file__).parent / "groups"
_SIGN = re.compile(r"[\[\]{})]|\(?[A-Z0-9_]+")


class Group(NamedTuple):
    """One group of a message: the name of its element, and a number that no other group of the message has."""

    element: str
    number: int


Groups = tuple[Group, ...]  # those that a segment is in, the outermost first


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Part:
    """A segment of a structure, or a group with its parts. ``first``: the segments that it may begin with."""

    name: str
    is_repeated: bool
    is_required: bool
    parts: "tuple[Part, ...]" = ()

    @property
    def first(self) -> frozenset[str]:
        if not self.parts:
            return frozenset((self.name,))
        end = next((number for number, part in enumerate(self.parts, 1) if part.is_required), len(self.parts))
        return frozenset[str]().union(*(part.first for part in self.parts[:end]))


@dataclass(slots=True, eq=False, repr=False)
class Level:
    """An open group, and the number of its part that the last segment is in; -1 before the first one."""

    part: Part
    at: int = -1

    def onward(self, name: str) -> int:
        """The next part that may begin with a segment of this name; -1 without one."""
        parts, at = self.part.parts, self.at
        if at >= 0 and parts[at].is_repeated and not parts[at].parts and parts[at].name == name:
            return at
        return next((number for number in range(at + 1, len(parts)) if name in parts[number].first), -1)


@dataclass(slots=True, eq=False, repr=False)
class Walk:
    """A walk through a structure, one segment at a time. A segment that fits nowhere stays in the group that is open."""

    structure: str
    levels: list[Level]
    open: list[Group] = field(default_factory=list)
    count: int = 0

    def step(self, name: str) -> Groups:
        """The groups of the next segment."""
        for depth in range(len(self.levels) - 1, -1, -1):
            level = self.levels[depth]
            number = level.onward(name)
            if number < 0 and depth and level.part.is_repeated and name in level.part.first:
                self._close(depth)
                return self._enter(self.levels[-1].part.parts.index(level.part), name)
            if number >= 0:
                self._close(depth + 1)
                return self._enter(number, name)
        return tuple(self.open)

    def _close(self, depth: int) -> None:
        del self.levels[depth:], self.open[max(depth - 1, 0) :]

    def _enter(self, number: int, name: str) -> Groups:
        """Into this part of the innermost level, and into each group in it that the segment begins."""
        while True:
            level = self.levels[-1]
            level.at = number
            part = level.part.parts[number]
            if not part.parts:
                return tuple(self.open)
            self.count += 1
            self.open.append(Group(f"{self.structure}.{part.name}", self.count))
            self.levels.append(Level(part))
            number = self.levels[-1].onward(name)


def groups_of(structure: str, version: str, names: tuple[str, ...]) -> tuple[Groups, ...]:
    """The groups of each segment of a message, by the names of its segments; none in a structure without groups.

    >>> [[group.element for group in each] for each in groups_of("ADT_A39", "2.5", ("MSH", "EVN", "PID", "MRG"))]
    [[], [], ['ADT_A39.PATIENT'], ['ADT_A39.PATIENT']]
    """
    return _walked(structure, version, names) if len(names) <= CACHED else _walked.__wrapped__(structure, version, names)


@lru_cache(maxsize=512)
def _walked(structure: str, version: str, names: tuple[str, ...]) -> tuple[Groups, ...]:
    parts = parts_of(structure, version)
    if not parts:
        return ((),) * len(names)
    walk = Walk(structure, [Level(Part(structure, False, True, parts))])
    return tuple(map(walk.step, names))


def parts_of(structure: str, version: str) -> tuple[Part, ...]:
    """The segments and groups of a structure; none if it has no groups or no version has it."""
    return _structure(structure, version if version in VERSIONS else LATEST)


@cache
def _lines(version: str) -> dict[str, str]:
    text = (_HERE / f"{version}.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t") for line in text.splitlines())


@lru_cache(maxsize=512)
def _structure(name: str, version: str) -> tuple[Part, ...]:
    """The parts of a structure; none if it has no groups or the version does not have it."""
    return tuple(_parts(iter(_SIGN.findall(_lines(version).get(name, ""))), False, True))


def _parts(signs: Iterator[str], is_repeated: bool, is_required: bool) -> Iterator[Part]:
    """The parts up to the closing sign."""
    for sign in signs:
        if sign in "[{":
            yield from _parts(signs, is_repeated or sign == "{", is_required and sign != "[")
        elif sign in ")]}":
            return
        elif sign[0] == "(":
            yield Part(sign[1:], is_repeated, is_required, tuple(_parts(signs, False, True)))
        else:
            yield Part(sign, is_repeated, is_required)
