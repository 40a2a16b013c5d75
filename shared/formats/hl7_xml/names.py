"""The names of elements in the XML encoding: a field is ``PID.3``, its components are named after its data type, ``CX.1``.

HL7 v2 XML Encoding Syntax, release 2, section 4. The data types come from ``shared/validation/standard``. Where they do not help
(a Z segment, more components than a data type has), a name ends with the number too, and only the number counts when it is read.
"""

from functools import lru_cache

from shared.validation.standard import VERSIONS, Standard, standard

NAMESPACE = "urn:hl7-org:v2xml"
UNKNOWN = "UNKNOWN"  # data type of a field that no table has
SIMPLE = "ST"  # data type of a value that should have no parts and has some
RENAMED = {"DR_SIMPLE": "DR", "varies": UNKNOWN, "": UNKNOWN}
VALUE_TYPE = "OBX-2"
_DEEPEST = 4  # of TS in DR in XCN; deeper than ER7 has levels


class Kind:
    """A data type: the open and closing tags of its parts, and what is put around a value that has no parts."""

    __slots__ = ("_known", "_parts", "before", "behind", "is_simple", "name")

    def __init__(self, name: str, known: Standard, depth: int = 0) -> None:
        self.name, self._known = RENAMED.get(name, name), known
        kinds = known.components(name) if depth < _DEEPEST else ()
        self.is_simple = not kinds
        self.before = self.behind = ""
        if kinds:
            first = kind_of(kinds[0][0], known.version, depth + 1)
            self.before = f"<{self.name}.1>{first.before}"
            self.behind = f"{first.behind}</{self.name}.1>"
        self._parts = tuple(kind for kind, _ in kinds)

    def part(self, number: int) -> "Kind":
        """The data type of a part, from 1; a simple one if the data type has fewer parts."""
        name = self._parts[number - 1] if number <= len(self._parts) else SIMPLE
        return kind_of(name, self._known.version)

    def tag(self, number: int) -> str:
        """The name of a part, from 1."""
        return f"{SIMPLE if self.is_simple and self.name != UNKNOWN else self.name}.{number}"


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
def fields(segment: str, version: str) -> tuple[Kind, ...]:
    """The data type of each field of a segment, in order; none of a segment that no table has."""
    known = tables(version)
    return tuple(kind_of(each.kind, known.version) for each in known.fields(segment))
