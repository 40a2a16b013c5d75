"""Unmapped codes as the ops page, its JSON and ``./hub codes`` show them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from shared.codes.met import key
from shared.codes.table import UNMAPPED, CodeTable
from shared.hub import Hub
from shared.integration import Integration
from shared.ledger.reporting import code_items
from shared.ledger.reporting.code_items import OTHERS, CodeItem

Action = Literal["known", "wait", "add", "review", "others"]


@dataclass(frozen=True, slots=True)
class Line:
    """One code. Times are ``YYYY-MM-DDTHH:MM:SSZ``; ``""`` where nothing waits.

    ``action``:

    - ``wait``: lanes wait until the table has the code;
    - ``add``: messages with it are rejected, or delivered without it, until the table has it;
    - ``review``: another rule reported it, and no table of the integration is for this place;
    - ``known``: this version has it;
    - ``others``: more codes than are listed one by one.

    ``place``: ``FILE:LINE`` to edit. ``example``: the id of a message that had the code.
    """

    integration: str
    path: str
    code: str
    rule: str
    text: str
    count: int
    first: str
    last: str
    waiting: int
    since: str
    action: Action
    place: str
    example: str


async def listed(integration: Integration, hub: Hub) -> list[Line]:
    """Every unmapped code of an integration: those that lanes wait for first, then the most frequent."""
    return [_line(integration, item) for item in await code_items.listed(integration.name, hub)]


def _line(integration: Integration, item: CodeItem) -> Line:
    table = _table(integration, item)
    return Line(
        integration=integration.name,
        path=item.path,
        code=item.code,
        rule=item.rule,
        text=item.text,
        count=item.count,
        first=_time(item.first),
        last=_time(item.last),
        waiting=item.waiting,
        since=_time(item.since),
        action=_action(table, item),
        place=table.place if table else f"integrations/{integration.package}/codes.py",
        example=item.example,
    )


def _table(integration: Integration, item: CodeItem) -> CodeTable | None:
    """The table of the integration that does not have the code; ``None`` when another rule found it."""
    if item.rule != UNMAPPED:
        return None
    return next((each for each in integration.codes if item.text.endswith(f"({each.name})")), None)


def _action(table: CodeTable | None, item: CodeItem) -> Action:
    if item.row.key == OTHERS.key:
        return "others"
    if table and any(key(item.path, item.rule, code) == item.row.key for code in table):
        return "known"
    if item.waiting:
        return "wait"
    return "add" if table else "review"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else ""
