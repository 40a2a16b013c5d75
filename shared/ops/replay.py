"""A person replays a dead letter: a new attempt in its place in the lane; a rejected message is accepted again instead."""

from dataclasses import replace

from shared import budget
from shared.delivery.dead import Person, Place, Refused, find_dead, kept_envelope, revive
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.decide import decide
from shared.integration import Integration
from shared.ledger import audit
from shared.ledger.audit import Act
from shared.ledger.blobs import drop_blob
from shared.ledger.rows import Content, Ended
from shared.storage import names
from shared.storage.store import Away, delete, remove
from shared.telemetry.tracing import span


async def replay(integration: Integration, message_id: str, person: Person, hub: Hub, out_of_order: bool = False) -> str:
    """Try a dead letter again, in its place in the lane. The id of the message, a new one for a rejected message."""
    lane, n, ended = await find_dead(integration.name, message_id, hub)
    await audit.append(integration.name, Act(person.who, "replay", message_id, person.purpose), hub)
    # A trace of its own, linked to the first: it may begin days later, and a person started it, not the sender.
    with span("replay", link=ended.traceparent, integration=integration.name):
        if n == names.UNNUMBERED:
            return await _accept_again(integration, ended, hub)
        return await revive(integration, message_id, Place(lane, n, ended), hub, out_of_order=out_of_order)


async def _accept_again(integration: Integration, ended: Ended, hub: Hub) -> str:
    """Accept a rejected message as a new one. The record of the first stays; its content is deleted."""
    ledger = names.tables(integration.name).ledger
    row = await hub.store.get(ledger, ended.lane, names.row("c", 0))
    if not row:
        raise Refused("its content is deleted", "no-content")
    try:
        async with budget.turn(ended.bytes, budget.PATIENCE, hub):
            return await _accept_content(integration, ended, Content.of(row), hub)
    except budget.Short:
        # As when storage is away: the caller tries again later, and a bulk replay stops before this letter and does not skip it.
        raise Away from None


async def _accept_content(integration: Integration, ended: Ended, stored: Content, hub: Hub) -> str:
    ledger = names.tables(integration.name).ledger
    envelope = replace(await kept_envelope(integration.name, stored, hub), traceparent="")
    if not decide(integration, envelope).verdict.accepted:
        raise Refused("it would be rejected again", "rejected-again")
    answer = await accept(integration, envelope, hub)
    if answer.status == 503:
        raise Away
    if answer.status == 500:
        raise Refused("the hub failed to process it")
    message_id = answer.headers.get("X-Message-Id", "")
    first = names.message_id(ended.lane, "0")
    own = " ".join(blob for blob in ended.blob.split() if blob not in envelope.files)  # files pass to the new message
    # An acknowledged member of a batch continues as another message.
    outcome: names.EndedAs = "rejected" if ended.outcome == "rejected" else "discarded"
    record = replace(ended, outcome=outcome, blob="", blob_pending=own, reference=message_id)
    await hub.store.commit(ledger, ended.lane, record.replaced(), delete(stored.row))
    await drop_blob(ledger, ended.lane, 0, hub)
    await hub.store.commit(names.tables(integration.name).find, names.DEAD, remove(first))
    return message_id
