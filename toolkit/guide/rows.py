"""The guide's rows, as data."""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent

# Trigger events that the hub converts, and the message map of the guide that tells of each; "" where the guide has none.
STRUCTURE = {
    "ADT^A01": "ADT_A01",
    "ADT^A02": "ADT_A02",
    "ADT^A03": "",
    "ADT^A04": "ADT_A01",
    "ADT^A05": "ADT_A05",
    "ADT^A06": "ADT_A06",
    "ADT^A07": "ADT_A06",
    "ADT^A08": "ADT_A01",
    "ADT^A11": "ADT_A09",
    "ADT^A12": "",
    "ADT^A13": "ADT_A01",
    "ADT^A28": "ADT_A05",
    "ADT^A31": "ADT_A05",
    "ADT^A34": "",
    "ADT^A40": "",
    "ORU^R01": "ORU_R01",
    "ORM^O01": "ORM_O01",
    "OML^O21": "OML_O21",
    "OMG^O19": "",
    "MDM^T02": "MDM_T02",
    "SIU^S12": "SIU_S12",
    "VXU^V04": "VXU_V04",
    "REF^I12": "",
}


class MessageRow(NamedTuple):
    """One segment position of a message structure, and the segment map that applies there."""

    map: str
    row: str
    v2_path: str
    segment: str
    condition: str
    target: str
    segment_map: str
    references: str


class Row(NamedTuple):
    """One field of a segment map, or one component of a datatype map, and where it goes."""

    map: str
    row: str
    field: str
    type: str
    condition: str
    kind: str  # of the condition: computable, narrative, unparsed
    target: str
    assignment: str
    datatype_map: str
    r4: str  # why the target is no R4 path; "" when it is one
    proposed: str  # an extension that has no URL yet
    table: str = ""  # the code table that the field is read by


class DatatypeRow(NamedTuple):
    """One component of a datatype map, and where it goes inside what the field becomes."""

    map: str
    row: str
    component: str
    type: str
    condition: str
    target: str
    assignment: str
    datatype_map: str
    table: str
    r4: str  # why the target is no R4 path; "" when it is one
    proposed: str = ""  # an extension that has no URL yet


@cache
def message_rows() -> tuple[MessageRow, ...]:
    return tuple(MessageRow(*row) for row in _table("messages"))


@cache
def segment_rows() -> tuple[Row, ...]:
    return tuple(Row(*row) for row in _table("segments"))


@cache
def datatype_rows() -> dict[str, tuple[DatatypeRow, ...]]:
    """The rows of each datatype map."""
    found: dict[str, tuple[DatatypeRow, ...]] = {}
    for row in _table("datatypes"):
        found[row[0]] = (*found.get(row[0], ()), DatatypeRow(*row))
    return found


def _table(name: str) -> Iterator[list[str]]:
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows


def maps_of(structure: str) -> tuple[str, ...]:
    """The segment maps that a message structure uses, in its order."""
    return tuple(dict.fromkeys(row.segment_map for row in message_rows() if row.map == structure and row.segment_map))
