"""Large messages with a small budget: some are refused, each that was acknowledged is delivered, and none waits for ever."""

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any

import pytest

from shared import budget
from shared.budget import COST, Budget, Memory, Short
from shared.delivery import memory, pause, process
from shared.envelope import Answer, Outgoing, Receipt
from shared.hub import Hub
from shared.intake import request, splitting
from shared.intake.inbox import taking
from shared.intake.splitting import split
from shared.intake.triggers import legacy
from shared.intake.triggers.http import accept_http
from shared.intake.triggers.knocks import answer_knock
from shared.intake.triggers.legacy import accept_legacy_http
from shared.intake.triggers.queues import accept_queue_message
from shared.intake.triggers.self_test import self_test
from shared.integration import Delivery, EventGrid, Integration
from shared.ledger.content import size_at_least, stored
from shared.problems import Undelivered
from shared.storage import names
from tests.circles import nothing_kept
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note
from tests.waiting import PATIENCE

WayIn = Callable[[Integration, Mapping[str, str], bytes, Hub], Awaitable[Answer]]
KIB = 1024
SIZE = 300 * KIB
HEADERS = {"x-hub-key": "a key", "content-type": "application/json"}


@pytest.fixture(autouse=True)
def partner(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"name": "clinic", "keys": [sha256(b"a key").hexdigest()], "integrations": ["*"], "senders": ["*"]}
    monkeypatch.setenv("HUB_PARTNERS", json.dumps([known]))


class Watched(Budget):
    """A budget that remembers the most that was held."""

    most = 0

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name == "held":
            object.__setattr__(self, "most", max(self.most, value))


def world(messages: int) -> tuple[Integration, Remembering, Hub, Watched]:
    """A hub with the memory for so many large messages at a time."""
    destination = Remembering()
    one = integration(destination)
    made = hub(one)
    given = made.remembered(Memory).budget = Watched(messages * (SIZE + KIB) * COST)
    return one, destination, made, given


def large(number: int) -> bytes:
    return note(f"{number}", f"lane {number}", pad="x" * SIZE)


async def test_a_hundred_at_once_are_refused_or_delivered_and_the_refused_are_accepted_when_sent_again() -> None:
    one, destination, made, given = world(4)
    statuses = Counter[int]()

    async def send(number: int) -> None:
        while True:
            answer = await accept_http(one, HEADERS, large(number), made)
            statuses[answer.status] += 1
            if answer.status == 202:
                return
            assert (answer.status, answer.headers["Retry-After"]) == (429, str(budget.RETRY))
            assert json.loads(answer.body)["rules"] == ["memory-short"]
            await asyncio.sleep(0.01)

    await asyncio.gather(*map(send, range(100)))
    await made.drain()
    assert sorted(int(each["id"]) for each in destination.took) == list(range(100))
    assert statuses[202] == 100
    assert statuses[429] > 0
    assert 0 < given.most <= given.total
    assert (given.held, given.waiting) == (0, 0)


@pytest.mark.parametrize("way_in", [accept_http, self_test, accept_legacy_http])
async def test_a_body_that_is_too_large_is_refused_for_its_size_although_no_memory_is_free(
    monkeypatch: pytest.MonkeyPatch, way_in: WayIn
) -> None:
    monkeypatch.delenv("HUB_PARTNERS")
    one, _, made, given = world(2)
    made.is_observed = lambda name: True
    for module in (budget, request, legacy):
        monkeypatch.setattr(module, "LARGEST", SIZE)
    assert given.try_take(given.total)
    assert (await way_in(one, HEADERS, large(1), made)).status == 413


async def test_a_compressed_body_is_refused_when_it_unpacks_to_more_than_is_free() -> None:
    one, destination, made, given = world(1)
    headers, body = {**HEADERS, "content-encoding": "gzip"}, gzip.compress(large(1), mtime=0)
    assert len(body) < budget.SMALL
    assert given.try_take(COST * KIB)
    refused = await accept_http(one, headers, body, made)
    assert (refused.status, json.loads(refused.body)["rules"], given.held) == (429, ["memory-short"], COST * KIB)
    given.give(COST * KIB)
    assert (await accept_http(one, headers, body, made)).status == 202
    await made.drain()
    assert ([each["id"] for each in destination.took], given.held) == (["1"], 0)


