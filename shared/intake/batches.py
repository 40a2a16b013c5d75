"""Batch files: decided message by message, stored once, answered with a verdict for each, then split into the ledger.

The verdicts are kept with the file, so the ledger does what the acknowledgement promised, even if something changes meanwhile.
A batch belongs to its caller. Splitting is idempotent, because each member is known by its place in this copy of the file: a
crash in the middle doubles nothing, and the row of the batch, which the watchdog sees, loses nothing.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace as altered
from typing import NamedTuple

import orjson

from shared import formats
from shared.check import check, faults
from shared.envelope import Answer, Envelope
from shared.formats.hl7v2 import HL7
from shared.hl7.batch import BatchReader, Member, write_acknowledgement
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.answers import answer_unavailable, reject
from shared.intake.decide import Decision, decide
from shared.integration import Integration
from shared.issue import Issue, Verdict
from shared.ledger import content
from shared.ledger.arrivals.arrival import AWAY
from shared.ledger.arrivals.batch_rows import CODES, Batch, Given, blob_name, opened, packed, read, unpacked
from shared.ledger.arrivals.rejections import Refusal, refuse
from shared.mode import LIVE, OBSERVE
from shared.privacy import digest, keyed
from shared.problems import Fault, Unavailable
from shared.storage import names
from shared.storage.store import Away, Conflict, Row, delete, replace

LEASE = 60.0  # seconds that a splitting worker is believed to be alive
TURN = 120.0  # seconds after which it lets another invocation go on
STEP = 25  # messages between two notes of how far it is
AT_ONCE = 64  # deliveries under way before it waits
TRIES = 5  # workers that may end at one member before it is set aside unread
CUT_SHORT = Issue(
    severity="error",
    code="structure",
    text="the file ends inside this message: send it again",
    rule="batch-cut-short",
    clause="HL7 v2.5.1 2.10.3",
)
SET_ASIDE = Issue(severity="error", code="exception", text="the hub could not take this member of a batch", rule="batch-member")


class Decided(NamedTuple):
    """A batch at the door: the answers, how many members it has, and what is wrong with the file as a whole."""

    given: Given
    members: int
    issues: tuple[Issue, ...]


async def take(integration: Integration, envelope: Envelope, hub: Hub) -> Answer:
    """Accept one message, or a batch of them."""
    if not any(form.is_batch(envelope.body) for form in formats.of(integration.source)):
        return await accept(integration, envelope, hub)
    try:
        with faults():
            return await _take(integration, envelope, hub)
    except Away:
        return answer_unavailable(integration, envelope, Unavailable(AWAY), hub)
    except (Fault, Unavailable) as problem:
        return answer_unavailable(integration, envelope, problem, hub)


async def _take(integration: Integration, envelope: Envelope, hub: Hub) -> Answer:
    key = _key(envelope)
    if known := await _known(integration, key, hub):
        return _answer(key, known.acknowledgement)
    decided = await asyncio.to_thread(_decided, integration, envelope)
    _emit(integration, envelope, decided, hub)
    answer = _answer(key, decided.given.acknowledgement)
    if decided.members:
        return _answer(key, await _store(integration, envelope, key, decided, hub))
    if decided.issues:
        wrong = Decision(Verdict(integration.refusal, decided.issues), answer)
        return await reject(integration, envelope, wrong, hub)
    return answer


def _key(envelope: Envelope) -> str:
    """A batch is the caller's own: another caller's post of the same bytes is another batch."""
    return keyed("batch", "\0".join((envelope.trigger, envelope.partner, envelope.reference, digest(envelope.body))))


def _answer(key: str, acknowledgement: bytes) -> Answer:
    return Answer(status=200, content_type=HL7, body=acknowledgement, headers={"X-Batch-Id": key})


def _decided(integration: Integration, envelope: Envelope) -> Decided:
    """The decision on each member, and the acknowledgement made of them."""
    batch, codes = BatchReader(envelope.body), list[str]()

    def answers() -> Iterator[tuple[Member, bytes]]:
        for member, is_cut in _with_cut(batch, envelope.body):
            alone = altered(envelope, body=member.body)
            decision = _cut(integration, alone) if is_cut else decide(integration, alone)
            codes.append(decision.verdict.acknowledgement[1])
            yield member, decision.answer.body

    acknowledgement = b"".join(write_acknowledgement(batch, answers(), envelope.received_at))
    return Decided(Given("".join(codes), acknowledgement), batch.count, tuple(batch.issues))


def _with_cut(batch: BatchReader, body: bytes) -> Iterator[tuple[Member, bool]]:
    """Each member, and whether the file ends in the middle of one of its lines: what is missing cannot be known."""
    cut, last = is_cut_short(body), None
    for member in batch:
        if last:
            yield last, False
        last = member
    if last:
        yield last, cut


def is_cut_short(body: bytes) -> bool:
    """Whether a file ends in a line that is neither ended nor a trailer. HL7 v2.5.1 2.10.3: a trailer closes each header.

    >>> is_cut_short(b"BHS|^~\\\\&\\rMSH|^~\\\\&\\rOBX|1|NM|||12"), is_cut_short(b"BHS|^~\\\\&\\rMSH|^~\\\\&\\rBTS|1")
    (True, False)
    """
    line = body.rstrip(b"\x1c").replace(b"\n", b"\r").rpartition(b"\r")[2]
    return bool(line) and line[:3] not in (b"BTS", b"FTS")


def _cut(integration: Integration, alone: Envelope) -> Decision:
    found = Verdict(integration.refusal, (CUT_SHORT,))
    return Decision(found, integration.source.acknowledge(alone, None, found))


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


async def _store(integration: Integration, envelope: Envelope, key: str, decided: Decided, hub: Hub) -> bytes:
    """The file and its row, once; the acknowledgement that holds: another post of the same batch may have been first."""
    envelope = altered(envelope, mode=OBSERVE if hub.is_observed(integration.name) else LIVE)
    now, posting = hub.now(), envelope.handed or envelope.reference or hub.token()
    blob = blob_name(integration.name, key, hub.token())
    new = Batch(key, posting, blob, decided.members, done=0, at=now, since=now, until=0.0, tries=0)
    body = await asyncio.to_thread(packed, decided.given, envelope.body)
    await hub.store.write_blob(names.CONTENT, blob, body)
    try:
        await hub.store.commit(names.tables(integration.name).open, names.BATCH, opened(envelope, new))
    except (Conflict, Away):
        return await _first(integration, key, new, decided, hub)
    return await _begin(integration, key, decided, hub)


async def _first(integration: Integration, key: str, new: Batch, decided: Decided, hub: Hub) -> bytes:
    """Whose row it is, when the answer of storage was unclear or a row was there. Raises ``Unavailable``: neither is."""
    row = await hub.store.get(names.tables(integration.name).open, names.BATCH, names.open_key(names.BATCH, key))
    if row and row["blob"] == new.blob:
        return await _begin(integration, key, decided, hub)
    known = await _known(integration, key, hub)
    if known is None:
        raise Unavailable(AWAY)
    with suppress(Away):  # the hourly sweep takes it otherwise
        await hub.store.delete_blob(names.CONTENT, new.blob)
    return known.acknowledgement


async def _begin(integration: Integration, key: str, decided: Decided, hub: Hub) -> bytes:
    with suppress(Away):  # the watchdog sees the row
        await _knock(integration, key, hub, hub.timing.knock_delay)
    hub.start(split(integration, key, hub))
    return decided.given.acknowledgement


async def _knock(integration: Integration, key: str, hub: Hub, delay: float = 0) -> None:
    await hub.store.send(f"{integration.name}-work", orjson.dumps({"batch": key}), delay)


async def split(integration: Integration, key: str, hub: Hub) -> None:
    """Each member of a stored batch into the ledger, from where the last worker stopped. Raises ``Away``: later."""
    table = names.tables(integration.name).open
    row = await hub.store.get(table, names.BATCH, names.open_key(names.BATCH, key))
    if not row or row["until"] > hub.now():
        return
    try:
        turn = Turn(integration, hub, row)
        await turn.claim()
        if await turn.through():
            await hub.store.commit(table, names.BATCH, delete(turn.row))
            await hub.store.delete_blob(names.CONTENT, turn.batch.blob)
    except Conflict:
        # Another worker splits it, or this worker's own write was repeated by the client library and met itself. A look
        # when the lease has ended costs little, and does not leave the batch to the watchdog alone.
        await _knock(integration, key, hub, LEASE)


class Turn:
    """One worker's turn at a batch."""

    def __init__(self, integration: Integration, hub: Hub, row: Row) -> None:
        self.integration, self.hub, self.row = integration, hub, row
        self.batch = read(integration.name, row)

    async def claim(self) -> None:
        """Take the lease. Raises ``Conflict``: another worker was first."""
        await self._write(until=self.hub.now() + LEASE, tries=self.batch.tries + 1)

    async def through(self) -> bool:
        """Whether the end of the file was reached in this turn."""
        stored = await self.hub.store.read_blob(names.CONTENT, self.batch.blob)
        if stored is None:
            self.hub.emit("hub.fault", integration=self.integration.name, error_code="batch-without-content")
            return False  # the row stays, is counted as waiting and is alerted
        try:
            return await self._members(*await asyncio.to_thread(unpacked, stored))
        except Away:
            # An orderly end does not mean that a member kills its worker.
            with suppress(Away, Conflict):
                await self._write(until=0.0, tries=max(self.batch.tries - 1, 0))
            raise

    async def _members(self, given: Given | None, body: bytes) -> bool:
        envelope, end = content.envelope(self.integration.name, self.row.values, body), self.hub.now() + TURN
        careful, first = self.batch.tries > 1, self.batch.done + 1
        for member, code in _coded(body, given):
            if member.number < first:
                continue
            alone = self._member(envelope, member, code)
            await self._one(alone, unread=member.number == first and self.batch.tries > TRIES)
            if careful or member.number % STEP == 0:
                await self._note(member.number)
            await _room(self.hub)
            if self.hub.now() > end:
                await self._note(member.number, lease=0)
                await _knock(self.integration, self.batch.key, self.hub)
                return False
        return True

    def _member(self, envelope: Envelope, member: Member, code: str) -> Envelope:
        """A member as an envelope of its own, with the answer that its sender was given."""
        reference = (
            f"{self.batch.key}-{self.batch.posting}-{member.number}"
            if self.batch.posting
            else f"{self.batch.key}-{member.number}"
        )
        alone = altered(envelope, body=member.body, reference=reference)
        return altered(alone, acknowledged=CODES.get(code) or check(self.integration, alone).verdict.acknowledgement)

    async def _one(self, alone: Envelope, unread: bool) -> None:
        """One member into the ledger. What cannot be taken is recorded as such, so that the others go on."""
        answer = None if unread else await accept(self.integration, alone, self.hub)
        if answer and answer.status == 503:
            raise Away
        if answer is None or answer.status == 500:
            with faults():
                found = Verdict("AE", (SET_ASIDE,))
                await refuse(self.integration, alone, found, Refusal(), self.hub)

    async def _note(self, done: int, lease: float = LEASE) -> None:
        """How far the splitting is, and that a worker is at it. Raises ``Conflict``: another worker is."""
        now = self.hub.now()
        await self._write(
            next=done, since=now, until=now + lease if lease else 0.0, tries=min(self.batch.tries, 1) if lease else 0
        )

    async def _write(self, **values: float | int) -> None:
        change = replace(self.row, **values)
        etags = await self.hub.store.commit(names.tables(self.integration.name).open, names.BATCH, change)
        self.row = Row(names.BATCH, self.row.key, etags[self.row.key], change.values)
        self.batch = read(self.integration.name, self.row)


async def _room(hub: Hub) -> None:
    """Wait while too many deliveries are under way."""
    others = {task for task in hub.tasks if task is not asyncio.current_task()}
    if len(others) > AT_ONCE:
        await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)


def _coded(body: bytes, given: Given | None) -> Iterator[tuple[Member, str]]:
    """Each member with the letter of its answer; empty for a batch of an earlier version, which kept none."""
    for member in BatchReader(body):
        yield member, given.codes[member.number - 1] if given else ""
