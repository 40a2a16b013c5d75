"""Issues as a FHIR OperationOutcome."""

from collections.abc import Iterable

from shared.fhir.resource import Element, Resource, element
from shared.issue import Issue

RULES = "urn:x-hub:rule"
ALL_OK = Issue(severity="information", code="informational", text="nothing to report")


def outcome(issues: Iterable[Issue]) -> Resource:
    """An OperationOutcome with one issue for each; ``expression`` is the path. Without issues it has one, "nothing to report"."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(issue) for issue in tuple(issues) or (ALL_OK,)]}


def _issue(issue: Issue) -> Element:
    return element(
        severity=issue.severity,
        code=issue.code,
        details=element(coding=[element(system=RULES if issue.rule else "", code=issue.rule)], text=issue.text),
        diagnostics=issue.clause,
        expression=[issue.where],
    )
