"""The net under everything: what is odd stops nothing else, and its cost grows with the lanes and not with the messages."""

import asyncio
from collections import Counter
from typing import Any

import orjson
import pytest

from shared.delivery import outbox
from shared.delivery.upkeep import alarms, queues, thresholds, watchdog
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.inbox import watching
from shared.intake.triggers.knocks import answer_knock
from shared.integration import EventGrid, Integration
from shared.ledger import knocks
from shared.ledger.reporting import code_items, counters
from shared.ledger.reporting.conservation import residue
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Conflict, Row, Ticket, put
from tests.faults.virtual import run
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

ONE, TWO = "one-to-test", "two-to-test"
CALL = 0.005  # seconds of one call of storage


@pytest.fixture(autouse=True)
def no_second_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs in a thread, which virtual time does not wait for."""
    monkeypatch.setenv("HUB_SECOND_OPINION", "0")


class Slow(MemoryStore):
    """Storage that takes its time for each call, and counts calls, rows and knocks."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW + asyncio.get_running_loop().time())
        self.calls: Counter[str] = Counter()

    async def _call(self, kind: str, many: int = 1) -> None:
        self.calls["calls"] += 1
        self.calls[kind] += many
        await asyncio.sleep(CALL)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        await self._call("rows")
        return await super().get(table, partition, key)

    async def query(self, table: str, partition: str, first: str = "", last: str = "", limit: int = 0) -> list[Row]:
        rows = await super().query(table, partition, first, last, limit)
        await self._call("rows", len(rows))
        return rows

    async def commit(self, table: str, partition: str, *changes: Any) -> dict[str, str]:
        await self._call("commits")
        return await super().commit(table, partition, *changes)

    async def send(self, queue: str, body: bytes, delay: float = 0, lives: float = 0) -> Ticket:
        await self._call("knocks")
        return await super().send(queue, body, delay, lives)


def lane(n: int) -> str:
    return f"1-{n:031x}{n % 16:x}"


def wait_in(store: MemoryStore, name: str, lanes: int, messages: int = 1) -> None:
    """Messages that wait and whose knocks are lost, written as accept leaves them."""
    tables = names.tables(name)
    for n in range(lanes):
        for each in range(1, messages + 1):
            mark = f"{n:08x}{each:08x}"
            waiting = {"schema": 1, "state": "waiting", "since": NOW - 100, "at": NOW - 100, "due": 0.0, "mark": mark}
            store.tables[tables.ledger][lane(n)][names.row("w", each)] = ("1", waiting)
            store.tables[tables.open][lane(n)[-1]][names.open_key(lane(n), mark)] = ("1", {"at": NOW - 100, "key": mark})


def knocked(store: MemoryStore, name: str) -> list[str]:
    return [orjson.loads(each.body)["lane"] for each in store.queues[f"{name}-work"].values()]


@pytest.mark.slow
def test_33_000_waiting_lanes_are_knocked_on_within_one_round() -> None:
    async def round_() -> tuple[Slow, float]:
        store = Slow()
        wait_in(store, ONE, 33_000)
        made = hub(integration(Remembering(), ONE), store=store, now=store.now)
        began = store.now()
        backlog = await watchdog.sweep(made.integrations[ONE], made)
        assert backlog["waiting"] == 33_000
        return store, store.now() - began

    store, seconds = run(round_())
    assert sorted(knocked(store, ONE)) == sorted(map(lane, range(33_000)))
    assert seconds < watchdog.ROUND
    assert store.calls["rows"] < 3 * 33_000  # its open row, and two of the lane at most


def test_a_knock_of_the_watchdog_lives_for_one_round() -> None:
    async def rounds() -> MemoryStore:
        store = Slow()
        wait_in(store, ONE, 10, messages=30)
        made = hub(integration(Remembering(), ONE), store=store, now=store.now)
        for _ in range(5):
            await watchdog.tick(made, watching.look)
            await asyncio.sleep(watchdog.ROUND)
        return store

    store = run(rounds())
    assert all(each.ends - each.visible <= watchdog.ROUND for each in store.queues[f"{ONE}-work"].values())
    assert Counter(knocked(store, ONE)) == Counter(dict.fromkeys(map(lane, range(10)), 5))


