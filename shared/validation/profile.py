"""A profile: the structures a family of messages may have, the rules it keeps, and how bad each breach is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from shared.hl7 import Message
from shared.hl7.structure import structure
from shared.issue import Issue, Severity
from shared.validation.structure import Structure

Rule = Callable[[Message], Iterator[Issue]]


def rule_id(rule: Rule) -> str:
    """The id of a rule: its function's name with hyphens."""
    return rule.__name__.replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Hl7Profile:
    """Structure and rules of one family of HL7 v2 messages.

    Args:
        structures: by MSH-9.3 (or the structure that the event has when it is left out).
        rules: generator functions from a message to issues; an issue without a rule id gets the function's name.
        severities: rule id -> severity, where this family is stricter or milder than the rule itself.
        exempt: rule id -> paths of fields (``PID-29``) that the rule leaves alone in this family.
    """

    name: str
    structures: Mapping[str, Structure]
    rules: tuple[Rule, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    exempt: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def check(self, message: Message) -> list[Issue]:
        """Every finding, structure first, each naming its rule."""
        named = structure(message)
        known = self.structures.get(named)
        found = [_unknown_structure()] if known is None else known.check(message)
        for rule in self.rules:
            for issue in rule(message):
                found.append(issue if issue.rule else issue._replace(rule=rule_id(rule)))
        return [self._weighed(issue) for issue in found if not self._is_exempt(issue)] if found else found

    def _weighed(self, issue: Issue) -> Issue:
        severity = self.severities.get(issue.rule)
        return issue._replace(severity=severity) if severity else issue

    def _is_exempt(self, issue: Issue) -> bool:
        return issue.rule in self.exempt and field_of(issue.where) in self.exempt[issue.rule]


def field_of(where: str) -> str:
    """The field of a path, without occurrence, repetition and component: what an exemption names.

    >>> field_of("PID[2]-3[2].4"), field_of("PV1")
    ('PID-3', 'PV1')
    """
    segment, _, place = where.partition("-")
    number = place.partition(".")[0].partition("[")[0]
    return f"{segment[:3]}-{number}" if number else segment[:3]


def _unknown_structure() -> Issue:
    text = "this message structure is not known here"
    return Issue("error", "not-supported", "MSH-9.3", text, "message-structure", "HL7 table 0354", "200")
