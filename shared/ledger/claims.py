"""The processing side of the ledger: one worker at a time holds a lane, and every step of it is one transaction.

A worker that lost its claim changes nothing: each step is bound to the claim as it was last written (If-Match).
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shared.envelope import Envelope, Outgoing
from shared.hub import Hub
from shared.integration import Integration
from shared.issue import Issue
from shared.ledger import breaker, content, load, names, schema
from shared.ledger.arrivals import Fresh
from shared.ledger.blobs import drop_blob
from shared.ledger.knocks import close, knock, open_outbox
from shared.ledger.pace import FIRST, PATIENCE, is_crowded
from shared.ledger.store import Away, Change, Conflict, Row, delete, insert, put, remove, replace
from shared.privacy import code, place, shown
from shared.problems import Fault

RENEWALS = 3  # times that a claim is renewed before one send; more means that storage is too slow for it
CROWDED = (2.0, 8.0)  # seconds until a lane is knocked on again while every place of its destination is taken


class Lost(Exception):
    """The claim is somebody else's, or storage does not say: whatever was under way is theirs to finish."""


class Ended(NamedTuple):
    """A message that is done with: ``delivered``, or ``dead`` with the reason."""

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


Outcome = Ended | Later


@dataclass(eq=False, repr=False)
class Claim:
    """A lane that this worker holds, and what waits in it.

    A lane whose only message was accepted in this process is not claimed yet: ``row`` has no ETag until the message is
    marked, which takes claim and mark in one transaction.
    """

    integration: Integration
    lane: str
    hub: Hub
    row: Row
    head: Row | None = None
    waiting: list[Row] = field(default_factory=list)
    fresh: Fresh | None = None
    marked: str = ""  # the message that this worker marked ``sending``
    taken: int = 0
    since: float = 0
    held: bool = True
    settled: list[tuple[Row, Mapping[str, Any]]] = field(default_factory=list)  # done, with something to clear away

    @property
    def ledger(self) -> str:
        return names.tables(self.integration.name).ledger

    async def next(self) -> Row | None:
        """The oldest message when it is due; ``None`` when the lane has been let go."""
        while self.held:
            if self.taken >= self.hub.timing.turn_messages or self.hub.now() - self.since > self.hub.timing.turn_seconds:
                await self._let_go_for_another_turn()
            elif self.waiting and await self._is_due(self.waiting[0]):
                return self.waiting[0]
            elif self.waiting:
                await self._let_go()
            elif self.head and await self._release():
                self.held = False
            else:
                await self._look()
        await self._tidy()
        return None

    async def _look(self) -> None:
        """Head first, then the messages: a message that is missed makes the release fail."""
        self.head = await self.hub.store.get(self.ledger, self.lane, "head")
        most = self.hub.timing.turn_messages + 1
        rows = await self.hub.store.query(self.ledger, self.lane, "w|", "w~", most)
        self.waiting = [row if row.key == names.HOLD else schema.waiting(row) for row in rows]
        if schema.is_newer(*self.waiting[:1]):
            schema.left_alone(self.integration.name, "process", self.lane, self.hub)
        if not self.head:
            await self._leave_empty()

    async def _is_due(self, first: Row) -> bool:
        """Whether its time has come; a message that waits for a breaker is due as soon as a person has closed it."""
        if first.key == names.HOLD or schema.is_newer(first):
            return False
        if first["due"] <= self.hub.now():
            return True
        return first["code"] == breaker.WAITS and await breaker.is_closed(self.integration.destination.name, self.hub)

    async def end_one(self, message: Row, outcome: Ended) -> None:
        """Settle one waiting message, wherever it is in the lane; the lane goes on. Raises ``Lost``: it waits no longer."""
        row = await self.hub.store.get(self.ledger, self.lane, message.key)  # as it is under the claim
        if not row:
            await self._let_go()
            raise Lost
        self.waiting = [row]
        await self._ended(row, outcome)
        if self.held:
            await self._let_go_for_another_turn()
        await self._tidy()

    async def content(self, message: Row) -> Envelope:
        """The message as it arrived; from memory in the process that accepted it."""
        if self.fresh and self.fresh.waiting.key == message.key:
            return self.fresh.envelope
        row = await self.hub.store.get(self.ledger, self.lane, names.row("c", names.number(message.key)))
        if not row:
            await self._still_mine()
            raise Fault(
                Issue(severity="fatal", code="exception", text="the content of a waiting message is gone", rule="content-missing")
            )
        if schema.is_newer(row):
            await self._let_go()
            schema.left_alone(self.integration.name, "process", self.lane, self.hub)
            raise Lost
        return await stored_envelope(self.integration.name, row, self.hub)

    def made(self, message: Row) -> tuple[Outgoing, ...]:
        """What leaves for the message, from the check of the process that accepted it; nothing where it must be made again."""
        return self.fresh.made if self.fresh and self.fresh.waiting.key == message.key else ()

    @property
    def is_taken(self) -> bool:
        """Whether the claim is in the ledger."""
        return bool(self.row.etag)

    @property
    def patience(self) -> float:
        """Seconds that this worker waits for a place of the destination: without a claim it keeps none from the lane."""
        return PATIENCE if self.is_taken else FIRST

    def left(self) -> float:
        """Seconds in which a send may still begin and end: what is left of the claim, less a margin for clocks that differ."""
        return float(self.row["end"] - self.hub.now() - self.hub.timing.claim_margin / 2)

    async def sending(self) -> None:
        """Renew the claim and mark the first message: from here on its delivery may have happened. Raises ``Lost``.

        Time is looked at after the transaction: a process that was stopped in it would send under a claim that has ended.
        """
        for _ in range(RENEWALS):
            if self.marked == self.waiting[0].key and self.left() >= self.hub.delivery_time(self.integration):
                return
            await self._mark(self.waiting[0])
        if self.left() <= 0:
            raise Lost

    async def _mark(self, message: Row) -> None:
        marked = replace(message, state="sending", ambiguous=self._may_have_gone(message))
        etags = await self._commit("claim", self._renewed(), marked)
        self.waiting[0], self.marked = Row(self.lane, message.key, etags[message.key], marked.values), message.key

    def _may_have_gone(self, message: Row) -> bool:
        """Whether the message may have been delivered already: another worker marked it and did not settle it, for one."""
        return bool(message["ambiguous"]) or (message["state"] == "sending" and self.marked != message.key)

    async def settle(self, outcome: Outcome) -> None:
        """Write down what became of the attempt at the first message: one transaction."""
        if not self.is_taken:
            await self._take(self.waiting[0])
        if isinstance(outcome, Later):
            await self._later(self.waiting[0], outcome)
        else:
            await self._ended(self.waiting[0], outcome)

    async def _take(self, message: Row) -> None:
        """Claim the lane if the message still waits as it was read, so that no claim is left on a lane that is done.

        Raises ``Lost``: another worker has the lane, or had it and settled the message.
        """
        etags = await self._commit("claim", self._renewed(), replace(message))
        self.waiting[0] = Row(self.lane, message.key, etags[message.key], message.values)

    async def _later(self, message: Row, outcome: Later) -> None:
        due, attempts = self.hub.now() + outcome.wait, message["attempts"] + outcome.attempted
        values = {
            "state": "waiting",
            "due": due,
            "attempts": attempts,
            "code": code(outcome.code),
            "ambiguous": self._may_have_gone(message) or outcome.ambiguous,
            "sent": max(message["sent"], outcome.sent),
            "tries": (message["tries"] or 0) + outcome.failed,
            "failed_at": self.hub.now() if outcome.failed else message["failed_at"] or 0.0,
        }
        await self._commit(message.key, replace(message, **values), delete(self.row))
        self.held = False
        await knock(self.integration.name, self.lane, self.hub, outcome.wait + 0.05)

    async def _ended(self, message: Row, outcome: Ended) -> None:
        """Settle; where nothing else waits, let the lane go in the same transaction."""
        n = names.number(message.key)
        seen = outcome._replace(ambiguous=outcome.ambiguous or self._may_have_gone(message))
        record = finished(message, seen, self.integration, self.hub.now())
        changes = [delete(message), insert(names.row("d", n), record), *_aftermath(n, message, outcome, self.integration)]
        if outcome.outcome == "dead":
            await self._list_dead(message)
        stops = outcome.outcome == "dead" and self.integration.delivery.on_dead == "hold"
        if len(self.waiting) == 1 and self.head and not stops:
            self.held = not await self._settle_and_release(n, changes)
        if self.held:
            await self._commit("claim", self._renewed(), *changes)
        self.waiting, self.taken = self.waiting[1:], self.taken + 1
        if stops:
            await self._let_go()
        self.settled.append((message, record))

    async def _list_dead(self, message: Row) -> None:
        while self.hub.now() < self.row["end"]:
            try:
                return await list_dead(self.integration.name, names.message_id(self.lane, message["key"]), self.hub)
            except Away:
                await asyncio.sleep(self.hub.random.uniform(0.05, 0.5))
        raise Lost

    async def _settle_and_release(self, n: int, changes: list[Change]) -> bool:
        assert self.head
        idle = replace(self.head, idle=self.head["n"])
        try:
            await self._commit(names.row("d", n), *changes, idle, delete(self.row))
            return True
        except Conflict:
            self.head = None  # something arrived, or the claim is lost: the plain settle tells which
            return False

    async def _tidy(self) -> None:
        """Once the lane is free. What is left undone here the watchdog finds by the open row, which goes last."""
        try:
            for message, record in self.settled:
                await self._clear(message, record)
        except Away:
            return
        finally:
            self.settled = []

    async def _clear(self, message: Row, record: Mapping[str, Any]) -> None:
        if record["blob_pending"]:
            await drop_blob(self.ledger, self.lane, names.number(message.key), self.hub)
        if record["pending"]:
            await open_outbox(self.integration.name, self.lane, self.hub)
        await close(self.integration.name, self.lane, message["mark"], self.hub)
        if self.fresh and self.fresh.ticket and self.fresh.waiting.key == message.key:
            await self.hub.store.settle(self.fresh.ticket)

    async def _release(self) -> bool:
        """Give the lane back if nothing has arrived since it was looked at."""
        assert self.head
        try:
            await self._commit("", replace(self.head, idle=self.head["n"]), delete(self.row))
            return True
        except Conflict:
            await self._still_mine()
            return False

    async def _let_go(self) -> None:
        """Give the lane back although something waits in it: a later knock is on its way, or a person must look."""
        self.held = False
        try:
            await self._commit("", delete(self.row))
        except Conflict:
            raise Lost from None

    async def _leave_empty(self) -> None:
        """The lane has no message yet; one that arrives while it is given back is knocked for."""
        await self._let_go()
        if await self.hub.store.get(self.ledger, self.lane, "head"):
            await knock(self.integration.name, self.lane, self.hub)

    async def _let_go_for_another_turn(self) -> None:
        await self._let_go()
        await knock(self.integration.name, self.lane, self.hub)

    async def _still_mine(self) -> None:
        row = await self.hub.store.get(self.ledger, self.lane, "claim")
        if not row or row.etag != self.row.etag:
            raise Lost

    def _renewed(self) -> Change:
        if not self.is_taken:
            return insert("claim", _claim_values(self.integration, self.hub))
        return replace(self.row, end=claim_end(self.integration, self.hub), turn=self.hub.token())

    async def _commit(self, proof: str, *changes: Change) -> dict[str, str]:
        """Commit; when storage does not say, the row ``proof`` tells. Raises ``Lost``, or ``Conflict`` on the head."""
        turn = self.hub.token()
        marked = tuple(c._replace(values={**c.values, "turn": turn}) if c.key == proof else c for c in changes)
        etags = await self._surely(proof, turn, marked)
        if "claim" in etags:
            values = next(c.values for c in marked if c.key == "claim")
            self.row = Row(self.lane, "claim", etags["claim"], values)
        return etags

    async def _surely(self, proof: str, turn: str, changes: tuple[Change, ...]) -> dict[str, str]:
        unclear = False
        end = self.row["end"] if self.is_taken else self.hub.now() + self.hub.timing.storage_patience
        while self.hub.now() < end:
            try:
                return await self.hub.store.commit(self.ledger, self.lane, *changes)
            except Conflict:
                if unclear and (done := await self._done(proof, turn, changes)):
                    return done
                if any(change.key == "head" for change in changes):
                    raise
                raise Lost from None
            except Away:
                unclear = True
                await asyncio.sleep(self.hub.random.uniform(0.05, 0.5))
        raise Lost

    async def _done(self, proof: str, turn: str, changes: tuple[Change, ...]) -> dict[str, str] | None:
        """The ETags as the unclear commit left them, when it was done after all."""
        try:
            row = await self.hub.store.get(self.ledger, self.lane, proof) if proof else None
            if not row or row["turn"] != turn:
                return None
            kept = [change.key for change in changes if change.action != "delete"]
            rows = await asyncio.gather(*(self.hub.store.get(self.ledger, self.lane, key) for key in kept))
        except Away:
            raise Lost from None
        return {row.key: row.etag for row in rows if row}


