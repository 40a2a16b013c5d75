"""The two sides of each message of a parallel run: kept until both are there, compared once, and deleted.

Rows of the table ``pairs``; ``id`` is the keyed hash of the control id:

open      id              one side waits: written before the side, deleted when none is left
p|id      old|k, new|k    one side with its content, from its receipt until it is compared, at most ``HOURS``
p|id      seen|old|k      that side has come: once more, it is ignored
t|hour    id.k            the result, without any content

A side is kept again by the worker that tries again, and the key of a result follows from its two sides. So a crash between two
steps loses no result and counts none twice.
"""

import asyncio
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

import orjson

from shared.compare.agreed import FILE, Agreed, BrokenAgreement, read
from shared.hub import Hub
from shared.integration import Integration
from shared.parallel.made import Found, Made, differences, not_agreed, packed, unpacked
from shared.privacy import search_hash
from shared.storage import names
from shared.storage.store import Conflict, Row, delete, insert, put
from shared.storage.stored import Stored, WithBody, always, row_type

HOURS = 23  # that one side waits for the other; the hourly purge then deletes it within a day
OPEN = "open"
TRIES = 10
Which = Literal["old", "new"]
Outcome = Literal["same", "agreed", "different", "unpaired"]
NO_OLD, NO_NEW, REFUSED_ALONE = "nothing-from-old-engine", "nothing-from-hub", "refused-and-nothing-from-old-engine"


@row_type(frozen=True, kw_only=True, repr=False)
class Side(WithBody):
    """``old|k`` or ``new|k``: what one engine made of a message, since when it waits."""

    at: float


@row_type(frozen=True, kw_only=True, repr=False)
class Result(Stored):
    """``t|hour``: how the two sides of one message compare. ``found``: JSON, a list of path, cause, rule and number of places."""

    outcome: Outcome
    found: str = always("[]")

    @property
    def differences(self) -> list[Found]:
        return [Found(*each) for each in orjson.loads(self.found)]


async def keep(integration: Integration, control: str, which: Which, key: str, made: Made, hub: Hub) -> None:
    """Keep one side and, when the other is there, compare them. Raises ``Away``.

    Args:
        control: the control id, or the form in which rows keep it.
        key: distinguishes this side from another one with the same control id; the same side always has the same key.
    """
    table, id = names.tables(integration.name).pairs, search_hash("control", control)
    side = Side(at=hub.now(), body=packed(made))
    await hub.store.commit(table, OPEN, put(id, {"at": hub.now()}))
    with suppress(Conflict):  # it arrived before: by a queue, or from a worker that stopped before it was done
        seen = insert(f"seen|{which}|{key}", {"at": hub.now()})
        await hub.store.commit(table, f"p|{id}", seen, side.inserted(f"{which}|{key}"))
    await settle(integration, id, hub)


async def settle(integration: Integration, id: str, hub: Hub) -> None:
    """Compare what is paired, give up what has waited too long, and close the message when nothing is left of it."""
    table = names.tables(integration.name).pairs
    for _ in range(TRIES):
        opened = await hub.store.get(table, OPEN, id)
        rows = await hub.store.query(table, f"p|{id}", "new|", "old~")
        sides = sorted(map(Side.of, rows), key=lambda one: (one.at, one.row.key))
        old, new = (next((one for one in sides if one.row.key.startswith(which)), None) for which in ("old|", "new|"))
        try:
            if old and new:
                await _compare(integration, id, old, new, hub)
            elif sides and hub.now() - sides[0].at > HOURS * 3600:
                await _give_up(integration, id, sides[0], hub)
            else:
                return await _close(table, opened, hub) if not sides else None
        except Conflict:
            continue  # another worker compares it
    return None


async def _close(table: str, opened: Row | None, hub: Hub) -> None:
    """By its ETag, which was read first: a side that arrives meanwhile writes the row again, and it stays."""
    with suppress(Conflict):
        if opened:
            await hub.store.commit(table, OPEN, delete(opened))


async def _compare(integration: Integration, id: str, old: Side, new: Side, hub: Hub) -> None:
    large = len(old.body) + len(new.body) > hub.timing.thread_from
    outcome, found = (
        await asyncio.to_thread(_compared, integration.package, old.body, new.body)
        if large
        else _compared(integration.package, old.body, new.body)
    )
    await _result(integration, f"{id}.{_key(new)}", max(old.at, new.at), Result(outcome=outcome, found=_json(found)), hub)
    await hub.store.commit(names.tables(integration.name).pairs, f"p|{id}", old.deleted(), new.deleted())
    _emit(integration, outcome, found, hub)


def _compared(package: str, old: bytes, new: bytes) -> tuple[Outcome, list[Found]]:
    every = differences(unpacked(old), unpacked(new))
    left = not_agreed(every, agreements(package))
    return "different" if left else "agreed" if every else "same", left


async def _give_up(integration: Integration, id: str, side: Side, hub: Hub) -> None:
    without_old = NO_OLD if unpacked(side.body).accepted else REFUSED_ALONE
    cause = NO_NEW if side.row.key.startswith("old|") else without_old
    found = [Found("", cause, "", 1)]
    at = side.at + HOURS * 3600
    await _result(integration, f"{id}.{_key(side)}", at, Result(outcome="unpaired", found=_json(found)), hub)
    await hub.store.commit(names.tables(integration.name).pairs, f"p|{id}", side.deleted())
    _emit(integration, "unpaired", found, hub)


async def _result(integration: Integration, key: str, at: float, result: Result, hub: Hub) -> None:
    await hub.store.commit(names.tables(integration.name).pairs, names.hour(at), put(key, result.values()))


def _key(side: Side) -> str:
    """The part of a row's key that distinguishes a side from others, in a form that fits into another key."""
    return side.row.key.replace("|", ".")


def _json(found: list[Found]) -> str:
    return orjson.dumps(list(map(list, found))).decode()


def _emit(integration: Integration, outcome: Outcome, found: list[Found], hub: Hub) -> None:
    causes = " ".join(dict.fromkeys(each.cause for each in found))
    hub.emit("hub.pair", integration=integration.name, outcome=outcome, rule=causes, count=sum(each.places for each in found))


@cache
def agreements(package: str) -> tuple[Agreed, ...]:
    """The agreements next to the integration, read once; none when the file cannot be used: a difference too many is seen."""
    with suppress(BrokenAgreement):
        return tuple(read(Path(__file__).parents[2] / "integrations" / package / FILE))
    return ()
