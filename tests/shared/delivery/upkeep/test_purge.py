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


@pytest.mark.parametrize(
    ("row", "is_kept"),
    [
        ({"blob": f"{NAME}/batch/5c0e-77ab"}, True),
        ({"blob": f"{NAME}/batch/5c0e-0000"}, False),  # another posting of the same batch was first
        (None, False),
    ],
    ids=["its batch is being split", "another copy is being split", "no batch"],
)
async def test_the_file_of_a_batch_stays_while_the_batch_is_being_split(row: dict[str, Any] | None, is_kept: bool) -> None:
    made, store = world([])
    blob = f"{NAME}/batch/5c0e-77ab"
    await store.write_blob(names.CONTENT, blob, b"content")
    if row:
        values = {"posting": "p", "count": 3, "next": 1, "at": NOW, "since": NOW, **row}
        await store.commit(TABLES.open, names.BATCH, put(names.open_key(names.BATCH, "5c0e"), values))
    made.now = lambda: NOW + 2 * 3600
    await purge.purge(made.integrations[NAME], made)
    assert [name for name, _ in await store.blobs(names.CONTENT)] == ([blob] if is_kept else [])


LANE, KEY = "1-a", "k"
LINES: dict[str, tuple[dict[str, Any] | None, bool]] = {
    "a dead letter": ({"outcome": "dead"}, True),
    "a rejected message that is kept": ({"outcome": "rejected"}, True),
    "one that was delivered": ({"outcome": "delivered"}, False),
    "one that was discarded": ({"outcome": "discarded"}, False),
    "one of a newer version": ({"outcome": "another", "schema": names.SCHEMA + 1}, True),
    "no message": (None, False),
}


@pytest.mark.parametrize("case", LINES)
async def test_a_line_of_the_list_goes_with_its_dead_letter(case: str) -> None:
    values, is_kept = LINES[case]
    made, store = world([])
    await store.commit(TABLES.find, names.DEAD, put(f"{LANE}.{KEY}", {"at": NOW}))
    if values:
        await store.commit(TABLES.ledger, LANE, put(names.receipt(KEY), {"n": 7, "at": NOW, "digest": "d"}))
        await store.commit(TABLES.ledger, LANE, put(names.row("d", 7), {"at": NOW, "ended": NOW, "key": KEY, **values}))
    (line,) = await store.query(TABLES.find, names.DEAD)
    await purge._forget(made.integrations[NAME], line, made)
    assert bool(await store.query(TABLES.find, names.DEAD)) == is_kept


async def test_an_integration_in_trouble_is_reported_and_keeps_no_other_from_its_purge(monkeypatch: pytest.MonkeyPatch) -> None:
    emitted, done = list[Any](), list[str]()
    one, two = (integration(Remembering(), name) for name in (NAME, "another-to-test"))
    made = hub(one, two, emit=lambda name, **keys: emitted.append((name, keys)))

    async def fails(integration: Any, *_: Any) -> bool:
        done.append(integration.name)
        if integration is one:
            raise ValueError
        return True

    monkeypatch.setattr(purge, "purge", fails)
    for _ in range(2):  # the other is not purged again in this hour
        await purge.hourly(made)
    assert done == [NAME, two.name, NAME]
    assert [(name, keys["integration"], keys["stage"], keys["lane"]) for name, keys in emitted] == [
        ("hub.skipped", NAME, "purge", "")
    ] * 2


@pytest.mark.parametrize(
    ("receipts", "metadata", "dead_content", "expected"),
    [
        (14, 90, 30, (14, 90, 30)),
        (14, 10, 5, (14, 15, 5)),
        (5, 10, 14, (5, 15, 14)),
        (14, 15, 14, (14, 15, 14)),
        (1, 1, 1, (1, 2, 1)),
    ],
)
async def test_a_record_outlives_its_receipt_and_its_content(
    receipts: int, metadata: int, dead_content: int, expected: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days: of receipts, of records, of the content of dead letters. A record is the last to go, by a day."""
    keep = Retention(receipts=receipts, metadata=metadata, dead_content=dead_content)
    made, _ = world([], retention=keep)
    limits: dict[str, float] = {}

    async def walk(_: Any, name: str, __: Any, before: float, *___: Any) -> bool:
        limits[name] = (NOW - before) / DAY
        return True

    async def expire(_: Any, before: float, *__: Any) -> bool:
        limits["dead"] = (NOW - before) / DAY
        return True

    monkeypatch.setattr(purge, "walk", walk)
    monkeypatch.setattr(purge, "_expire", expire)
    assert await purge.purge(made.integrations[NAME], made)
    assert (limits["receipts"], limits["metadata"], limits["dead"]) == expected
