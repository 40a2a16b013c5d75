"""Tables as a source: each row is a message of its own, a file of several rows is a batch of them."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from io import StringIO
from typing import Any

from shared.envelope import Answer, Envelope, Identity
from shared.formats.csv import FORMAT
from shared.formats.csv.acknowledgement import NOT_NOW, Acknowledgement, unreadable
from shared.formats.csv.batch import UTF_8, RowBatch
from shared.formats.csv.layout import Declared, Layout, layout
from shared.formats.csv.refused import TableError
from shared.formats.csv.row import Row
from shared.formats.csv.table import GUESSED, Numbered, Table
from shared.formats.outcome import preferred_by
from shared.issue import Issue, Verdict
from shared.problems import Rejected, Unsupported
from shared.voices import Language

TRUE = ("yes", "true", "1", "y")
ONLY_ROW = 2  # the header is row 1
NO_ROW = Issue(severity="fatal", code="structure", text="the table has no row", rule="not-csv")
VARIANTS = {
    "cell-trimmed": "spaces around the text of a cell",
    "csv-charset-found": "Windows-1252 without a declared character set",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Csv:
    """Rows of a table with these columns, found by their names in the header, in any order and any case.

    Args:
        columns: required in the header. A cell may be empty; rules decide that.
        optional: may be absent from the header. ignored: may be there, and is not read. Any other column refuses the file.
        key: the column that names the row, within this partner's rows of the integration.
        sender: the column that names the sender, such as a clinic's code; ``""`` if the partner's name is enough.
        synthetic: the optional column that marks a row as a test.
        charset: of a file that is not UTF-8 and declares no other.
    """

    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    key: str = "id"
    sender: str = ""
    synthetic: str = "test"
    charset: str = "cp1252"
    format: str = FORMAT.name
    declared: Declared = field(init=False)

    def __post_init__(self) -> None:
        if len(self.columns) < 2:
            raise ValueError("a table has two columns or more: one column has no separator to know it by")
        optional = tuple(dict.fromkeys((*self.optional, self.synthetic)))
        object.__setattr__(self, "declared", Declared(required=self.columns, optional=optional, ignored=self.ignored))

    def read(self, envelope: Envelope) -> Row:
        """The row. ``Unsupported``: not a table, other columns, or not exactly one row. ``Rejected``: cells that do not fit."""
        if found := self._from_batch(envelope):
            return found
        table, form = self.opened(envelope)
        row = _only_row(table)
        if not form.is_plain(row.cells) and (wrong := list(form.wrong(row.cells))):
            raise Rejected(*wrong)
        found = form.row(row.cells)
        return Row(found.cells, (GUESSED, *found.repairs)) if table.is_guessed else found

    def _from_batch(self, envelope: Envelope) -> Row | None:
        """The row of a table that ``RowBatch`` wrote: its header is known, so it is read once more in little time.

        ``None``: it was written by others, or its cells may be wrong.
        """
        if envelope.content_type != UTF_8:
            return None
        first, _, rest = envelope.body.partition(b"\r\n")
        form = _written(first, self.declared)
        rows = _cells(rest) if form else []
        return form.row(rows[0]) if form and len(rows) == 1 and form.is_plain(rows[0]) else None

    def opened(self, envelope: Envelope) -> tuple[Table, Layout]:
        """A table whose header was read. ``Unsupported``: it is not a table, or has other columns."""
        try:
            table = Table(envelope.body, envelope.content_type, self.charset, map(str.lower, self.declared.read))
        except TableError as error:
            raise Unsupported(error.issue) from None
        form = layout(table.header, self.declared)
        if isinstance(form, list):
            raise Unsupported(*form)
        return table, form

    def batch(self, envelope: Envelope) -> RowBatch:
        """The rows of a file, each as a table of its own. ``Unsupported``: it is not a table, or has other columns."""
        return RowBatch(*self.opened(envelope), accept=envelope.headers.get("accept", ""), preferred=preferred_by(envelope))

    def repairs(self, content: Row) -> Sequence[Issue]:
        return content.repairs

    def identity(self, content: Row, envelope: Envelope) -> Identity:
        facility = content[self.sender] if self.sender else ""
        return Identity(sender=envelope.partner, facility=facility, control_id=content[self.key])

    def places(self, content: object) -> Identity:
        return Identity(sender="", facility=self.sender, control_id=self.key)

    def is_synthetic(self, content: Row) -> bool:
        return content[self.synthetic].lower() in TRUE

    def described(self) -> list[str]:
        """What is accepted, for the interface sheet."""
        lines = [f"CSV with a header, one message per row. Columns: {', '.join(self.columns)}"]
        lines += [f"Optional columns: {', '.join(self.declared.optional)}"]
        lines += [f"Columns that are ignored: {', '.join(self.ignored)}"] if self.ignored else []
        return lines

    def variants(self) -> Mapping[str, str]:
        """Other forms of values that are accepted, for the interface sheet."""
        return VARIANTS

    def acknowledge(self, envelope: Envelope, content: Any, verdict: Verdict) -> Answer:
        """The acknowledgement of one row, or of a file that could not be read."""
        accept = envelope.headers.get("accept", "")
        preferred = preferred_by(envelope)
        if verdict.acknowledgement == "AR" or any(issue.code in NOT_NOW for issue in verdict.issues):
            return unreadable(verdict, accept, preferred)
        return _of_a_row(accept, preferred, verdict) if verdict.issues else _of_a_plain_row(accept, preferred, verdict.accepted)


def _of_a_row(accept: str, preferred: tuple[Language, ...], verdict: Verdict) -> Answer:
    made = Acknowledgement(accept, preferred=preferred)
    made.add(ONLY_ROW, verdict)
    return made.answer()


@lru_cache(maxsize=64)  # by what the caller accepts: nothing else of a row without a finding is in its acknowledgement
def _of_a_plain_row(accept: str, preferred: tuple[Language, ...], accepted: bool) -> Answer:
    return _of_a_row(accept, preferred, Verdict("AA" if accepted else "AE", ()))


def _cells(rows: bytes) -> list[list[str]]:
    """The cells of each row; empty if they cannot be read."""
    try:
        return list(csv.reader(StringIO(rows.decode(), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError):
        return []


@lru_cache(maxsize=64)
def _written(first: bytes, declared: Declared) -> Layout | None:
    """The layout of a header that ``RowBatch`` wrote: declared columns in their order; ``None`` for any other."""
    names = first.decode("utf-8", "replace").split(",")
    form = layout(names, declared)
    return form if isinstance(form, Layout) and len(names) == len(set(names) & set(declared.read)) else None


def _only_row(table: Table) -> Numbered:
    """The row of a table that has one. ``Unsupported``: it has none, or has more and is to be split."""
    try:
        rows = table.rows()
        found, more = next(rows, None), next(rows, None)
    except TableError as error:
        raise Unsupported(error.issue) from None
    if found is None:
        raise Unsupported(NO_ROW)
    if more:
        text = "the table has several rows: this command or trigger takes one row at a time"
        raise Unsupported(NO_ROW._replace(text=text, rule="several-rows"))
    return found
