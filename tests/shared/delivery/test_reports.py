"""What deliveries and their upkeep report, each event whole: alerts and the workbook read the keys."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.delivery import afterwards, breaker, isolation, outbox, pause
from shared.delivery.breaker import Breakers
from shared.delivery.dead import Person
from shared.delivery.process import first_attempt, process
from shared.delivery.rows import Paused
from shared.delivery.upkeep import alarms, doors, old, pulse, purge, queues, watchdog
from shared.hl7 import second_opinion as hl7_opinion
from shared.hub import Hub
from shared.integration import Integration
from shared.issue import Issue
from shared.ledger import schema
from shared.ledger.arrivals.arrival import Fresh
from shared.ledger.ended import list_dead
from shared.ledger.rows import Content, Ended, Head, Published, Waiting
from shared.problems import Fault, Lost, Unavailable
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Conflict, Row
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME, LANE = "notes-to-test", "1-a"
TABLES = names.tables(NAME)
ANN = Person("ann", "the receiver is being moved")
Event = tuple[str, dict[str, Any]]
EMPTY = {"waiting": 0, "held": 0, "overdue": 0, "oldest_age_s": 0.0, "unpaired": 0, "batches": 0}


class World:
    """One integration and a clock that is set; every alarm is kept."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.at, self.events, self.patch = NOW, list[Event](), patch
        self.one: Integration = integration(Remembering(), NAME)
        self.hub: Hub = hub(self.one, now=lambda: self.at, emit=self._emit, instance="one")
        assert isinstance(self.hub.store, MemoryStore)
        self.store = self.hub.store
        patch.setattr(alarms, "alarm", self._alarm)

    def _emit(self, name: str, **keys: Any) -> None:
        self.events.append((name, keys))

    async def _alarm(self, name: str, reason: str, _: Hub) -> None:
        self.events.append(("alarm", {"integration": name, "reason": reason}))

    async def ended(self, **values: Any) -> Ended:
        row = Ended(at=NOW, ended=NOW, identity="k", mark="m", **values)
        change = row.inserted(names.row("d", 1))
        etags = await self.store.commit(TABLES.ledger, LANE, change)
        return Ended.of(Row(LANE, change.key, etags[change.key], dict(change.values)))


def raising(problem: Exception) -> Callable[..., Awaitable[Any]]:
    async def raises(*_: Any, **__: Any) -> Any:
        raise problem

    return raises


async def a_round(world: World) -> None:
    world.patch.setenv("HUB_ROLE", "worker")
    await watchdog.tick(world.hub)


async def a_round_without_storage(world: World) -> None:
    world.patch.setattr(watchdog, "sweep", raising(Away()))
    await watchdog.tick(world.hub)


async def a_queue(world: World) -> None:
    await world.store.send(f"{NAME}-in", b"x")
    await queues.look(NAME, world.hub)
    world.at += 7.26
    await queues.look(NAME, world.hub)
    await queues.look("another", world.hub)


async def a_pause(world: World) -> None:
    await pause.pause(world.one, ANN, world.hub)
    world.at += 7.26
    assert await pause.look(NAME, world.hub) == NOW
    await pause.resume(world.one, ANN, world.hub)
    assert await pause.look(NAME, world.hub) == 0


async def a_breaker(world: World) -> None:
    await breaker.failed(world.one, LANE, "set-up", 0, world.hub, code="http-401")
    world.hub.remembered(Breakers).read.clear()
    assert await breaker.close(world.one, world.hub)


async def a_lost_lane(world: World) -> None:
    world.patch.setattr("shared.delivery.process.claim", raising(Lost()))
    await process(world.one, LANE, world.hub)


async def a_first_attempt_without_storage(world: World) -> None:
    """Its knock brings a worker; that of a queue is brought again by the queue."""
    world.patch.setattr("shared.delivery.process.claim", raising(Away()))
    waiting = Waiting.of(Row(LANE, names.row("w", 1), "1", {"at": NOW}))
    fresh = Fresh(head=Head(number=1), waiting=waiting, envelope=envelope(note("1")), quiet=True)
    await first_attempt(world.one, LANE, world.hub, fresh)


