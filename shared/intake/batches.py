"""Batch files: decided message by message, stored once, answered with a verdict for each, then split into the ledger.

The verdicts are kept with the file, so the ledger does what the acknowledgement promised, even if something changes meanwhile.
A batch belongs to its caller. Splitting is idempotent, because each member is known by its place in this copy of the file: a
crash in the middle doubles nothing, and the row of the batch, which the watchdog sees, loses nothing.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import orjson

from shared import formats
from shared.check import check, faults
from shared.envelope import Answer, Envelope
from shared.formats.batch import Answered, Batch, Member
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.answers import answer_unavailable, reject
from shared.intake.decide import Decision, decide
from shared.integration import Integration
from shared.issue import Issue, Verdict
from shared.ledger import content
from shared.ledger.arrivals.arrival import AWAY
from shared.ledger.arrivals.batch_rows import CODES, Given, blob_name, opened, packed, read, unpacked
from shared.ledger.arrivals.batch_rows import Batch as BatchRow
from shared.ledger.arrivals.rejections import Refusal, refuse
from shared.mode import LIVE, OBSERVE
from shared.privacy import digest, keyed
from shared.problems import Fault, Unavailable, Unsupported
from shared.storage import names
from shared.storage.store import Away, Conflict, Row

LEASE = 60.0  # seconds that a splitting worker is believed to be alive
TURN = 120.0  # seconds after which it lets another invocation go on
STEP = 25  # messages between two notes of how far it is
AT_ONCE = 64  # deliveries under way before it waits
TRIES = 5  # workers that may end at one member before it is set aside unread
SET_ASIDE = Issue(severity="error", code="exception", text="the hub could not take this member of a batch", rule="batch-member")


class Decided(NamedTuple):
    """A batch at the door: the answers, how many members it has, and what is wrong with the file as a whole."""

    given: Given
    members: int
    issues: tuple[Issue, ...]

    @property
    def unreadable(self) -> bool:
        """Whether the file could not be read to its end, so that nothing of it is taken."""
        return any(issue.severity == "fatal" for issue in self.issues)


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
        return _answer(key, known)
    decided = await asyncio.to_thread(_decided, integration, envelope)
    _emit(integration, envelope, decided, hub)
    answer = _answer(key, decided.given)
    if decided.members and not decided.unreadable:
        return _answer(key, await _store(integration, envelope, key, decided, hub))
    if decided.issues:
        wrong = Decision(Verdict("AR" if decided.unreadable else integration.refusal, decided.issues), answer)
        return await reject(integration, envelope, wrong, hub)
    return answer


def _key(envelope: Envelope) -> str:
    """A batch is the caller's own: another caller's post of the same bytes is another batch."""
    return keyed("batch", "\0".join((envelope.trigger, envelope.partner, envelope.reference, digest(envelope.body))))


def _answer(key: str, given: Given) -> Answer:
    return given.answer._replace(headers={"X-Batch-Id": key})


def _decided(integration: Integration, envelope: Envelope) -> Decided:
    """The decision on each member, and the acknowledgement made of them."""
    batch = _open(integration, envelope)
    if isinstance(batch, Verdict):
        return Decided(Given.of("", integration.source.acknowledge(envelope, None, batch)), 0, batch.issues)
    codes = list[str]()

    def answers() -> Iterator[Answered]:
        for member in batch.members():
            decision = _decide(integration, envelope, member)
            codes.append(decision.verdict.acknowledgement[1])
            yield Answered(member, decision.verdict, decision.answer.body)

    answer = batch.acknowledge(answers())
    return Decided(Given.of("".join(codes), answer), batch.count, tuple(batch.issues))


def _open(integration: Integration, envelope: Envelope) -> Batch | Verdict:
    """The file as its format reads it; the verdict on it if its format cannot."""
    opens = next(form.batch for form in formats.of(integration.source) if form.batch and form.is_batch(envelope.body))
    try:
        return opens(integration.source, envelope)
    except Unsupported as problem:
        return Verdict("AR", problem.issues)


def _decide(integration: Integration, envelope: Envelope, member: Member) -> Decision:
    alone = member.alone(envelope)
    if not member.issues:
        return decide(integration, alone)
    found = Verdict(integration.refusal, member.issues)
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


async def _store(integration: Integration, envelope: Envelope, key: str, decided: Decided, hub: Hub) -> Given:
    """The file and its row, once; the acknowledgement that holds: another post of the same batch may have been first."""
    envelope = replace(envelope, mode=OBSERVE if hub.is_observed(integration.name) else LIVE)
    now, posting = hub.now(), envelope.handed or envelope.reference or hub.token()
    blob = blob_name(integration.name, key, hub.token())
    new = BatchRow(posting=posting, blob=blob, count=decided.members, done=0, at=now, since=now)
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
        await _knock(integration, key, hub, hub.timing.knock_delay)
    hub.start(split(integration, key, hub))


async def _knock(integration: Integration, key: str, hub: Hub, delay: float = 0) -> None:
    await hub.store.send(f"{integration.name}-work", orjson.dumps({"batch": key}), delay)


async def split(integration: Integration, key: str, hub: Hub) -> None:
    """Each member of a stored batch into the ledger, from where the last worker stopped. Raises ``Away``: later."""
    table = names.tables(integration.name).open
    row = await hub.store.get(table, names.BATCH, names.open_key(names.BATCH, key))
    batch = read(integration.name, row) if row else None
    if not batch or batch.until > hub.now():
        return
    try:
        turn = Turn(integration, hub, batch)
        await turn.claim()
        if await turn.through():
            await hub.store.commit(table, names.BATCH, turn.batch.deleted())
            await hub.store.delete_blob(names.CONTENT, turn.batch.blob)
    except Conflict:
        # Another worker splits it, or this worker's own write was repeated by the client library and met itself. A look
        # when the lease has ended costs little, and does not leave the batch to the watchdog alone.
        await _knock(integration, key, hub, LEASE)


class Turn:
    """One worker's turn at a batch."""

    def __init__(self, integration: Integration, hub: Hub, batch: BatchRow) -> None:
        self.integration, self.hub, self.batch = integration, hub, batch

    async def claim(self) -> None:
        """Take the lease. Raises ``Conflict``: another worker was first."""
        await self._write(replace(self.batch, until=self.hub.now() + LEASE, tries=self.batch.tries + 1))

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
                await self._write(replace(self.batch, until=0.0, tries=max(self.batch.tries - 1, 0)))
            raise

    async def _members(self, given: Given | None, body: bytes) -> bool:
        envelope, end = content.envelope(self.integration.name, self.batch.row.values, body), self.hub.now() + TURN
        careful, first = self.batch.tries > 1, self.batch.done + 1
        batch = _open(self.integration, envelope)
        if isinstance(batch, Verdict):
            raise Fault(*batch.issues)
        for member, code in _coded(batch, given):
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
        alone = replace(member.alone(envelope), reference=reference)
        return replace(alone, acknowledged=CODES.get(code) or check(self.integration, alone).verdict.acknowledgement)

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
        now, tries = self.hub.now(), min(self.batch.tries, 1) if lease else 0
        await self._write(replace(self.batch, done=done, since=now, until=now + lease if lease else 0.0, tries=tries))

    async def _write(self, batch: BatchRow) -> None:
        change = batch.replaced()
        etags = await self.hub.store.commit(names.tables(self.integration.name).open, names.BATCH, change)
        self.batch = read(self.integration.name, Row(names.BATCH, change.key, etags[change.key], change.values))


async def _room(hub: Hub) -> None:
    """Wait while too many deliveries are under way."""
    others = {task for task in hub.tasks if task is not asyncio.current_task()}
    if len(others) > AT_ONCE:
        await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)


def _coded(batch: Batch, given: Given | None) -> Iterator[tuple[Member, str]]:
    """Each member with the letter of its answer; empty for a batch of an earlier version, which kept none."""
    for member in batch.members():
        yield member, given.codes[member.number - 1] if given else ""
