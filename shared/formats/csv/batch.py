"""A file of rows as a batch: each row becomes a table of its own, in UTF-8 with commas, and is a message from then on."""

from collections.abc import Iterable, Iterator, Sequence

from shared.envelope import Answer
from shared.formats.batch import Answered, Member
from shared.formats.csv.acknowledgement import Acknowledgement, unreadable
from shared.formats.csv.layout import Layout
from shared.formats.csv.refused import TableError
from shared.formats.csv.row import encoded, header
from shared.formats.csv.table import GUESSED, Table
from shared.formats.media import CSV
from shared.issue import Issue, Verdict
from shared.voices import Language

UTF_8 = f"{CSV}; charset=utf-8"


class RowBatch:
    """The rows of a file, read once; ``issues`` and ``count`` are complete after that."""

    def __init__(self, table: Table, layout: Layout, accept: str, preferred: Sequence[Language] = ()) -> None:
        self.table, self.layout, self.accept, self.preferred = table, layout, accept, preferred
        self._order = layout.order
        self.columns = tuple(layout.columns[position] for position in self._order)
        self._header = header(self.columns)
        self.issues: list[Issue] = []
        self.count = 0

    def members(self) -> Iterator[Member]:
        """Each row. A file that cannot be read to its end has a fatal issue: nothing of it is to be taken."""
        try:
            for row in self.table.rows():
                self.count += 1
                yield Member(self.count, self._alone(row.cells), row.number, content_type=UTF_8)
        except TableError as error:
            self.issues.append(error.issue)

    def _alone(self, cells: list[str]) -> bytes:
        """A row as a table of its own. Cells that do not fit the table stay as they are, and are refused as a message."""
        if self.layout.is_plain(cells):
            return self._header + encoded([[cells[position] for position in self._order]])
        return encoded([self.table.header, cells])

    def acknowledge(self, answered: Iterable[Answered]) -> Answer:
        """The acknowledgement of the file, from the verdict on each row."""
        made = Acknowledgement(self.accept, (GUESSED,) if self.table.is_guessed else (), self.preferred)
        for member, verdict, _ in answered:
            made.add(member.place, verdict)
        if self.issues:
            return unreadable(Verdict("AR", tuple(self.issues)), self.accept, self.preferred)
        return made.answer()
