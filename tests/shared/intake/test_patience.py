"""What cannot be taken now goes back with a growing delay: an outage of the ledger makes no dead letter and loses nothing."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery import dead
from shared.intake import patience
from shared.intake.patience import Inbound
from shared.intake.triggers.knocks import answer_knock
from shared.intake.triggers.queues import accept_event, accept_queue_message, keep_poisoned
from shared.intake.triggers.timer import tick
from shared.integration import EventGrid, Integration, Queue
from shared.ledger import knocks
from shared.problems import Problem
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Row, Ticket
from tests.faults.virtual import run
from tests.ledger_world import NOW, Remembering, hub, integration, note

NAME = "notes-to-test"
HOST_TRIES, HOST_WAIT = 5, 30.0  # host.json: maxDequeueCount, visibilityTimeout


@pytest.fixture(autouse=True)
def no_second_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs in a thread, which virtual time does not wait for."""
    monkeypatch.setenv("HUB_SECOND_OPINION", "0")


class Failing(MemoryStore):
    """Storage of which a part does not answer until a time."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW + asyncio.get_running_loop().time())
        self.tables_away = self.queues_away = NOW

    async def get(self, *args: Any) -> Row | None:
        self._answers(self.tables_away)
        return await super().get(*args)

    async def query(self, *args: Any, **keys: Any) -> list[Row]:
        self._answers(self.tables_away)
        return await super().query(*args, **keys)

    async def commit(self, *args: Any) -> dict[str, str]:
        self._answers(self.tables_away)
        return await super().commit(*args)

    async def send(self, *args: Any, **keys: Any) -> Ticket:
        self._answers(self.queues_away)
        return await super().send(*args, **keys)

    def _answers(self, until: float) -> None:
        if self.now() < until:
            raise Away


class World:
    """One integration, its queues, and a host that keeps to host.json: five tries, 30 s apart, then the poison queue."""

    def __init__(self, **declared: Any) -> None:
        self.store, self.took, self.emitted = Failing(), Remembering(), Counter[str]()
        self.one: Integration = integration(self.took, NAME, **{"triggers": (Queue(),)} | declared)
        self.hub = hub(self.one, store=self.store, now=self.store.now, emit=lambda name, **keys: self.emitted.update([name]))
        self.crash = 0.0

    async def live(self, seconds: float) -> None:
        """Half a second is a turn of the host; every 30 s the watchdog looks."""
        end = self.store.now() + seconds
        turn = 0
        while self.store.now() < end:
            for queue, door in (("in", self._in), ("work", answer_knock), ("in-poison", keep_poisoned)):
                await self._turn(f"{NAME}-{queue}", door, poison=queue == "in")
            if turn % 60 == 0:
                await tick(self.hub)
            turn += 1
            await asyncio.sleep(0.5)

    async def _in(self, one: Integration, body: bytes, made: Any, message_id: str = "") -> None:
        await accept_queue_message(one, body, made, message_id)

    async def _turn(self, queue: str, door: Callable[..., Any], poison: bool) -> None:
        for arrived in await self.store.receive(queue, HOST_WAIT):
            more = (arrived.ticket.id,) if door == self._in else ()
            try:
                await door(self.one, arrived.body, self.hub, *more)
            except (Away, Problem):
                if poison and arrived.dequeued >= HOST_TRIES:
                    await MemoryStore.send(self.store, f"{queue}-poison", arrived.body)
                    await self.store.settle(arrived.ticket)
                continue
            if self.hub.random.random() < self.crash:
                self.store.queues[queue][arrived.ticket.id].visible = self.store.now()  # the worker dies before the host hears
                continue
            await self.store.settle(arrived.ticket)

    async def outcomes(self) -> Counter[str]:
        rows = self.store.tables[names.tables(NAME).ledger].values()
        return Counter(row["outcome"] for lane in rows for key, (_, row) in lane.items() if key.startswith("d|"))


async def drop(world: World, count: int) -> None:
    for n in range(count):
        await world.store.send(f"{NAME}-in", note(f"{n}", f"L{n % 7}"))


@pytest.mark.parametrize("minutes", [4, pytest.param(240, marks=pytest.mark.slow)])
@pytest.mark.parametrize("on_resend", ["answer", "deliver"])
def test_an_outage_of_the_ledger_makes_no_dead_letter(minutes: int, on_resend: str) -> None:
    async def whole() -> None:
        world = World(on_resend=on_resend)
        await drop(world, 20)
        world.store.tables_away = world.store.now() + 60 * minutes
        await world.live(60 * minutes + knocks.LONGEST + 60)
        assert await world.outcomes() == {"delivered": 20}
        assert Counter(each["id"] for each in world.took.took) == Counter(map(str, range(20)))
        assert world.emitted["hub.poison"] == 0
        assert not world.store.queues[f"{NAME}-in"]
        assert not world.store.queues[f"{NAME}-in-poison"]

    run(whole())


@pytest.mark.parametrize("minutes", [4, pytest.param(240, marks=pytest.mark.slow)])
def test_an_outage_of_everything_makes_no_dead_letter(minutes: int) -> None:
    """Queues cannot be written to either: the host's own tries are all there is, and its poison queue keeps what it gave up."""

    async def whole() -> None:
        world = World()
        await drop(world, 20)
        end = world.store.now() + 60 * minutes
        world.store.tables_away, world.store.queues_away = end, min(end, world.store.now() + 120)
        await world.live(60 * minutes + knocks.LONGEST + 60)
        assert await world.outcomes() == {"delivered": 20}

    run(whole())