async def claim(integration: Integration, lane: str, hub: Hub, fresh: Fresh | None = None) -> Claim | None:
    """Take the lane, or ``None`` when another worker holds it."""
    values = _claim_values(integration, hub)
    if fresh and fresh.quiet:
        return Claim(integration, lane, hub, Row(lane, "claim", "", values), fresh.head, [fresh.waiting], fresh, since=hub.now())
    first = fresh.waiting if fresh else await _first(integration, lane, hub)
    if fresh is None and first is None and not await _is_claimed(integration, lane, hub):
        return None
    if is_crowded(integration, hub) or (fresh is None and load.is_waiting(integration.name, lane, hub)):
        await knock(integration.name, lane, hub, hub.random.uniform(*CROWDED))
        return None
    etag = await _surely_taken(names.tables(integration.name).ledger, lane, first, hub, values)
    return Claim(integration, lane, hub, Row(lane, "claim", etag, values), fresh=fresh, since=hub.now()) if etag else None


async def _surely_taken(ledger: str, lane: str, first: Row | None, hub: Hub, values: Mapping[str, Any]) -> str:
    """The ETag of the claim; empty when another worker has the lane. An unclear answer of storage is looked into."""
    end = hub.now() + hub.timing.storage_patience
    while True:
        try:
            return await _taken(ledger, lane, first, hub, values)
        except Away:
            if hub.now() >= end:
                raise
            await asyncio.sleep(hub.random.uniform(0.05, 0.5))


