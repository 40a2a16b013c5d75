"""The rules of a row: cells that must have a text, and functions, each with the class of its rule."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.formats.csv.row import Row
from shared.issue import Issue
from shared.validation.policy import Listed, Policy, apply_policy, destination, rule_functions

Rule = Callable[[Row], Iterator[Issue]]
FILLED = destination("the agreement with the sender requires this cell, and the mapping relies on it", "an empty cell")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RowProfile:
    """``filled``: the columns that must have a text. The rules run also if one has none, and each is named by its function."""

    name: str
    filled: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()

    def check(self, content: Row) -> list[Issue]:
        """Every issue of a row."""
        return [*self._empty(content), *(self._named(rule, issue) for rule in self.rules for issue in rule(content))]

    def _empty(self, row: Row) -> Iterator[Issue]:
        for column in self.filled:
            if not row[column]:
                yield Issue(severity="error", code="required", where=column, text="this cell is empty", rule="cell-empty")

    def _named(self, rule: Rule, issue: Issue) -> Issue:
        named = issue._replace(rule=rule.__name__.replace("_", "-"))
        return apply_policy(named, self.policies, self.refuses)

    def listed(self) -> Iterator[Listed]:
        """The rules, for the interface sheet."""
        text = f"these cells have a text: {', '.join(self.filled)}"
        yield Listed(rule="cell-empty", text=text, policy=FILLED, severity="error")
        yield from rule_functions(self.rules, self.policies, self.refuses)

    def described(self, link: Callable[[Path], str]) -> list[str]:
        """Nothing besides the rules."""
        return [self.name]
