"""Batch files: checked message by message, stored once, answered with a verdict for each, then split into the ledger.

Splitting is idempotent, because each message is known by its identity and each refusal by its place in the file: a crash in
the middle doubles nothing, and the row of the batch, which the watchdog sees, loses nothing.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace as altered

import orjson

from shared.envelope import Answer, Envelope
from shared.hl7.batch import BatchReader, Member, is_batch, write_acknowledgement
from shared.hub import Hub
from shared.integration import Integration
from shared.ledger import content, names
from shared.ledger.arrivals import AWAY
from shared.ledger.store import Away, Conflict, Row, put, remove, replace
from shared.pipeline import accept, check, not_now
from shared.privacy import digest
from shared.problems import Fault, Unavailable

LEASE = 60.0  # seconds that a splitting worker is believed to be alive
TURN = 120.0  # seconds after which it lets another invocation go on
STEP = 25  # messages between two notes of how far it is
AT_ONCE = 64  # deliveries under way before it waits


async def take(integration: Integration, envelope: Envelope, hub: Hub) -> Answer:
    """Accept what came: one message, or a batch of them."""
    if integration.source.format != "hl7v2" or not is_batch(envelope.body):
        return await accept(integration, envelope, hub)
    try:
        acknowledgement = await asyncio.to_thread(_acknowledged, integration, envelope)
        key = await _store(integration, envelope, hub)
    except (Fault, Unavailable) as problem:
        return not_now(integration, envelope, problem, hub)
    hub.start(split(integration, key, hub))
    return Answer(200, "x-application/hl7-v2+er7", acknowledgement, {"X-Batch-Id": key})


def _acknowledged(integration: Integration, envelope: Envelope) -> bytes:
    """The batch acknowledgement: the verdict on each message."""
    batch = BatchReader(envelope.body)
    answers = ((one, check(integration, _member(envelope, "", one)).answer.body) for one in batch)
    return b"".join(write_acknowledgement(batch, answers, envelope.received_at))


async def _store(integration: Integration, envelope: Envelope, hub: Hub) -> str:
    """The file once, and the row that says it is to be split; blob first, row second."""
    key = digest(envelope.body)[:32]
    try:
        body = await asyncio.to_thread(content.compressed, envelope.body)
        await hub.store.write_blob(names.CONTENT, _blob(integration, key), body)
        values = {"at": hub.now(), "until": 0.0, "next": 0, **content.kept(envelope)}
        await hub.store.commit(names.tables(integration.name).open, names.BATCH, put(names.open_key(names.BATCH, key), values))
        await hub.store.send(f"{integration.name}-work", orjson.dumps({"batch": key}), hub.timing.knock_delay)
    except Away:
        raise Unavailable(AWAY) from None
    return key


async def split(integration: Integration, key: str, hub: Hub) -> None:
    """Each message of a stored batch into the ledger, from where the last worker stopped. Raises ``Away``: later."""
    table = names.tables(integration.name).open
    row = await hub.store.get(table, names.BATCH, names.open_key(names.BATCH, key))
    if not row or row["until"] > hub.now():
        return
    try:
        row = await _note(table, row, hub, row["next"])
        body = await hub.store.read_blob(names.CONTENT, _blob(integration, key))
        if body and not await _through(integration, key, table, row, await asyncio.to_thread(content.restored, body), hub):
            return
    except Conflict:
        return  # another worker splits it
    await hub.store.commit(table, names.BATCH, remove(row.key))
    await hub.store.delete_blob(names.CONTENT, _blob(integration, key))


async def _through(integration: Integration, key: str, table: str, row: Row, body: bytes, hub: Hub) -> bool:
    """Whether the end was reached in this turn."""
    envelope, end = content.envelope(integration.name, row.values, body), hub.now() + TURN
    for member in _from(body, row["next"]):
        answer = await accept(integration, _member(envelope, key, member), hub)
        if answer.status in (500, 503):
            raise Away
        if member.number % STEP == 0:
            row = await _note(table, row, hub, member.number)
        await _room(hub)
        if hub.now() > end:
            await _note(table, row, hub, member.number, lease=0)
            await hub.store.send(f"{integration.name}-work", orjson.dumps({"batch": key}))
            return False
    return True


async def _room(hub: Hub) -> None:
    """Wait while too many deliveries are under way."""
    others = {task for task in hub.tasks if task is not asyncio.current_task()}
    if len(others) > AT_ONCE:
        await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)


def _from(body: bytes, done: int) -> Iterator[Member]:
    return (member for member in BatchReader(body) if member.number > done)


async def _note(table: str, row: Row, hub: Hub, done: int, lease: float = LEASE) -> Row:
    """How far the splitting is, and that somebody is at it. Raises ``Conflict``: somebody else is."""
    change = replace(row, next=done, until=hub.now() + lease if lease else 0.0)
    etags = await hub.store.commit(table, names.BATCH, change)
    return Row(names.BATCH, row.key, etags[row.key], change.values)


def _member(envelope: Envelope, key: str, member: Member) -> Envelope:
    return altered(envelope, body=member.body, reference=f"{key}-{member.number}" if key else "")


def _blob(integration: Integration, key: str) -> str:
    return f"{integration.name}/{names.BATCH}/{key}"
