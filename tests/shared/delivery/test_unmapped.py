"""A message waits for a code; its lane keeps its order, other lanes go on, and a table that has the code lets all of it go."""

import asyncio
import random
from typing import Any

import pytest

from shared.codes.table import UNMAPPED, CodeTable, Unmapped
from shared.delivery import pause, unmapped, waiting
from shared.delivery.dead import Person
from shared.delivery.upkeep import watchdog
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.triggers.knocks import answer_knock
from shared.integration import Delivery
from shared.issue import Issue
from shared.ledger.ended import Done, Later
from shared.ledger.reporting import code_items
from shared.ledger.reporting.conservation import balance
from shared.ledger.reporting.search import find
from shared.ledger.rows import Waiting
from shared.ops.figures.codes import listed
from shared.storage.memory import MemoryStore
from shared.storage.store import Row
from tests import ledger_world as world

NAME = "notes-to-test"
ME = Person("someone", "the table is deployed")


def colours(*known: str, unmapped: Any = "wait") -> CodeTable:
    met = lambda note: [("colour", note["colour"])] if note.get("colour") else []  # noqa: E731
    return CodeTable("COLOURS", __name__, {code: code.lower() for code in known}, met=met, unmapped=unmapped)


class Place:
    """One storage and one destination, with versions of the hub that have other tables."""

    def __init__(self) -> None:
        self.at = world.NOW
        self.store = MemoryStore(lambda: self.at)
        self.destination = world.Remembering()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.hub = self.deploy(colours("R"))

    def deploy(self, table: CodeTable, **changes: Any) -> Hub:
        """A new version with this table, in place of the one before."""
        one = world.integration(
            self.destination,
            codes=(table,),
            transform=lambda note: {**note, "colour": table[note["colour"]]} if note.get("colour") else note,
            **changes,
        )
        emit = lambda name, **keys: self.events.append((name, keys))  # noqa: E731
        self.hub = world.hub(one, store=self.store, now=lambda: self.at, emit=emit)
        return self.hub

    async def send(self, id: str, lane: str, colour: str = "", **values: Any) -> int:
        body = world.note(id, lane, **({"colour": colour} if colour else {}), **values)
        answer = await accept(self.hub.integrations[NAME], world.envelope(body), self.hub)
        await self.settle()
        return answer.status

    async def settle(self) -> None:
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks)

    async def rounds(self, count: int = 1) -> None:
        """The watchdog, and after it the knocks that are due."""
        for _ in range(count):
            self.at += watchdog.ROUND
            await watchdog.tick(self.hub)
            for arrived in await self.store.receive(f"{NAME}-work", 60, 100):
                await answer_knock(self.hub.integrations[NAME], arrived.body, self.hub)
                await self.store.settle(arrived.ticket)
            await self.settle()

    def took(self, lane: str = "") -> list[str]:
        return [note["id"] for note in self.destination.took if lane in ("", note["lane"])]

    def emitted(self, name: str) -> list[dict[str, Any]]:
        return [keys for event, keys in self.events if event == name]


@pytest.fixture
def place() -> Place:
    return Place()


async def test_only_messages_with_the_code_wait_and_their_lane_keeps_its_order(place: Place) -> None:
    assert [await place.send(id, "A", colour) for id, colour in (("1", "R"), ("2", "G"), ("3", "R"), ("4", ""))] == [202] * 4
    assert await place.send("5", "B", "R") == 202
    assert place.took() == ["1", "5"]
    await place.rounds(20)
    assert place.took() == ["1", "5"]


async def test_after_a_long_pause_a_code_is_not_looked_for_each_second(place: Place) -> None:
    """The time of the pause counts for no message: neither does it expire, nor is it about to."""
    one = place.hub.integrations[NAME]
    await place.send("1", "A", "G")
    await pause.pause(one, ME, place.hub)
    place.at += one.delivery.expires + 100
    await waiting.resume(one, ME, place.hub)
    await place.rounds(3)
    (story,) = await waiting.waiting(one, place.hub)
    assert story["code"] == unmapped.WAITS
    assert story["due"] - place.at > 3600


