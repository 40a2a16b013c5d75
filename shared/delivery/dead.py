"""Dead letters: listed, revived or discarded; each act of a person is written down first.

A replay is a new attempt of the same message in its old place in the lane; the outcome of the first attempt stays as a row of
its own (``d|n|k``). Discard keeps the record and drops the content.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from shared.delivery.isolation import isolated
from shared.envelope import Envelope
from shared.hub import Hub, together
from shared.integration import Integration
from shared.ledger import audit, schema
from shared.ledger.arrivals.revival import revived
from shared.ledger.audit import Act
from shared.ledger.blobs import drop_blob
from shared.ledger.content import stored_envelope
from shared.ledger.index import Listed
from shared.ledger.knocks import close, knock, open_lane
from shared.ledger.reporting.search import sequence, status
from shared.ledger.rows import Content, Ended, Head, Hold
from shared.problems import Lost
from shared.storage import names
from shared.storage.store import Change, Conflict, Row, delete
from shared.telemetry.tracing import current

PARTITION = names.DEAD
KEPT = ("dead", "rejected")
PAGE = 500  # lines of the list in one request
AT_ONCE = 32  # stories that are read at the same time


class Refused(Exception):
    """A requested act cannot be done; the text gives the reason and no value. ``reason``: the same as one word."""

    def __init__(self, text: str, reason: str = "not-possible") -> None:
        super().__init__(text)
        self.reason = reason


class Page(NamedTuple):
    """Dead letters, and where the next page begins; empty at the end."""

    letters: tuple[dict[str, Any], ...]
    following: str


class Person(NamedTuple):
    """The person who acts, and the purpose."""

    who: str
    purpose: str = ""


class Place(NamedTuple):
    """Where a dead letter is: its lane, its number, and the record of what became of it."""

    lane: str
    n: int
    ended: Ended


async def dead_letters(integration: str, hub: Hub, rule: str = "", since: float = 0) -> list[dict[str, Any]]:
    """Every dead letter, oldest first: reason, rules, paths, attempts, history. ``rule`` narrows by rule id or code."""
    page = await dead_page(integration, hub, rule, since)
    found = list(page.letters)
    while page.following:
        page = await dead_page(integration, hub, rule, since, after=page.following)
        found += page.letters
    return sorted(found, key=lambda one: float(one["at"]))


async def dead_page(integration: str, hub: Hub, rule: str = "", since: float = 0, *, after: str = "", most: int = PAGE) -> "Page":
    """One page of the list. ``after``: ``following`` of the page before; ``most``: lines that are read."""
    rows = await hub.store.query(names.tables(integration).find, PARTITION, after, limit=most)
    stories: list[dict[str, Any] | None] = []
    for some in range(0, len(rows), AT_ONCE):
        stories += await together(*(_story(integration, row, since, hub) for row in rows[some : some + AT_ONCE]))
    found = [one for one in stories if one and (not rule or rule in (one.get("code"), *one.get("rules", "").split()))]
    return Page(tuple(found), f"{rows[-1].key}!" if len(rows) == most else "")


async def _story(integration: str, line: Row, since: float, hub: Hub) -> dict[str, Any] | None:
    """The dead letter of a line of the list; ``None`` when it is older, or no longer one. A broken line hides no other."""
    found: dict[str, Any] | None = None
    with isolated(integration, "dead-letters", hub, line.key.partition(".")[0]):
        found = await status(integration, line.key, hub) if Listed.of(line).at >= since else None
    return found if found and found["outcome"] in KEPT else None


async def content(integration: str, message_id: str, person: Person, hub: Hub) -> bytes:
    """The body of a dead letter, for a stated purpose, which is audited."""
    if not person.purpose:
        raise Refused("the content is shown for a stated purpose only", "no-purpose")
    lane, n, _ = await find_dead(integration, message_id, hub)
    row = await hub.store.get(names.tables(integration).ledger, lane, names.row("c", n))
    if not row:
        raise Refused("its content is gone", "no-content")
    await audit.append(integration, Act(person.who, "content", message_id, person.purpose), hub)
    return (await kept_envelope(integration, Content.of(row), hub)).body


async def kept_envelope(integration: str, stored: Content, hub: Hub) -> Envelope:
    """The envelope of a dead letter. Raises ``Refused``: its blob is gone, or a part of it is missing."""
    try:
        return await stored_envelope(integration, stored, hub)
    except Lost:
        raise Refused("its content is gone, or a part of it is missing", "no-content") from None


async def revive(integration: Integration, message_id: str, place: "Place", hub: Hub, *, out_of_order: bool = False) -> str:
    """Let a dead letter wait again in its old place; returns its id. Raises ``Refused``: later messages were delivered."""
    lane, n, ended = place
    if not out_of_order and await _overtaken(integration.name, lane, n, hub):
        raise Refused("later messages of its lane were delivered: replay it out of order, or discard it", "overtaken")
    tables = names.tables(integration.name)
    line = await hub.store.get(tables.find, PARTITION, message_id)
    mark = hub.token()
    others = await _let_in(tables.ledger, lane, n, hub)  # reads the head, so before the lane is opened: the watchdog may close it
    await open_lane(integration.name, lane, mark, hub, ended.identity)
    await _commit(tables.ledger, lane, [*revived(ended, mark, hub.now(), current()), *others], hub)
    await _unlist(tables.find, line, hub)
    await knock(integration.name, lane, hub)
    return message_id


async def discard(
    integration: Integration, message_id: str, person: Person, hub: Hub, outcome: names.EndedAs = "discarded"
) -> None:
    """Give a dead letter up: its record stays, its content is deleted, and a lane that it held continues."""
    lane, n, ended = await find_dead(integration.name, message_id, hub)
    if outcome == "discarded":
        await audit.append(integration.name, Act(person.who, "discard", message_id, person.purpose), hub)
    tables = names.tables(integration.name)
    line = await hub.store.get(tables.find, PARTITION, message_id)
    others = await _let_in(tables.ledger, lane, n, hub, content_too=True)  # reads the head, so before the lane is opened
    await open_lane(integration.name, lane, ended.mark, hub, ended.identity)
    record = replace(ended, outcome=outcome, ended=hub.now(), blob="", blob_pending=ended.blob)
    await _commit(tables.ledger, lane, [record.replaced(), *others], hub)
    await drop_blob(tables.ledger, lane, n, hub)
    await _unlist(tables.find, line, hub)
    await close(integration.name, lane, ended.mark, hub)
    await knock(integration.name, lane, hub)


async def _unlist(find: str, line: Row | None, hub: Hub) -> None:
    """Out of the list, by the ETag of before: the message may have died again meanwhile, and that is another line."""
    with suppress(Conflict):
        if line:
            await hub.store.commit(find, PARTITION, delete(line))


async def find_dead(integration: str, message_id: str, hub: Hub) -> Place:
    """Lane, number and record of a dead letter; ``Refused`` when the id is not one's."""
    row = await row_of(integration, message_id, "d", hub)
    ended = Ended.of(row) if row else None
    if not ended or ended.outcome not in KEPT:
        raise Refused("there is no such dead letter", "not-dead")
    return Place(ended.lane, ended.n, ended)


