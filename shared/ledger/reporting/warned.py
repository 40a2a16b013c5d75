"""Warnings, counted by rule, field and sender: what the owner of an integration needs to decide whether a rule refuses."""

import re
from typing import NamedTuple

from shared.hub import Hub
from shared.integration import Integration
from shared.issue import Verdict
from shared.privacy import chosen
from shared.validation.policy import field_of

PREFIX = "warned"
MOST = 500  # names that one process counts for an integration between two writes: a sender cannot fill the table
OTHERS = f"{PREFIX} others - -"
_FIELD = re.compile(r"[A-Z][A-Z0-9]{2}(-[1-9]\d{0,2})?")


class Warned(NamedTuple):
    """What a counter counts: the rule, the field (``-`` when it is not an HL7 field) and the sender (``-``: none)."""

    rule: str
    field: str
    sender: str


def count(integration: Integration, sender: str, found: Verdict, hub: Hub) -> None:
    """Count each warning and each repair of one message, once for each rule and field."""
    names = {_name(issue.rule, issue.where, sender) for issue in found.issues if issue.rule and not issue.is_error}
    for name in names:
        hub.count(integration.name, name if _has_room(integration, name, hub) else OTHERS)


def of(name: str) -> Warned | None:
    """What a counter's name means; ``None`` for a counter of another kind.

    >>> of("warned table-code EVN-1 224"), of("accepted")
    (Warned(rule='table-code', field='EVN-1', sender='224'), None)
    """
    parts = name.split(" ")
    return Warned(*parts[1:]) if parts[0] == PREFIX and len(parts) == 4 else None


def _name(rule: str, where: str, sender: str) -> str:
    field = field_of(where) if where else "-"
    return f"{PREFIX} {rule} {field if _FIELD.fullmatch(field) else '-'} {chosen('sender', sender) or '-'}"


def _has_room(integration: Integration, name: str, hub: Hub) -> bool:
    held = hub.counts
    if (integration.name, name) in held:
        return True
    return sum(1 for which, each in held if which == integration.name and each.startswith(PREFIX)) < MOST
