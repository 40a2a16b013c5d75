"""Just before, at and just after each limit of the ledger: retention, expiry, orphans, places, pauses; and what counts as new."""

import asyncio
from dataclasses import replace
from typing import Any, Literal, get_args

import orjson
import pytest

from shared.delivery import attempt, breaker, dead, outbox, pace
from shared.delivery.breaker import Breakers
from shared.delivery.dead import Person
from shared.delivery.process import process
from shared.delivery.rows import Breaker
from shared.delivery.upkeep import purge, receipts, watchdog
from shared.envelope import Answer, Outgoing, Receipt
from shared.intake import subscription
from shared.intake.accept import accept
from shared.intake.inbox import watching
from shared.integration import Delivery, EventGrid, Retention
from shared.ledger import audit
from shared.ledger.index import under
from shared.ledger.reporting import conservation
from shared.ledger.rows import Waiting
from shared.ops.replay import replay
from shared.problems import Undelivered
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Change, Row, put
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note
from tests.site import Receiver, Site, play

NAME, PUBLISHER = "notes-to-test", "notes-to-topic"
TABLES = names.tables(NAME)
DAY = 86400.0
SOMEONE = Person("someone", "why")


class World:
    """One integration, one that publishes for it, and a clock that is set. While ``problem`` is set each delivery raises it."""

    def __init__(self, **declared: Any) -> None:
        self.at, self.problem = NOW, None
        self.tried: list[str] = []
        self.emitted: list[dict[str, Any]] = []
        subscribed = EventGrid(("published",), publisher=PUBLISHER)
        self.notes = integration(Remembering(behave=self._behave), NAME, **{"triggers": (subscribed,)} | declared)
        retention = declared.get("retention", Retention())
        self.publisher = integration(Remembering(), PUBLISHER, subscribers=(NAME,), retention=retention)
        emit = lambda name, **keys: self.emitted.append(keys)  # noqa: E731
        self.hub = hub(self.notes, self.publisher, now=lambda: self.at, emit=emit)
        assert isinstance(self.hub.store, MemoryStore)
        self.store = self.hub.store

    problem: Undelivered | None

    def _behave(self, read: dict[str, Any]) -> None:
        self.tried.append(read["id"])
        if self.problem:
            raise Undelivered(kind=self.problem.kind, code=self.problem.code, text="refused")

    async def accept(self, body: bytes, name: str = NAME) -> Answer:
        answer = await accept(self.hub.integrations[name], envelope(body, name), self.hub)
        await self.settled()
        return answer

    async def settled(self) -> None:
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks)

    async def work(self) -> None:
        """Each lane once."""
        for lane in list(self.store.tables[TABLES.ledger]):
            await process(self.notes, lane, self.hub)

    def rows(self, kind: str, name: str = NAME) -> list[Row]:
        ledger = self.store.tables[names.tables(name).ledger]
        return [Row(lane, key, *rows[key]) for lane, rows in ledger.items() for key in rows if key.startswith(kind)]

    def outcomes(self) -> list[str]:
        return sorted(row["outcome"] for row in self.rows("d|") if row.key.count("|") == 1)


REFUSED = Undelivered(kind="permanent", code="ack-AR", text="refused")
NOT_NOW = Undelivered(kind="transient", code="ack-AE", text="not now")


# The short cut: a message of an idle lane is tried by the process that accepted it, without a claim


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_a_lane_is_idle_once_all_is_delivered(count: int) -> None:
    world = World()
    for n in range(count):
        await world.accept(note(str(n)))
        (head,) = world.rows(names.HEAD)
        assert (head["n"], head["idle"]) == (n + 1, n + 1)
        assert not world.rows(names.CLAIM)