def test_a_round_that_does_not_finish_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    async def rounds(restart: bool) -> None:
        store = Slow()
        wait_in(store, ONE, 2_000)
        seen: Counter[str] = Counter()
        rounds_made = 0
        made = hub(integration(Remembering(), ONE), store=store, now=store.now)
        for _ in range(50):
            backlog = await watchdog.sweep(made.integrations[ONE], made)
            rounds_made += 1
            seen.update(knocked(store, ONE))
            store.queues.clear()
            if restart:  # the next round is another process's
                made = hub(integration(Remembering(), ONE), store=store, now=store.now)
            if len(seen) == 2_000:
                break
        assert 2 <= rounds_made < 20
        assert set(seen.values()) == {1}
        assert restart or backlog["waiting"] == 2_000

    monkeypatch.setattr(watchdog, "WALK", 0.02)
    monkeypatch.setattr("shared.delivery.upkeep.open_lanes.PAGE", 20)
    run(rounds(restart=False))
    run(rounds(restart=True))


def test_all_of_a_long_lane_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def round_() -> None:
        store = Slow()
        wait_in(store, ONE, 40, messages=50)
        made = hub(integration(Remembering(), ONE), store=store, now=store.now)
        assert (await watchdog.sweep(made.integrations[ONE], made))["waiting"] == 2_000
        assert len(knocked(store, ONE)) == 40

    monkeypatch.setattr("shared.delivery.upkeep.open_lanes.PAGE", 20)
    run(round_())


# A subscriber that is away


def publishing(store: MemoryStore) -> tuple[Hub, Remembering]:
    took = Remembering()
    publisher = integration(Remembering(), ONE, subscribers=(TWO,))
    subscriber = integration(took, TWO, triggers=(EventGrid(("published",), publisher=ONE),))
    return hub(publisher, subscriber, store=store, now=store.now), took


async def published(made: Hub, messages: int, lanes: int) -> None:
    for n in range(messages):
        await accept(made.integrations[ONE], envelope(note(f"{n}", f"L{n % lanes}"), ONE), made)
        await settled(made)


async def settled(made: Hub) -> None:
    while made.tasks:
        await asyncio.gather(*made.tasks)


async def cost(messages: int) -> Counter[str]:
    store = Slow()
    made, _ = publishing(store)
    await published(made, messages, lanes=10)
    store.queues.clear()
    await asyncio.sleep(made.timing.open_grace + 1)
    store.calls.clear()
    await watchdog.tick(made, watching.look)
    return store.calls


def test_many_published_messages_cost_what_their_lanes_cost() -> None:
    few, many = run(cost(10)), run(cost(1_000))
    assert many == few
    assert many["knocks"] == 10


def test_what_was_published_is_taken_without_any_event_and_its_open_rows_go() -> None:
    async def whole() -> None:
        store = Slow()
        made, took = publishing(store)
        await published(made, 30, lanes=3)
        store.queues.clear()
        await asyncio.sleep(100)
        await watchdog.tick(made, watching.look)
        for arrived in await store.receive(f"{TWO}-work", 30):
            await answer_knock(made.integrations[TWO], arrived.body, made)
        await settled(made)
        assert [each["id"] for each in took.took if each["lane"] == "L1"] == [f"{n}" for n in range(1, 30, 3)]
        assert not any(store.tables[names.tables(ONE).open].values())
        assert await residue(made.integrations[ONE], made) == []

    run(whole())


def test_an_outbox_that_its_worker_did_not_open_is_opened_by_the_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    async def whole() -> None:
        store = Slow()
        made, took = publishing(store)

        async def crash(*_: Any) -> None:
            raise Away

        with monkeypatch.context() as patch:
            patch.setattr("shared.ledger.claims.lane.open_outbox", crash)
            await published(made, 1, lanes=1)
        store.queues.clear()
        for _ in range(3):
            await asyncio.sleep(made.timing.open_grace + 1)
            await watchdog.tick(made, watching.look)
            for arrived in await store.receive(f"{TWO}-work", 30):
                await answer_knock(made.integrations[TWO], arrived.body, made)
            await settled(made)
        assert len(took.took) == 1
        assert not any(store.tables[names.tables(ONE).open].values())

    run(whole())


