"""Issues as a FHIR OperationOutcome."""

from collections.abc import Iterable, Sequence

from shared.fhir.resource import Element, Resource, element
from shared.issue import Issue
from shared.voices import Language, Plain, plain

RULES = "urn:x-hub:rule"
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
ALL_OK = Issue(severity="information", code="informational", text="nothing to report")


def outcome(issues: Iterable[Issue], languages: Sequence[Language] = ()) -> Resource:
    """An OperationOutcome with one issue for each; ``expression`` is the path. Without issues it has one, "nothing to report".

    ``languages``: those of the caller. The text of a rule is then in plain words, in the first language, with its translation
    into the others; the short English text moves to the display of the rule. Empty: the short English text alone.
    """
    found = tuple(issues) or (ALL_OK,)
    language = {"language": languages[0]} if languages else {}
    return {"resourceType": "OperationOutcome", **language, "issue": [_issue(issue, languages) for issue in found]}


def _issue(issue: Issue, languages: Sequence[Language]) -> Element:
    short = element(coding=[element(system=RULES if issue.rule else "", code=issue.rule)], text=issue.text)
    return element(
        severity=issue.severity,
        code=issue.code,
        details=_plain_details(issue, languages) if languages and issue.rule else short,
        diagnostics=issue.clause,
        expression=[issue.where],
    )


def _plain_details(issue: Issue, languages: Sequence[Language]) -> Element:
    """The text in the first language; the others by the extension "translation" of FHIR."""
    first, *others = (plain(issue, language) for language in languages)
    return element(
        coding=[element(system=RULES, code=issue.rule, display=issue.text)],
        text=first.text,
        _text=element(extension=[_translation(other) for other in others]),
    )


def _translation(other: Plain) -> Element:
    parts = [element(url="lang", valueCode=other.language), element(url="content", valueString=other.text)]
    return element(url=TRANSLATION, extension=parts)
