"""Nothing lost: every number that a lane gave out is accounted for, and nothing is kept without a reason.

received = delivered + observed + rejected + duplicate + dead + discarded + expired + waiting + in flight + in batch

``in batch``: members of a batch that were acknowledged and are not in the ledger yet. While a worker splits one, the members
since its last note are counted in both places.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field

from shared.hub import Hub
from shared.integration import Integration
from shared.ledger.arrivals import batch_rows as batches
from shared.ledger.open_rows import Opened
from shared.ledger.rows import Claimed, Content, Ended, Head, Receipt, Waiting, is_last, message_of
from shared.storage import names
from shared.storage.store import Row

OUTCOMES = (
    "delivered",
    "observed",
    "rejected",
    "duplicate",
    "dead",
    "discarded",
    "expired",
    "waiting",
    "in flight",
    "in batch",
    "purged",
)
INBOX_DAYS = 1


@dataclass
class Balance:
    """What was received, what became of it, and what cannot be explained."""

    received: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.unexplained and self.received == sum(self.outcomes.values())


async def balance(integration: Integration, hub: Hub) -> Balance:
    """Walk the whole ledger of an integration. A lane that seems wrong is read again: it may have moved meanwhile."""
    total, lane = Balance(), list[Row]()
    async for row in hub.store.scan(names.tables(integration.name).ledger):
        if lane and row.partition != lane[0].partition:
            await _add(total, integration, lane, hub)
            lane = []
        lane.append(row)
    if lane:
        await _add(total, integration, lane, hub)
    left = sum(batch.left for batch in await batches.waiting(integration.name, hub))
    total.received += left
    total.outcomes.update({"in batch": left} if left else {})
    return total


async def _add(total: Balance, integration: Integration, rows: list[Row], hub: Hub) -> None:
    partition, one = rows[0].partition, lane_balance(rows)
    for _ in range(3):
        if one.holds:
            break
        await asyncio.sleep(0.2)
        rows = await hub.store.query(names.tables(integration.name).ledger, partition)
        one = lane_balance(rows)
    total.received += one.received
    total.outcomes.update(one.outcomes)
    total.unexplained += one.unexplained


def lane_balance(rows: list[Row]) -> Balance:
    """The balance of one lane, from all its rows."""
    by_key = {row.key: row for row in rows}
    ended = {names.number(key): Ended.of(row) for key, row in by_key.items() if is_last(key)}
    waiting = {names.number(key): Waiting.of(row) for key, row in by_key.items() if key.startswith("w|") and key != names.HOLD}
    head = Head.of(by_key[names.HEAD]) if names.HEAD in by_key else Head(number=0)
    receipts = [Receipt.of(row) for row in rows if row.key.startswith("r|")]
    duplicates = sum(receipt.duplicates for receipt in receipts) + head.duplicates
    refused = sum(n == names.UNNUMBERED for n in ended)
    outcomes = Counter({"duplicate": duplicates, "purged": head.purged})
    outcomes.update(row.outcome for row in ended.values())
    outcomes.update("in flight" if row.state == "sending" else "waiting" for row in waiting.values())
    wrong = [f"{rows[0].partition}: {text}" for text in _wrong(by_key, ended, waiting, head.number - head.purged)] if rows else []
    return Balance(head.number + duplicates + refused, +outcomes, wrong)


def _wrong(by_key: dict[str, Row], ended: dict[int, Ended], waiting: dict[int, Waiting], numbers: int) -> Iterator[str]:
    """What must not be, in our own words."""
    accepted = ended.keys() - {names.UNNUMBERED}
    if both := accepted & waiting.keys():
        yield f"{len(both)} both waiting and done"
    if len(accepted | waiting.keys()) != numbers:
        yield f"{numbers} numbers given out, {len(accepted | waiting.keys())} accounted for"
    for n in waiting:
        if names.row("c", n) not in by_key:
            yield f"message {n} waits without its content"
    for row in by_key.values():
        if row.key.startswith("r|") and Receipt.of(row).number not in accepted | waiting.keys():
            yield "a receipt without its message"
        if row.key.startswith("c|") and (text := _residue(by_key, ended, waiting, names.number(row.key))):
            yield text


def _residue(by_key: dict[str, Row], ended: dict[int, Ended], waiting: dict[int, Waiting], n: int) -> str:
    """Content is there for a waiting message, a dead letter, a kept refusal, or subscribers."""
    row = ended.get(n)
    if n in waiting or (row and (row.outcome in ("dead", "rejected") or row.pending)):
        return ""
    return f"content of message {n} without a reason"


async def residue(integration: Integration, hub: Hub) -> list[str]:
    """What outstays its reason: content, blobs, open rows, dead letters, and what was left in the inbox."""
    tables, found = names.tables(integration.name), list[str]()
    held: set[str] = set()
    async for row in hub.store.scan(tables.ledger):
        held |= set(_blobs(row))
        found += _outstays(integration, row, hub.now())
    held |= {batch.blob for batch in await batches.waiting(integration.name, hub)}
    for name, at in await hub.store.blobs(names.CONTENT, f"{integration.name}/"):
        if name not in held and hub.now() - at > hub.timing.open_grace:
            found.append("a blob without its row")
    for _, at in await hub.store.blobs(names.INBOX, f"{integration.name}/"):
        if hub.now() - at > INBOX_DAYS * 86400:
            found.append("a body left in the inbox")
    found += [text async for text in _open(integration, hub)]
    return found + [text for text in (await balance(integration, hub)).unexplained if "content" in text]


def _outstays(integration: Integration, row: Row, now: float) -> Iterable[str]:
    """One row whose time is over."""
    keep, day = integration.retention, 86400
    slack = 7200  # the purge runs every hour
    if row.key.startswith("d|"):
        ended = Ended.of(row)
        # The row of an earlier attempt has no content.
        if is_last(row.key) and ended.outcome == "dead" and now - ended.ended > keep.dead_content * day + slack:
            yield f"{row.partition}: a dead letter older than its retention"
        if ended.pending and now - ended.ended > keep.published * day + slack:
            yield f"{row.partition}: published content older than its retention"
    if row.key.startswith("r|") and now - Receipt.of(row).at > (keep.receipts + 1) * day + slack:
        yield f"{row.partition}: a receipt older than its retention"
    if row.key == names.CLAIM and now - Claimed.of(row).end > 3600:
        yield f"{row.partition}: a claim left behind"


def _blobs(row: Row) -> Iterator[str]:
    """The blobs that a row names."""
    if row.key.startswith(("w|", "d|")) and row.key != names.HOLD:
        message = message_of(row)
        yield from message.blob.split()
        if isinstance(message, Ended):
            yield from message.blob_pending.split()
    elif row.key.startswith("c|"):
        content = Content.of(row)
        yield from (*content.blob.split(), *content.files.split())


async def _open(integration: Integration, hub: Hub) -> AsyncIterator[str]:
    """Open rows of messages that have ended, or were never stored."""
    tables = names.tables(integration.name)
    async for row in hub.store.scan(tables.open):
        if row.partition != names.BATCH and hub.now() - Opened.of(row).at > 2 * hub.timing.open_grace:
            lane, mark = row.key.split(".")
            rows = await hub.store.query(tables.ledger, lane)
            if not any(_keeps_open(one, mark) for one in rows):
                yield f"{lane}: an open row left behind"


def _keeps_open(row: Row, mark: str) -> bool:
    """Whether a row of the lane is the reason for an open row: what was published, or waits (the first version wrote no mark)."""
    if mark == names.OUTBOX:
        return row.key.startswith("p|")
    if row.key.startswith("w|"):
        return row.key != names.HOLD and Waiting.of(row).mark in (mark, "")
    return row.key.startswith("d|") and Ended.of(row).mark == mark and bool(Ended.of(row).pending)