async def a_door(world: World) -> None:
    world.patch.setenv("HUB_DOORS", f"{NAME}=https://one.example")
    world.patch.setattr(doors, "SECOND_TRY", 0.0)

    async def call(_: str) -> str:
        return "http-503"

    world.patch.setattr(doors, "call", call)
    await doors.look(world.hub)


async def a_pulse(world: World) -> None:
    world.patch.setattr(world.store, "get", raising(Away()))
    await pulse.look(world.hub)


async def a_dead_letter_that_is_over(world: World) -> None:
    await world.ended(outcome="dead")
    await list_dead(NAME, f"{LANE}.k", world.hub)
    await world.store.commit(TABLES.ledger, LANE, Head(number=1).inserted(names.HEAD))
    receipt = {"n": 1, "at": NOW, "digest": "d"}
    world.store.tables[TABLES.ledger][LANE][names.receipt("k")] = ("1", receipt)
    world.at += (world.one.retention.dead_content + 1) * 86400
    await purge._expire(world.one, world.at - world.one.retention.dead_content * 86400, world.at + 60, world.hub)
    assert world.hub.counts[NAME, "expired"] == 1


async def what_was_published_and_is_over(world: World) -> None:
    ended = await world.ended(outcome="delivered", pending="s")
    await outbox.give_up(world.one, ended, world.hub)  # nothing is there any more
    rows = Published(pending="s").inserted(names.row("p", 1)), Content(body=b"x").inserted(names.row("c", 1))
    await world.store.commit(TABLES.ledger, LANE, *rows)
    await outbox.give_up(world.one, ended, world.hub)


async def what_is_left_of_old_content(world: World) -> None:
    for values in ({"outcome": "dead"}, {"outcome": "delivered", "pending": "s"}, {"outcome": "delivered"}):
        record = Ended(at=NOW, ended=NOW, **values).inserted(names.row("d", 1))  # type: ignore[arg-type]
        old._report(world.one, Row(LANE, record.key, "1", dict(record.values)), world.hub)
    old._report(world.one, Row(LANE, names.row("w", 1), "1", {"at": NOW}), world.hub)


async def a_second_reader_that_fails(world: World) -> None:
    def broken(_: bytes) -> list[Issue]:
        raise IndexError("a value")

    world.patch.setattr(hl7_opinion, "second_opinion", broken)
    await afterwards._second_opinion(world.one, [("", b"MSH|")], world.hub)
    issues = [
        Issue(severity="warning", code="processing", where=where, text="read otherwise", rule="r") for where in ("PID-3", "PID-5")
    ]
    world.patch.setattr(hl7_opinion, "second_opinion", lambda _: issues)
    await afterwards._second_opinion(world.one, [("", b"MSH|")], world.hub)


async def a_row_of_a_newer_version(world: World) -> None:
    rows = [None, Row(LANE, "d|1", "1", {"schema": names.SCHEMA + 1}), Row("1-b", "d|1", "1", {"schema": names.SCHEMA})]
    schema.known(NAME, "sweep", world.hub, rows[0], rows[2])
    with pytest.raises(Unavailable):
        schema.known(NAME, "sweep", world.hub, *rows)


async def work_that_fails(world: World) -> None:
    text = Issue(severity="fatal", code="exception", text="KeyError in here.py:1", rule="fault")
    for problem in (Conflict(), Lost(), Fault(text), Unavailable(text), Unavailable(schema.NEWER)):
        with isolation.isolated(NAME, "sweep", world.hub, LANE):
            raise problem
    with pytest.raises(Away), isolation.isolated(NAME, "sweep", world.hub):
        raise Away
    with isolation.isolated(NAME, "sweep", world.hub):
        pass


