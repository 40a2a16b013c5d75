"""What becomes of an attempt, and the rows in which it is written down."""

from typing import Any, NamedTuple

from shared.hub import Hub
from shared.integration import Integration
from shared.issue import Issue
from shared.privacy import code, place, shown
from shared.storage import names
from shared.storage.store import Change, Row, insert, put, remove


class Ended(NamedTuple):
    """A message that is done with: ``delivered``, or ``dead`` with the reason."""

    outcome: names.EndedAs
    code: str = ""
    issues: tuple[Issue, ...] = ()
    ambiguous: bool = False
    attempted: bool = True
    detail: str = ""
    reference: str = ""
    routing: str = ""  # what subscribers choose by, as JSON; never clinical


class Later(NamedTuple):
    """A message that is tried again in so many seconds; ``attempted`` is false when nothing was sent."""

    wait: float
    code: str
    attempted: bool = False
    ambiguous: bool = False
    sent: int = 0
    failed: bool = False  # it was sent, or was to be, and the destination did not take it


Outcome = Ended | Later


def finished(message: Row, outcome: Ended, integration: Integration, at: float) -> dict[str, Any]:
    """The row that stays: what became of the message, and no content."""
    kept = {
        k: v
        for k, v in message.values.items()
        if k not in ("state", "due", "turn", "after", "after_n", "sent", "blob", "failed_at")
    }
    pending = " ".join(integration.subscribers) if outcome.outcome == "delivered" else ""
    leaves = outcome.outcome == "delivered" and not pending
    return {
        **kept,
        "outcome": outcome.outcome,
        "pending": pending,  # subscribers that have not taken it yet
        "ended": at,
        "attempts": message["attempts"] + outcome.attempted,
        "ambiguous": message["ambiguous"] or outcome.ambiguous,
        "code": code(outcome.code),
        "rules": " ".join(dict.fromkeys([*message["rules"].split(), *(code(i.rule) for i in outcome.issues if i.rule)])),
        "where": " ".join(dict.fromkeys(place(i.where) for i in outcome.issues if i.where))[:1000],
        "reference": shown("reference", outcome.reference),
        "blob": "" if leaves else message["blob"],
        "blob_pending": message["blob"] if leaves else "",
    }


def aftermath(n: int, message: Row, outcome: Ended, integration: Integration) -> list[Change]:
    """What else goes into the settling transaction: content goes, or stays for a person or for subscribers."""
    if outcome.outcome == "delivered":
        if integration.subscribers:
            taken_by = {
                "schema": names.SCHEMA,
                "pending": " ".join(integration.subscribers),
                "routing": outcome.routing,
                "key": message["key"],
            }
            return [insert(names.row("p", n), taken_by)]
        return [remove(names.row("c", n))]
    changes = [put(names.row("e", n), {"detail": outcome.detail[:20000]})] if outcome.detail else []
    return [*changes, put(names.HOLD, {"n": n, "due": 0.0})] if integration.delivery.on_dead == "hold" else changes


async def list_dead(integration: str, message_id: str, hub: Hub) -> None:
    """The list of dead letters learns of one; written first, passed over when there is none."""
    await hub.store.commit(names.tables(integration).find, "dead", put(message_id, {"at": hub.now()}))
