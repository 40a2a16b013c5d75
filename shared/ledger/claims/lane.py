"""A claimed lane and what waits in it: look, take what is due, give the lane back, and clean up what was settled."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from shared.hub import Hub
from shared.ledger import schema
from shared.ledger.arrivals.arrival import Fresh
from shared.ledger.blobs import drop_blob
from shared.ledger.claims.held import Held
from shared.ledger.closing import close_soon
from shared.ledger.knocks import knock, open_outbox
from shared.ledger.rows import Ended, Head, Waiting
from shared.problems import Lost
from shared.storage import names
from shared.storage.store import Away, Conflict


async def never(message: Waiting) -> bool:
    return False


Close = Callable[[str, str, str, Hub], Awaitable[None]]  # deletes the open row of a message: integration, lane, mark


@dataclass(eq=False, repr=False)
class Lane(Held):
    """A lane under a claim, and what waits in it.

    A lane whose only message was accepted in this process is not claimed yet: ``claim`` has no ETag until the message is
    marked, which takes claim and mark in one transaction.
    """

    head: Head | None = None
    waiting: list[Waiting] = field(default_factory=list)
    fresh: Fresh | None = None
    marked: str = ""  # the message that this worker marked ``sending``
    taken: int = 0
    since: float = 0
    held: bool = True
    settled: list[tuple[Waiting, Ended]] = field(default_factory=list)  # ended, with something left to clean up
    is_stopped: bool = False  # a dead message holds the lane, or a newer version wrote what is next: nothing in it is due
    is_due_early: Callable[[Waiting], Awaitable[bool]] = never  # whether what a message waits for has ended before its time

    async def next(self) -> Waiting | None:
        """The oldest message when it is due; ``None`` when the lane has been let go."""
        while self.held:
            if self.taken >= self.hub.timing.turn_messages or self.hub.now() - self.since > self.hub.timing.turn_seconds:
                await self.let_go_for_another_turn()
            elif self.waiting and await self._is_due(self.waiting[0]):
                return self.waiting[0]
            elif self.waiting or self.is_stopped:
                await self.let_go()
            elif self.head and await self._release():
                self.held = False
            else:
                await self._look()
        await self.tidy()
        return None

    async def _look(self) -> None:
        """Head first, then the messages: a message that is missed makes the release fail."""
        head = await self.hub.store.get(self.ledger, self.lane, names.HEAD)
        most = self.hub.timing.turn_messages + 1
        rows = await self.hub.store.query(self.ledger, self.lane, "w|", "w~", most)
        known = schema.not_newer(rows)
        is_newer = schema.is_newer(head, *rows[:1])
        self.is_stopped = is_newer or (bool(rows) and rows[0].key == names.HOLD)
        self.waiting = [Waiting.of(row) for row in known if row.key != names.HOLD]
        # Without the head the lane is not released: behind the messages of this version one of a newer version waits.
        self.head = Head.of(head) if head and not is_newer and len(known) == len(rows) else None
        if is_newer:
            schema.left_alone(self.integration.name, "process", self.lane, self.hub)
        if not head:
            await self._leave_empty()

    async def _is_due(self, first: Waiting) -> bool:
        """Whether its time has come, or what it waits for has ended early."""
        if self.is_stopped:
            return False
        if first.due <= self.hub.now():
            return True
        return await self.is_due_early(first)

    async def _release(self) -> bool:
        """Give the lane back if nothing has arrived since it was looked at."""
        assert self.head
        try:
            await self.commit("", replace(self.head, idle=self.head.number).replaced(), self.claim.deleted())
            return True
        except Conflict:
            await self.require_claim()
            return False

    async def let_go(self) -> None:
        """Give the lane back although something waits in it: a later knock is on its way, or a person must look."""
        self.held = False
        try:
            await self.commit("", self.claim.deleted())
        except Conflict:
            raise Lost from None

    async def _leave_empty(self) -> None:
        """The lane has no message yet; one that arrives while it is given back is knocked for."""
        await self.let_go()
        if await self.hub.store.get(self.ledger, self.lane, names.HEAD):
            await knock(self.integration.name, self.lane, self.hub)

    async def let_go_for_another_turn(self) -> None:
        await self.let_go()
        await knock(self.integration.name, self.lane, self.hub)

    async def tidy(self, *, close: Close = close_soon) -> None:
        """Once the lane is free. What is left undone here the watchdog finds by the open row, which is deleted last."""
        try:
            for message, record in self.settled:
                await self._clear(message, record, close)
        except Away:
            return
        finally:
            self.settled = []

    async def _clear(self, message: Waiting, record: Ended, close: Close) -> None:
        if record.blob_pending:
            await drop_blob(self.ledger, self.lane, message.n, self.hub)
        if record.pending:
            await open_outbox(self.integration.name, self.lane, self.hub)
        await close(self.integration.name, self.lane, message.mark, self.hub)
