"""Rejected messages, counted by sender and rule: which partner must correct what. Counts alone, never a value."""

from typing import NamedTuple

from shared.hub import Hub
from shared.integration import Integration
from shared.issue import Verdict
from shared.privacy import chosen, code

PREFIX = "rejected-by"
MOST = 500  # names that one process counts for an integration between two writes: a sender cannot fill the table
ANY = "*"  # in place of a rule: all rejected messages of the sender
NO_SENDER = "-"
OTHERS = f"{PREFIX} {ANY} others"


class Refused(NamedTuple):
    """What a counter counts: messages of a sender that broke the rule; ``ANY``: all that were rejected."""

    rule: str
    sender: str


def count(integration: Integration, sender: str, found: Verdict, hub: Hub) -> None:
    """Count one rejected message: once for its sender, and once for each rule that it broke."""
    rules = dict.fromkeys(code(issue.rule or issue.code) for issue in found.issues if issue.is_error)
    for rule in (ANY, *rules):
        name = f"{PREFIX} {rule} {chosen('sender', sender) or NO_SENDER}"
        if _has_room(integration.name, name, hub):
            hub.count(integration.name, name)
        elif rule == ANY:
            hub.count(integration.name, OTHERS)


def of(name: str) -> Refused | None:
    """What a counter's name means; ``None`` for a counter of another kind.

    >>> of("rejected-by patient-identifier 224"), of("rejected")
    (Refused(rule='patient-identifier', sender='224'), None)
    """
    parts = name.split(" ")
    return Refused(*parts[1:]) if parts[0] == PREFIX and len(parts) == 3 else None


def _has_room(integration: str, name: str, hub: Hub) -> bool:
    if (integration, name) in hub.counts:
        return True
    return sum(1 for which, each in hub.counts if which == integration and each.startswith(f"{PREFIX} ")) < MOST