async def test_a_table_that_has_the_code_releases_them_in_order_without_a_person(place: Place) -> None:
    for id, colour in (("1", "G"), ("2", "R"), ("3", "G"), ("4", "B"), ("5", "R")):
        await place.send(id, "A", colour)
    place.deploy(colours("R", "G"))
    await place.rounds(2)
    assert place.took() == ["1", "2", "3"], "the next code is waited for in turn"
    place.deploy(colours("R", "G", "B"))
    await place.rounds(2)
    assert place.took() == ["1", "2", "3", "4", "5"]
    assert (await balance(place.hub.integrations[NAME], place.hub)).holds


async def test_the_released_message_is_what_it_had_been_with_the_table_at_first() -> None:
    late, early = Place(), Place()
    early.deploy(colours("R", "G"))
    for id, colour in (("1", "G"), ("2", "R"), ("3", "G")):
        await late.send(id, "A", colour)
        await early.send(id, "A", colour)
    late.deploy(colours("R", "G"))
    await late.rounds(2)
    assert late.destination.took == early.destination.took


async def test_what_waits_is_visible_everywhere(place: Place) -> None:
    await place.send("1", "A", "G")
    await place.rounds()
    (story,) = await find(NAME, "control", "1", place.hub)
    assert (story["outcome"], story["code"]) == ("waiting", UNMAPPED)
    assert [one["control"] for one in await waiting.waiting(place.hub.integrations[NAME], place.hub)] == ["1"]
    (line,) = await listed(place.hub.integrations[NAME], place.hub)
    assert (line.code, line.waiting, line.action, line.count) == ("G", 1, "wait", 1)
    found = await balance(place.hub.integrations[NAME], place.hub)
    assert found.holds
    assert found.outcomes == {"waiting": 1}


async def test_the_sender_is_warned_and_not_refused(place: Place) -> None:
    body = world.note("1", colour="G")
    answer = await accept(place.hub.integrations[NAME], world.envelope(body), place.hub)
    assert answer.status == 202
    assert UNMAPPED in answer.body.decode()


async def test_waiting_costs_no_attempt_and_almost_no_storage(place: Place) -> None:
    await place.send("1", "A", "G")
    await place.rounds(3)
    before = len(place.store.queues[f"{NAME}-work"])
    await place.rounds(30)
    assert len(place.store.queues[f"{NAME}-work"]) == before, "no knock while nothing has changed"
    (story,) = await find(NAME, "control", "1", place.hub)
    assert not story.get("attempts")
    assert not story.get("tries")


async def test_retry_now_looks_again(place: Place) -> None:
    await place.send("1", "A", "G")
    (story,) = await waiting.waiting(place.hub.integrations[NAME], place.hub)
    await waiting.retry(place.hub.integrations[NAME], story["id"], ME, place.hub)
    await place.rounds()
    assert place.took() == []
    place.deploy(colours("G"))
    await waiting.retry(place.hub.integrations[NAME], story["id"], ME, place.hub)
    await place.rounds()
    assert place.took() == ["1"]


async def test_one_alert_for_each_episode_of_a_code_and_none_of_the_backlog(place: Place) -> None:
    for number in range(5):
        await place.send(f"g{number}", f"L{number}", "G")
    await place.rounds(40)
    reports = place.emitted("hub.unmapped")
    assert [(each["error_code"], each["rule"], each["count"]) for each in reports] == [("colour", UNMAPPED, 5)]
    assert {each["overdue"] for each in place.emitted("hub.backlog")} == {0}
    assert max(each["oldest_age_s"] for each in place.emitted("hub.backlog")) == 0
    await place.send("b", "M", "B")
    await place.rounds(40)
    assert len(place.emitted("hub.unmapped")) == 2, "another code is an episode of its own"
    place.deploy(colours("G"))
    await place.rounds(3)
    place.deploy(colours("R"))
    await place.send("g9", "L9", "G")
    await place.rounds(40)
    assert len(place.emitted("hub.unmapped")) == 3, "and so is the same code when it comes back"


