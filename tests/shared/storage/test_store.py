"""What the hub relies on of storage, held against the twin in memory and against Azurite."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from http.client import HTTPException
from uuid import uuid4

import pytest

from shared.storage.accounts import Account
from shared.storage.azure import AzureStore
from shared.storage.azure_rows import ACTIONS
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Change, Conflict, Row, Store, delete, insert, put, remove, replace
from tests.circles import nothing_kept
from tests.peak import at_most


@pytest.fixture(params=["memory", pytest.param("azurite", marks=pytest.mark.slow)])
async def store(request) -> AsyncIterator[Store]:
    made: Store = MemoryStore(time.time) if request.param == "memory" else AzureStore(Account(request.getfixturevalue("azurite")))
    yield made
    await made.close()


@pytest.fixture
def name() -> str:
    return f"t{uuid4().hex[:16]}"


async def test_an_insert_is_read_back_with_every_type_and_refused_a_second_time(store, name):
    values = {"text": "Siân", "none": "", "n": 7, "at": 1.0, "yes": True, "bytes": b"\0\xff" * 100}
    etags = await store.commit(name, "p", insert("k", values))
    assert await store.get(name, "p", "k") == Row("p", "k", etags["k"], values)
    with pytest.raises(Conflict):
        await store.commit(name, "p", insert("k", {}))


async def test_the_oldest_message_of_a_queue_is_the_first_that_no_one_has_leased(store, name):
    assert await store.oldest(name) is None
    before = time.time()
    for body in (b"1", b"2"):
        await store.send(name, body)
    found = await store.oldest(name)
    assert before - 2 <= found <= time.time() + 2
    await store.receive(name, 30, 16)
    assert await store.oldest(name) is None


async def test_what_is_absent_is_none_even_in_a_table_that_is_not_there(store, name):
    assert await store.get(name, "p", "k") is None
    assert await store.query(name, "p") == []
    assert [row async for row in store.scan(name)] == []


async def test_what_is_absent_or_in_conflict_keeps_nothing_of_its_caller_in_memory(store, name):
    """The SDK raises an error for each, and keeps it: the frames of those who wait for the answer hang on it."""

    async def look() -> None:
        message = bytes(300_000)
        assert await store.get(name, "p", "absent") is None
        with pytest.raises(Conflict):
            await store.commit(name, "p", insert("k", {}))
        with pytest.raises(Conflict):
            await store.commit(name, "p", put("other", {}), insert("k", {}))
        assert await store.blob(name, "absent") is None
        assert message

    await store.commit(name, "p", insert("k", {}))
    await look()  # what is imported and made once
    async with nothing_kept(200_000):
        await look()


async def test_a_replace_needs_the_etag_that_was_read(store, name):
    etags = await store.commit(name, "p", insert("k", {"a": 1, "b": 2}))
    row = Row("p", "k", etags["k"], {"a": 1})
    await store.commit(name, "p", replace(row, a=2))
    assert (await store.get(name, "p", "k")).values == {"a": 2}
    for stale in (replace(row, a=3), delete(row)):
        with pytest.raises(Conflict):
            await store.commit(name, "p", stale)


async def test_a_transaction_is_all_or_nothing(store, name):
    await store.commit(name, "p", insert("a", {"n": 1}))
    for bad in (insert("a", {}), remove("nowhere"), Change("replace", "a", {}, "W/\"datetime'2000-01-01T00%3A00%3A00.0Z'\"")):
        with pytest.raises(Conflict):
            await store.commit(name, "p", insert("b", {}), bad)
        assert await store.get(name, "p", "b") is None
    etags = await store.commit(name, "p", put("a", {"n": 2}), insert("b", {}), insert("c", {}))
    assert set(etags) == {"a", "b", "c"}
    assert (await store.get(name, "p", "a")).etag == etags["a"]
    await store.commit(name, "p", remove("b"), remove("c"))
    assert [row.key for row in await store.query(name, "p")] == ["a"]


async def test_a_deletion_alone_is_content_when_the_row_is_gone(store, name):
    etags = await store.commit(name, "p", insert("k", {}))
    await store.commit(name, "p", remove("k"))
    await store.commit(name, "p", remove("k"))
    await store.commit(name, "p", delete(Row("p", "k", etags["k"], {})))


async def test_every_write_gives_a_new_etag_even_of_the_same_values(store, name):
    first = await store.commit(name, "p", put("k", {"a": 1}))
    assert first != await store.commit(name, "p", put("k", {"a": 1}))


async def test_a_query_keeps_to_its_bounds_and_order(store, name):
    await store.commit(name, "p", *(insert(key, {}) for key in ("head", "w|2", "w|1", "w|3", "z")))
    await store.commit(name, "q", insert("w|9", {}))
    assert [row.key for row in await store.query(name, "p", "w|", "w~")] == ["w|1", "w|2", "w|3"]
    assert [row.key for row in await store.query(name, "p", "w|", "w~", 2)] == ["w|1", "w|2"]
    assert [row.partition async for row in store.scan(name, "q")] == ["q"]
    assert len([row async for row in store.scan(name)]) == 6


async def test_limits_are_those_of_azure(store, name):
    pieces = {f"b{n:02d}": b"x" * 60 * 1024 for n in range(12)}
    await store.commit(name, "p", insert("head", {"n": 1}), insert("c", pieces))
    assert (await store.get(name, "p", "c")).values == pieces
    for changes in ([insert(str(n), {}) for n in range(101)], [insert("k", {"b": b"x" * 70 * 1024})]):
        with pytest.raises((ValueError, HTTPException)):  # Azurite's answer to 101 changes is no HTTP
            await store.commit(name, "p", *changes)


@pytest.mark.parametrize(("key", "is_taken"), [("c|5c0e|1-a.k!~", True), ("k" * 512, True), ("k" * 513, False), ("", True)])
async def test_a_key_is_at_most_1_kib(key, is_taken):
    await keeps_to_keys(key, is_taken)


@pytest.mark.parametrize("character", ["/", "\\", "#", "?", "\t", "\n", "\x7f", "\x85"])
async def test_a_character_that_no_key_of_azure_has_is_refused(character):
    await keeps_to_keys(f"a{character}b", False)


async def keeps_to_keys(key, is_taken):
    """Only the twin: Azurite takes some that Azure refuses."""
    twin = MemoryStore(time.time)
    for partition, row in (("p", key), (key, "r")):
        with contextlib.nullcontext() if is_taken else pytest.raises(ValueError, match="key"):
            await twin.commit("t", partition, insert(row, {}))
        assert bool(await twin.query("t", partition)) == is_taken


async def test_a_queue_message_comes_again_until_it_is_settled(store, name):
    queue = f"q-{name}"
    await store.send(queue, b'{"lane": "x"}')
    (got,) = await store.receive(queue, 1)
    assert got.body == b'{"lane": "x"}'
    assert await store.receive(queue, 1) == []
    await wait(1.2)
    (again,) = await store.receive(queue, 1)
    assert again.dequeued == 2
    await store.settle(got.ticket)  # a stale receipt does nothing
    await store.settle(again.ticket)
    await wait(1.2)
    assert await store.receive(queue, 1) == []


async def test_a_queue_message_that_is_not_to_be_seen_yet_can_be_taken_back(store, name):
    ticket = await store.send(f"q-{name}", b"{}", delay=1)
    assert await store.receive(f"q-{name}", 1) == []
    await store.settle(ticket)
    await wait(1.2)
    assert await store.receive(f"q-{name}", 1) == []


async def test_blobs(store, name):
    assert await store.read_blob(name, "a/b") is None
    await store.write_blob(name, "a/b", b"1")
    await store.write_blob(name, "a/b", b"22")
    assert await store.read_blob(name, "a/b") == b"22"
    ((listed, at),) = await store.blobs(name, "a/")
    assert listed == "a/b"
    assert abs(at - time.time()) < 60
    await store.delete_blob(name, "a/b")
    await store.delete_blob(name, "a/b")
    assert await store.blobs(name) == []


async def test_a_large_blob_is_sent_with_no_copy_of_it(store, name):
    data = bytes(40_000_000)
    await store.write_blob(name, "a", b"1")
    with at_most(25_000_000):
        await store.write_blob(name, "a", data)
    assert await store.read_blob(name, "a") == data


async def test_a_blob_in_pieces(store, name):
    async def pieces():
        for n in range(3):
            yield bytes([n]) * 3_000_000

    whole = b"".join([piece async for piece in pieces()])
    assert await store.blob(name, "a") is None
    with pytest.raises(Conflict):
        assert [piece async for piece in store.blob_pieces(name, "a")] == []
    await store.write_blob_pieces(name, "a", pieces())
    assert (await store.blob(name, "a")).size == len(whole)
    read = [piece async for piece in store.blob_pieces(name, "a")]
    assert b"".join(read) == whole
    assert max(map(len, read)) <= 4 * 1024 * 1024


async def test_a_copy_of_a_blob_that_is_gone_is_a_conflict_and_makes_nothing(store, name):
    for _ in range(2):  # the container too is not there, then it is
        with pytest.raises(Conflict):
            await store.write_blob_pieces(name, "copy", store.blob_pieces(name, "gone"))
    assert await store.blobs(name) == []


async def test_pieces_that_end_early_leave_what_was_there(store, name):
    """A sender's message is acknowledged only when its blob is whole: half of one is never there."""

    async def broken():
        yield bytes(9_000_000)
        raise Away

    with pytest.raises(Away):
        await store.write_blob_pieces(name, "a", broken())
    assert await store.blob(name, "a") is None
    await store.write_blob(name, "a", b"1")
    with pytest.raises(Away):
        await store.write_blob_pieces(name, "a", broken())
    assert await store.read_blob(name, "a") == b"1"


async def test_a_blob_is_deleted_only_in_the_version_that_was_read(store, name):
    await store.write_blob(name, "a", b"1")
    first = await store.blob(name, "a")
    await store.write_blob(name, "a", b"two")
    await store.delete_blob(name, "a", first.etag)
    assert await store.read_blob(name, "a") == b"two"
    await store.delete_blob(name, "a", (await store.blob(name, "a")).etag)
    assert await store.blob(name, "a") is None
    await store.delete_blob(name, "a", first.etag)


async def wait(seconds: float) -> None:
    await asyncio.sleep(seconds)


@pytest.mark.parametrize("action", ACTIONS.values())
def test_each_action_is_a_method_of_the_client(action):
    """A name that is not would look like storage that is away."""
    from azure.data.tables.aio import TableClient

    assert callable(getattr(TableClient, f"{action}_entity"))
