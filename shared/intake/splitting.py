"""Write a stored batch into the ledger, some members at a time, each with the answer that its sender was given."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

import orjson

from shared import budget
from shared.budget import Short
from shared.check import check, faults
from shared.envelope import Envelope
from shared.formats.batch import Batch, Member
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.batch_decision import open_batch
from shared.intake.decide import InOrder
from shared.intake.large import must_wait, splitting
from shared.intake.window import MOST, Window
from shared.integration import Integration
from shared.issue import Issue, Verdict
from shared.ledger import content
from shared.ledger.arrivals.batch_rows import CODES, Given, read, unpacked
from shared.ledger.arrivals.batch_rows import Batch as BatchRow
from shared.ledger.arrivals.rejections import Refusal, refuse
from shared.problems import Fault
from shared.storage import names
from shared.storage.store import Away, Conflict, Row
from shared.telemetry.tracing import current, span

LEASE = 60.0  # seconds that a splitting worker is believed to be alive
TURN = 120.0  # seconds after which it lets another invocation go on
STEP = 25  # messages between two notes of how far it is
AT_ONCE = 64  # deliveries under way before it waits
ROOM = 20.0  # seconds that it waits for the end of one of them, well within its lease
TRIES = 5  # workers that may end at one member before it is set aside unread
SET_ASIDE = Issue(severity="error", code="exception", text="the hub could not take this member of a batch", rule="batch-member")


async def knock_for_batch(integration: Integration, key: str, hub: Hub, delay: float = 0) -> None:
    await hub.store.send(f"{integration.name}-work", orjson.dumps({"batch": key}), delay)


async def split(integration: Integration, key: str, hub: Hub) -> None:
    """Each member of a stored batch into the ledger, from where the last worker stopped. Raises ``Away``: later."""
    table = names.tables(integration.name).open
    row = await hub.store.get(table, names.BATCH, names.open_key(names.BATCH, key))
    batch = read(integration.name, row) if row else None
    if not batch or batch.until > hub.now():
        return
    try:
        async with budget.turn(batch.size, budget.PATIENCE, hub, budget.SPLIT_COST):
            await _split(Turn(integration, hub, batch))
    except Short:
        await knock_for_batch(integration, key, hub, LEASE)
    except Conflict:
        # Another worker splits it, or this worker's own write was repeated by the client library and met itself. A look
        # when the lease has ended costs little, and does not leave the batch to the watchdog alone.
        await knock_for_batch(integration, key, hub, LEASE)


async def _split(turn: "Turn") -> None:
    """One turn, unless another large file is split now. Raises ``Conflict``: another worker was first."""
    integration, hub, batch = turn.integration, turn.hub, turn.batch
    if must_wait(batch.size, hub):
        await knock_for_batch(integration, batch.key, hub, LEASE)
        return
    # Nothing is awaited since ``must_wait``: otherwise another large file could come between, and both would be split.
    with splitting(batch.size, hub):
        await turn.claim()
        with span("split", batch.traceparent, integration=integration.name):
            is_done = await turn.through()
    if is_done:
        await hub.store.commit(names.tables(integration.name).open, names.BATCH, turn.batch.deleted())
        await hub.store.delete_blob(names.CONTENT, turn.batch.blob)


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
        envelope = content.envelope(self.integration.name, self.batch.row.values, body)
        batch = open_batch(self.integration, envelope)
        if isinstance(batch, Verdict):
            raise Fault(*batch.issues)
        # After a worker that ended in the middle, one at a time: the member at which a worker ends is then known.
        window = Window(MOST if self.batch.tries <= 1 else 1)
        try:
            return await self._through_window(window, envelope, _coded(batch, given))
        except asyncio.CancelledError:
            window.cancel()
            raise
        finally:
            # Before the lease is given back or lost: what is still being stored would be in another worker's way.
            await window.ended()

    async def _through_window(self, window: Window, envelope: Envelope, members: Iterator[tuple[Member, str]]) -> bool:
        end, first = self.hub.now() + TURN, self.batch.done + 1
        for member, code in members:
            if member.number < first:
                continue
            alone = self._member(envelope, member, code)
            while not window.has_room(len(alone.body)):
                await self._end_oldest(window)
            unread = member.number == first and self.batch.tries > TRIES
            await window.begin(member.number, len(alone.body), partial(self._one, alone, unread))
            is_stuck = not await self._has_room(window)
            if is_stuck or self.hub.now() > end:
                await self._end_all(window)
                # Its deliveries may wait for the memory that this worker holds.
                await self._note(member.number, lease=0)
                await knock_for_batch(self.integration, self.batch.key, self.hub, LEASE if is_stuck else 0)
                return False
        await self._end_all(window)
        return True

    async def _has_room(self, window: Window) -> bool:
        """Whether few enough deliveries are under way. A member that is being taken will be one."""
        while len(window) and len(_under_way(self.hub)) + len(window) > AT_ONCE:
            await self._end_oldest(window)
        return await _has_room(self.hub)

    async def _end_all(self, window: Window) -> None:
        while len(window):
            await self._end_oldest(window)

    async def _end_oldest(self, window: Window) -> None:
        """The oldest member is in the ledger, and so are all before it: only such a number is noted as done."""
        number = await window.end_oldest()
        if window.most == 1 or number % STEP == 0:
            await self._note(number)

    def _member(self, envelope: Envelope, member: Member, code: str) -> Envelope:
        """A member as an envelope of its own, with the answer that its sender was given."""
        reference = (
            f"{self.batch.key}-{self.batch.posting}-{member.number}"
            if self.batch.posting
            else f"{self.batch.key}-{member.number}"
        )
        alone = replace(member.alone(envelope), reference=reference, traceparent="", link=current())
        return replace(alone, acknowledged=CODES.get(code) or check(self.integration, alone).verdict.acknowledgement)

    async def _one(self, alone: Envelope, unread: bool, turn: InOrder) -> None:
        """One member into the ledger. What cannot be taken is recorded as such, so that the others go on."""
        answer = None if unread else await accept(self.integration, alone, self.hub, turn)
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


async def _has_room(hub: Hub) -> bool:
    """Wait while too many deliveries are under way. False: none of them ended for a long time."""
    others = _under_way(hub)
    if len(others) <= AT_ONCE:
        return True
    ended, _ = await asyncio.wait(others, timeout=ROOM, return_when=asyncio.FIRST_COMPLETED)
    return bool(ended)


def _under_way(hub: Hub) -> set[asyncio.Task[None]]:
    return {task for task in hub.tasks if task is not asyncio.current_task()}


def _coded(batch: Batch, given: Given | None) -> Iterator[tuple[Member, str]]:
    """Each member with the letter of its answer; empty for a batch of an earlier version, which kept none."""
    for member in batch.members():
        yield member, given.codes[member.number - 1] if given else ""