async def test_a_first_attempt_without_memory_is_made_later(monkeypatch: pytest.MonkeyPatch) -> None:
    one, destination, made, given = world(2)
    monkeypatch.setattr(memory, "FIRST", 0)
    made.start = lambda work: work.close()  # type: ignore[method-assign]
    await accept_http(one, HEADERS, large(1), made)
    lane = next(each for each in made.store.tables[names.tables(one.name).ledger])  # type: ignore[attr-defined]
    assert given.try_take(given.total)
    monkeypatch.setattr(memory, "HALF", 0)
    await process.process(one, lane, made)
    assert destination.took == []
    [row] = await made.store.query(names.tables(one.name).ledger, lane, "w|", "w~")
    assert (row.key, row.values["code"]) == (names.row("w", 1), "memory-short")
    given.give(given.total)
    made.now = lambda: NOW + 60
    await process.process(one, lane, made)
    assert [each["id"] for each in destination.took] == ["1"]


async def test_a_file_without_memory_stays_and_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "PATIENCE", 0)
    one, destination, made, given = world(2)
    name = f"{one.name}/a.json"
    await made.store.write_blob(names.INBOX, name, large(1))
    assert given.try_take(given.total)
    with pytest.raises(Short):
        await taking.take(one, name, "queue", made)
    await accept_queue_message(one, json.dumps({"blob": name}).encode(), made, "id")
    assert await made.store.blob(names.INBOX, name)
    assert len(made.store.queues[f"{one.name}-in"]) == 1  # type: ignore[attr-defined]
    given.give(given.total)
    await taking.take(one, name, "queue", made)
    await made.drain()
    assert [each["id"] for each in destination.took] == ["1"]
    assert given.held == 0


async def test_a_subscriber_without_memory_takes_what_is_published_later_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "PATIENCE", 0)
    destination, name = Remembering(), "notes-to-topic"
    one = integration(destination, triggers=(EventGrid(("published",), publisher=name),))
    publisher = integration(Remembering(name="TOPIC"), name, subscribers=(one.name,))
    made = hub(one, publisher)
    given = made.remembered(Memory).budget = Watched(2 * (SIZE + KIB) * COST)
    for body in (note("1", pad="x" * SIZE), note("2")):
        assert (await accept_http(publisher, HEADERS, body, made)).status == 202
        await asyncio.gather(*made.tasks)
    lane = next(iter(made.store.tables[names.tables(name).ledger]))  # type: ignore[attr-defined]
    assert given.try_take(given.total)
    await answer_knock(one, json.dumps({"publisher": name, "lane": lane}).encode(), made)
    assert destination.took == []
    [knock] = made.store.queues[f"{one.name}-work"].values()  # type: ignore[attr-defined]
    given.give(given.total)
    await answer_knock(one, knock.body, made)
    await made.drain()
    assert [each["id"] for each in destination.took] == ["1", "2"]
    assert given.held == 0


async def test_a_batch_without_memory_is_split_later(monkeypatch: pytest.MonkeyPatch) -> None:
    from shared.ledger.arrivals.batch_rows import Batch

    monkeypatch.setattr(budget, "PATIENCE", 0)
    one, _, made, given = world(1)
    row = Batch(posting="p", blob="b", count=1, size=SIZE, done=0, at=NOW, since=NOW)
    key = "ab" * 16
    await made.store.commit(names.tables(one.name).open, names.BATCH, row.inserted(names.open_key(names.BATCH, key)))
    assert given.try_take(given.total)
    await split(one, key, made)
    assert len(made.store.queues[f"{one.name}-work"]) == 1  # type: ignore[attr-defined]
    assert given.held == given.total


