"""The accepting side of the ledger: a message is stored in one transaction of its lane, once.

What is harmless if the message is never stored is written first: where to find it, and that its lane has work.
"""

import asyncio
from dataclasses import replace
from typing import NamedTuple

from shared.hub import Hub, together
from shared.integration import Integration
from shared.ledger import content, schema
from shared.ledger.arrivals import resends
from shared.ledger.arrivals.arrival import AWAY, Arrival, Fresh, Recorded
from shared.ledger.arrivals.receipts import as_given, count_duplicate, counted, is_same_copy, receipt_change
from shared.ledger.arrivals.resends import Earlier
from shared.ledger.arrivals.revival import revived
from shared.ledger.arrivals.turns import turn
from shared.ledger.index import Found, rows_of, ways, write_files
from shared.ledger.knocks import close, open_lane
from shared.ledger.rows import Head, Receipt, Waiting
from shared.privacy import code
from shared.problems import Unavailable
from shared.storage import names
from shared.storage.store import Away, Conflict, Row, delete
from shared.telemetry.tracing import link


async def record(integration: Integration, arrival: Arrival, hub: Hub) -> Recorded:
    """Store the message, or find that it is stored. Raises ``Unavailable``: nothing was stored, or the sender must ask again."""
    try:
        if arrival.blob:
            await content.write_blob(arrival.blob, arrival.envelope.body, hub)
        reused, opening = await _announce(integration, arrival, hub)
        recorded = None if reused else await _store_in_turn(integration, arrival, opening, hub)
        if recorded is None:
            arrival = arrival.reused()
            _, opening = await _announce(integration, arrival, hub)
            recorded = await _store_in_turn(integration, arrival, opening, hub)
    except Away:
        raise Unavailable(AWAY) from None
    if recorded is None:
        raise Unavailable(AWAY)
    return recorded


class Opening(NamedTuple):
    """The head of a lane as it was read, and a time before the open row of the message was written."""

    head: Head | None
    began: float


async def _announce(integration: Integration, arrival: Arrival, hub: Hub) -> tuple[bool, Opening]:
    """Index and open lane: written first, ignored when the message is not there.

    Returns:
        Whether the id was used, and the head of the lane.
    """
    reused, opening = await together(_write_index(integration, arrival, hub), _open(integration, arrival, hub))
    return reused, opening


async def _open(integration: Integration, arrival: Arrival, hub: Hub) -> Opening:
    """The head of the lane, and an open row for the message. The head is read before the watchdog may remove that row.

    The watchdog changes the head before it removes an open row whose message was never stored. A process that was stopped between
    its open row and its transaction would otherwise store a message that no worker looks for; now the transaction fails.
    Both are done at once while that takes less than half of the time after which the watchdog removes such a row, which leaves
    the other half to clocks that differ; when it took longer, they are done again, the head first. The head of an arrival before
    this one in its lane is held to the same (``shared/ledger/arrivals/turns.py``).
    """
    began = hub.now()
    head, _ = await together(_head(integration, arrival, hub), _write_open_row(integration, arrival, hub))
    if not 0 <= hub.now() - began < hub.timing.open_grace / 2:  # below 0: the clock was set back
        head, began = await _head(integration, arrival, hub), hub.now()
        await _write_open_row(integration, arrival, hub)
    if schema.is_newer(head):
        hub.start(_withdraw(integration, arrival, hub))
    schema.known(integration.name, "accept", hub, head)
    return Opening(Head.of(head) if head else None, began)


async def _head(integration: Integration, arrival: Arrival, hub: Hub) -> Row | None:
    return await hub.store.get(names.tables(integration.name).ledger, arrival.lane, names.HEAD)


async def _write_open_row(integration: Integration, arrival: Arrival, hub: Hub) -> None:
    await open_lane(integration.name, arrival.lane, arrival.token, hub, arrival.key)


