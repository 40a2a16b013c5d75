"""A table as spreadsheets write it, read one row at a time.

RFC 4180, and what spreadsheets make of it: a byte order mark, semicolons or tabs, CP1252, UTF-16, a first line ``sep=;``, line
ends in quoted cells, empty rows and empty columns at the end. The text of a cell stays as it was sent: one that begins with
``=``, ``+``, ``-`` or ``@`` is a text, never a formula.
"""

import csv
from collections.abc import Iterable, Iterator
from io import BytesIO, TextIOWrapper
from typing import NamedTuple

from shared import bounds
from shared.formats.csv.charset import charset
from shared.formats.csv.refused import TableError
from shared.issue import Issue

SEPARATORS = ",;\t|"
SEPARATOR_LINE = "sep="  # Microsoft Excel: the first line names the separator
QUOTES = "a quotation mark is not closed, or text follows it"
CHARSET = "a byte that is not in the character set of the file"
LONG_CELL = f"a cell of more than {csv.field_size_limit()} characters; perhaps a quotation mark is not closed"
LONG_ROW = f"a row of more than {bounds.ROW} characters"

GUESSED = Issue(
    severity="information",
    code="informational",
    text="the file is not UTF-8 and declares no character set, so it was read as Windows-1252",
    rule="csv-charset-found",
)


class Numbered(NamedTuple):
    """A row that is not empty, and its number in the spreadsheet: the header is row 1."""

    number: int
    cells: list[str]


class Table:
    """A file whose header was read. ``rows`` gives the rest, once. Raises ``TableError``, also while the rows are read."""

    def __init__(self, body: bytes, content_type: str = "", default: str = "cp1252", columns: Iterable[str] = ()) -> None:
        self.charset, self.is_guessed = charset(body, content_type, default)
        separator, skipped = self._separator(body, frozenset(columns))
        self._read = csv.reader(self._lines(body, skipped), delimiter=separator, strict=True)
        self.number = 0
        self.header = [name.strip() for name in self._next() or ()]

    def rows(self) -> Iterator[Numbered]:
        """The rows that have a text in some cell."""
        while (cells := self._next()) is not None:
            if any(map(str.strip, cells)):
                yield Numbered(self.number, cells)

    def _next(self) -> list[str] | None:
        """The next row; ``None`` at the end."""
        self.number += 1
        try:
            cells = next(self._read, None)
        except csv.Error as error:
            if "field limit" in str(error):
                raise TableError("too-much", f"row {self.number}: {LONG_CELL}") from None
            raise TableError("csv-quotes", f"row {self.number}: {QUOTES}") from None
        except UnicodeDecodeError:
            raise TableError("csv-charset", f"row {self.number}: {CHARSET}") from None
        if cells is not None and self.number > bounds.ROWS:
            raise TableError("too-much", f"more than {bounds.ROWS} rows")
        return cells

    def _lines(self, body: bytes, skipped: int = 0) -> Iterator[str]:
        """The lines with their ends, decoded in pieces of a few kilobytes. A quoted cell may go on in the next line."""
        lines = TextIOWrapper(BytesIO(body), encoding=self.charset, newline="")
        while line := lines.readline(bounds.ROW + 1):
            if len(line) > bounds.ROW:
                raise TableError("too-much", LONG_ROW)
            if skipped:
                skipped -= 1
            else:
                yield line

    def _separator(self, body: bytes, columns: frozenset[str]) -> tuple[str, int]:
        """The separator, and how many lines are before the header: of the candidates, the one that gives most known columns."""
        try:
            first = next(self._lines(body), "")
        except UnicodeDecodeError:
            raise TableError("csv-charset", f"row 1: {CHARSET}") from None
        named = first.rstrip("\r\n").lower().partition(SEPARATOR_LINE)
        if named[0] == "" and named[2] and named[2] in SEPARATORS:
            return named[2], 1
        there = [each for each in SEPARATORS if each in first]
        if not there:
            raise TableError(
                "not-csv", "the first row has no separator (comma, semicolon, tab): a header of column names is expected"
            )
        return max(there, key=lambda each: _score(first.split(each), columns)), 0


def _score(names: list[str], columns: frozenset[str]) -> tuple[int, int]:
    return sum(name.strip(' "\r\n').lower() in columns for name in names), len(names)
