"""The acknowledgement of a file of rows: a table of its own, one line per finding: row, rule, column, what to do. Never a value.

The first line after the header is about the file: its acknowledgement, and how many rows were accepted. A caller whose
``Accept`` names a FHIR type gets the same as an OperationOutcome.
"""

from collections.abc import Iterable, Iterator, Sequence

from shared import bounds
from shared.envelope import Answer
from shared.formats.csv import FORMAT
from shared.formats.csv.row import encoded
from shared.formats.json.body import status
from shared.formats.media import CSV, chosen
from shared.formats.outcome import outcome_answer
from shared.issue import MORE, Issue, Verdict, more_findings
from shared.voices import Language

HEADER = ("row", "acknowledgement", "severity", "rule", "column", "text", "what_to_do")
CORRECT_ROW = "correct this row and send it again; the other rows need not be sent again"
CORRECT_FILE = "correct the file and send it again; nothing of it was taken"
CORRECT_LISTED = "correct the rows that are listed and send the whole file again; no row is delivered twice"
SEND_LATER = "send it again later, unchanged"
CORRECT_SOURCE = "it was accepted; correct it in your system"
NOTHING = "nothing"
NOT_NOW = ("transient", "exception", "throttled")  # codes of issues: the hub could not take it now
SOME = 207  # HTTP status (RFC 4918 section 11.1): some rows were accepted and others were not


class Acknowledgement:
    """The findings so far. In the form of a table they are kept as its lines, so that a large file needs little memory.

    Those of rejected rows and those of accepted ones are bounded each on its own, so that no warning takes the place of an error.
    """

    def __init__(self, accept: str, notes: tuple[Issue, ...] = (), preferred: Sequence[Language] = ()) -> None:
        self.media = chosen(accept, FORMAT.answers) or CSV
        self.preferred = preferred  # the languages of the caller
        self.notes = notes  # information about the file as a whole
        self.accepted = self.rejected = 0
        self.not_listed = 0
        self._most = bounds.TABLE_FINDINGS if self.media == CSV else bounds.OUTCOME_FINDINGS
        self._listed = {True: 0, False: 0}  # how many findings of accepted rows, and of rejected ones
        self._lines: list[bytes] = []
        self._issues: list[Issue] = []

    def add(self, row: int, verdict: Verdict) -> None:
        """The verdict on one row, by its number in the spreadsheet: the header is row 1."""
        self.accepted += verdict.accepted
        self.rejected += not verdict.accepted
        if self._listed[verdict.accepted] >= self._most:
            self.not_listed += len(verdict.issues)
            return
        self._listed[verdict.accepted] += len(verdict.issues)
        if self.media == CSV:
            self._lines.append(lines(verdict, str(row)))
        else:
            self._issues += placed(verdict.issues, row)

    def answer(self) -> Answer:
        """The answer for a file that was read to its end."""
        count = self.accepted + self.rejected
        more = (more_findings(self.not_listed),) if self.not_listed else ()
        file = Verdict("AE" if self.rejected else "AA", (*self.notes, *more))
        code = 202 if count == self.accepted else SOME if self.accepted else 422
        if self.media != CSV:
            return outcome_answer(code, [*file.issues, *self._issues], self.media, self.preferred)
        return Answer(status=code, content_type=self.media, body=self._table(file))

    def _table(self, file: Verdict) -> bytes:
        text = f"{self.accepted} of {self.accepted + self.rejected} rows accepted"
        summary = ("", file.acknowledgement, "", "", "", text, "see the lines below" if self.rejected else NOTHING)
        return encoded([HEADER, summary]) + lines(file) + b"".join(self._lines)


def unreadable(verdict: Verdict, accept: str, preferred: Sequence[Language] = ()) -> Answer:
    """The answer for a file that could not be read as a table, or of which nothing can be taken now."""
    media = chosen(accept, FORMAT.answers) or CSV
    malformed = status(verdict) == 422 and any(issue.severity == "fatal" for issue in verdict.issues)
    code = 400 if malformed else status(verdict)
    if media != CSV:
        return outcome_answer(code, verdict.issues, media, preferred)
    return Answer(status=code, content_type=media, body=encoded([HEADER]) + lines(verdict))


def lines(verdict: Verdict, row: str = "") -> bytes:
    """A line of the table for each finding."""
    return encoded(
        (row, verdict.acknowledgement, issue.severity, issue.rule or issue.code, issue.where, issue.text, what_to_do(issue, row))
        for issue in verdict.issues
    )


def what_to_do(issue: Issue, row: str) -> str:
    """What the sender does about a finding of a row, or of the file."""
    if issue.code in NOT_NOW:
        return SEND_LATER
    if issue.rule == MORE:
        return CORRECT_LISTED
    if issue.is_error:
        return CORRECT_ROW if row else CORRECT_FILE
    return CORRECT_SOURCE if issue.severity == "warning" else NOTHING


def placed(issues: Iterable[Issue], row: int) -> Iterator[Issue]:
    """The findings of a row, with its number in the path."""
    for issue in issues:
        yield issue._replace(where=f"row[{row}].{issue.where}" if issue.where else f"row[{row}]")
