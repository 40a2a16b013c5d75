"""The names of elements in the XML encoding: a field is ``PID.3``, its components are named after its data type, ``CX.1``.

HL7 v2 XML Encoding Syntax, release 2, section 4. The data types come from ``shared/validation/standard``. Where they do not help
(a Z segment, more components than a data type has), a name ends with the number too, and only the number counts when it is read.
"""

from functools import lru_cache
from typing import NamedTuple

from shared.validation.standard import VERSIONS, Standard, standard

NAMESPACE = "urn:hl7-org:v2xml"
UNKNOWN = "UNKNOWN"  # data type of a field that no table has
SIMPLE = "ST"  # data type of a value that should have no parts and has some
RENAMED = {"DR_SIMPLE": "DR", "varies": UNKNOWN, "": UNKNOWN}
_DEEPEST = 4  # of TS in DR in XCN; deeper than ER7 has levels


class Part(NamedTuple):
    """One part of a data type: its name, its data type, and what is written before and behind its value."""

    tag: str
    kind: "Kind"
    before: str
    behind: str


class Kind:
    """A data type: its parts, and what is written before and behind a value that is not divided into parts."""

    __slots__ = ("_kinds", "_known", "_parts", "before", "behind", "name")

    def __init__(self, name: str, known: Standard, depth: int = 0) -> None:
        self.name, self._known = RENAMED.get(name, name), known
        self._kinds = tuple(kind for kind, _ in known.components(name)) if depth < _DEEPEST else ()
        self._parts: list[Part] = []
        self.before = self.behind = ""
        if self._kinds:
            first = kind_of(self._kinds[0], known.version, depth + 1)
            self.before = f"<{self.name}.1>{first.before}"
            self.behind = f"{first.behind}</{self.name}.1>"

    @property
    def count(self) -> int:
        """How many parts the data type has; 0: its value is a text."""
        return len(self._kinds)

    def parts(self, count: int) -> list[Part]:
        """At least so many parts, in order; those that the data type does not have are simple."""
        while len(self._parts) < count:
            self._parts.append(self._part(len(self._parts) + 1))
        return self._parts

    def _part(self, number: int) -> Part:
        owner = self.name if self._kinds or self.name == UNKNOWN else SIMPLE
        kind = kind_of(self._kinds[number - 1] if number <= len(self._kinds) else SIMPLE, self._known.version)
        tag = f"{owner}.{number}"
        return Part(tag, kind, f"<{tag}>{kind.before}", f"{kind.behind}</{tag}>")


@lru_cache(maxsize=2048)
def kind_of(name: str, version: str, depth: int = 0) -> Kind:
    """A data type of a version."""
    return Kind(name, tables(version), depth)


@lru_cache(maxsize=64)
def tables(version: str) -> Standard:
    """The tables of a version; those of the latest that we have, for another one."""
    known = standard(version) or standard(VERSIONS[-1])
    assert known
    return known


@lru_cache(maxsize=4096)
def fields(segment: str, version: str) -> list[Part]:
    """The fields of a segment, from its name (which is not one) to the last that the tables have."""
    known = tables(version)
    kinds = [each.kind for each in known.fields(segment)]
    name = Part("", kind_of(UNKNOWN, known.version), "<", ">")  # the name of the segment, which becomes its start tag
    return [name, *(field(segment, number, kind_of(kind, known.version)) for number, kind in enumerate(kinds, 1))]


@lru_cache(maxsize=256)
def observation(value_type: str, version: str) -> list[Part]:
    """The fields of an OBX with this data type in OBX-5; earlier versions name it in the tables."""
    known = fields("OBX", version)
    return [*known[:5], field("OBX", 5, kind_of(value_type, version)), *known[6:]] if known[5].kind.name == UNKNOWN else known


def field(segment: str, number: int, kind: Kind) -> Part:
    """A field of this data type."""
    tag = f"{segment}.{number}"
    return Part(tag, kind, f"<{tag}>{kind.before}", f"{kind.behind}</{tag}>")
