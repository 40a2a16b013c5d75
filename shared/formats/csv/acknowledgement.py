"""The acknowledgement of a file of rows: a table of its own, one line per finding: row, rule, column. Never a value.

The first line after the header is about the file: its acknowledgement, and how many rows were accepted. A caller whose
``Accept`` names a FHIR type gets the same as an OperationOutcome.
"""

from collections.abc import Iterable, Iterator

from shared.envelope import Answer
from shared.formats.csv import FORMAT
from shared.formats.csv.row import encoded
from shared.formats.json.body import status
from shared.formats.media import CSV, chosen
from shared.formats.outcome import outcome_body
from shared.issue import Issue, Verdict

HEADER = ("row", "acknowledgement", "severity", "rule", "column", "text")
SOME = 207  # HTTP status (RFC 4918 section 11.1): some rows were accepted and others were not


class Acknowledgement:
    """The findings so far. In the form of a table they are kept as its lines, so that a large file needs little memory."""

    def __init__(self, accept: str, notes: tuple[Issue, ...] = ()) -> None:
        self.media = chosen(accept, FORMAT.answers) or CSV
        self.notes = notes  # information about the file as a whole
        self.accepted = self.rejected = 0
        self._lines: list[bytes] = []
        self._issues: list[Issue] = []

    def add(self, row: int, verdict: Verdict) -> None:
        """The verdict on one row, by its number in the spreadsheet: the header is row 1."""
        self.accepted += verdict.accepted
        self.rejected += not verdict.accepted
        if not verdict.issues:
            return
        if self.media == CSV:
            self._lines.append(lines(verdict, str(row)))
        else:
            self._issues += placed(verdict.issues, row)

    def answer(self) -> Answer:
        """The answer for a file that was read to its end."""
        count = self.accepted + self.rejected
        file = Verdict("AE" if self.rejected else "AA", self.notes)
        body = self._table(file) if self.media == CSV else outcome_body([*self.notes, *self._issues], self.media)
        code = 202 if count == self.accepted else SOME if self.accepted else 422
        return Answer(status=code, content_type=self.media, body=body)

    def _table(self, file: Verdict) -> bytes:
        text = f"{self.accepted} of {self.accepted + self.rejected} rows accepted"
        return encoded([HEADER, ("", file.acknowledgement, "", "", "", text)]) + lines(file) + b"".join(self._lines)


def unreadable(verdict: Verdict, accept: str) -> Answer:
    """The answer for a file that could not be read as a table, or of which nothing can be taken now."""
    media = chosen(accept, FORMAT.answers) or CSV
    body = encoded([HEADER]) + lines(verdict) if media == CSV else outcome_body(verdict.issues, media)
    malformed = status(verdict) == 422 and any(issue.severity == "fatal" for issue in verdict.issues)
    return Answer(status=400 if malformed else status(verdict), content_type=media, body=body)


def lines(verdict: Verdict, row: str = "") -> bytes:
    """A line of the table for each finding."""
    return encoded(
        (row, verdict.acknowledgement, issue.severity, issue.rule or issue.code, issue.where, issue.text)
        for issue in verdict.issues
    )


def placed(issues: Iterable[Issue], row: int) -> Iterator[Issue]:
    """The findings of a row, with its number in the path."""
    for issue in issues:
        yield issue._replace(where=f"row[{row}].{issue.where}" if issue.where else f"row[{row}]")