async def test_it_does_not_wait_for_ever(place: Place) -> None:
    place.deploy(colours("R"), delivery=Delivery(expires=3600))
    await place.send("1", "A", "G")
    await place.rounds(60)
    await place.send("2", "A", "R")
    await place.rounds(70)
    (story,) = await find(NAME, "control", "1", place.hub)
    assert (story["outcome"], story["code"]) == ("dead", "delivery-expired")
    assert place.took() == ["2"]
    assert UNMAPPED in story["rules"]


async def test_a_merge_waits_behind_it(place: Place) -> None:
    after = lambda note: note.get("after", "")  # noqa: E731
    place.deploy(colours("R"), after=after)
    await place.send("1", "A", "G")
    await place.send("2", "B", "", after="A")
    assert place.took() == []
    place.deploy(colours("R", "G"), after=after)
    await place.rounds(3)
    assert place.took() == ["1", "2"]


@pytest.mark.parametrize(("decision", "status"), [("refuse", 422), ("keep", 202)])
async def test_the_default_is_the_door(place: Place, decision: str, status: int) -> None:
    table = colours("R", unmapped=decision)
    place.hub.integrations[NAME]
    one = world.integration(place.destination, codes=(table,))
    place.hub = world.hub(one, store=place.store, now=lambda: place.at)
    assert await place.send("1", "A", "G") == status
    assert place.took() == (["1"] if status == 202 else [])


async def test_what_only_the_mapping_meets_waits_as_well(place: Place) -> None:
    table = CodeTable("COLOURS", __name__, {"R": "red"}, unmapped="wait")  # no place is declared
    place.deploy(table)
    assert await place.send("1", "A", "G") == 202
    assert place.took() == []
    (line,) = await listed(place.hub.integrations[NAME], place.hub)
    assert (line.path, line.code, line.count) == ("", "G", 1)
    place.deploy(CodeTable("COLOURS", __name__, {"G": "green"}, unmapped="wait"))
    await place.rounds(2)
    assert place.took() == ["1"]


async def test_a_table_that_lost_a_code_makes_messages_wait_that_were_accepted_with_it(place: Place) -> None:
    """Between acceptance and delivery another version is deployed, whose table no longer has the code."""
    place.deploy(colours("G"))
    place.hub.start = lambda work: work.close()  # type: ignore[method-assign]
    await place.send("1", "A", "G")
    place.deploy(colours("R"))
    await place.rounds(2)
    assert place.took() == []
    place.deploy(colours("G"))
    await place.rounds(2)
    assert place.took() == ["1"]


async def test_an_old_version_next_to_a_new_one_delivers_nothing_wrong(place: Place) -> None:
    await place.send("1", "A", "G")
    await place.send("2", "A", "R")
    old = place.hub
    new = place.deploy(colours("R", "G"))
    for hub in (old, new, old, new):
        place.hub = hub
        await place.rounds()
    assert place.took() == ["1", "2"]


def test_the_fingerprint_changes_with_every_entry() -> None:
    def of(*tables: CodeTable) -> str:
        return unmapped.tables_of(world.integration(world.Remembering(), codes=tables))

    assert len({of(), of(colours()), of(colours("R")), of(colours("R", "G"))}) == 4
    assert of(colours("R", "G")) == of(colours("G", "R"))