async def _taken(ledger: str, lane: str, first: Row | None, hub: Hub, values: Mapping[str, Any]) -> str:
    """The ETag of the claim, inserted only while the message still waits as it was read.

    A worker that was stopped before this commit could otherwise claim a lane that is done, and the claim would stay.
    """
    with suppress(Conflict):
        if first:
            return (await hub.store.commit(ledger, lane, insert("claim", values), replace(first)))["claim"]
    there = await hub.store.get(ledger, lane, "claim")
    if there and there["turn"] == values["turn"]:
        return there.etag  # done by an earlier try, whose answer was lost
    return await _take_over(ledger, lane, there, hub, values)


async def _first(integration: Integration, lane: str, hub: Hub) -> Row | None:
    """The oldest waiting message; usually ``None``, because the accepting process has delivered it before the knock."""
    rows = await hub.store.query(names.tables(integration.name).ledger, lane, "w|", "w~", 1)
    return rows[0] if rows else None


async def _is_claimed(integration: Integration, lane: str, hub: Hub) -> bool:
    """Whether a claim is stored; one that a worker left behind must be taken over."""
    return await hub.store.get(names.tables(integration.name).ledger, lane, "claim") is not None


async def _take_over(ledger: str, lane: str, there: Row | None, hub: Hub, values: Mapping[str, Any]) -> str:
    """Replace a claim whose end has passed; nothing when it is alive, or another worker was quicker."""
    if not there or schema.is_newer(there) or there["end"] > hub.now():
        return ""
    try:
        return (await hub.store.commit(ledger, lane, replace(there, **values)))["claim"]
    except Conflict:
        return ""


