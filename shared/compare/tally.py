"""Differences of many messages, grouped by path and cause."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shared import privacy
from shared.compare.agreed import Agreed, covering
from shared.compare.differences import Difference
from shared.compare.trees import place

Key = tuple[str, str, str]  # path without indices, cause, rule


class Example(NamedTuple):
    """One difference as it is: the message it is in, its full path and both values. Shown locally, or not shown."""

    message: str
    path: str
    old: str
    new: str


@dataclass
class Group:
    """All differences with the same path, cause and rule: how many, in which messages, and the first one."""

    path: str
    cause: str
    rule: str
    example: Example
    count: int = 0
    messages: list[str] = field(default_factory=list)  # control ids, once each
    agreed: Agreed | None = None

    def face(self, *, examples: bool) -> dict[str, Any]:
        """As JSON; a value only with ``examples``."""
        found: dict[str, Any] = {"path": self.path, "cause": self.cause, "rule": self.rule}
        found |= {"count": self.count, "messages": len(self.messages), "control_ids": self.messages}
        if self.agreed:
            found["agreed"] = {name: getattr(self.agreed, name) for name in ("reason", "decided_by", "decided_on")}
        return {**found, "example": self.example._asdict()} if examples else found


class Tally:
    """Differences of messages, added one message at a time."""

    def __init__(self) -> None:
        self.groups: dict[Key, Group] = {}

    @staticmethod
    def key(difference: Difference) -> Key:
        """What a difference is counted under. Names in a path may be a sender's own text, so it must have the form of a path."""
        return privacy.place(place(difference.path)), difference.cause, difference.rule

    @classmethod
    def keys(cls, differences: Iterable[Difference]) -> set[Key]:
        """What the differences of one message are counted under."""
        return {cls.key(each) for each in differences}

    def add(self, message: str, differences: Iterable[Difference]) -> None:
        """Add the differences of one message, called by its control id."""
        seen: set[Key] = set()
        for each in differences:
            key = self.key(each)
            if key not in self.groups:
                self.groups[key] = Group(*key, Example(message, each.path, each.old, each.new))
            self.groups[key].count += 1
            if key not in seen:
                self.groups[key].messages.append(message)
                seen.add(key)

    def sorted(self, agreements: Sequence[Agreed] = ()) -> list[Group]:
        """Every group with its agreement: those that no one agreed to first, the most frequent first."""
        for group in self.groups.values():
            group.agreed = covering(agreements, group.path, group.cause, group.rule)
        return sorted(self.groups.values(), key=lambda group: (group.agreed is not None, -len(group.messages), group.path))


def unused(agreements: Sequence[Agreed], groups: Iterable[Group]) -> list[Agreed]:
    """Agreements about differences that were not found: they may be out of date."""
    used = {group.agreed for group in groups}
    return [each for each in agreements if each not in used]
