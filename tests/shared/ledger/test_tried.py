"""Attempts are listed one by one in the row of their message, and cost no operation of storage."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from shared.delivery import dead
from shared.delivery.pause import pause
from shared.delivery.process import process
from shared.hub import Hub
from shared.intake.accept import accept
from shared.ledger.claims.taking import claim
from shared.ledger.rows import Ended, Waiting, message_of
from shared.ledger.tried import MOST, Attempt, Tried
from shared.ops.replay import replay
from shared.problems import Undelivered
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Row
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME = "notes-to-test"


class World:
    """A hub whose destination gives the listed answers, each after a time."""

    def __init__(self, **delivery: Any) -> None:
        self.at = NOW
        self.took = Remembering()
        self.one = integration(self.took, **delivery)
        self.hub: Hub = hub(self.one, now=lambda: self.at)
        self.answers: list[Callable[[], None]] = []
        self.took.behave = lambda note: self.answers.pop(0)()

    def fails(self, code: str, after: float, kind: Any = "transient") -> None:
        def answer() -> None:
            self.at += after
            raise Undelivered(kind=kind, code=code, text="no")

        self.answers.append(answer)

    def takes(self, after: float) -> None:
        def answer() -> None:
            self.at += after

        self.answers.append(answer)

    @property
    def rows(self) -> dict[str, Row]:
        assert isinstance(self.hub.store, MemoryStore)
        lanes = self.hub.store.tables[names.tables(NAME).ledger]
        return {key: Row(lane, key, etag, row) for lane, rows in lanes.items() for key, (etag, row) in rows.items()}

    def message(self) -> Ended | Waiting:
        return message_of(next(row for key, row in self.rows.items() if key in (names.row("w", 1), names.row("d", 1))))

    @property
    def tried(self) -> Tried:
        return Tried.read(self.message().tried)

    async def send(self) -> None:
        await accept(self.one, envelope(note("1")), self.hub)
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks)

    async def again(self) -> None:
        self.at += 100
        await process(self.one, self.message().lane, self.hub)

    async def ends_while_sending(self) -> None:
        """A first attempt fails, and the process of the second one ends before its answer."""
        self.fails("ack-AE", 0.25)
        await self.send()
        self.at += 100
        held = await claim(self.one, self.message().lane, self.hub)
        assert held
        assert await held.next()
        await held.sending()


async def test_each_attempt_has_its_time_its_answer_and_how_long_it_took() -> None:
    world = World()
    world.fails("ack-AE", 0.25)
    world.fails("refused", 0.5)
    world.takes(0.125)
    await world.send()
    assert world.tried == Tried((Attempt(NOW, "waiting", "ack-AE", 250),))
    await world.again()
    await world.again()
    assert [(each.result, each.code, each.ms) for each in world.tried.attempts] == [
        ("waiting", "ack-AE", 250),
        ("waiting", "refused", 500),
        ("delivered", "accepted", 125),
    ]
    assert [each.at - NOW for each in world.tried.attempts] == [0, 100.25, 200.75]


async def test_the_first_attempt_and_the_last_ones_stay() -> None:
    world = World()
    for n in range(30):
        world.fails(f"http-{503 if n else 504}", 1)
    await world.send()
    for _ in range(29):
        await world.again()
    assert len(world.tried.attempts) == MOST
    assert (world.tried.attempts[0].code, world.tried.skipped) == ("http-504", 30 - MOST)
    assert len(world.message().tried) < 1000


async def test_an_attempt_whose_worker_ended_has_an_unknown_result() -> None:
    world = World()
    await world.ends_while_sending()
    began, world.at = world.at, world.at + 1000
    world.takes(0.5)
    await process(world.one, world.message().lane, world.hub)
    assert [(each.at, each.result) for each in world.tried.attempts[1:]] == [(began, "unknown"), (began + 1000, "delivered")]
    assert world.message().ambiguous


@pytest.mark.parametrize(("then", "results"), [("paused", ["waiting", "unknown"]), ("expired", ["waiting", "unknown"])])
async def test_what_may_have_arrived_stays_so_when_nothing_more_is_sent(then: str, results: list[str]) -> None:
    """The next worker finds the delivery paused, or the message too old: the attempt before it is neither lost nor certain."""
    world = World()
    await world.ends_while_sending()
    if then == "paused":
        await pause(world.one, dead.Person("ann", "upgrade"), world.hub)
    world.at += 1000 if then == "paused" else world.one.delivery.expires
    await process(world.one, world.message().lane, world.hub)
    assert isinstance(world.message(), Waiting if then == "paused" else Ended)
    assert [each.result for each in world.tried.attempts] == results
    assert world.message().ambiguous


async def test_a_message_of_which_nothing_was_sent_has_no_attempt_of_a_length() -> None:
    world = World(transform=lambda note: 1 / 0)
    await world.send()
    (attempt,) = world.tried.attempts
    assert (attempt.result, attempt.ms) == ("dead", None)


async def test_a_replay_begins_a_list_of_its_own_and_the_first_one_stays() -> None:
    world = World()
    world.fails("ack-AR", 0.25, "permanent")
    await world.send()
    (letter,) = await dead.dead_letters(NAME, world.hub)
    world.takes(0.5)
    await replay(world.one, letter["id"], dead.Person("p", "why"), world.hub)
    await world.again()
    assert [each.result for each in world.tried.attempts] == ["delivered"]
    first = Ended.of(world.rows[names.earlier(1, 1)])
    assert [each.code for each in Tried.read(first.tried).attempts] == ["ack-AR"]


async def test_a_code_that_has_not_the_form_of_one_is_withheld() -> None:
    world = World()
    world.fails("patient unknown", 0.1)
    await world.send()
    assert [each.code for each in world.tried.attempts] == ["(withheld)"]


@pytest.mark.parametrize("text", ["", Tried().text()])
def test_a_row_of_a_version_that_listed_none_has_none(text: str) -> None:
    assert Tried.read(text) == Tried()


async def test_a_delivery_costs_as_many_commits_as_before() -> None:
    """One to accept, one to mark it as being sent, one to settle it."""
    world = World()
    world.takes(0.1)
    store, commits = world.hub.store, list[str]()
    commit = store.commit

    async def counting(table: str, partition: str, *changes: Any) -> dict[str, str]:
        if table == names.tables(NAME).ledger:
            commits.append(orjson.dumps([change.key for change in changes]).decode())
        return await commit(table, partition, *changes)

    store.commit = counting  # type: ignore[method-assign]
    await world.send()
    assert len(commits) == 3