async def test_what_waits_for_something_else_does_not_wait_for_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    one, _, made, given = world(2)
    made.start = lambda work: work.close()  # type: ignore[method-assign]
    await accept_http(one, HEADERS, large(1), made)
    lane = next(each for each in made.store.tables[names.tables(one.name).ledger])  # type: ignore[attr-defined]
    assert given.try_take(given.total)

    async def paused(integration: str, hub: Hub) -> bool:
        return True

    monkeypatch.setattr(pause, "is_paused", paused)
    await asyncio.wait_for(process.process(one, lane, made), PATIENCE)
    [row] = await made.store.query(names.tables(one.name).ledger, lane, "w|", "w~")
    assert row.values["code"] == pause.WAITS


class Slow(Remembering):
    """A destination that answers when it is allowed to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.allowed = asyncio.Event(), asyncio.Event()

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        self.begun.set()
        await self.allowed.wait()
        return await super().deliver(outgoing)


async def test_a_slow_destination_leaves_memory_to_the_others() -> None:
    """As many of its messages hold memory as it has places; the others do not stand in line for it either."""
    slow, other = Slow(), Remembering(name="OTHER")
    one = integration(slow, delivery=Delivery(concurrency=1, timeout=60))
    two = integration(other, name="notes-to-other")
    made = hub(one, two)
    given = made.remembered(Memory).budget = Watched(2 * (SIZE + KIB) * COST)
    for number in range(3):
        assert (await accept_http(one, HEADERS, large(number), made)).status == 202
    await slow.begun.wait()
    assert given.waiting == 0
    assert (await accept_http(two, HEADERS, large(9), made)).status == 202
    slow.allowed.set()
    await made.drain()
    assert (len(slow.took), len(other.took), given.held) == (3, 1, 0)


async def test_a_published_row_without_a_size_is_counted_by_what_is_stored() -> None:
    _, _, made, _ = world(2)
    data = bytes(SIZE)
    await made.store.write_blob(names.CONTENT, "a", data)
    in_blob, in_row = (stored(envelope(b""), data, blob) for blob in ("a", ""))
    assert [await size_at_least(each, made) for each in (in_blob, in_row)] == [SIZE, SIZE]
    gone = stored(envelope(b""), data, "b")
    assert await size_at_least(gone, made) == 0


async def test_a_split_whose_deliveries_do_not_end_lets_its_memory_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "AT_ONCE", 0)
    monkeypatch.setattr(splitting, "ROOM", 0)
    _, _, made, _ = world(1)
    never = asyncio.Event()

    async def waits() -> None:
        await never.wait()

    assert await splitting._has_room(made)
    made.start(waits())
    assert not await splitting._has_room(made)
    never.set()
    assert await splitting._has_room(made)


def raising(make: Callable[[], BaseException]) -> Callable[[dict[str, Any]], None]:
    def behave(note: dict[str, Any]) -> None:
        raise make()  # a new one each time: an error keeps its traceback

    return behave


def crash(note: dict[str, Any]) -> Any:
    raise ZeroDivisionError


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("behave", "changes"),
    [
        (lambda note: None, {}),
        (raising(lambda: Undelivered(kind="transient", code="http-503", text="busy")), {}),
        (raising(lambda: Undelivered(kind="permanent", code="ack-AE", text="no")), {}),
        (raising(lambda: Undelivered(kind="misconfigured", code="http-401", text="no")), {}),
        (raising(TimeoutError), {}),
        (raising(ZeroDivisionError), {}),
        (lambda note: None, {"transform": crash}),
        (lambda note: None, {"lane": crash}),
    ],
)
async def test_no_circle_of_references_keeps_a_large_message_in_memory(
    behave: Callable[[dict[str, Any]], None], changes: dict[str, Any], compressed: bool
) -> None:
    async with nothing_kept(SIZE):
        destination = Remembering(behave=behave)
        one = integration(destination, **changes)
        made = hub(one)
        body, headers = large(1), HEADERS
        if compressed:
            body, headers = gzip.compress(body, mtime=0), {**HEADERS, "content-encoding": "gzip"}
        await accept_http(one, headers, body, made)
        await made.drain()
        del body
        destination.took.clear()
        made.store.containers.clear()  # type: ignore[attr-defined]