def _claim_values(integration: Integration, hub: Hub) -> dict[str, Any]:
    return {
        "schema": names.SCHEMA,
        "owner": hub.instance,
        "end": claim_end(integration, hub),
        "turn": hub.token(),
    }


def claim_end(integration: Integration, hub: Hub) -> float:
    """A claim outlasts the delivery time-out and a margin for clocks that differ."""
    return hub.now() + hub.delivery_time(integration) + hub.timing.claim_margin


def finished(message: Row, outcome: Ended, integration: Integration, at: float) -> dict[str, Any]:
    """The row that stays: what became of the message, and no content."""
    kept = {
        k: v
        for k, v in message.values.items()
        if k not in ("state", "due", "turn", "after", "after_n", "sent", "blob", "failed_at")
    }
    pending = " ".join(integration.subscribers) if outcome.outcome == "delivered" else ""
    leaves = outcome.outcome == "delivered" and not pending
    return {
        **kept,
        "outcome": outcome.outcome,
        "pending": pending,  # subscribers that have not taken it yet
        "ended": at,
        "attempts": message["attempts"] + outcome.attempted,
        "ambiguous": message["ambiguous"] or outcome.ambiguous,
        "code": code(outcome.code),
        "rules": " ".join(dict.fromkeys([*message["rules"].split(), *(code(i.rule) for i in outcome.issues if i.rule)])),
        "where": " ".join(dict.fromkeys(place(i.where) for i in outcome.issues if i.where))[:1000],
        "reference": shown("reference", outcome.reference),
        "blob": "" if leaves else message["blob"],
        "blob_pending": message["blob"] if leaves else "",
    }


