"""CSV: the facts of the format. An integration declares ``source.Csv``."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared.formats.format import Format
from shared.formats.media import CSV, OUTCOMES
from shared.leaves import Leaf

if TYPE_CHECKING:
    from shared.envelope import Envelope, Outgoing
    from shared.formats.batch import Batch
    from shared.formats.csv.row import Row
    from shared.formats.csv.source import Csv

NOT_SPECIFIED = ("", "application/octet-stream", "text/plain")  # what clients send by default
TEST = "test"
OTHERS = ("<", "{", "[", "MSH", "FHS", "BHS")  # how other formats begin


def holds(document: object) -> bool:
    """Whether it is a row."""
    from shared.formats.csv.row import Row

    return isinstance(document, Row)


def parse(body: bytes) -> "Row":
    """The row of a table with one row, by the names of its header. ``ValueError``: it is not a table with one row."""
    from shared.formats.csv.row import Row
    from shared.formats.csv.table import Table

    table = Table(body)
    rows = [row.cells for row in table.rows()]
    if len(rows) != 1 or len(rows[0]) < len(table.header):
        raise ValueError("not a table with one row")
    return Row(dict(zip(table.header, rows[0], strict=False)))


def write(row: "Row", control_id: str) -> "Outgoing":
    """A row as it is sent."""
    from shared.envelope import Outgoing

    return Outgoing(content_type=CSV, body=row.encode(), control_id=control_id)


def leaves(row: "Row") -> Iterator[Leaf]:
    """Every cell with a text."""
    for column, text in row:
        if text:
            yield Leaf(column, text, lambda new, column=column: row.with_cell(column, new))  # type: ignore[misc]


def text(row: "Row", path: str) -> str:
    """The text of a column; ``""`` if the row has no such column."""
    return row.cells.get(path, "")


def mark_test(body: bytes, control_id: str) -> bytes:
    """A row with another ``id`` and ``yes`` in the column ``test``.

    >>> mark_test(b"id;name\\r\\n1;Ann\\r\\n", "S1")
    b'id,name,test\\r\\nS1,Ann,yes\\r\\n'
    """
    return parse(body).with_cell("id", control_id).with_cell(TEST, "yes").encode()


def recognises(body: bytes) -> bool:
    """Whether a body is a table: every column of its first row has a name, and the next row has as many cells."""
    from shared.formats.csv.table import Table

    try:
        table = Table(body)
        first = next(table.rows(), None)
    except ValueError:
        return False
    names = ",".join(table.header).rstrip(",").split(",")  # without the empty columns at the end
    if not all(names) or names[0].startswith(OTHERS):
        return False
    return first is None or len(first.cells) >= len(names)


def is_batch(body: bytes) -> bool:
    """Whether a table has several rows, or none."""
    from shared.formats.csv.table import Table

    try:
        rows = Table(body).rows()
        return not (next(rows, None) and not next(rows, None))
    except ValueError:
        return False


def batch(source: "Csv", envelope: "Envelope") -> "Batch":
    """The rows of a file."""
    return source.batch(envelope)


FORMAT = Format(
    name="csv",
    extension="csv",
    media_types=(CSV, "application/csv", "text/comma-separated-values", "application/vnd.ms-excel"),
    also_sent_as=NOT_SPECIFIED,
    assumed_type=CSV,
    answers=(CSV, *OUTCOMES),
    verdicts=dict.fromkeys(("202", "207", "400", "422"), (CSV, *OUTCOMES)),
    statuses={
        "202": "Every row was accepted; for a single row, Location is its status.",
        "207": "Some rows were accepted and others were rejected: the answer has a line for each finding.",
        "400": "The file cannot be read as a table. Nothing of it was taken.",
        "422": "No row was accepted: the answer has a line for each finding.",
    },
    recognises=recognises,
    identifies=("id", "organisation"),
    schemas={CSV: {"type": "string"}},
    example=b"id,name,test\r\nEXAMPLE1,Prawf,yes\r\n",
    holds=holds,
    parse=parse,
    write=write,
    leaves=leaves,
    text=text,
    test_mark=TEST,
    mark_test=mark_test,
    is_batch=is_batch,
    batch=batch,
)
