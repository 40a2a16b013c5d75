"""The fields, data types and tables of HL7 v2.3 to 2.5.1, read when they are first needed.

toolkit/generate/build_hl7_tables.py makes the files in this folder and describes their format.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1")
_HERE = Path(__file__).parent
OPEN = ("0203", "0211", "0396")  # each country adds types of identifier, character sets and names of coding systems
_RANGE = (("TS", ""), ("TS", ""))
_NOT_IN_THE_FILES = {"TS": (("DTM", ""), ("ID", "")), "DR": _RANGE, "DR_SIMPLE": _RANGE}


class Field(NamedTuple):
    """One field: data type, usage (R, O, C, B, X), whether it repeats, maximum length (0: not given) and table."""

    kind: str
    usage: str
    repeats: bool
    length: int
    table: str


Component = tuple[str, str]  # data type, table


class Standard:
    """One version of the standard."""

    def __init__(self, version: str) -> None:
        self.version = version
        text = (_HERE / f"{version}.tsv").read_text(encoding="utf-8")
        self._codes: dict[str, frozenset[str]] = {"": frozenset()}
        self._lines = {(line[0], line.split("\t", 2)[1]): line for line in text.splitlines()}

    def _parts(self, kind: str, name: str) -> list[str]:
        return self._lines.get((kind, name), "").split("\t")[2:]

    def fields(self, segment: str) -> tuple[Field, ...]:
        """The fields of a segment in order; none if the version does not have the segment."""
        parts = (part.split(",") for part in self._parts("S", segment))
        return tuple(Field(kind, usage, most != "1", int(length or 0), table) for kind, usage, most, length, table in parts)

    def components(self, kind: str) -> tuple[Component, ...]:
        """The components of a data type; none if it is a leaf, such as ST."""
        known = _NOT_IN_THE_FILES.get(kind)
        return known or tuple((part.split(",")[0], part.split(",")[1]) for part in self._parts("D", kind))

    def codes(self, table: str) -> frozenset[str]:
        """The codes of a table; none if the table has no codes or is open."""
        found = self._codes.get(table)
        if found is None:
            found = self._codes[table] = frozenset(self._parts("T", table)) if table not in OPEN else frozenset()
        return found


@lru_cache
def standard(version: str) -> Standard | None:
    """A version by MSH-12.1; ``None`` for a version that is not in ``VERSIONS``.

    >>> s = standard("2.5")
    >>> s.fields("PID")[6], s.components("CX")[4], sorted(s.codes("0136")), standard("9.9")
    (Field(kind='TS', usage='O', repeats=False, length=26, table=''), ('ID', '0203'), ['N', 'Y'], None)
    """
    return Standard(version) if version in VERSIONS else None