async def test_a_second_subscriber_is_knocked_for_while_the_first_is_far_behind() -> None:
    publisher = integration(Remembering(), ONE, subscribers=(TWO, "three-to-test"))
    made = hub(publisher, integration(Remembering(), TWO))
    await published(made, 2, lanes=1)
    ledger = made.store.tables[names.tables(ONE).ledger]  # type: ignore[attr-defined]
    (partition,) = ledger
    ledger[partition][f"s|{TWO}"] = ("1", {"n": 1})
    _, row = ledger[partition][names.row("p", 1)]
    row["pending"] = "three-to-test"
    await outbox.look(publisher, partition, 30, made)
    assert {name for name in (TWO, "three-to-test") if knocked(made.store, name)} == {TWO, "three-to-test"}  # type: ignore[arg-type]


# One odd row, lane or integration


def odd(row: dict[str, Any], kind: str) -> None:
    if kind == "absent":
        row.pop("since", None), row.pop("at", None), row.pop("until", None)
    else:
        row.update({key: "odd" for key in ("since", "at", "due", "until", "end") if key in row})


async def world_of_two(tell: Any = lambda name, **keys: None) -> tuple[Hub, Remembering]:
    """Two integrations; the second has three messages whose knocks are lost and whose first attempts were not made."""
    took = Remembering()
    made = hub(integration(Remembering(), ONE), integration(took, TWO), emit=tell)
    made.start = lambda work: work.close()  # type: ignore[method-assign]
    for name in (ONE, TWO):
        for n in range(3):
            await accept(made.integrations[name], envelope(note(f"{n}", f"L{n}"), name), made)
    made.store.queues.clear()  # type: ignore[attr-defined]
    return made, took


async def work(made: Hub) -> None:
    for name, one in made.integrations.items():
        for arrived in await made.store.receive(f"{name}-work", 30):
            await answer_knock(one, arrived.body, made)


@pytest.mark.parametrize("kind", ["absent", "text"])
@pytest.mark.parametrize("place", ["waiting", "open", "outbox", "batch", "receipt-of-none", "backlog"])
async def test_an_odd_row_stops_no_other(place: str, kind: str) -> None:
    emitted: list[tuple[str, dict[str, Any]]] = []
    made, took = await world_of_two(lambda name, **keys: emitted.append((name, keys)))
    tables, store = names.tables(ONE), made.store
    assert isinstance(store, MemoryStore)
    partition = next(iter(store.tables[tables.ledger]))
    if place == "waiting":
        odd(store.tables[tables.ledger][partition][names.row("w", 1)][1], kind)
    elif place == "open":
        odd(next(iter(store.tables[tables.open][partition[-1]].values()))[1], kind)
    else:
        there = {"outbox": (names.outbox(partition), f"{partition}.outbox"), "batch": (names.BATCH, "batch.x")}
        where = there.get(place, (partition[-1], f"{partition}.nothing"))
        row: dict[str, Any] = {"at": NOW, "until": 0.0}
        odd(row, kind)
        store.tables[tables.open][where[0]][where[1]] = ("1", row)
    await watchdog.tick(made, watching.look)
    await work(made)
    assert sorted(each["id"] for each in took.took) == ["0", "1", "2"]
    assert [name for name, keys in emitted if name == "hub.heartbeat"] == ["hub.heartbeat"] * 2
    if place in ("waiting", "open", "batch"):
        (skipped,) = [keys for name, keys in emitted if name == "hub.skipped"]
        assert skipped["integration"] == ONE
        assert "TypeError in " in skipped["error_code"]
        assert skipped["stage"] == ("batch" if place == "batch" else "sweep")


