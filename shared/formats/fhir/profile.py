"""The check of FHIR that a sender sends: R4, and the rules of an integration."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.issue import Issue
from shared.validation.policy import Listed, Policy, apply_policy, destination, of, rule_functions

HIDDEN = "hidden-character"
Rule = Callable[[Any], Iterator[Issue]]
FHIR = destination("what is not valid R4 cannot be read with certainty", "a code that R4 does not have")


def hidden_character_listed() -> Listed:
    """The rule of every FHIR check about identifiers, for the interface sheet."""
    text = "no identifier, or reference by one, has a control character or one that cannot be seen"
    return Listed(rule=HIDDEN, text=text, policy=of(HIDDEN, {}), severity="error")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ResourceProfile:
    """R4 and the national profiles that a resource names; the rules, each named by its function, run only if it is valid."""

    name: str
    rules: tuple[Rule, ...] = ()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()

    def check(self, content: Any) -> list[Issue]:
        """Every error and warning."""
        from shared.fhir.profile import check_incoming  # here, so that a declaration does not read the tables

        found = check_incoming(content)
        if any(issue.is_error for issue in found):
            return found
        return [*found, *(self._named(rule, issue) for rule in self.rules for issue in rule(content))]

    def listed(self) -> Iterator[Listed]:
        """R4 as one rule, then each rule that is a function, for the interface sheet."""
        text = "every resource is valid R4, and keeps the profiles that it names"
        yield Listed(rule="fhir", text=text, policy=FHIR, severity="error")
        yield hidden_character_listed()
        yield from rule_functions(self.rules, self.policies, self.refuses)

    def described(self, link: object) -> list[str]:
        """Nothing besides the rules."""
        return [self.name]

    def _named(self, rule: Rule, issue: Issue) -> Issue:
        named = issue if issue.rule else issue._replace(rule=rule.__name__.replace("_", "-"))
        return apply_policy(named, self.policies, self.refuses)
