"""The processing side of the ledger: one worker at a time holds a lane, and every step of it is one transaction.

A worker that lost its claim changes nothing: each step is bound to the claim as it was last written (If-Match).
"""

import asyncio
from contextlib import suppress
from dataclasses import replace

from shared.envelope import Envelope, Outgoing
from shared.issue import Issue
from shared.ledger import schema
from shared.ledger.claims.lane import Lane
from shared.ledger.content import stored_envelope
from shared.ledger.ended import Done, Later, Outcome, aftermath, ended_row, list_dead
from shared.ledger.knocks import close, knock
from shared.ledger.rows import Content, Waiting
from shared.ledger.tried import Attempt, Result, Tried
from shared.privacy import code
from shared.problems import Fault, Lost
from shared.storage import names
from shared.storage.store import Away, Change, Conflict, Row

GONE = Issue(
    severity="fatal",
    code="exception",
    text="the content of a waiting message is gone, or a part of it is missing",
    rule="content-missing",
)
RENEWALS = 3  # times that a claim is renewed before one send; more means that storage is too slow for it


class Claim(Lane):
    """A lane that this worker holds, and the attempts at what waits in it."""

    async def end_one(self, message: Waiting, outcome: Done) -> None:
        """Settle one waiting message, wherever it is in the lane; the lane continues unless a dead letter holds it.

        Raises ``Lost``: it waits no longer.
        """
        row = await self.hub.store.get(self.ledger, self.lane, message.row.key)  # as it is under the claim
        if not row:
            await self.let_go()
            raise Lost
        self.waiting = [Waiting.of(row)]
        await self._ended(self.waiting[0], outcome)
        if self.held:
            with suppress(Lost):  # it is settled: the worker that took the lane over meanwhile continues
                await self.let_go_for_another_turn()
        await self.tidy(close=close)  # a person will look at once at what waits

    async def content(self, message: Waiting) -> Envelope:
        """The message as it arrived; from memory in the process that accepted it."""
        if self.fresh and self.fresh.envelope and self.fresh.waiting.n == message.n:
            return self.fresh.envelope
        row = await self.hub.store.get(self.ledger, self.lane, names.row("c", message.n))
        if not row:
            await self.require_claim()
            raise Fault(GONE)
        if schema.is_newer(row):
            await self.let_go()
            schema.left_alone(self.integration.name, "process", self.lane, self.hub)
            raise Lost
        try:
            return await stored_envelope(self.integration.name, Content.of(row), self.hub)
        except Lost:  # its blob is gone, which the worker that delivered it may have done, or a part is missing
            await self.require_claim()
            raise Fault(GONE) from None

    def made(self, message: Waiting) -> tuple[Outgoing, ...]:
        """What leaves for the message, from the check of the process that accepted it; nothing where it must be made again."""
        return self.fresh.made if self.fresh and self.fresh.waiting.n == message.n else ()

    async def sending(self) -> None:
        """Renew the claim and mark the first message: from here on its delivery may have happened. Raises ``Lost``.

        Time is looked at after the transaction: a process that was stopped in it would send under a claim that has ended.
        """
        for _ in range(RENEWALS):
            if self.marked == self.waiting[0].row.key and self.left() >= self.hub.delivery_time(self.integration):
                return
            await self._mark(self.waiting[0])
        if self.left() <= 0:
            raise Lost

    async def _mark(self, message: Waiting) -> None:
        # Due now: when what it waited for has ended early and this worker ends too, no other would try it before its old time.
        due = min(message.due, self.hub.now())
        key = message.row.key
        began = message.began if self.marked == key else self.hub.now()
        marked = replace(
            message,
            state="sending",
            ambiguous=self._may_have_gone(message),
            due=due,
            began=began,
            tried=self._tried(message).text(),
        )
        etags = await self.commit(names.CLAIM, self.renewed(), marked.replaced())
        self.waiting[0], self.marked = Waiting.of(Row(self.lane, key, etags[key], marked.values())), key

    def _may_have_gone(self, message: Waiting) -> bool:
        """Whether the message may have been delivered already: another worker marked it and did not settle it, for one."""
        return message.ambiguous or self._is_left_behind(message)

    def _is_left_behind(self, message: Waiting) -> bool:
        return message.state == "sending" and self.marked != message.row.key

    def _tried(self, message: Waiting) -> Tried:
        """The attempts that are over. One that another worker began and did not settle has an unknown result."""
        so_far = Tried.read(message.tried)
        return so_far.plus(Attempt(message.began, "unknown")) if self._is_left_behind(message) else so_far

    def _tried_now(self, message: Waiting, result: Result, answer: str) -> str:
        """The attempts with the one that this worker just made."""
        now, is_sent = self.hub.now(), self.marked == message.row.key
        at, ms = (message.began, max(0, round(1000 * (now - message.began)))) if is_sent else (now, None)
        return self._tried(message).plus(Attempt(round(at, 3), result, code(answer), ms)).text()

    async def settle(self, outcome: Outcome) -> None:
        """Write down what became of the attempt at the first message: one transaction."""
        if not self.is_taken:
            await self._take(self.waiting[0])
        if isinstance(outcome, Later):
            await self._later(self.waiting[0], outcome)
        else:
            await self._ended(self.waiting[0], outcome)

    async def _take(self, message: Waiting) -> None:
        """Claim the lane if the message still waits as it was read, so that no claim is left on a lane that is done.

        Raises ``Lost``: another worker has the lane, or had it and settled the message.
        """
        key = message.row.key
        etags = await self.commit(names.CLAIM, self.renewed(), message.replaced())
        self.waiting[0] = Waiting.of(Row(self.lane, key, etags[key], message.values()))

    async def _later(self, message: Waiting, outcome: Later) -> None:
        later = replace(
            message,
            state="waiting",
            due=self.hub.now() + outcome.wait,
            attempts=message.attempts + outcome.attempted,
            code=code(outcome.code),
            ambiguous=self._may_have_gone(message) or outcome.ambiguous,
            sent=max(message.sent, outcome.sent),
            tries=message.tries + outcome.failed,
            failed_at=self.hub.now() if outcome.failed else message.failed_at,
            codes=outcome.codes,
            tables=outcome.tables,
            tried=self._tried_now(message, "waiting", outcome.code) if outcome.failed else self._tried(message).text(),
        )
        await self.commit(message.row.key, later.replaced(), self.claim.deleted())
        self.held = False
        await knock(self.integration.name, self.lane, self.hub, outcome.wait + 0.05)

    async def _ended(self, message: Waiting, outcome: Done) -> None:
        """Settle; where nothing else waits, let the lane go in the same transaction."""
        seen = outcome._replace(ambiguous=outcome.ambiguous or self._may_have_gone(message))
        tried = self._tried(message).text()
        if outcome.attempted and (outcome.outcome == "delivered" or outcome.outcome == "dead"):
            tried = self._tried_now(message, outcome.outcome, outcome.code)
        record = ended_row(replace(message, tried=tried), seen, self.integration, self.hub.now())
        changes = [message.deleted(), record.inserted(names.row("d", message.n)), *aftermath(message, outcome, self.integration)]
        if outcome.outcome == "dead":
            await self._list_dead(message)
        stops = outcome.outcome == "dead" and self.integration.delivery.on_dead == "hold"
        if len(self.waiting) == 1 and not self.is_stopped and self.head and not stops:
            self.held = not await self._settle_and_release(message.n, changes)
        if self.held:
            await self.commit(names.CLAIM, self.renewed(), *changes)
        self.waiting, self.taken = self.waiting[1:], self.taken + 1
        if stops:
            await self.let_go()
        self.settled.append((message, record))

    async def _list_dead(self, message: Waiting) -> None:
        while self.hub.now() < self.claim.end:
            try:
                return await list_dead(self.integration.name, names.message_id(self.lane, message.identity), self.hub)
            except Away:
                await asyncio.sleep(self.hub.random.uniform(0.05, 0.5))
        raise Lost

    async def _settle_and_release(self, n: int, changes: list[Change]) -> bool:
        assert self.head
        idle = replace(self.head, idle=self.head.number).replaced()
        try:
            await self.commit(names.row("d", n), *changes, idle, self.claim.deleted())
            return True
        except Conflict:
            self.head = None  # something arrived, or the claim is lost: the plain settle shows which
            return False
