"""An issue of a message, and the verdict: all issues with the decision. A text never has a value from the message."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from shared import bounds

Severity = Literal["fatal", "error", "warning", "information"]
Acknowledgement = Literal["AA", "AE", "AR"]
MORE = "more-findings"  # the rule of an issue that counts those which an answer does not list

# FHIR issue-type -> HL7 table 0357 (message error condition codes). A rule with a more exact code sets ``Issue.hl7``.
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
    """One issue. Give the arguments by name.

    Args:
        severity: ``fatal`` and ``error`` reject the message.
        code: FHIR issue-type.
        text: for the sender, without values of the message.
        where: path in the message; ``""`` for the whole message.
        rule: id of the rule; ``""``: the profile uses the name of the rule function.
        clause: the section of the standard.
        hl7: code of HL7 table 0357; ``""``: by ``code``.
    """

    severity: Severity
    code: str
    text: str
    where: str = ""
    rule: str = ""
    clause: str = ""
    hl7: str = ""

    @property
    def condition(self) -> str:
        """The code of HL7 table 0357 for ERR-3; 207 (application internal error) if no other code fits."""
        return self.hl7 or ERROR_CONDITION.get(self.code, "207")

    @property
    def is_error(self) -> bool:
        return self.severity in ("error", "fatal")


class Verdict(NamedTuple):
    """All issues of one message, with the decision."""

    acknowledgement: Acknowledgement
    issues: tuple[Issue, ...] = ()

    @property
    def accepted(self) -> bool:
        return self.acknowledgement == "AA"


def verdict(issues: Iterable[Issue], refusal: Acknowledgement = "AE") -> Verdict:
    """AA if no issue is an error, otherwise the refusal of the integration (AE or AR).

    >>> verdict([Issue(severity="warning", code="value", where="PID-3[1].1", text="check digit")]).acknowledgement
    'AA'
    >>> verdict([Issue(severity="error", code="required", where="PID-5", text="absent")], "AR").acknowledgement
    'AR'
    """
    found = tuple(limit_issues(issues))
    return Verdict(refusal if any(issue.is_error for issue in found) else "AA", found)


def limit_issues(issues: Iterable[Issue]) -> Iterator[Issue]:
    """The issues for an answer: the first ``bounds.FINDINGS`` errors and as many others, then the number that is left out.

    >>> [issue.text for issue in limit_issues([Issue(severity="error", code="value", text="a")] * 102)][99:]
    ['a', '2 more issues are not listed']
    """
    counts = {True: 0, False: 0}
    for issue in issues:
        counts[issue.is_error] += 1
        if counts[issue.is_error] <= bounds.FINDINGS:
            yield issue
    if more := sum(max(0, count - bounds.FINDINGS) for count in counts.values()):
        yield more_findings(more)


def more_findings(count: int) -> Issue:
    """How many issues an answer does not list."""
    return Issue(severity="information", code="informational", text=f"{count} more issues are not listed", rule=MORE)
