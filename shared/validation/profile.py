"""A profile: the structures a family of messages may have, the rules it keeps, and which of them refuse."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.hl7 import Message
from shared.hl7.structure import structure
from shared.issue import Issue
from shared.validation.policy import (
    FRONT_DOOR_RULES,
    STRUCTURE_RULES,
    Listed,
    Policy,
    field_of,
    rule_functions,
    shared_rules,
    weighed,
)
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
        policies: rule id -> policy, for the rules that only this family has, or weighs otherwise than ``policy.SHARED``.
        refuses: quality rules that refuse by the owner's decision: ``RULE`` or ``RULE@PATH`` (``table-code@EVN-1``).
        exempt: rule id -> paths of fields (``PID-29``) that the rule leaves alone in this family.
    """

    name: str
    structures: Mapping[str, Structure]
    rules: tuple[Rule, ...] = ()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()
    exempt: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def check(self, message: Message) -> list[Issue]:
        """Every finding, structure first, each naming its rule."""
        named = structure(message)
        known = self.structures.get(named)
        found = [_unknown_structure()] if known is None else known.check(message)
        for rule in self.rules:
            for issue in rule(message):
                found.append(issue if issue.rule else issue._replace(rule=rule_id(rule)))
        kept = (issue for issue in found if not self._is_exempt(issue))
        return [weighed(issue, self.policies, self.refuses) for issue in kept] if found else found

    def listed(self) -> Iterator[Listed]:
        """Every rule with its policy, once each, for the interface sheet."""
        takes_z = all(each.z_segments for each in self.structures.values())
        ids = (each for each in (*FRONT_DOOR_RULES, *STRUCTURE_RULES) if each != "z-segment" or not takes_z)
        found = [*shared_rules(ids, self.policies, self.refuses)]
        found += rule_functions(self.rules, self.policies, self.refuses)
        yield from {each.rule: each for each in found}.values()

    def described(self, link: Callable[[Path], str]) -> list[str]:
        """Its structures, for the interface sheet; ``link`` makes the address of a file, which this profile has none of."""
        return [f"- `{name}`: `{structure.text}`" for name, structure in self.structures.items()]

    def _is_exempt(self, issue: Issue) -> bool:
        return issue.rule in self.exempt and field_of(issue.where) in self.exempt[issue.rule]


def _unknown_structure() -> Issue:
    text = "this message structure is not known here"
    return Issue(
        severity="error",
        code="not-supported",
        where="MSH-9.3",
        text=text,
        rule="message-structure",
        clause="HL7 table 0354",
        hl7="200",
    )
