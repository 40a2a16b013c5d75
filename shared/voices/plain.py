"""An issue in plain words, in English or Welsh: what is wrong, where, what is expected, and what to do."""

from typing import NamedTuple

from shared.issue import Issue
from shared.voices.language import Language
from shared.voices.texts import actions, text_of

UNKNOWN = "other-rule"  # the texts for a rule without its own; a test keeps it unused
LABELS: dict[Language, tuple[str, str]] = {"en": ("Expected", "The whole message"), "cy": ("Disgwylir", "Y neges gyfan")}


class Plain(NamedTuple):
    """An issue in one language."""

    where: str
    wrong: str
    expected: str
    action: str
    language: Language

    @property
    def text(self) -> str:
        """All of it as a paragraph."""
        return f"{self.where}: {' '.join(self.sentences)}"

    @property
    def sentences(self) -> tuple[str, str, str]:
        """What is wrong, what is expected, what to do."""
        return self.wrong, f"{LABELS[self.language][0]}: {self.expected}", self.action


def plain(issue: Issue, language: Language) -> Plain:
    """An issue in plain words. All is our own text, except the path; no value of the message is in it.

    >>> plain(Issue(severity="error", code="required", text="absent", where="PID-5", rule="patient-name"), "en").where
    'PID-5'
    """
    found = text_of(issue.rule) or text_of(UNKNOWN)
    assert found
    return Plain(
        where=issue.where or LABELS[language][1],
        wrong=found.wrong[language],
        expected=found.expected[language],
        action=_action(found.action, issue, language),
        language=language,
    )


def _action(name: str, issue: Issue, language: Language) -> str:
    """What to do, which depends on whether the issue rejects the message."""
    known = actions()
    severity = "error" if issue.is_error else issue.severity
    return known.get(f"{name}-{severity}", known.get(name, known["none"]))[language]