async def row_of(integration: str, message_id: str, kind: str, hub: Hub) -> Row | None:
    """The row of this kind that a message has; ``None``: none. Raises ``Refused``: a newer version wrote it."""
    lane, _, key = message_id.partition(".")
    ledger = names.tables(integration).ledger
    try:
        n = await sequence(ledger, lane, key, hub)
        return schema.readable(await hub.store.get(ledger, lane, names.row(kind, n))) if n is not None else None
    except schema.Newer:
        raise by_newer_version() from None


def by_newer_version() -> Refused:
    """A newer version wrote a row of the message, so this version does not act on it."""
    return Refused("a newer version of the hub wrote it: that one must do it", schema.NEWER.rule)


async def _overtaken(integration: str, lane: str, n: int, hub: Hub) -> bool:
    later = await hub.store.query(names.tables(integration).ledger, lane, names.row("d", n + 1), "d~")
    return any(Ended.of(row).outcome == "delivered" for row in later)


async def _let_in(ledger: str, lane: str, n: int, hub: Hub, content_too: bool = False) -> list[Change]:
    """What else changes: the hold of this message, the destination's words, the content; and no worker takes a short cut."""
    rows = {row.key: row for row in await hub.store.query(ledger, lane, "c|", "r|") if row.key in (names.HEAD, _c(n), _e(n))}
    hold = await hub.store.get(ledger, lane, names.HOLD)
    changes = [replace(Head.of(rows[names.HEAD]), idle=-1).replaced()] if names.HEAD in rows else []
    changes += [delete(hold)] if hold and Hold.of(hold).number == n else []
    return changes + [delete(rows[key]) for key in (_e(n), *([_c(n)] if content_too else [])) if key in rows]


def _c(n: int) -> str:
    return names.row("c", n)


def _e(n: int) -> str:
    return names.row("e", n)


async def _commit(ledger: str, lane: str, changes: list[Change], hub: Hub) -> None:
    try:
        await hub.store.commit(ledger, lane, *changes)
    except Conflict:
        raise Refused("the lane is busy, or another change was first: look again", "busy") from None