def _aftermath(n: int, message: Row, outcome: Ended, integration: Integration) -> list[Change]:
    """What else goes into the settling transaction: content goes, or stays for a person or for subscribers."""
    if outcome.outcome == "delivered":
        if integration.subscribers:
            taken_by = {
                "schema": names.SCHEMA,
                "pending": " ".join(integration.subscribers),
                "routing": outcome.routing,
                "key": message["key"],
            }
            return [insert(names.row("p", n), taken_by)]
        return [remove(names.row("c", n))]
    changes = [put(names.row("e", n), {"detail": outcome.detail[:20000]})] if outcome.detail else []
    return [*changes, put(names.HOLD, {"n": n, "due": 0.0})] if integration.delivery.on_dead == "hold" else changes


async def list_dead(integration: str, message_id: str, hub: Hub) -> None:
    """The list of dead letters learns of one; written first, passed over when there is none."""
    await hub.store.commit(names.tables(integration).find, "dead", put(message_id, {"at": hub.now()}))


async def stored_envelope(integration: str, row: Row, hub: Hub) -> Envelope:
    """The envelope of a content row, its body from the row or from its blob."""
    data = await hub.store.read_blob(names.CONTENT, row["blob"]) if row["blob"] else content.joined(row.values)
    if data is None:
        raise Lost
    large = len(data) > hub.timing.thread_from
    body = await asyncio.to_thread(content.restored, data) if large else content.restored(data)
    return content.envelope(integration, row.values, body)


async def blocked(integration: Integration, message: Row, hub: Hub) -> bool:
    """Whether a merge must wait: the other patient's lane still holds a message that is older."""
    if not message["after"]:
        return False
    ledger, last = names.tables(integration.name).ledger, names.row("w", message["after_n"] + 1)
    older = await hub.store.query(ledger, message["after"], "w|", last, 2)
    return any(row.key != names.HOLD or row["n"] <= message["after_n"] for row in older)
