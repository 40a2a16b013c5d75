"""Who did what to which message and why: appended only, each row carrying the hash of the one before."""

import asyncio
import hashlib
from typing import NamedTuple

from shared.hub import Hub
from shared.storage.names import tables
from shared.storage.store import Conflict, Row, insert, replace

PARTITION = "audit"


class Act(NamedTuple):
    """One act of a person: ``replay``, ``discard``, ``content``, ``search``; with its purpose."""

    who: str
    what: str
    message_id: str
    purpose: str = ""


async def append(integration: str, act: Act, hub: Hub) -> None:
    """Write the act down; before the act itself. Raises ``Away``."""
    table = tables(integration).audit
    while True:
        head = await hub.store.get(table, PARTITION, "head")
        n, before = (head["n"] + 1, head["hash"]) if head else (1, "")
        values = {**act._asdict(), "at": hub.now(), "before": before}
        values["hash"] = _hash(n, values)
        step = replace(head, n=n, hash=values["hash"]) if head else insert("head", {"n": n, "hash": values["hash"]})
        try:
            await hub.store.commit(table, PARTITION, step, insert(f"{n:010d}", values))
            return
        except Conflict:
            await asyncio.sleep(hub.random.uniform(0.01, 0.1))


async def acts(integration: str, hub: Hub) -> list[Row]:
    """Every act, oldest first."""
    return await hub.store.query(tables(integration).audit, PARTITION, "0", "head")


async def broken(integration: str, hub: Hub) -> list[str]:
    """The rows where the chain does not hold: something was changed, taken out or put in."""
    before, wrong = "", []
    for n, row in enumerate(await acts(integration, hub), 1):
        values = {name: value for name, value in row.values.items() if name != "hash"}
        if row.key != f"{n:010d}" or values["before"] != before or row["hash"] != _hash(n, values):
            wrong.append(row.key)
        before = row["hash"]
    head = await hub.store.get(tables(integration).audit, PARTITION, "head")
    return wrong if (head["hash"] if head else "") == before else [*wrong, "head"]


def _hash(n: int, values: dict[str, str | float]) -> str:
    text = "\0".join(f"{name}={values[name]}" for name in ("who", "what", "message_id", "purpose", "at", "before"))
    return hashlib.sha256(f"{n}\0{text}".encode()).hexdigest()
