"""Which cell of a row belongs to which declared column: the header is read by name, in any order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shared import bounds
from shared.characters import HIDDEN_IN_CELL
from shared.formats.csv.row import Row
from shared.issue import Issue

UNNAMED = "column[{}]"  # of a column that the hub does not know: its name is the sender's text


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The columns that a source declares: required ones, optional ones, and ones that are read past."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def read(self) -> tuple[str, ...]:
        """The columns of a row, in order."""
        return (*self.required, *self.optional)

    def known(self) -> dict[str, str]:
        """The declared spelling of each name, by its spelling in lower case."""
        return {name.lower(): name for name in (*self.read, *self.ignored)}


class Layout(NamedTuple):
    """The columns of one file, by position; ``""`` for a column that is ignored or has no name."""

    columns: tuple[str, ...]
    empty: dict[str, str]  # each declared column, without a text
    unnamed: tuple[int, ...] = ()  # positions from 0 of columns without a name, which have no texts either

    def row(self, cells: Sequence[str]) -> Row:
        """The row of these cells, without spaces around their texts. Use ``wrong`` first."""
        texts = [cell.strip() for cell in cells]
        found = {**self.empty, **dict(zip(self.columns, texts, strict=False))}
        found.pop("", None)
        return Row(found, () if texts == cells else tuple(self._trimmed(cells)))

    def _trimmed(self, cells: Sequence[str]) -> Iterator[Issue]:
        for column, cell in zip(self.columns, cells, strict=False):
            text = cell.strip()
            if column and text and len(text) != len(cell):
                yield _trimmed(column)

    @property
    def order(self) -> list[int]:
        """The positions of the columns that are read, in the order in which they are declared."""
        places = {name: position for position, name in enumerate(self.columns) if name}
        return [places[name] for name in self.empty if name in places]

    def is_plain(self, cells: Sequence[str]) -> bool:
        """Whether nothing can be wrong with these cells: one test for nearly every row of a file."""
        if len(cells) != len(self.columns) or HIDDEN_IN_CELL.search("".join(cells)):
            return False
        return not any(cells[position] for position in self.unnamed)

    def wrong(self, cells: Sequence[str]) -> Iterator[Issue]:
        """Why the cells do not fit this table."""
        if len(cells) < len(self.columns):
            text = f"{len(cells)} cells, but the header has {len(self.columns)} columns"
            yield Issue(severity="error", code="structure", text=text, rule="row-width", clause="RFC 4180 section 2.4")
        for position, cell in enumerate(cells, 1):
            column = self.columns[position - 1] if position <= len(self.columns) else ""
            if cell.strip() and (position > len(self.columns) or position - 1 in self.unnamed):
                where, text = UNNAMED.format(position), "a text in a column that has no name in the header"
                yield Issue(severity="error", code="structure", where=where, text=text, rule="row-width")
            if HIDDEN_IN_CELL.search(cell):
                where = column or UNNAMED.format(position)
                yield Issue(
                    severity="error",
                    code="value",
                    where=where,
                    text="a control character, or one that cannot be seen",
                    rule="control-character",
                )


def layout(header: Sequence[str], declared: Declared) -> Layout | list[Issue]:
    """The layout of a header, or everything that is wrong with it."""
    known = declared.known()
    columns = [known.get(name.lower(), "") if name else "" for name in header]
    wrong = [*_unknown(header, columns), *_twice(columns), *_missing(columns, declared)]
    if len(header) > bounds.COLUMNS:
        wrong = [_fatal(f"more than {bounds.COLUMNS} columns", "", "too-much")]
    read = frozenset(declared.read)
    unnamed = tuple(position for position, name in enumerate(header) if not name)
    return wrong or Layout(tuple(name if name in read else "" for name in columns), dict.fromkeys(declared.read, ""), unnamed)


def _unknown(header: Sequence[str], columns: Sequence[str]) -> Iterator[Issue]:
    for position, (name, column) in enumerate(zip(header, columns, strict=True), 1):
        if name and not column:
            yield _fatal("this column is not part of the agreed table", UNNAMED.format(position), "column-unknown")


def _twice(columns: Sequence[str]) -> Iterator[Issue]:
    for name in dict.fromkeys(name for name in columns if name and columns.count(name) > 1):
        yield _fatal("this column is there more than once", name, "column-twice")


def _missing(columns: Sequence[str], declared: Declared) -> Iterator[Issue]:
    for name in declared.required:
        if name not in columns:
            yield _fatal("this column is missing", name, "column-missing")


def _fatal(text: str, where: str, rule: str) -> Issue:
    return Issue(severity="fatal", code="structure", where=where, text=text, rule=rule)


def _trimmed(column: str) -> Issue:
    text = "spaces around the text were removed"
    return Issue(severity="information", code="informational", where=column, text=text, rule="cell-trimmed")
