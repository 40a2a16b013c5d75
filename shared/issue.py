"""One finding, and all findings with the decision. The text is ours: it never carries a value out of a message."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from shared import bounds

Severity = Literal["fatal", "error", "warning", "information"]
Acknowledgement = Literal["AA", "AE", "AR"]

# FHIR issue-type -> HL7 table 0357 (message error condition codes). A rule that knows better sets ``Issue.hl7``.
ERROR_CONDITION = {
    "structure": "100",
    "required": "101",
    "value": "102",
    "invalid": "102",
    "code-invalid": "103",
    "not-found": "204",
    "duplicate": "205",
    "not-supported": "200",
    "processing": "207",
    "exception": "207",
    "transient": "207",
    "security": "207",
    "forbidden": "207",
    "business-rule": "207",
    "too-long": "102",
    "informational": "0",
}


class Issue(NamedTuple):
    """One finding: how bad, what kind (FHIR issue-type), where (the one spelling of a path), and a text of ours."""

    severity: Severity
    code: str
    text: str
    where: str = ""
    rule: str = ""
    clause: str = ""
    hl7: str = ""

    @property
    def condition(self) -> str:
        """The code of HL7 table 0357 for ERR-3; 207 (application internal error) when nothing fits better."""
        return self.hl7 or ERROR_CONDITION.get(self.code, "207")

    @property
    def is_error(self) -> bool:
        return self.severity in ("error", "fatal")


class Verdict(NamedTuple):
    """All findings on one message, with the decision."""

    acknowledgement: Acknowledgement
    issues: tuple[Issue, ...] = ()

    @property
    def accepted(self) -> bool:
        return self.acknowledgement == "AA"


def verdict(issues: Iterable[Issue], refusal: Acknowledgement = "AE") -> Verdict:
    """AA when no issue is an error, else the refusal that the integration declares.

    >>> verdict([Issue(severity="warning", code="value", where="PID-3[1].1", text="check digit")]).acknowledgement
    'AA'
    >>> verdict([Issue(severity="error", code="required", where="PID-5", text="absent")], "AR").acknowledgement
    'AR'
    """
    found = tuple(listed(issues))
    return Verdict(refusal if any(issue.is_error for issue in found) else "AA", found)


def listed(issues: Iterable[Issue]) -> Iterator[Issue]:
    """The findings that an answer lists: of errors and of others the first ``bounds.FINDINGS`` each, then how many are left out.

    >>> [issue.text for issue in listed([Issue(severity="error", code="value", text="a")] * 102)][99:]
    ['a', '2 more findings are not listed']
    """
    counts = {True: 0, False: 0}
    for issue in issues:
        counts[issue.is_error] += 1
        if counts[issue.is_error] <= bounds.FINDINGS:
            yield issue
    if more := sum(max(0, count - bounds.FINDINGS) for count in counts.values()):
        yield Issue(
            severity="information", code="informational", text=f"{more} more findings are not listed", rule="more-findings"
        )
