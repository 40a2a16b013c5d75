"""One odd row stops no step of the purge, and what is at its limit stays."""

from typing import Any

import pytest

from shared.delivery.upkeep import purge
from shared.hub import Hub
from shared.integration import Retention
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import put
from tests.ledger_world import NOW, Remembering, hub, integration

NAME = "notes-to-test"
TABLES = names.tables(NAME)
DAY = 86400.0


def world(emitted: list[Any], **declared: Any) -> tuple[Hub, MemoryStore]:
    one = integration(Remembering(), NAME, **declared)
    made = hub(one, emit=lambda name, **keys: emitted.append((name, keys.get("stage"), keys.get("integration"))))
    assert isinstance(made.store, MemoryStore)
    return made, made.store


async def taken(store: MemoryStore, name: str, **values: Any) -> None:
    """A file of the inbox that was taken."""
    await store.commit(TABLES.find, names.by_name(name), put("taken", {"etag": "1", **values}))


async def known(store: MemoryStore) -> list[str]:
    return sorted([row.partition async for row in store.scan(TABLES.find, "b|", "b~")])


@pytest.mark.parametrize(("age", "is_known"), [(14 * DAY - 1, True), (14 * DAY, True), (14 * DAY + 1, False)])
async def test_that_a_file_was_taken_is_known_as_long_as_a_receipt(age: float, is_known: bool) -> None:
    made, store = world([], retention=Retention(receipts=14))
    await taken(store, "a.pdf", at=NOW - age)
    await purge.purge(made.integrations[NAME], made)
    assert bool(await known(store)) == is_known


async def test_an_odd_row_of_a_taken_file_keeps_no_other() -> None:
    emitted: list[Any] = []
    made, store = world(emitted)
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        await taken(store, name, at=NOW - 100 * DAY)
    odd = (await known(store))[1]
    await store.commit(TABLES.find, odd, put("taken", {"etag": "1", "at": "odd"}))
    await purge.purge(made.integrations[NAME], made)
    assert await known(store) == [odd]
    assert emitted == [("hub.skipped", "purge", NAME)]


async def test_a_blob_that_cannot_be_deleted_keeps_no_other() -> None:
    emitted: list[Any] = []
    made, store = world(emitted)
    for name in "abc":
        await store.write_blob(names.CONTENT, f"{NAME}/{name * 32}/x", b"content")
    store.now = made.now = lambda: NOW + 2 * 3600
    whole = store.delete_blob

    async def delete_blob(container: str, name: str, etag: str = "") -> None:
        if name == f"{NAME}/{'b' * 32}/x":
            raise ValueError
        await whole(container, name, etag)

    store.delete_blob = delete_blob  # type: ignore[method-assign]
    await purge.purge(made.integrations[NAME], made)
    assert list(store.containers[names.CONTENT]) == [f"{NAME}/{'b' * 32}/x"]
    assert emitted == [("hub.skipped", "purge", NAME)]
