"""Batch files: decided message by message, stored once, answered with a verdict for each, then split into the ledger.

The verdicts are kept with the file, so the ledger does what the acknowledgement promised, even if something changes meanwhile.
A batch belongs to its caller. Splitting is idempotent, because each member is known by its place in this copy of the file: a
crash in the middle doubles nothing, and the row of the batch, which the watchdog sees, loses nothing.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace

from shared import formats
from shared.check import faults
from shared.envelope import Answer, Envelope
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.answers import answer_unavailable, reject
from shared.intake.batch_decision import Decided, answer_with, batch_key
from shared.intake.decide import Decision
from shared.intake.large import decide_in_turn
from shared.intake.splitting import knock_for_batch, split
from shared.integration import Integration
from shared.issue import Verdict
from shared.ledger.arrivals.arrival import AWAY
from shared.ledger.arrivals.batch_rows import Batch as BatchRow
from shared.ledger.arrivals.batch_rows import Given, blob_name, opened, packed, read, unpacked
from shared.mode import LIVE, OBSERVE
from shared.problems import Fault, Unavailable
from shared.storage import names
from shared.storage.store import Away, Conflict
from shared.telemetry.tracing import span


async def take(integration: Integration, envelope: Envelope, hub: Hub) -> Answer:
    """Accept one message, or a batch of them."""
    if not any(form.is_batch(envelope.body) for form in formats.of(integration.source)):
        return await accept(integration, envelope, hub)
    kind = "SERVER" if envelope.trigger == "http" else "CONSUMER"
    with span("batch", envelope.traceparent, kind=kind, integration=integration.name, trigger=envelope.trigger) as here:
        return await _take_whole(integration, replace(envelope, traceparent=here.traceparent), hub)


async def _take_whole(integration: Integration, envelope: Envelope, hub: Hub) -> Answer:
    try:
        with faults():
            return await _take(integration, envelope, hub)
    except Away:
        return answer_unavailable(integration, envelope, Unavailable(AWAY), hub)
    except (Fault, Unavailable) as problem:
        return answer_unavailable(integration, envelope, problem, hub)


async def _take(integration: Integration, envelope: Envelope, hub: Hub) -> Answer:
    key = batch_key(envelope)
    if known := await _known(integration, key, hub):
        return answer_with(key, known)
    decided = await decide_in_turn(integration, envelope, hub)
    _emit(integration, envelope, decided, hub)
    answer = answer_with(key, decided.given)
    if decided.members and not decided.unreadable:
        return answer_with(key, await _store(integration, envelope, key, decided, hub))
    if decided.issues:
        wrong = Decision(Verdict("AR" if decided.unreadable else integration.refusal, decided.issues), answer)
        return await reject(integration, envelope, wrong, hub)
    return answer


def _emit(integration: Integration, envelope: Envelope, decided: Decided, hub: Hub) -> None:
    hub.emit(
        "hub.batch",
        integration=integration.name,
        trigger=envelope.trigger,
        count=decided.members,
        rule=" ".join(dict.fromkeys(issue.rule for issue in decided.issues)),
        bytes=len(envelope.body),
        correlation_id=envelope.correlation_id,
        partner=envelope.partner,
    )


async def _known(integration: Integration, key: str, hub: Hub) -> Given | None:
    """The answers to this batch, while the same caller's copy of it is being split."""
    row = await hub.store.get(names.tables(integration.name).open, names.BATCH, names.open_key(names.BATCH, key))
    body = await hub.store.read_blob(names.CONTENT, read(integration.name, row).blob) if row else None
    return (await asyncio.to_thread(unpacked, body))[0] if body else None


async def _store(integration: Integration, envelope: Envelope, key: str, decided: Decided, hub: Hub) -> Given:
    """The file and its row, once; the acknowledgement that holds: another post of the same batch may have been first."""
    envelope = replace(envelope, mode=OBSERVE if hub.is_observed(integration.name) else LIVE)
    now, posting = hub.now(), envelope.handed or envelope.reference or hub.token()
    blob = blob_name(integration.name, key, hub.token())
    size = len(envelope.body)
    new = BatchRow(posting=posting, blob=blob, count=decided.members, size=size, done=0, at=now, since=now)
    body = await asyncio.to_thread(packed, decided.given, envelope.body)
    await hub.store.write_blob(names.CONTENT, blob, body)
    try:
        await hub.store.commit(names.tables(integration.name).open, names.BATCH, opened(envelope, key, new))
    except (Conflict, Away):
        return await _first(integration, key, new, decided, hub)
    await _begin(integration, key, hub)
    return decided.given


async def _first(integration: Integration, key: str, new: BatchRow, decided: Decided, hub: Hub) -> Given:
    """Whose row it is, when the answer of storage was unclear or a row was there. Raises ``Unavailable``: neither is."""
    row = await hub.store.get(names.tables(integration.name).open, names.BATCH, names.open_key(names.BATCH, key))
    if row and BatchRow.of(row).blob == new.blob:
        await _begin(integration, key, hub)
        return decided.given
    known = await _known(integration, key, hub)
    if known is None:
        raise Unavailable(AWAY)
    with suppress(Away):  # the hourly sweep takes it otherwise
        await hub.store.delete_blob(names.CONTENT, new.blob)
    return known


async def _begin(integration: Integration, key: str, hub: Hub) -> None:
    with suppress(Away):  # the watchdog sees the row
        await knock_for_batch(integration, key, hub, hub.timing.knock_delay)
    hub.start(split(integration, key, hub))
