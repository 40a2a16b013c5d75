"""Messages that were refused: recorded, counted and found again; kept only where no caller waits for the answer."""

from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from shared.envelope import Envelope, Identity
from shared.hub import Hub
from shared.integration import Integration
from shared.issue import Verdict
from shared.ledger import content
from shared.ledger.ended import list_dead
from shared.ledger.index import Found, rows_of, ways, write_files
from shared.ledger.rows import Ended
from shared.privacy import chosen, code, keyed, place
from shared.storage import names
from shared.storage.store import Conflict


class Refusal(NamedTuple):
    """What is known of a message that was refused; empty where it could not be read."""

    control: str = ""
    sender: str = ""
    facility: str = ""

    @classmethod
    def of(cls, who: Identity) -> "Refusal":
        return cls(who.control_id, who.sender, who.facility)


async def refuse(integration: Integration, envelope: Envelope, verdict: Verdict, known: Refusal, hub: Hub) -> str:
    """Record a refused message under a partition of its own and return its id. Raises ``Away``.

    Over HTTP the sender still has the message, so its content is not kept. By queue or event it is kept as a dead letter is.
    One that was acknowledged in a batch and cannot be taken is a dead letter, with its content. A parallel run keeps none.
    """
    tables, at = names.tables(integration.name), hub.now()
    lane = f"0-{keyed('refused', envelope.reference or hub.token())}"
    message_id = names.message_id(lane, "0")
    is_promised = envelope.acknowledged == "AA" and not hub.observes(envelope)
    keep = is_promised or (envelope.trigger in ("queue", "event") and not hub.observes(envelope))
    finders = [names.by_control(known.control)] if known.control else []
    finders += [names.by_correlation(envelope.correlation_id)] if envelope.correlation_id else []
    finders += map(names.by_file, envelope.files if keep else ())
    found = Found(of_lane=lane, identity="0", at=at)
    await hub.store.commit(tables.find, names.index(lane), *rows_of(found, ways(finders, message_id)))
    await write_files(found, finders, integration.name, hub)
    data = await content.for_row(envelope, hub) if keep else b""
    blob = f"{integration.name}/{lane}/0" if keep and not data else ""
    if keep:
        await list_dead(integration.name, message_id, hub)
    if blob:
        await content.write_blob(blob, envelope.body, hub)
    blobs = " ".join(filter(None, (blob, *envelope.files)))
    record = replace(
        _record(envelope, verdict, known, at), blob=blobs, content=keep, outcome="dead" if is_promised else "rejected"
    )
    kept = [content.stored(envelope, data, blob).inserted(names.row("c", 0))] if keep else []
    with suppress(Conflict):  # one of a file, or of a blob, that was recorded in an earlier run
        await hub.store.commit(tables.ledger, lane, record.inserted(names.row("d", 0)), *kept)
    return message_id


def _record(envelope: Envelope, verdict: Verdict, known: Refusal, at: float) -> Ended:
    errors = [issue for issue in verdict.issues if issue.is_error]
    return Ended(
        outcome="rejected",
        acknowledgement=envelope.acknowledged or verdict.acknowledgement,
        at=at,
        ended=at,
        identity="0",
        mark="0",
        code=code(errors[0].rule or errors[0].code) if errors else "",
        rules=" ".join(dict.fromkeys(code(issue.rule or issue.code) for issue in errors)),
        where=" ".join(dict.fromkeys(place(issue.where) for issue in errors if issue.where))[:1000],
        correlation_id=envelope.correlation_id,
        partner=envelope.partner,
        traceparent=envelope.traceparent,
        bytes=len(envelope.body),
        control=chosen("control", known.control),
        sender=chosen("sender", known.sender),
        facility=chosen("facility", known.facility),
    )