async def a_pause_of_an_hour(world: World) -> None:
    world.patch.setenv("HUB_ALARMS__ENDPOINT", "https://alarms.example")
    for seconds in (3599, 3600, 3601):
        row = Paused(at=NOW - seconds, who="ann", purpose="why")
        await world.store.commit(names.SHARED_TABLE, names.PAUSE, row.put(NAME))
        await alarms.raise_alarms(NAME, {"overdue": 0}, world.hub)


def of(name: str, **keys: Any) -> Event:
    return name, {"integration": NAME, **keys}


SKIPPED: dict[str, Any] = {"stage": "sweep", "lane": LANE}
EXPIRED: dict[str, Any] = {"stage": "retention", "outcome": "expired"}
REPORTS: dict[str, tuple[Callable[[World], Awaitable[None]], list[Event]]] = {
    "a round": (a_round, [of("hub.backlog", **EMPTY), of("hub.heartbeat", instance="one", role="worker")]),
    "a round without storage": (
        a_round_without_storage,
        [
            of("hub.backlog", state="storage-away"),
            of("alarm", reason="storage-away"),
            of("hub.heartbeat", instance="one", role="app"),
        ],
    ),
    "a queue": (
        a_queue,
        [of("hub.queue", queue=f"{NAME}-in", oldest_age_s=age) for age in (0.0, 7.3)],
    ),
    "a pause": (
        a_pause,
        [
            of("hub.paused", state="paused", oldest_age_s=0.0),
            of("hub.paused", state="paused", oldest_age_s=7.3),
            of("hub.paused", state="resumed", oldest_age_s=0.0),
        ],
    ),
    "a breaker": (
        a_breaker,
        [of("hub.breaker", destination="TEST", state="open"), of("hub.breaker", destination="TEST", state="closed")],
    ),
    "a lost lane": (a_lost_lane, [of("hub.attempt", outcome="lost", lane=LANE)]),
    "a first attempt without storage": (
        a_first_attempt_without_storage,
        [of("hub.attempt", outcome="storage-away", lane=LANE)],
    ),
    "a door": (a_door, [of("hub.door", state="closed", error_code="http-503"), of("alarm", reason="door-closed")]),
    "a pulse": (a_pulse, [of("hub.backlog", state="storage-away"), of("alarm", reason="storage-away")]),
    "a dead letter that is over": (a_dead_letter_that_is_over, [of("hub.message", **EXPIRED, message_id=f"{LANE}.k")]),
    "what was published and is over": (
        what_was_published_and_is_over,
        [of("hub.message", **EXPIRED, error_code="not-taken")],
    ),
    "what is left of old content": (
        what_is_left_of_old_content,
        [of("hub.message", **EXPIRED, error_code=""), of("hub.message", **EXPIRED, error_code="not-taken")],
    ),
    "a second reader that fails": (
        a_second_reader_that_fails,
        [
            of("hub.opinion", rule="second-opinion", error_code="unread"),
            of("hub.opinion", rule="r", error_code="PID-3"),
            of("hub.opinion", rule="r", error_code="PID-5"),
        ],
    ),
    "a row of a newer version": (
        a_row_of_a_newer_version,
        [of("hub.skipped", **SKIPPED, error_code="newer-version")],
    ),
    "work that fails": (
        work_that_fails,
        [of("hub.skipped", **SKIPPED, error_code=code) for code in ("Conflict", "Lost", "KeyError in here.py:1", "Unavailable")],
    ),
    "a pause of an hour": (a_pause_of_an_hour, [of("alarm", reason="paused")]),
}


@pytest.mark.parametrize("case", REPORTS)
async def test_what_is_reported(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    happens, expected = REPORTS[case]
    world = World(monkeypatch)
    await happens(world)
    assert world.events == expected


@pytest.mark.parametrize(("more", "is_read"), [(-1, True), (0, True), (1, False)])
def test_a_second_reader_is_given_no_large_message(more: int, is_read: bool) -> None:
    whole = b"MSH|".ljust(hl7_opinion.LARGEST + more, b"x")
    assert afterwards._is_hl7(whole) == is_read
    assert not afterwards._is_hl7(b"x" + whole[1:])