async def _write_index(integration: Integration, arrival: Arrival, hub: Hub) -> bool:
    """Write the index rows of the message in one transaction, then those of its files.

    Returns:
        True, with nothing written: another body with its identity is in the ledger, so it is announced again under its own key.
    """
    find, partition = names.tables(integration.name).find, names.index(arrival.identity)
    found = Found(of_lane=arrival.lane, identity=arrival.key, digest=arrival.digest, at=hub.now())
    others = ways(arrival.finders, arrival.id)
    first = names.listed(arrival.by_control, arrival.identity)  # of all messages with this identity, in any lane
    *changes, of_hour = rows_of(found, [first, *others])
    try:
        await hub.store.commit(find, partition, found.inserted(first), *changes[1:], of_hour)
    except Conflict:
        row = await hub.store.get(find, partition, first)
        earlier = Found.of(row) if row else None
        if earlier and (earlier.id, earlier.digest) != (arrival.id, arrival.digest):
            if not arrival.is_reused and await _has_other_body(integration, arrival, earlier, hub):
                return True
            if earlier.id != arrival.id:
                first = names.listed(arrival.by_control, arrival.id)
        await hub.store.commit(find, partition, *rows_of(found, [first, *others]))
    await write_files(found, arrival.finders, integration.name, hub)
    return False


async def _has_other_body(integration: Integration, arrival: Arrival, earlier: Found, hub: Hub) -> bool:
    """Whether another body with this identity is in the ledger, so that this one has a key of its own.

    ``earlier``: the message that the index knows under the identity. A copy of what is in the lane has its key.
    """
    ledger, lane = names.tables(integration.name).ledger, arrival.lane
    places = ((lane, arrival.reused().key), (lane, arrival.key), (earlier.of_lane, earlier.identity))
    rows = await together(*(hub.store.get(ledger, lane, names.receipt(key)) for lane, key in places))
    own, *others = (Receipt.of(row).digest if row else "" for row in rows)
    if own or others[0] == arrival.digest:
        return bool(own)
    return any(digest not in ("", arrival.digest) for digest in others)


async def _store_in_turn(integration: Integration, arrival: Arrival, opening: Opening, hub: Hub) -> Recorded | None:
    """Store it when the arrivals before it in this process are stored, and pass the new head to the next one."""
    deadline = hub.now() + hub.timing.storage_patience
    async with turn(names.tables(integration.name).ledger, arrival.lane, hub) as line:
        opening = opening._replace(head=line.newest(opening.head, opening.began, hub))
        recorded = await _store(integration, arrival, opening, deadline, hub)
        if recorded and recorded.fresh:
            line.wrote(recorded.fresh.head, hub.now())
    return recorded


async def _store(integration: Integration, arrival: Arrival, opening: Opening, deadline: float, hub: Hub) -> Recorded | None:
    """The transaction, tried until its answer is clear; ``None`` when the receipt there is that of another body."""
    ledger = names.tables(integration.name).ledger
    earlier: Earlier | None = None
    tried = False
    while hub.now() < deadline:
        try:
            opening = await _open(integration, arrival, hub) if tried else opening
            tried = True
            return await _write(integration, arrival, earlier, opening.head, hub)
        except (Conflict, Away):
            receipt = await _read(ledger, arrival, hub)
        if receipt and receipt.token == arrival.token:
            if earlier:
                hub.start(resends.clear(integration, earlier, hub))
            return Recorded(arrival.id, "new", arrival.acknowledge(arrival.verdict), arrival.lane)
        if receipt and receipt.digest != arrival.digest:
            return None
        if receipt and is_same_copy(arrival, receipt):
            hub.start(_withdraw(integration, arrival, hub))
            return Recorded(arrival.id, "again", as_given(arrival, receipt), arrival.lane)
        earlier = await resends.look(integration, receipt, hub) if receipt else None
        if earlier and not resends.comes_again(integration, earlier, arrival.envelope.handed):
            hub.start(_withdraw(integration, arrival, hub))
            return await count_duplicate(ledger, arrival, earlier.receipt, hub)
        await asyncio.sleep(hub.random.uniform(0.01, 0.1))
    raise Unavailable(AWAY)


async def _read(ledger: str, arrival: Arrival, hub: Hub) -> Receipt | None:
    try:
        receipt = await hub.store.get(ledger, arrival.lane, names.receipt(arrival.key))
    except Away:
        return None
    schema.known(arrival.envelope.integration, "accept", hub, receipt)
    return Receipt.of(receipt) if receipt else None


