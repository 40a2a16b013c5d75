"""The guide by component: each row of a datatype map, through each segment row that uses it, and the place that it gives.

A row of a segment map whose field has no datatype map is one component of its own.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from shared.mapping import tables
from shared.mapping.tables import Table
from toolkit.guide.rows import DatatypeRow, Row, datatype_rows

PLAIN = ("NM", "ID", "IS", "ST", "FT", "TX", "DTM", "TS", "DT", "TM")  # types without components
TABLES = {table.name: table for table in vars(tables).values() if isinstance(table, Table)}
RESOURCES = ("Location", "Practitioner", "PractitionerRole", "Organization", "Device", "RelatedPerson", "Patient")
NUMBER = re.compile(r"[.-](\d+)$")
# Where the guide gives a resource for a datatype, the element of that resource which holds the type.
ELEMENT = {
    ("Location", "Address"): "address",
    ("Location", "ContactPoint"): "telecom",
    ("Organization", "CodeableConcept"): "type",
}


Steps = tuple[DatatypeRow, ...]


class Component(NamedTuple):
    """One component of a field, and the place that the guide gives it."""

    row: Row
    steps: Steps  # from the datatype map of the field inwards; none where the field has no map
    path: str  # of the component; "" for the whole field
    target: str

    @property
    def assignment(self) -> str:
        return (self.steps[-1].assignment or self._outer("assignment")) if self.steps else self.row.assignment

    @property
    def table(self) -> Table | None:
        """The code table of the component: its own, else that of the field it stands for."""
        whole = self.row.table if self.path in ("", "1", "1.1", "4") else ""
        own = (self.steps[-1].table or self._outer("table")) if self.steps else ""
        return TABLES.get(own or whole)

    def _outer(self, what: str) -> str:
        """What the row outside says, where the inner one is of a type without components or a code's first one."""
        is_first = self.steps[-1].map.partition("[")[0] in PLAIN or self.path.endswith(".1")
        return getattr(self.steps[-2], what) if len(self.steps) > 1 and is_first else ""

    @property
    def chain(self) -> tuple[tuple[str, str], ...]:
        """The rows that lead to it, each as map and row: of the segment first."""
        return ((self.row.map, self.row.row), *((step.map, step.row) for step in self.steps))

    @property
    def name(self) -> str:
        """The component as it is printed.

        >>> from toolkit.guide.rows import segment_rows
        >>> birth = next(row for row in segment_rows() if row.field == "PID-7")
        >>> next(components(birth)).name
        'PID[Patient] PID-7 -> Patient.birthDate'
        """
        if not self.steps and "=" in self.row.row:
            return f"{self.row.map} {self.row.row}"  # a reference of a message map
        field = f"{self.row.field or '-'}{'.' if self.path else ''}{self.path}"
        inside = " by " + ", ".join(f"{step.map} row {step.row}" for step in self.steps) if self.steps else ""
        return f"{self.row.map} {field} -> {self.target}{inside}"


def components(row: Row) -> Iterator[Component]:
    """The components of a segment row, by its datatype map and those inside it; the row itself where it has none."""
    inside = datatype_rows().get(row.datatype_map, ())
    if inside and row.target:
        yield from _inside(row, (), "", row.target, inside)
    else:
        yield Component(row, (), "", row.target)


def _inside(
    row: Row, steps: tuple[DatatypeRow, ...], path: str, target: str, rows: tuple[DatatypeRow, ...]
) -> Iterator[Component]:
    for each in rows:
        at, place = _path(path, each, deep=bool(steps)), joined(target, each.target) if each.target else ""
        inside = datatype_rows().get(each.datatype_map, ())
        if inside:
            holder = target if _is_part(each.target, inside[0].target) else place
            yield from _inside(row, (*steps, each), at, holder, inside)
        else:
            yield Component(row, (*steps, each), at, place)


def _is_part(outer: str, inner: str) -> bool:
    """Whether a map speaks of the very element that holds its type: FN does of the name of XPN, no resource does."""
    kind = inner.partition(".")[0]
    return kind == outer.partition(".")[0] and kind not in RESOURCES


def _path(path: str, row: DatatypeRow, *, deep: bool) -> str:
    number = NUMBER.search(row.component)
    if row.map.partition("[")[0] in PLAIN:
        return path or "1"
    if not number:
        return path
    return f"{path}.{number[1]}" if deep and path and "." not in path else path or number[1]


def joined(target: str, inner: str) -> str:
    """A place inside the place of the field: the inner path begins with the type that the field becomes.

    >>> joined("Patient.identifier", "Identifier.assigner->Organization"), joined("Patient.language", "code")
    ('Patient.identifier.assigner->Organization', 'Patient.language')
    >>> joined("Procedure.location->Location", "Address.city")
    'Procedure.location->Location.address.city'
    """
    first, dot, rest = inner.partition(".")
    if first in RESOURCES and first not in target.replace("->", ".").split("."):
        return f"{target}->{inner}"
    if "->" not in target and first == target.partition(".")[0]:
        return inner
    if element := ELEMENT.get((target.rpartition("->")[2], first)):
        return f"{target}.{element}.{rest}"
    if rest == "text" and target.endswith(".text"):  # the row names the text of a concept, and its map the text again
        return target
    followed, _, more = rest.partition(".")
    if "->" in followed and target.endswith(f".{followed}"):  # the row follows the reference that the map follows too
        return f"{target}.{more}" if more else target
    element, arrow, _ = followed.partition("->")
    if arrow and target.endswith(f".{element}"):
        return target + rest[len(element) :]
    return f"{target}.{rest}" if dot else target