@pytest.mark.parametrize(
    ("module", "step"),
    [(counters, "write"), (thresholds, "evaluate"), (alarms, "raise_alarms"), (watchdog, "_so_far"), (knocks, "knock")],
)
@pytest.mark.parametrize("failure", [RuntimeError, Conflict, Away, KeyError])
async def test_a_step_that_fails_in_one_integration_stops_no_other(
    module: Any, step: str, failure: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    emitted: list[tuple[str, dict[str, Any]]] = []
    made, took = await world_of_two(lambda name, **keys: emitted.append((name, keys)))
    whole = getattr(module, step)

    async def fails(*args: Any, **keys: Any) -> Any:
        if args[0] == ONE:
            raise failure
        return await whole(*args, **keys)

    monkeypatch.setattr(module, step, fails)
    if module is knocks:
        monkeypatch.setattr(watchdog, step, fails)
    await watchdog.tick(made, watching.look)
    await work(made)
    assert len(took.took) == 3
    beats = [keys["integration"] for name, keys in emitted if name == "hub.heartbeat"]
    assert sorted(beats) == [ONE, TWO]
    reported = {keys["integration"] for name, keys in emitted if name == "hub.skipped" or keys.get("state") == "storage-away"}
    assert reported == {ONE}


@pytest.mark.parametrize(
    ("module", "step", "stage"),
    [
        (watchdog, "_so_far", "sweep"),
        (code_items, "waiting", "codes"),
        (watching, "look", "inbox"),
        (queues, "look", "queue"),
        (counters, "write", "counters"),
        (code_items, "write", "codes"),
        (thresholds, "evaluate", "thresholds"),
        (alarms, "raise_alarms", "alarms"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.__name__.rpartition(".")[2],
)
async def test_a_step_that_fails_is_reported_by_its_name(
    module: Any, step: str, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    emitted: list[tuple[str, dict[str, Any]]] = []
    made, _ = await world_of_two(lambda name, **keys: emitted.append((name, keys)))
    whole = getattr(module, step)

    async def fails(first: Any, *args: Any) -> Any:
        if getattr(first, "name", first) == ONE:
            raise RuntimeError
        return await whole(first, *args)

    monkeypatch.setattr(module, step, fails)
    await watchdog.tick(made, watching.look)
    (skipped,) = [keys for name, keys in emitted if name == "hub.skipped"]
    assert (skipped["integration"], skipped["stage"], skipped["lane"]) == (ONE, stage, "")
    assert skipped["error_code"].startswith("RuntimeError in test_watchdog.py:")


async def test_an_odd_counter_or_threshold_hides_no_other() -> None:
    emitted: list[tuple[str, dict[str, Any]]] = []
    made, _ = await world_of_two(lambda name, **keys: emitted.append((name, keys)))
    await watchdog.tick(made, watching.look)
    table = names.tables(ONE).counters
    (day,) = [each for each in made.store.tables[table] if each[:1].isdigit()]  # type: ignore[attr-defined]
    for key, text in (("0240|x|1", "not JSON"), ("0240|x|2", "[1]"), ("0240|x|3", '{"accepted": "many"}')):
        await made.store.commit(table, day, put(key, {"counts": text}))
    await made.store.commit(table, day, put("odd", {"counts": '{"accepted": 9}'}))
    for rule, value in (("backlog-age", "odd"), ("backlog-size", 1.0)):
        await made.store.commit(names.SHARED_TABLE, names.THRESHOLD, put(f"{ONE}|{rule}", {"value": value}))
    await watchdog.tick(made, watching.look)
    found = await counters.read(ONE, NOW - 3600, NOW + 60, made)
    assert sum(found.values(), Counter())["accepted"] == 3
    assert [keys["rule"] for name, keys in emitted if name == "hub.breach"] == ["backlog-size"]
    assert {keys["stage"] for name, keys in emitted if name == "hub.skipped"} == {"counters", "thresholds"}


async def test_files_that_cannot_be_taken_do_not_keep_the_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than one round knocks for: each has its turn all the same."""
    from shared.intake.inbox import watching

    at = NOW
    files = EventGrid(("Microsoft.Storage.BlobCreated",), "/blobServices/default/containers/inbox/blobs/notes/")
    one: Integration = integration(Remembering(), ONE, triggers=(files,))
    made = hub(one, now=lambda: at)
    for n in range(30):
        await made.store.write_blob("inbox", f"notes/{n}.json", b"{")
    monkeypatch.setattr(watching, "KNOCKS", 10)
    seen = set()
    for _ in range(20):
        at += 90
        await watching.look(one, made)
        seen |= {orjson.loads(each.body)["blob"] for each in await made.store.receive(f"{ONE}-in", 1, 100)}
    assert len(seen) == 30