async def _write(integration: Integration, arrival: Arrival, earlier: Earlier | None, head: Head | None, hub: Hub) -> Recorded:
    """Store it: at the end of its lane, or in the place of the dead letter that holds the lane and that it repeats."""
    if earlier and earlier.hold:
        recorded = await _revive(integration, arrival, earlier, head, hub)
    else:
        if earlier:
            await resends.announce(integration, earlier, hub)
        recorded = await _append(integration, arrival, earlier, head, hub)
    if earlier:
        hub.start(resends.clear(integration, earlier, hub))
    return recorded


async def _revive(integration: Integration, arrival: Arrival, earlier: Earlier, head: Head | None, hub: Hub) -> Recorded:
    """The sender sent again what holds its lane: the same body, tried again in its place, so that nothing overtakes it."""
    ledger, receipt, ended = names.tables(integration.name).ledger, earlier.receipt, earlier.ended
    assert earlier.hold
    assert ended
    link(ended.traceparent)
    changes = [
        *revived(ended, arrival.token, hub.now(), arrival.envelope.traceparent),
        replace(counted(arrival, receipt), token=arrival.token).replaced(),
        *([replace(head, idle=-1).replaced()] if head else []),  # no short cut past what waits
        earlier.hold.deleted(),
        *(delete(row) for row in earlier.rests if row.key.startswith("e|")),
    ]
    await hub.store.commit(ledger, arrival.lane, *changes)
    return Recorded(arrival.id, "new", as_given(arrival, receipt), arrival.lane)


async def _append(integration: Integration, arrival: Arrival, earlier: Earlier | None, head: Head | None, hub: Hub) -> Recorded:
    """One transaction: the next number of the lane, the receipt, the waiting message and its content."""
    ledger = names.tables(integration.name).ledger
    n, idle = (head.number + 1, head.idle == head.number) if head else (1, True)
    answer, at = arrival.acknowledge(arrival.verdict), hub.now()
    waiting = replace(await _waiting(integration, arrival, at, hub), resent=earlier.n if earlier else 0)
    receipt = earlier.receipt if earlier else None
    step = replace(head, number=n).replaced() if head else Head(number=n, idle=0).inserted(names.HEAD)
    etags = await hub.store.commit(
        ledger,
        arrival.lane,
        step,
        receipt_change(arrival, receipt, n, answer, at),
        waiting.inserted(names.row("w", n)),
        content.stored(arrival.envelope, arrival.body, arrival.blob).inserted(names.row("c", n)),
        *(resends.replaced(earlier, n, at) if earlier else ()),
    )
    fresh = Fresh(
        Head.of(Row(arrival.lane, names.HEAD, etags[names.HEAD], step.values)),
        Waiting.of(Row(arrival.lane, names.row("w", n), etags[names.row("w", n)], waiting.values())),
        arrival.envelope,
        idle and not arrival.after,
    )
    return Recorded(arrival.id, "new", answer, arrival.lane, fresh)


async def _waiting(integration: Integration, arrival: Arrival, at: float, hub: Hub) -> Waiting:
    """The row of a message that waits. A merge remembers how far the other lane was: it waits for that, and no longer."""
    other = await hub.store.get(names.tables(integration.name).ledger, arrival.after, names.HEAD) if arrival.after else None
    facts = Waiting.of(Row("", "", "", {**arrival.facts, "at": at}))
    return replace(
        facts,
        state="waiting",
        since=at,
        identity=arrival.key,
        mark=arrival.token,
        control=arrival.control,
        blob=" ".join(filter(None, (arrival.blob, *arrival.envelope.files))),
        bytes=len(arrival.envelope.body),
        after=arrival.after if other else "",
        after_n=Head.of(other).number if other else 0,
        correlation_id=arrival.envelope.correlation_id or arrival.id,
        traceparent=arrival.envelope.traceparent,
        rules=" ".join(sorted({code(issue.rule) for issue in arrival.verdict.issues if issue.rule})),
    )


async def _withdraw(integration: Integration, arrival: Arrival, hub: Hub) -> None:
    """A duplicate opens no lane."""
    try:
        await close(integration.name, arrival.lane, arrival.token, hub)
    except Away:
        return
