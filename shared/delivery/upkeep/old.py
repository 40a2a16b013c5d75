"""Records of a lane that are old enough go with all that belongs to them, and the lane itself when nothing is left in it."""

from collections.abc import Iterator
from dataclasses import replace

from shared.hub import Hub, together
from shared.integration import Integration
from shared.ledger import schema
from shared.ledger.index import Found, rows_with
from shared.ledger.rows import Ended, Head, Receipt, is_last, message_of
from shared.storage import names
from shared.storage.store import Change, Row, delete

MOST = 90  # rows of one transaction, which takes a hundred
ANNOUNCED = 300.0  # seconds by which a message may be stored later than its index row
EXPIRES = ("dead", "rejected")  # outcomes of which content may be left
KINDS = ("d|", "c|", "e|", "p|")  # what belongs to one number


async def take_out(integration: Integration, found: list[Found], before: float, hub: Hub) -> bool:
    """The old records of one lane, then the ways to them. ``found``: rows of the index of one hour, of that lane.

    Returns:
        Whether nothing is left of them; a record's time counts from its end, which may be weeks after its hour.

    Raises:
        Conflict: something happens in the lane.
    """
    ledger, lane = names.tables(integration.name).ledger, found[0].of_lane
    rows = await hub.store.query(ledger, lane)
    schema.known(integration.name, "purge", hub, *rows)
    while changes := list(_changes(integration, rows, before, hub)):
        await hub.store.commit(ledger, lane, *changes)
        rows = await hub.store.query(ledger, lane)
    over = [one for one in found if not any(_is_of(one, each) for each in rows)]
    for one in over:
        await _forget(integration.name, one, rows, hub)
    return len(over) == len(found)


def _changes(integration: Integration, rows: list[Row], before: float, hub: Hub) -> Iterator[Change]:
    """One transaction's worth; the head counts what has gone, so that conservation can still be checked."""
    by_key = {row.key: row for row in rows}
    head, gone, size = by_key.get(names.HEAD), 0, 0
    going: set[str] = set()
    for key, row in by_key.items():
        if not _is_over(row, before) or (names.row("w", _n(row)) in by_key):
            continue
        own = [each for each in by_key if _belongs(each, row)]
        if size + len(own) > MOST:
            break
        going |= {*own, key}
        size += len(own) + 1
        gone += key.startswith("d|") and _n(row) != names.UNNUMBERED
        _report(integration, row, hub)
    left = [key for key in by_key.keys() - going if key != names.HEAD and not key.startswith("s|")]
    if not left:
        going |= by_key.keys()
    elif head and gone:
        kept = Head.of(head)
        yield replace(kept, purged=kept.purged + gone).replaced()
    yield from (delete(by_key[key]) for key in sorted(going))


def _n(row: Row) -> int:
    """The number of a record or of a receipt."""
    return Receipt.of(row).number if row.key.startswith("r|") else names.number(row.key)


def _is_over(row: Row, before: float) -> bool:
    """A record, or a receipt, whose retention is over."""
    if row.key.startswith("r|"):
        return Receipt.of(row).at < before
    return is_last(row.key) and Ended.of(row).ended < before


def _belongs(key: str, row: Row) -> bool:
    """Whether a row is deleted with a record: its history, content, the destination's words, its place in the outbox."""
    return row.key.startswith("d|") and key.startswith(KINDS) and key.split("|")[1] == row.key.split("|")[1]


def _report(integration: Integration, row: Row, hub: Hub) -> None:
    """Content whose retention had to end long before: nothing is left of it now, and that is reported."""
    if not row.key.startswith("d|"):
        return
    ended = Ended.of(row)
    if ended.outcome == "dead" or ended.pending:
        code = "not-taken" if ended.pending else ""
        hub.emit("hub.message", integration=integration.name, stage="retention", outcome="expired", error_code=code)


def _is_of(found: Found, row: Row) -> bool:
    """Whether a row of the lane is of the message of the index row, and not of a later one with that identity."""
    if not row.key.startswith(("w|", "d|")) or row.key == names.HOLD:
        return False
    message = message_of(row)
    return message.identity == found.identity and names.hour(message.at - ANNOUNCED) <= found.hour


async def _forget(integration: str, found: Found, rows: list[Row], hub: Hub) -> None:
    """The ways to a message, and its row of the hour. What a later copy, or a later message under its id, wrote again stays."""
    find = names.tables(integration).find
    kept = found.identity if found.is_earlier and await _is_way_of_later(find, found, rows, hub) else ""
    for partition, keys in rows_with(found).items():
        there = await together(*(hub.store.get(find, partition, key) for key in keys if key != kept))
        own = [delete(row) for row in there if row and _is_way(Found.of(row), found)]
        if own:
            await hub.store.commit(find, partition, *own)


def _is_way(row: Found, found: Found) -> bool:
    """Whether a row of the index is one to the message of a row of an hour, and not written after that hour."""
    return row.id == found.id and names.hour(row.at) <= found.hour


async def _is_way_of_later(find: str, found: Found, rows: list[Row], hub: Hub) -> bool:
    """Whether a later message is found by the row of the control id that this one wrote: an earlier version leaves it so."""
    messages = [message_of(row) for row in rows if row.key.startswith(("w|", "d|")) and row.key != names.HOLD]
    last = max((message.at for message in messages if message.identity == found.identity), default=0.0)
    finders = (finder for finder in found.finders.split() if last and names.is_of_control(finder))
    known = [await hub.store.query(find, names.index(found.identity), *names.of_finder(finder)) for finder in finders]
    listed = [one for rows in known for one in map(Found.of, rows) if one.id == found.id and one.at >= last - ANNOUNCED]
    return bool(last) and not listed