async def test_what_is_delivered_at_once_leaves_no_knock_and_lets_its_lane_go_in_the_same_transaction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So an ordinary message costs few operations of storage, and its knock wakes no worker for nothing."""
    world = World()
    steps, commit = list[set[str]](), world.store.commit

    async def counted(table: str, partition: str, *changes: Change) -> dict[str, str]:
        if table == TABLES.ledger:
            steps.append({f"{change.action} {change.key}" for change in changes})
        return await commit(table, partition, *changes)

    monkeypatch.setattr(world.store, "commit", counted)
    await world.accept(note("1"))
    assert world.outcomes() == ["delivered"]
    assert not world.store.queues[f"{NAME}-work"]
    assert len(steps) == 3  # accepted; claimed and marked; settled and released
    assert {f"insert {names.row('d', 1)}", f"delete {names.CLAIM}", f"replace {names.HEAD}"} <= steps[-1]


Owners = Literal["message", "destination", "set-up", "access"]


@pytest.mark.parametrize(
    ("whose", "earlier", "longest"),
    [
        ("message", 0, 2),
        ("message", 1, 4),
        ("message", 2, 8),
        ("message", 9, 1000),
        ("message", 100, 1000),
        ("destination", 0, 2),
        ("destination", 3, 16),
        ("destination", 100, min(1000, breaker.LONGEST_PAUSE)),
    ],
)
def test_the_wait_after_a_failure_doubles_from_nothing_to_its_longest(
    whose: Owners, earlier: int, longest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    ranges = list[tuple[float, float]]()
    monkeypatch.setattr(world.hub.random, "uniform", lambda low, high: ranges.append((low, high)) or high)
    declared = Delivery(first_wait=2, longest_wait=1000, breaker_wait=77)
    assert attempt._backoff(declared, whose, earlier, world.hub) == longest
    assert ranges == [(0, longest)]
    for other in ("set-up", "access"):
        assert attempt._backoff(declared, other, earlier, world.hub) == 77


async def test_a_lane_that_a_worker_emptied_is_idle_too() -> None:
    world = World(delivery=Delivery(attempts=9))
    world.problem = NOT_NOW
    for n in range(3):
        await world.accept(note(str(n)))
    (head,) = world.rows(names.HEAD)
    assert (head["n"], head["idle"]) == (3, 0)
    world.at, world.problem = NOW + 1000, None
    await world.work()
    (head,) = world.rows(names.HEAD)
    assert (head["n"], head["idle"], world.outcomes()) == (3, 3, ["delivered"] * 3)
    assert not world.rows(names.CLAIM)


# Expiry of a message, and a replay of one that is old


@pytest.mark.parametrize(("age", "outcome"), [(-1, "delivered"), (0, "delivered"), (1, "dead")])
async def test_a_message_expires_after_its_time_and_not_before(age: int, outcome: str) -> None:
    world = World(delivery=Delivery(attempts=9, expires=1000))
    world.problem = NOT_NOW
    await world.accept(note("1"))
    world.at, world.problem = NOW + 1000 + age, None
    await world.work()
    assert world.outcomes() == [outcome]


@pytest.mark.parametrize(("age", "outcome"), [(-1, "delivered"), (0, "delivered"), (1, "dead")])
async def test_the_time_of_a_replayed_message_begins_with_the_replay(age: int, outcome: str) -> None:
    world = World(delivery=Delivery(attempts=9, expires=1000))
    world.problem = REFUSED
    message = (await world.accept(note("1"))).headers["X-Message-Id"]
    world.at, world.problem = NOW + 5000, None
    await replay(world.notes, message, SOMEONE, world.hub)
    world.at += 1000 + age
    await world.work()
    assert world.outcomes() == [outcome]


@pytest.mark.parametrize("attempts", [1, 2, 4])
async def test_a_replay_has_all_its_attempts_again(attempts: int) -> None:
    world = World(delivery=Delivery(attempts=attempts, first_wait=1, longest_wait=1))
    world.problem = NOT_NOW
    message = (await world.accept(note("1"))).headers["X-Message-Id"]
    for replays in (1, 2):
        for _ in range(attempts + 3):
            world.at += 10
            await world.work()
        assert (len(world.tried), world.outcomes()) == (attempts * replays, ["dead"])
        await replay(world.notes, message, SOMEONE, world.hub)
    (waiting,) = world.rows("w|")
    fresh = {"attempts": 0, "sent": 0, "tries": 0, "code": "", "after": "", "after_n": 0, "due": 0.0, "state": "waiting"}
    assert {name: waiting[name] for name in fresh} == fresh


# What counts as new


@pytest.mark.parametrize("lanes", ["AAA", "ABC", "ABA", "AAB"])
async def test_each_body_under_one_control_id_is_a_message_of_its_own(lanes: str) -> None:
    world = World()
    for text, lane in zip("xyz", lanes, strict=True):
        answers = [await world.accept(note("1", lane, text=text)) for _ in range(2)]
        assert answers[0].body == answers[1].body
        assert ("control-id-reuse" in answers[0].body.decode()) == (text != "x")
    assert len(world.tried) == 3
    assert world.outcomes() == ["delivered"] * 3


async def ended(world: World, outcome: str) -> None:
    world.problem = None if outcome == "delivered" else REFUSED
    message = (await world.accept(note("1"))).headers["X-Message-Id"]
    if outcome in ("discarded", "expired"):
        await dead.discard(world.notes, message, SOMEONE, world.hub, outcome)  # type: ignore[arg-type]


@pytest.mark.parametrize("outcome", sorted({*get_args(names.EndedAs)} - {"rejected", "observed"}))
async def test_what_was_given_up_does_not_block_its_resend_and_what_was_delivered_does(outcome: str) -> None:
    world = World()
    await ended(world, outcome)
    assert outcome in world.outcomes()
    world.problem = None
    await world.accept(note("1"))
    assert len(world.tried) == (1 if outcome == "delivered" else 2)
    assert "delivered" in world.outcomes()


# Retentions


@pytest.mark.parametrize(("age", "left"), [(-1, 1), (0, 1), (1, 0)])
async def test_published_content_stays_to_the_end_of_its_retention(age: int, left: int) -> None:
    world = World(retention=Retention(published=3))
    await world.accept(note("1"), PUBLISHER)
    (lane,) = world.store.tables[names.tables(PUBLISHER).ledger]
    world.at = NOW + 3 * DAY + age
    await outbox.look(world.publisher, lane, 30, world.hub)
    assert (len(world.rows("p|", PUBLISHER)), len(world.rows("c|", PUBLISHER))) == (left, left)
    assert ("not-taken" in [keys.get("error_code") for keys in world.emitted]) == (not left)


async def test_a_receipt_is_kept_for_its_time_after_the_last_resend() -> None:
    """Refused on day 0, delivered on day 10: the same on day 20 is a duplicate still."""
    world = World(retention=Retention(receipts=14))
    await ended(world, "dead")
    world.at, world.problem = NOW + 10 * DAY, None
    await world.accept(note("1"))
    world.at = NOW + 20 * DAY
    await purge.purge(world.notes, world.hub)
    await world.accept(note("1"))
    assert len(world.tried) == 2


@pytest.mark.parametrize(("age", "left"), [(-1, 1), (0, 1), (1, 0)])
async def test_a_receipt_goes_after_its_time_and_not_before(age: int, left: int) -> None:
    world = World()
    await world.accept(note("1"))
    found = await under(names.hour(NOW), NAME, world.hub)
    assert await receipts.delete_receipts(world.notes, found, NOW + age, world.hub)
    assert len(world.rows("r|")) == left


@pytest.mark.parametrize("copies", [(0, 0), (1, 0), (2, 3)])
async def test_what_was_counted_as_a_duplicate_is_counted_after_its_receipt_is_gone(copies: tuple[int, int]) -> None:
    """Two messages of one lane, each sent again so often; the balance of the books is the same before and after."""
    world = World(retention=Retention(receipts=14))
    for id, again in enumerate(copies):
        for _ in range(1 + again):
            await world.accept(note(str(id)))
    before = await conservation.balance(world.notes, world.hub)
    world.at = NOW + 15 * DAY
    await purge.purge(world.notes, world.hub)
    after = await conservation.balance(world.notes, world.hub)
    assert (before.outcomes.get("duplicate", 0), world.rows("r|")) == (sum(copies), [])
    assert (after.received, after.outcomes, after.holds) == (before.received, before.outcomes, True)


@pytest.mark.parametrize(("age", "left"), [(0, 1), (3599, 1), (3600, 1), (3601, 0)])
async def test_a_blob_without_a_row_is_given_an_hour_to_get_one(age: int, left: int) -> None:
    world = World()
    await world.store.write_blob(names.CONTENT, f"{NAME}/{'a' * 32}/x", b"content")
    world.at = NOW + age
    await purge.purge(world.notes, world.hub)
    assert len(world.store.containers[names.CONTENT]) == left


@pytest.mark.parametrize("count", [1, 22, 23, 45, 46, 99, 100, 101, 250])
async def test_no_transaction_of_the_purge_is_larger_than_storage_takes(count: int) -> None:
    world = World()
    for n in range(count):
        await world.accept(note(str(n)))
    sizes, whole = [], world.store.commit

    async def commit(table: str, partition: str, *changes: Any) -> dict[str, str]:
        sizes.append(len(changes))
        return await whole(table, partition, *changes)

    world.store.commit = commit  # type: ignore[method-assign]
    world.at = NOW + 120 * DAY
    for _ in range(2):
        await purge.purge(world.notes, world.hub)
    assert max(sizes) <= 100
    assert not world.rows("")


# Storage that is away


async def test_storage_that_is_away_is_reported_for_each_integration() -> None:
    world = World()

    async def away(*_: Any, **__: Any) -> Any:
        raise Away

    for name in ("get", "query", "commit"):
        setattr(world.store, name, away)
    await watchdog.tick(world.hub, watching.look)
    assert sorted(keys["integration"] for keys in world.emitted if keys.get("state") == "storage-away") == [NAME, PUBLISHER]


# A subscriber


@pytest.mark.parametrize(("status", "moves_on"), [(200, True), (202, True), (400, True), (422, True), (500, False), (503, False)])
async def test_a_subscriber_moves_on_when_its_ledger_has_the_message(
    status: int, moves_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    await world.accept(note("1"), PUBLISHER)
    (lane,) = world.store.tables[names.tables(PUBLISHER).ledger]

    async def answers(*_: Any) -> Answer:
        return Answer(status=status, content_type="application/json", body=b"{}")

    monkeypatch.setattr(subscription, "accept", answers)
    if moves_on:
        await subscription.take(world.notes, PUBLISHER, lane, world.hub)
    else:
        with pytest.raises(Away):
            await subscription.take(world.notes, PUBLISHER, lane, world.hub)
    assert bool(world.rows("s|", PUBLISHER)) == moves_on
    assert bool(world.rows("c|", PUBLISHER)) != moves_on


async def test_what_fails_in_a_subscriber_is_taken_once_it_works() -> None:
    world = World(lane=lambda read: 1 / 0)
    await world.accept(note("1"), PUBLISHER)
    (lane,) = world.store.tables[names.tables(PUBLISHER).ledger]
    with pytest.raises(Away):
        await subscription.take(world.notes, PUBLISHER, lane, world.hub)
    await subscription.take(replace(world.notes, lane=lambda read: "A"), PUBLISHER, lane, world.hub)
    await world.settled()
    assert world.tried == ["1"]


# The breaker


def waiting(lane: str, tries: int = 0) -> Row:
    return Waiting.of(Row(lane, "w|1", "x", {"at": NOW, "tries": tries}))


async def test_each_failed_probe_doubles_the_pause_up_to_its_longest() -> None:
    world = World(delivery=Delivery(breaker_failures=2, breaker_wait=5, longest_wait=900))
    pauses = []
    await breaker.failed(world.notes, "first", "destination", 0, world.hub)
    await breaker.failed(world.notes, "lane0", "destination", 0, world.hub)
    for probe in range(1, 6):
        row = await world.store.get(names.SHARED_TABLE, "TEST", "breaker")
        assert row
        pauses.append(row["until"] - world.at)
        world.at = row["until"] + 1
        assert await breaker.wait(world.notes, waiting(f"lane{probe}"), world.hub) == 0
        await breaker.failed(world.notes, f"lane{probe}", "destination", 0, world.hub)
    assert pauses == pytest.approx([5, 10, 20, 30, 30])


@pytest.mark.parametrize("workers", [2, 5])
async def test_one_worker_probes_when_several_look_at_the_same_moment(workers: int) -> None:
    world = World(delivery=Delivery(breaker_failures=1, breaker_wait=30))
    await breaker.failed(world.notes, "bad", "set-up", 0, world.hub)
    world.at += 100
    hubs = [hub(world.notes, store=world.store, now=lambda: world.at, seed=n) for n in range(workers)]
    arrived = asyncio.Barrier(workers)

    class Slow:
        """All have read before one writes."""

        def __getattr__(self, name: str) -> Any:
            return getattr(world.store, name)

        async def get(self, *key: str) -> Row | None:
            row = await world.store.get(*key)
            await arrived.wait()
            return row

    for each in hubs:
        each.store = Slow()  # type: ignore[assignment]
    waits = await asyncio.gather(*(breaker.wait(world.notes, waiting(f"lane{n}"), each) for n, each in enumerate(hubs)))
    assert sum(wait == 0 for wait in waits) == 1
    assert sorted(waits)[1] >= 0.1


@pytest.mark.parametrize(
    ("state", "seconds", "reads"), [("closed", 1.9, 1), ("closed", 2, 2), ("absent", 1.9, 1), ("absent", 2, 2), ("open", 0, 2)]
)
async def test_a_closed_breaker_is_believed_for_two_seconds(state: str, seconds: float, reads: int) -> None:
    world = World()
    if state != "absent":
        row = Breaker.of(Row("", "", "", {"state": state, "until": NOW + 100, "lanes": "other"}))
        await world.store.commit(names.SHARED_TABLE, "TEST", row.put(names.BREAKER))
    asked, whole = [], world.store.get

    async def get(*key: str) -> Row | None:
        asked.append(key)
        return await whole(*key)

    world.store.get = get  # type: ignore[method-assign]
    for later in (0, seconds):
        world.at = NOW + later
        assert (await breaker.wait(world.notes, waiting("lane"), world.hub) > 0) == (state == "open")
    assert asked == [(names.SHARED_TABLE, "TEST", "breaker")] * reads


# Places


@pytest.mark.parametrize(("concurrency", "again"), [(1, 1), (2, 1), (3, 2), (4, 2), (8, 6)])
@pytest.mark.parametrize("has_failed", [False, True])
async def test_no_more_at_once_than_there_are_places(concurrency: int, again: int, has_failed: bool) -> None:
    world = World(delivery=Delivery(concurrency=concurrency))
    inside, most = 0, 0

    async def one() -> None:
        nonlocal inside, most
        async with pace.slot(world.notes, has_failed, 10, world.hub):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(one() for _ in range(20)))
    assert most == (again if has_failed else concurrency)


async def test_who_gets_no_place_in_time_sends_nothing() -> None:
    world = World(delivery=Delivery(concurrency=1))
    async with pace.slot(world.notes, False, 10, world.hub):
        with pytest.raises(pace.NoPlace):
            async with pace.slot(world.notes, False, 0.01, world.hub):
                pytest.fail("there is one place, and it is taken")
    async with pace.slot(world.notes, False, 0.01, world.hub):
        pass


def test_a_destination_never_has_more_at_once_than_is_declared() -> None:
    class Counting(Receiver):
        inside = most = 0

        async def deliver(self, outgoing: Outgoing) -> Receipt:
            self.inside += 1
            self.most = max(self.most, self.inside)
            try:
                return await super().deliver(outgoing)
            finally:
                self.inside -= 1

    async def story(site: Site) -> None:
        await asyncio.gather(*(site.send(str(lane)) for lane in range(40)))
        await asyncio.sleep(600)

    receiver = Counting(seconds=3)
    play(Site(receiver, declared={"delivery": Delivery(concurrency=4)}), story)
    assert (receiver.most, len(receiver.took)) == (4, 40)


# The parts of one message


@pytest.mark.parametrize("sent", [1, 2])
def test_a_part_that_was_taken_is_not_sent_again_whatever_the_message_waits_for(sent: int) -> None:
    """The next part fails, and then the breaker of the destination is open for a while."""
    failing = [f"1{'abc'[sent]}"]

    def behave(read: dict[str, Any]) -> None:
        if read["id"] in failing:
            failing.remove(read["id"])
            raise Undelivered(kind="transient", code="ack-AE", text="not now")

    def three(read: Any, made: dict[str, Any]) -> tuple[Outgoing, ...]:
        return tuple(Outgoing("application/json", orjson.dumps({**made, "id": f"{made['id']}{part}"})) for part in "abc")

    async def story(site: Site) -> list[str]:
        await site.send("lane")
        await asyncio.sleep(0.2)
        opened = Breaker(state="open", until=site.hub.now() + 100, lanes="other")
        await site.hub.store.commit(names.SHARED_TABLE, "TEST", opened.put(names.BREAKER))
        site.hub.remembered(Breakers).read.clear()
        seen = set()
        for _ in range(400):
            await asyncio.sleep(1)
            seen |= {row["code"] for row in site.rows("w|")}
        return sorted(seen)

    site = Site(Receiver(behave), declared={"write": three})
    assert "breaker-open" in play(site, story)
    ids = [id for _, _, id in site.receiver.tried]
    assert ids == [f"1{part}" for part in ("abbc" if sent == 1 else "abcc")]


# A message that a worker marked and did not settle


async def left_marked(world: World) -> str:
    """Accepted, marked as being sent, and its worker is gone; the lane."""
    world.hub.start = lambda work: work.close()  # type: ignore[method-assign]
    await world.accept(note("1"))
    (row,) = world.rows("w|")
    world.store.tables[TABLES.ledger][row.partition][row.key] = (row.etag, {**row.values, "state": "sending"})
    return row.partition


@pytest.mark.parametrize("reason", ["nothing", "breaker-open", "rate", "after-other-lane", "expired", "fault", "refused"])
async def test_what_another_worker_may_have_sent_stays_marked_whatever_happens_before_it_is_sent_again(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(delivery=Delivery(per_minute=1 if reason == "rate" else 0))
    lane = await left_marked(world)
    if reason == "breaker-open":
        opened = Breaker(state="open", until=world.at + 100, lanes="other")
        await world.store.commit(names.SHARED_TABLE, "TEST", opened.put(names.BREAKER))
    if reason == "rate":
        await world.store.commit(names.SHARED_TABLE, "TEST", put("rate", {"minute": "0240", "used": 1}))
    if reason == "after-other-lane":
        ((key, (etag, row)),) = [each for each in world.store.tables[TABLES.ledger][lane].items() if each[0].startswith("w|")]
        world.store.tables[TABLES.ledger][lane][key] = (etag, {**row, "after": "other", "after_n": 1})
        await world.store.commit(TABLES.ledger, "other", put(names.row("w", 1), row))
    world.at += 8 * DAY if reason == "expired" else 0
    world.problem = REFUSED if reason == "refused" else None
    notes = replace(world.notes, transform=lambda read: read["absent"]) if reason == "fault" else world.notes
    await process(notes, lane, world.hub)
    world.store.tables[TABLES.ledger].pop("other", None)
    world.at += 200
    world.hub.remembered(Breakers).read.clear()
    for _ in range(2):
        await process(notes, lane, world.hub)
    (record,) = world.rows("d|")
    assert record["ambiguous"]


# The audit


@pytest.mark.parametrize("field", ["who", "what", "message_id", "purpose", "at", "before", "hash"])
@pytest.mark.parametrize("number", [0, 1, 2])
async def test_the_chain_of_the_audit_covers_every_field_of_every_row(field: str, number: int) -> None:
    world = World()
    for n in range(3):
        await audit.append(NAME, audit.Act("someone", "replay", f"m{n}", "why"), world.hub)
    row = (await audit.acts(NAME, world.hub))[number].row
    assert set(row.values) == {*audit.Act._fields, "at", "before", "hash", "schema"}
    changed = 1.0 if field == "at" else "another"
    await world.store.commit(TABLES.audit, names.AUDIT, put(row.key, {**row.values, field: changed}))
    assert row.key in await audit.broken(NAME, world.hub)


@pytest.mark.parametrize("number", [0, 1, 2])
async def test_a_row_that_was_taken_out_of_the_audit_is_missed(number: int) -> None:
    world = World()
    for n in range(3):
        await audit.append(NAME, audit.Act("someone", "replay", f"m{n}", "why"), world.hub)
    row = (await audit.acts(NAME, world.hub))[number].row
    del world.store.tables[TABLES.audit][names.AUDIT][row.key]
    assert await audit.broken(NAME, world.hub)
