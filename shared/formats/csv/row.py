"""One row of a table: the text of each declared column, as a mapping, a rule and the tools read it."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from shared.issue import Issue

END = "\r\n"  # RFC 4180 section 2.1


class Row:
    """A row. ``row["clinic"]`` is the text of a column, ``""`` if the cell is empty or the column was not sent.

    A name that was not declared raises ``KeyError``. ``repairs`` has what the reader changed.

    >>> Row({"id": "1", "name": ""})["name"]
    ''
    """

    __slots__ = ("cells", "repairs")

    def __init__(self, cells: Mapping[str, str], repairs: tuple[Issue, ...] = ()) -> None:
        self.cells, self.repairs = cells, repairs

    def __getitem__(self, column: str, /) -> str:
        return self.cells[column]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Each column with its text."""
        return iter(self.cells.items())

    def with_cell(self, column: str, text: str) -> "Row":
        """The row with another text in one column."""
        return Row({**self.cells, column: text}, self.repairs)

    def encode(self) -> bytes:
        """The row as a table of its own: UTF-8, commas, a header."""
        return header(tuple(self.cells)) + encoded([list(self.cells.values())])


@lru_cache(maxsize=64)
def header(columns: tuple[str, ...]) -> bytes:
    """The first line of a table."""
    return encoded([columns])


def encoded(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows as CSV in UTF-8: commas, CRLF, quotation marks only where a cell needs them.

    Source: RFC 4180 section 2.

    >>> encoded([["id", "note"], ["1", 'a "b", c']])
    b'id,note\\r\\n1,"a ""b"", c"\\r\\n'
    """
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=END).writerows(rows)
    return text.getvalue().encode()
