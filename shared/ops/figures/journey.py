"""A message's page: what has happened to it, each attempt, and what happens next."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from shared.hub import Hub
from shared.ledger import schema
from shared.ledger.rows import Waiting
from shared.ops.figures.facts import Found, Plan, Step, Try
from shared.ops.figures.lanes import plan
from shared.ops.figures.times import iso
from shared.storage import names

Story = Mapping[str, Any]  # as shared/ledger/reporting/search.py returns it


def found(integration: str, story: Story) -> Found:
    """A message in one line; of one that a newer version wrote only the id."""
    if story.get("newer"):
        return Found(integration, story["id"], control_id="", outcome=schema.NEWER.rule, received_at="")
    return Found(
        integration=integration,
        id=story["id"],
        control_id=story.get("control", ""),
        outcome=story["outcome"],
        received_at=iso(story["at"]),
        attempts=int(story.get("attempts", 0)),
        reason=" ".join(filter(None, (story.get("code", ""), story.get("where", "")))),
    )


def steps(story: Story) -> tuple[Step, ...]:
    """What has happened: the acceptance and each end; nothing that is still planned."""
    received = Step(iso(story["at"]), "accepted" if story["outcome"] != "rejected" else "rejected", story.get("rules", ""))
    if story["outcome"] == "rejected":
        return (received,)
    ends = [*story["history"], *([story] if story.get("ended") else [])]
    return (received, *map(_end, ends))


def _end(each: Story) -> Step:
    details = (each.get("code", ""), "ambiguous" if each.get("ambiguous") else "")
    return Step(iso(each["ended"]), each["outcome"], " ".join(filter(None, details)))


class Tries(NamedTuple):
    """The attempts that are listed, oldest first, and how many are not: see ``Journey``."""

    listed: tuple[Try, ...]
    not_listed: int
    not_recorded: int


def tries(story: Story) -> Tries:
    """Each attempt since the acceptance, those before a replay included."""
    listed: list[Try] = []
    not_listed = not_recorded = 0
    for replay, each in enumerate([*story["history"], story]):
        earlier = _not_recorded(each)
        not_recorded += earlier
        for at, one in enumerate(each.get("tried", ())):
            not_listed += each.get("not_listed", 0) if at == 1 else 0
            n = not_recorded + not_listed + len(listed) + 1
            listed.append(Try(n, iso(one["at"]), one["result"], one["code"], one["ms"], replay > 0))
    return Tries(tuple(listed), not_listed, not_recorded)


def _not_recorded(each: Story) -> int:
    """Attempts that a version counted which did not list them."""
    listed = each.get("tried", ())
    failed: int = sum(one["result"] == "waiting" for one in listed) + int(each.get("not_listed", 0))
    counted = max(int(each.get("tries", 0)), 0 if listed else int(each.get("attempts", 0)))
    return max(0, counted - failed)


async def next_step(integration: str, story: Story, hub: Hub) -> Plan | None:
    """What happens next; ``None``: nothing, because the message has ended, or a newer version wrote its row just now."""
    if story.get("ended"):
        return None
    lane = names.lane_of(story["id"])
    row = await hub.store.get(names.tables(integration).ledger, lane, names.row("w", story["n"]))
    return await plan(integration, Waiting.of(row), hub) if row and not schema.is_newer(row) else None
