"""The result of an attempt, and the rows that record it."""

from dataclasses import replace
from typing import NamedTuple

from shared.budget import SMALL
from shared.hub import Hub
from shared.integration import Integration
from shared.issue import Issue
from shared.ledger.index import Listed
from shared.ledger.rows import Ended, Explained, Hold, Published, Waiting
from shared.privacy import code, place, shown
from shared.storage import names
from shared.storage.store import Change, Row, remove
from shared.telemetry.tracing import current


class Done(NamedTuple):
    """A message that has ended: ``delivered``, ``observed`` in a parallel run, or ``dead`` with the reason."""

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
    codes: str = ""  # the unmapped codes that it waits for, and the tables that do not have them: as in its row
    tables: str = ""


Outcome = Done | Later


# Of a waiting row, once it has ended.
NOT_KEPT = ("state", "due", "turn", "after", "after_n", "sent", "blob", "failed_at", "began", "codes", "tables")


def ended_row(message: Waiting, outcome: Done, integration: Integration, at: float) -> Ended:
    """The row that stays: what became of the message, and no content."""
    kept = {name: value for name, value in message.values().items() if name not in NOT_KEPT}
    pending = " ".join(integration.subscribers) if outcome.outcome == "delivered" else ""
    is_done = outcome.outcome in ("delivered", "observed") and not pending
    rules = [*message.rules.split(), *(code(issue.rule) for issue in outcome.issues if issue.rule)]
    return replace(
        Ended.of(Row(message.lane, names.row("d", message.n), "", {**kept, "outcome": outcome.outcome, "ended": at})),
        pending=pending,
        attempts=message.attempts + outcome.attempted,
        ambiguous=message.ambiguous or outcome.ambiguous,
        code=code(outcome.code),
        rules=" ".join(dict.fromkeys(rules)),
        where=" ".join(dict.fromkeys(place(issue.where) for issue in outcome.issues if issue.where))[:1000],
        reference=shown("reference", outcome.reference),
        blob="" if is_done else message.blob,
        blob_pending=message.blob if is_done else "",
    )


def aftermath(message: Waiting, outcome: Done, integration: Integration) -> list[Change]:
    """What else is in the settling transaction: content is deleted, or stays for a person or for subscribers."""
    n = message.n
    if outcome.outcome in ("delivered", "observed"):
        if integration.subscribers and outcome.outcome == "delivered":
            pending = " ".join(integration.subscribers)
            published = Published(
                pending=pending,
                routing=outcome.routing,
                identity=message.identity,
                traceparent=current(),
                bytes=message.bytes if message.bytes > SMALL else 0,
            )
            return [published.inserted(names.row("p", n))]
        return [remove(names.row("c", n))]
    changes = [Explained(detail=outcome.detail[:20000]).put(names.row("e", n))] if outcome.detail else []
    return [*changes, Hold(number=n).put(names.HOLD)] if integration.delivery.on_dead == "hold" else changes


async def list_dead(integration: str, message_id: str, hub: Hub) -> None:
    """The list of dead letters learns of one; written first, passed over when there is none."""
    await hub.store.commit(names.tables(integration).find, names.DEAD, Listed(at=hub.now()).put(message_id))
