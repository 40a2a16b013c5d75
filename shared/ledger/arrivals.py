"""The accepting side of the ledger: a message is stored in one transaction of its lane, once.

What is harmless if the message never comes is written first: where to find it, that its lane has work, and the knock.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from shared.envelope import Answer, Envelope, Outgoing
from shared.formats.media import chosen
from shared.hub import Hub, together
from shared.integration import Integration
from shared.issue import Issue, Verdict
from shared.ledger import content, names, resends, schema
from shared.ledger.knocks import close, knock, open_lane
from shared.ledger.resends import Earlier
from shared.ledger.revival import revived
from shared.ledger.store import Away, Change, Conflict, Row, Ticket, delete, insert, put
from shared.ledger.store import replace as changed
from shared.privacy import code
from shared.problems import Unavailable

REFERENCES = 4  # copies that one receipt remembers
REUSE = Issue(
    severity="warning",
    code="duplicate",
    where="MSH-10",
    text="this control id came before with another body",
    rule="control-id-reuse",
    hl7="205",
)
AWAY = Issue(
    severity="error", code="transient", text="the hub cannot store the message now: send it again", rule="storage-away", hl7="207"
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Arrival:
    """A message that was checked, on its way into the ledger."""

    envelope: Envelope
    lane: str
    key: str  # of its receipt: the hash of its identity
    digest: str
    control: str
    by_control: str  # the partition of the index that leads from the control id
    facts: Mapping[str, str | bool]  # sender, facility, synthetic: what rows and search may show
    verdict: Verdict
    acknowledge: Callable[[Verdict], Answer]
    token: str
    after: str = ""  # the lane that must be done first
    finders: tuple[str, ...] = ()  # partitions of the index that lead to it
    body: bytes = field(default=b"", repr=False)  # compressed
    blob: str = ""  # where the body lies when it is large

    @property
    def id(self) -> str:
        return names.message_id(self.lane, self.key)

    def reused(self) -> "Arrival":
        """The same control id with another body: a new message with a warning."""
        warned = self.verdict._replace(issues=(*self.verdict.issues, REUSE))
        return replace(self, key=f"{self.key}-{self.digest[:16]}", verdict=warned)


class Fresh(NamedTuple):
    """What the accepting process knows already, so that its first attempt reads nothing."""

    head: Row
    waiting: Row
    envelope: Envelope
    ticket: Ticket | None
    quiet: bool  # nothing else waits in the lane and nobody has claimed it
    made: tuple[Outgoing, ...] = ()  # what leaves, where the check has made it and it is small


class Recorded(NamedTuple):
    """What became of an arrival."""

    id: str
    kind: Literal["new", "duplicate", "again"]  # again: the same copy, brought a second time by the hub itself
    answer: Answer
    lane: str = ""
    fresh: Fresh | None = None


async def record(integration: Integration, arrival: Arrival, hub: Hub) -> Recorded:
    """Store the message, or find that it is stored. Raises ``Unavailable``: nothing was stored, or the sender must ask again."""
    try:
        if arrival.blob:
            await hub.store.write_blob(names.CONTENT, arrival.blob, arrival.body)
        reused, ticket, head = await _announce(integration, arrival, hub)
        recorded = None if reused else await _store(integration, arrival, ticket, head, hub)
        if recorded is None:
            arrival = arrival.reused()
            _, ticket, head = await _announce(integration, arrival, hub)
            recorded = await _store(integration, arrival, ticket, head, hub)
    except Away:
        raise Unavailable(AWAY) from None
    if recorded is None:
        raise Unavailable(AWAY)
    return recorded


async def _announce(integration: Integration, arrival: Arrival, hub: Hub) -> tuple[bool, Ticket | None, Row | None]:
    """Index, hour, open lane and knock: written first, ignored when the message is not there.

    Returns:
        Whether the id was used, the knock, and the head of the lane.
    """
    tables, at = names.tables(integration.name), hub.now()
    found = {"lane": arrival.lane, "key": arrival.key, "digest": arrival.digest, "at": at}
    trail = {"at": at, "finders": " ".join((arrival.by_control, *arrival.finders))}
    reused, ticket, head, *_ = await together(
        _used_before(integration, arrival, found, hub),
        knock(integration.name, arrival.lane, hub, hub.timing.knock_delay),
        _open(integration, arrival, hub),
        hub.store.commit(tables.find, names.hour(at), put(arrival.id, {**found, **trail})),
        *(hub.store.commit(tables.find, finder, put(arrival.id, found)) for finder in arrival.finders),
    )
    return reused, ticket, head


async def _open(integration: Integration, arrival: Arrival, hub: Hub) -> Row | None:
    """The head of the lane, read before the open row is written.

    The watchdog changes the head before it removes an open row whose message never came. A process that was stopped between
    its open row and its transaction would otherwise store a message that no worker looks for; now the transaction fails.
    """
    head = await hub.store.get(names.tables(integration.name).ledger, arrival.lane, "head")
    schema.known(integration.name, "accept", hub, head)
    await open_lane(integration.name, arrival.lane, arrival.token, hub, arrival.key)
    return head


async def _used_before(integration: Integration, arrival: Arrival, found: Mapping[str, Any], hub: Hub) -> bool:
    """Whether another body with this identity is in the ledger; the index learns of this one."""
    tables, partition = names.tables(integration.name), arrival.by_control
    first = arrival.key.split("-")[0]
    try:
        await hub.store.commit(tables.find, partition, insert(first, found))
        return False
    except Conflict:
        earlier = await hub.store.get(tables.find, partition, first)
    if not earlier or (earlier["lane"], earlier["digest"]) == (arrival.lane, arrival.digest):
        return False
    await hub.store.commit(tables.find, partition, put(f"{arrival.key}.{arrival.lane}", found))
    receipt = await hub.store.get(tables.ledger, earlier["lane"], f"r|{earlier['key']}")
    return receipt is not None and receipt["digest"] != arrival.digest


async def _store(
    integration: Integration, arrival: Arrival, ticket: Ticket | None, head: Row | None, hub: Hub
) -> Recorded | None:
    """The transaction, tried until its answer is clear; ``None`` when the receipt there is that of another body."""
    ledger, deadline = names.tables(integration.name).ledger, hub.now() + hub.timing.storage_patience
    earlier: Earlier | None = None
    tried = False
    while hub.now() < deadline:
        try:
            head = await _open(integration, arrival, hub) if tried else head
            tried = True
            return await _write(integration, arrival, earlier, head, ticket, hub)
        except (Conflict, Away):
            receipt = await _read(ledger, arrival, hub)
        if receipt and receipt["token"] == arrival.token:
            if earlier:
                hub.start(resends.clear(integration, earlier, hub))
            return Recorded(arrival.id, "new", arrival.acknowledge(arrival.verdict), arrival.lane)
        if receipt and receipt["digest"] != arrival.digest:
            return None
        if receipt and _same_copy(arrival, receipt):
            hub.start(_withdraw(integration, arrival, ticket, hub))
            return Recorded(arrival.id, "again", _as_given(arrival, receipt), arrival.lane)
        earlier = await resends.look(integration, receipt, hub) if receipt else None
        if earlier and not resends.comes_again(integration, earlier, arrival.envelope.handed):
            hub.start(_withdraw(integration, arrival, ticket, hub))
            return await _duplicate(ledger, arrival, earlier.receipt, hub)
        await asyncio.sleep(hub.random.uniform(0.01, 0.1))
    raise Unavailable(AWAY)


async def _read(ledger: str, arrival: Arrival, hub: Hub) -> Row | None:
    try:
        receipt = await hub.store.get(ledger, arrival.lane, f"r|{arrival.key}")
    except Away:
        return None
    schema.known(arrival.envelope.integration, "accept", hub, receipt)
    return receipt


async def _write(
    integration: Integration, arrival: Arrival, earlier: Earlier | None, head: Row | None, ticket: Ticket | None, hub: Hub
) -> Recorded:
    """Store it: at the end of its lane, or in the place of the dead letter that holds the lane and that it repeats."""
    if earlier and earlier.hold:
        recorded = await _revive(integration, arrival, earlier, head, hub)
    else:
        if earlier:
            await resends.announce(integration, earlier, hub)
        recorded = await _append(integration, arrival, earlier, head, ticket, hub)
    if earlier:
        hub.start(resends.clear(integration, earlier, hub))
    return recorded


async def _revive(integration: Integration, arrival: Arrival, earlier: Earlier, head: Row | None, hub: Hub) -> Recorded:
    """The sender sent again what holds its lane: the same body, tried again in its place, so that nothing overtakes it."""
    ledger, receipt, ended = names.tables(integration.name).ledger, earlier.receipt, earlier.ended
    assert earlier.hold
    assert ended
    changes = [
        *revived(earlier.n, ended, arrival.token, hub.now()),
        changed(receipt, **_counted(arrival, receipt), token=arrival.token),
        *([changed(head, idle=-1)] if head else []),  # no short cut past what waits
        delete(earlier.hold),
        *(delete(row) for row in earlier.rests if row.key.startswith("e|")),
    ]
    await hub.store.commit(ledger, arrival.lane, *changes)
    return Recorded(arrival.id, "new", _as_given(arrival, receipt), arrival.lane)


async def _append(
    integration: Integration, arrival: Arrival, earlier: Earlier | None, head: Row | None, ticket: Ticket | None, hub: Hub
) -> Recorded:
    """One transaction: the next number of the lane, the receipt, the waiting message and its content."""
    ledger = names.tables(integration.name).ledger
    n, idle = (head["n"] + 1, head["idle"] == head["n"]) if head else (1, True)
    answer, at = arrival.acknowledge(arrival.verdict), hub.now()
    waiting = {**await _waiting(integration, arrival, at, hub), "resent": earlier.n if earlier else 0}
    receipt = earlier.receipt if earlier else None
    step = changed(head, n=n) if head else insert("head", {"schema": names.SCHEMA, "n": n, "idle": 0})
    etags = await hub.store.commit(
        ledger,
        arrival.lane,
        step,
        _receipt(arrival, receipt, n, answer, at),
        insert(names.row("w", n), waiting),
        insert(names.row("c", n), _content(arrival)),
        *(resends.replaced(earlier, n, at) if earlier else ()),
    )
    fresh = Fresh(
        Row(arrival.lane, "head", etags["head"], step.values),
        Row(arrival.lane, names.row("w", n), etags[names.row("w", n)], waiting),
        arrival.envelope,
        ticket,
        idle and not arrival.after,
    )
    return Recorded(arrival.id, "new", answer, arrival.lane, fresh)


async def _waiting(integration: Integration, arrival: Arrival, at: float, hub: Hub) -> dict[str, Any]:
    """The row of a message that waits. A merge remembers how far the other lane was: it waits for that, and no longer."""
    other = await hub.store.get(names.tables(integration.name).ledger, arrival.after, "head") if arrival.after else None
    return {
        "schema": names.SCHEMA,
        "state": "waiting",
        "at": at,
        "since": at,
        "due": 0.0,
        "attempts": 0,
        "sent": 0,
        "tries": 0,
        "ambiguous": False,
        "replays": 0,
        "code": "",
        "key": arrival.key,
        "mark": arrival.token,
        "control": arrival.control,
        "blob": " ".join(filter(None, (arrival.blob, *arrival.envelope.files))),
        "bytes": len(arrival.envelope.body),
        "after": arrival.after if other else "",
        "after_n": other["n"] if other else 0,
        "correlation_id": arrival.envelope.correlation_id or arrival.id,
        "traceparent": arrival.envelope.traceparent,
        "rules": " ".join(sorted({code(issue.rule) for issue in arrival.verdict.issues if issue.rule})),
        **arrival.facts,
    }


def _receipt(arrival: Arrival, earlier: Row | None, n: int, answer: Answer, at: float) -> Change:
    values = {
        "schema": names.SCHEMA,
        "n": n,
        "at": at,
        "digest": arrival.digest,
        "token": arrival.token,
        "reference": _references(arrival, earlier),
        "duplicates": earlier["duplicates"] if earlier else 0,
        "redelivered": (earlier["redelivered"] or 0) if earlier else 0,  # of the duplicates: brought again, not sent again
        "handed": _handed(arrival, earlier),
        "status": answer.status,
        "content_type": answer.content_type,
        **content.pieces(content.compressed(answer.body)),
    }
    key = f"r|{arrival.key}"
    return Change("replace", key, values, earlier.etag) if earlier else insert(key, values)


def _content(arrival: Arrival) -> dict[str, Any]:
    body = {"blob": arrival.blob} if arrival.blob else content.pieces(arrival.body)
    return {"schema": names.SCHEMA, **content.kept(arrival.envelope), **body}


def _handed(arrival: Arrival, receipt: Row | None) -> str:
    return resends.handed_over(receipt, arrival.envelope.handed)


def _counted(arrival: Arrival, receipt: Row) -> dict[str, Any]:
    """A duplicate, on its receipt: how many, and how many of them were only brought again."""
    again = resends.is_redelivered(receipt, arrival.envelope.handed)
    return {
        "duplicates": receipt["duplicates"] + 1,
        "redelivered": (receipt["redelivered"] or 0) + again,
        "handed": _handed(arrival, receipt),
        "reference": _references(arrival, receipt),
    }


async def _withdraw(integration: Integration, arrival: Arrival, ticket: Ticket | None, hub: Hub) -> None:
    """A duplicate opens no lane and knocks on no door."""
    try:
        await close(integration.name, arrival.lane, arrival.token, hub)
        if ticket:
            await hub.store.settle(ticket)
    except Away:
        return


def _same_copy(arrival: Arrival, receipt: Row) -> bool:
    """Whether a worker that died had recorded this copy: a batch is split again from its last note.

    It is neither a duplicate of the sender's nor a resend, which ``on_resend="deliver"`` would deliver a second time.
    Members go in by their numbers: where a later one of the same batch is known, this one was recorded before it.
    """
    batch, _, number = arrival.envelope.reference.rpartition("-")
    if not batch or not arrival.envelope.acknowledged:
        return False
    known = (each.rpartition("-") for each in str(receipt["reference"]).split())
    return any(theirs == batch and int(last) >= int(number) for theirs, _, last in known)


def _references(arrival: Arrival, earlier: Row | None) -> str:
    """The copies that were recorded under one receipt, the last few of them."""
    known = str(earlier["reference"]).split() if earlier else []
    return " ".join([*known, *filter(None, [arrival.envelope.reference])][-REFERENCES:])


def _as_given(arrival: Arrival, receipt: Row) -> Answer:
    """The acknowledgement as it was given; made anew where its media type is not taken this time."""
    body = content.restored(content.joined(receipt.values))
    given = Answer(status=receipt["status"], content_type=receipt["content_type"], body=body)
    accept = arrival.envelope.headers.get("accept", "")
    return given if not given.body or chosen(accept, (given.content_type,)) else arrival.acknowledge(arrival.verdict)


async def _duplicate(ledger: str, arrival: Arrival, receipt: Row | None, hub: Hub) -> Recorded:
    """The stored acknowledgement, once the duplicate is counted on the receipt."""
    while receipt:
        try:
            await hub.store.commit(ledger, arrival.lane, changed(receipt, **_counted(arrival, receipt)))
            return Recorded(arrival.id, "duplicate", _as_given(arrival, receipt), arrival.lane)
        except Conflict:
            await asyncio.sleep(hub.random.uniform(0.01, 0.1))
            receipt = await hub.store.get(ledger, arrival.lane, f"r|{arrival.key}")
    raise Unavailable(AWAY)
