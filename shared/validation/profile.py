"""A profile: the allowed structures of a family of messages, its rules, and the rules that reject."""

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
    apply_policy,
    field_of,
    rule_functions,
    shared_rules,
)
from shared.validation.structure import Structure

Rule = Callable[[Message], Iterator[Issue]]
UNKNOWN_STRUCTURE = Issue(
    severity="error",
    code="not-supported",
    where="MSH-9.3",
    text="MSH-9.3 is not a structure of this profile",
    rule="message-structure",
    clause="HL7 table 0354",
    hl7="200",
)


def rule_id(rule: Rule) -> str:
    """The id of a rule: its function's name with hyphens."""
    return rule.__name__.replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Hl7Profile:
    """Structure and rules of one family of HL7 v2 messages.

    Args:
        structures: by MSH-9.3, or if that is absent by the structure of the event.
        rules: generator functions from a message to issues; an issue without a rule id gets the function's name.
        policies: rule id -> policy, for rules of only this family, or with another class than in ``policy.SHARED``.
        refuses: quality rules that reject by the owner's decision: ``RULE`` or ``RULE@PATH`` (``table-code@EVN-1``).
        exempt: rule id -> paths of fields (``PID-29``) that the rule does not check in this family.
    """

    name: str
    structures: Mapping[str, Structure]
    rules: tuple[Rule, ...] = ()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()
    exempt: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def check(self, message: Message) -> list[Issue]:
        """Every issue, those of the structure first, each with the id of its rule."""
        declared = self.structures.get(structure(message))
        found = [UNKNOWN_STRUCTURE] if declared is None else declared.check(message)
        for rule in self.rules:
            for issue in rule(message):
                found.append(issue if issue.rule else issue._replace(rule=rule_id(rule)))
        kept = (issue for issue in found if field_of(issue.where) not in self.exempt.get(issue.rule, ()))
        return [apply_policy(issue, self.policies, self.refuses) for issue in kept] if found else found

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