async def test_the_items_are_in_the_table_before_the_message_waits(place: Place) -> None:
    await place.send("1", "A", "G")
    assert place.store.tables[code_items.names.tables(NAME).counters][code_items.PARTITION]


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_is_sent_and_deployed_it_ends_as_if_the_table_had_been_there_at_first(seed: int) -> None:
    """Random messages of random lanes; the codes become known in a random order, between the messages and after them."""
    chance, late, early = random.Random(seed), Place(), Place()
    codes, known = list("BGYW"), {"R"}
    early.deploy(colours("R", *codes))
    chance.shuffle(codes)
    for number in range(40):
        message = (str(number), f"L{chance.randrange(4)}", chance.choice(["", "R", *codes]))
        await late.send(*message)
        await early.send(*message)
        if codes and chance.random() < 0.1:
            known.add(codes.pop())
            late.deploy(colours(*known))
        if chance.random() < 0.3:
            await late.rounds()
    late.deploy(colours("R", *"BGYW"))
    await late.rounds(5)
    for lane in {note["lane"] for note in early.destination.took}:
        assert [note for note in late.destination.took if note["lane"] == lane] == [
            note for note in early.destination.took if note["lane"] == lane
        ]
    found = await balance(late.hub.integrations[NAME], late.hub)
    assert found.holds
    assert found.outcomes == {"delivered": 40}


async def test_in_a_parallel_run_nothing_waits(place: Place) -> None:
    """The other engine has delivered the message; the code is an item all the same."""
    place.hub.is_observed = lambda name: True
    await place.send("1", "A", "G")
    await place.send("2", "A", "R")
    found = await balance(place.hub.integrations[NAME], place.hub)
    assert found.outcomes == {"observed": 2}
    assert [(line.code, line.count, line.waiting) for line in await listed(place.hub.integrations[NAME], place.hub)] == [
        ("G", 1, 0)
    ]


@pytest.mark.parametrize(
    ("left", "wait"),
    [(-5.0, 1), (0.0, 1), (0.5, 1), (1.0, 1), (2.0, 2), (unmapped.AGAIN, unmapped.AGAIN), (1e9, unmapped.AGAIN)],
)
async def test_a_message_that_waits_for_a_code_is_looked_at_again_when_its_time_is_over_or_after_hours(
    left: float, wait: float
) -> None:
    one = world.integration(world.Remembering(), delivery=Delivery(expires=100))
    made = world.hub(one)
    message = Waiting.of(Row("1-a", "w|0000000001", "", {"at": world.NOW, "since": world.NOW + left - 100, "key": "k"}))
    found = Issue(severity="warning", code="code-invalid", where="colour", text="not in the table", rule=UNMAPPED)
    outcome = await unmapped.outcome(one, message, Unmapped((found, "G"), waits=True), made)
    assert isinstance(outcome, Later)
    assert (outcome.wait, outcome.code, outcome.tables) == (wait, unmapped.WAITS, unmapped.tables_of(one))


async def test_a_message_whose_table_does_not_wait_is_a_dead_letter_and_opens_no_item() -> None:
    one = world.integration(world.Remembering())
    made = world.hub(one)
    message = Waiting.of(Row("1-a", "w|0000000001", "", {"at": world.NOW, "since": world.NOW, "key": "k"}))
    found = Issue(severity="error", code="code-invalid", where="colour", text="not in the table", rule=UNMAPPED)
    outcome = await unmapped.outcome(one, message, Unmapped((found, "G"), waits=False), made)
    assert outcome == Done("dead", UNMAPPED, (found,))
    assert await code_items.listed(one.name, made) == []


@pytest.mark.parametrize("code", [unmapped.WAITS, "rate", ""])
@pytest.mark.parametrize("state", ["waiting", "sending"])
@pytest.mark.parametrize("tables", ["", "another hash", "own"])
def test_a_message_waits_for_a_code_until_it_is_sent_and_may_go_once_the_tables_are_others(
    code: str, state: str, tables: str
) -> None:
    one = world.integration(world.Remembering())
    known = unmapped.tables_of(one) if tables == "own" else tables
    message = Waiting.of(Row("1-a", "w|0000000001", "", {"at": world.NOW, "code": code, "state": state, "tables": known}))
    waits = (code, state) == (unmapped.WAITS, "waiting")
    assert unmapped.waits(message) == waits
    assert unmapped.may_be_known(one, message) == (waits and tables != "own")
