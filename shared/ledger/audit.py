"""Who did what to which message and why: appended only, each row carrying the hash of the one before."""

import asyncio
import hashlib
from dataclasses import replace
from typing import ClassVar, NamedTuple

from shared.hub import Hub
from shared.storage import names
from shared.storage.names import AUDIT, HEAD, tables
from shared.storage.store import Conflict
from shared.storage.stored import Stored, always, row_type


class Act(NamedTuple):
    """One act of a person: ``replay``, ``discard``, ``content``, ``search``; with its purpose."""

    who: str
    what: str
    message_id: str
    purpose: str = ""


@row_type(frozen=True, kw_only=True, repr=False)
class Entry(Stored):
    """One act as it was written down. ``before``: the hash of the act before it; ``hash``: of this one, ``before`` included."""

    who: str = always("")
    what: str = always("")
    message_id: str = always("")
    purpose: str = always("")
    at: float = always(0.0)
    before: str = always("")
    hash: str = always("")

    def hash_as(self, n: int) -> str:
        """The hash of the act as number ``n``."""
        text = "\0".join(f"{name}={getattr(self, name)}" for name in ("who", "what", "message_id", "purpose", "at", "before"))
        return hashlib.sha256(f"{n}\0{text}".encode()).hexdigest()


@row_type(frozen=True, kw_only=True, repr=False)
class Last(Stored):
    """``head``: the number and the hash of the last act."""

    STORED_AS: ClassVar[dict[str, str]] = {"number": "n"}
    number: int = always(0)
    hash: str = always("")


async def append(integration: str, act: Act, hub: Hub) -> None:
    """Write the act down; before the act itself. Raises ``Away``."""
    table = tables(integration).audit
    while True:
        row = await hub.store.get(table, AUDIT, HEAD)
        last = Last.of(row) if row else Last()
        entry = Entry(**act._asdict(), at=hub.now(), before=last.hash)
        now = replace(last, number=last.number + 1, hash=entry.hash_as(last.number + 1))
        step = now.replaced() if row else now.inserted(HEAD)
        try:
            await hub.store.commit(table, AUDIT, step, replace(entry, hash=now.hash).inserted(names.act(now.number)))
            return
        except Conflict:
            await asyncio.sleep(hub.random.uniform(0.01, 0.1))


async def acts(integration: str, hub: Hub) -> list[Entry]:
    """Every act, oldest first."""
    return [Entry.of(row) for row in await hub.store.query(tables(integration).audit, AUDIT, "0", HEAD)]


async def broken(integration: str, hub: Hub) -> list[str]:
    """The rows where the chain does not hold: something was changed, taken out or put in."""
    before, wrong = "", []
    for n, entry in enumerate(await acts(integration, hub), 1):
        if entry.row.key != names.act(n) or entry.before != before or entry.hash != entry.hash_as(n):
            wrong.append(entry.row.key)
        before = entry.hash
    row = await hub.store.get(tables(integration).audit, AUDIT, HEAD)
    return wrong if (Last.of(row).hash if row else "") == before else [*wrong, HEAD]
