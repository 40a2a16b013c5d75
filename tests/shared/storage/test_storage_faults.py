"""Whatever storage answers, or does not, the store says ``Away`` or that it is done: nothing of the SDK's own comes through."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from shared.storage.accounts import account
from shared.storage.azure import AzureStore
from shared.storage.store import Away, Conflict, insert, put
from tests.conftest import connection_string
from toolkit.local.simulators.fault_proxy import FaultProxy

pytestmark = pytest.mark.slow
TROUBLE = ("status:500", "status:503", "throttle", "status-after:500", "cut-before", "cut-after", "cut-body", "short", "bare")
CUT = ("cut-body", "short", "bare")
READS = ("get", "query", "scan", "read a blob", "read a blob in pieces", "list blobs")
TABLE, QUEUE, CONTAINER = "faults", "faults", "faults"
Effect = Callable[[AzureStore], Awaitable[object]]


async def scanned(store: AzureStore) -> object:
    return [row async for row in store.scan(TABLE)]


async def in_pieces(store: AzureStore) -> object:
    return [piece async for piece in store.blob_pieces(CONTAINER, "there")]


async def piece() -> AsyncIterator[bytes]:
    yield b"x" * 100


async def settled(store: AzureStore) -> object:
    for arrived in await store.receive(QUEUE, 1):
        await store.settle(arrived.ticket)
    return None


EFFECTS: dict[str, Effect] = {
    "get": lambda store: store.get(TABLE, "p", "there"),
    "query": lambda store: store.query(TABLE, "p"),
    "scan": scanned,
    "insert": lambda store: store.commit(TABLE, "p", insert("new", {"a": 1})),
    "put": lambda store: store.commit(TABLE, "p", put("there", {"a": 2})),
    "several": lambda store: store.commit(TABLE, "p", put("there", {"a": 3}), put("two", {"a": 3})),
    "send": lambda store: store.send(QUEUE, b"knock"),
    "settle": settled,
    "write a blob": lambda store: store.write_blob(CONTAINER, "there", b"x" * 100),
    "write a blob in pieces": lambda store: store.write_blob_pieces(CONTAINER, "there", piece()),
    "read a blob": lambda store: store.read_blob(CONTAINER, "there"),
    "read a blob in pieces": in_pieces,
    "list blobs": lambda store: store.blobs(CONTAINER),
    "delete a blob": lambda store: store.delete_blob(CONTAINER, "gone"),
}


@pytest.fixture
async def world(azurite: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[AzureStore, list[FaultProxy]]]:
    ports = [int(part.rpartition(":")[2].partition("/")[0]) for part in azurite.split(";") if "Endpoint=" in part]
    proxies = [FaultProxy(f"http://127.0.0.1:{port}") for port in ports]
    for proxy in proxies:
        await proxy.start()
    monkeypatch.setenv("AzureWebJobsStorage", connection_string([proxy.port for proxy in proxies]))
    store = AzureStore(account())
    await store.prepare([TABLE], [QUEUE], [CONTAINER])
    await store.commit(TABLE, "p", put("there", {"a": 0}))
    await store.write_blob(CONTAINER, "there", b"x" * 100)
    yield store, proxies
    await store.close()
    for proxy in proxies:
        await proxy.stop()


@pytest.mark.parametrize("effect", EFFECTS)
async def test_each_effect_in_each_trouble(world: tuple[AzureStore, list[FaultProxy]], effect: str) -> None:
    store, proxies = world
    for trouble in TROUBLE:
        whole = await EFFECTS[effect](store) if effect in READS else None
        for proxy in proxies:
            proxy.script.always(trouble)
        try:
            done = await EFFECTS[effect](store)
            assert trouble in CUT, f"{effect} is done in spite of {trouble}"  # an answer without a body is whole
            assert whole is None or done == whole, f"{effect} took half an answer for the whole"
        except Away:
            pass
        except Conflict:
            assert effect == "insert"  # it was done the time before
        for proxy in proxies:
            proxy.script.forget()
    await EFFECTS["put"](store)