def test_events_and_knocks_wait_as_well() -> None:
    async def whole() -> None:
        world = World(triggers=(EventGrid(("note",)),))
        world.store.tables_away = world.store.now() + 600
        for n in range(5):
            note = {"id": f"{n}", "source": "s", "lane": f"{n}", "name": "n"}
            await accept_event(world.one, note, world.hub)
        await world.live(600 + knocks.LONGEST + 60)
        assert await world.outcomes() == {"delivered": 5}
        world.store.tables_away = world.store.now() + 600
        await answer_knock(world.one, b'{"lane":"1-ab"}', world.hub)
        (again,) = world.store.queues[f"{NAME}-work"].values()
        assert orjson.loads(again.body) == {"lane": "1-ab", "tries": 1}
        assert world.emitted["hub.poison"] == 0

    run(whole())


@pytest.mark.parametrize("on_resend", ["answer", "deliver"])
def test_a_message_that_goes_back_while_workers_die_is_delivered_once(on_resend: str) -> None:
    """The copy is put, and the worker dies before the original is completed: both are there, and one of them counts."""

    async def whole() -> None:
        world = World(on_resend=on_resend)
        world.crash = 0.5
        await drop(world, 20)
        world.store.tables_away = world.store.now() + 60
        await world.live(900)
        assert Counter(each["id"] for each in world.took.took) == Counter(map(str, range(20)))
        assert await world.outcomes() == {"delivered": 20}

    run(whole())


def test_what_cannot_be_read_is_a_dead_letter_with_its_body() -> None:
    async def whole() -> None:
        world = World(triggers=(EventGrid(("Microsoft.Storage.BlobCreated",), "/blobServices/x/containers/inbox/blobs/n/"),))
        await world.store.send(f"{NAME}-in", b'{"blob": "n/none.json"}')
        await world.live(300)
        (letter,) = await dead.dead_letters(NAME, world.hub)
        assert letter["rules"] == "poisoned"
        assert await dead.content(NAME, letter["id"], dead.Person("p", "why"), world.hub) == b'{"blob": "n/none.json"}'
        assert world.emitted["hub.poison"] == 1

    run(whole())


@given(body=st.binary(max_size=2000), id=st.text(max_size=40), tries=st.integers(0, 10**6))
def test_what_goes_back_comes_back(body: bytes, id: str, tries: int) -> None:
    inbound = Inbound(body, id, "event", tries)
    written = patience.written(inbound)
    assert patience.read(written, "the copy's own id") == inbound
    assert not set(b"&<>") & set(orjson.loads(written)["body"].encode())


@given(at=st.integers(0, 400), bit=st.integers(0, 7))
def test_a_wrapper_that_someone_else_made_is_a_message_of_theirs(at: int, bit: int) -> None:
    written = bytearray(patience.written(Inbound(note("1"), "id")))
    written[at % len(written)] ^= 1 << bit
    forged = bytes(written)
    assert patience.read(forged, "own") == Inbound(forged, "own")


@pytest.mark.parametrize("trace", ["Ann Jones", "00-9990000018-00f067aa0ba902b7-01", ""])
def test_only_a_trace_context_comes_back_as_one(trace: str) -> None:
    """The mark of the hub does not cover it, so a text that someone put in its place must not reach a row."""
    sent = orjson.loads(patience.written(Inbound(b"a body", "first", traceparent="x")))
    found = patience.read(orjson.dumps(sent | {"trace": trace}))
    assert (found.body, found.traceparent) == (b"a body", "")


def test_the_largest_queue_message_can_go_back() -> None:
    """64 KiB of base64, which hardly compresses."""
    text = b'{"document":"' + bytes(random.Random(1).choices(range(65, 91), k=20)) + b'"}'
    import base64

    large = text + base64.b64encode(random.Random(2).randbytes(48_000))
    assert len(large) <= patience.ROOM
    assert len(patience.written(Inbound(large, "1" * 36))) <= patience.ROOM


def test_the_delay_grows_and_has_a_ceiling() -> None:
    made = hub(integration(Remembering()))
    for tries in range(40):
        ceiling = min(knocks.FIRST * 2**tries, knocks.LONGEST)
        assert all(ceiling / 2 <= knocks.delay_of(tries, made) <= ceiling for _ in range(20))


@pytest.mark.parametrize("trigger", ["queue", "event"])
async def test_each_time_that_it_goes_back_is_counted_and_its_wait_is_longer(trigger: Any) -> None:
    store = MemoryStore(lambda: NOW)
    made = hub(integration(Remembering()), store=store)
    inbound = Inbound(b"a body", "first", trigger)
    for tries in range(6):
        await patience.put_back("q", inbound, made)
        ((key, item),) = store.queues["q"].items()
        ceiling = min(knocks.FIRST * 2**tries, knocks.LONGEST)
        assert ceiling / 2 <= item.visible - NOW <= ceiling
        inbound = patience.read(item.body, "another")
        assert inbound == Inbound(b"a body", "first", trigger, tries + 1)
        del store.queues["q"][key]


@pytest.mark.parametrize("tries", [0, 1, 5, 7, 30])
async def test_a_knock_that_goes_back_is_counted_and_its_wait_is_longer(tries: int) -> None:
    store = MemoryStore(lambda: NOW)
    made = hub(integration(Remembering()), store=store)
    await knocks.knock_again(NAME, {"lane": "a1", "tries": tries} if tries else {"lane": "a1"}, made)
    ((_, item),) = store.queues[f"{NAME}-work"].items()
    assert orjson.loads(item.body) == {"lane": "a1", "tries": tries + 1}
    ceiling = min(knocks.FIRST * 2**tries, knocks.LONGEST)
    assert ceiling / 2 <= item.visible - NOW <= ceiling
