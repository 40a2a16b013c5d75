"""What the pages show of a real ledger: why a destination is sick, what a message waits for, each attempt, who is refused."""

import asyncio
from typing import Any

import pytest

from shared.delivery import pause
from shared.delivery.dead import Person
from shared.delivery.upkeep import watchdog
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.inbox import watching
from shared.intake.triggers.knocks import answer_knock
from shared.integration import Delivery
from shared.ledger.reporting import counters
from shared.ops import page
from shared.ops.desk import routes
from shared.ops.figures import counted, journey, lanes, needs
from shared.ops.figures.facts import Detail, Flow, Journey, Plan
from shared.ops.figures.times import iso
from shared.ops.ledger import LedgerFacts
from shared.ops.page import Request, answer
from shared.problems import Undelivered
from shared.storage.memory import MemoryStore
from tests import ledger_world as world
from tests.faults.virtual import run

NAME = "notes-to-test"
Problem = tuple[Any, str]
DOWN: Problem = ("transient", "refused")
REJECTS: Problem = ("permanent", "ack-AR")


class World:
    """A hub whose destination fails with a problem, or takes everything."""

    def __init__(self, **changes: Any) -> None:
        self.at = world.NOW
        self.problem: Problem | None = None
        self.took = world.Remembering(behave=self._behave)
        self.one = world.integration(self.took, **changes)
        self.hub: Hub = world.hub(self.one, now=lambda: self.at)
        self.ids: list[str] = []

    def _behave(self, note: dict[str, Any]) -> None:
        if self.problem:
            raise Undelivered(kind=self.problem[0], code=self.problem[1], text="no")

    async def send(self, *bodies: bytes) -> None:
        for body in bodies:
            self.at += 1
            self.ids.append((await accept(self.one, world.envelope(body), self.hub)).headers.get("X-Message-Id", ""))
            await self.settled()

    async def settled(self) -> None:
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks)

    async def later(self, seconds: float = 100) -> None:
        """The watchdog knocks, and a worker answers."""
        self.at += seconds
        await watchdog.tick(self.hub, watching.look)
        for knock in await self.hub.store.receive(f"{NAME}-work", 60):
            await answer_knock(self.one, knock.body, self.hub)
            await self.hub.store.settle(knock.ticket)
        await self.settled()
        await watchdog.tick(self.hub, watching.look)

    async def detail(self) -> Detail:
        found = await LedgerFacts(self.hub).detail(NAME, 60)
        assert found
        return found

    async def needs(self) -> list[str]:
        return [need.kind for need in needs.needs((await LedgerFacts(self.hub).overview(60)).flows, 60)]

    async def journey(self, n: int) -> Journey:
        found = await LedgerFacts(self.hub).journey(NAME, self.ids[n])
        assert found
        return found


def lanes_of(*names: str) -> list[bytes]:
    return [world.note(name, name) for name in names]


async def test_a_sick_destination_says_since_when_and_why() -> None:
    sick = World()
    assert (await sick.detail()).destination.state == "closed"
    sick.problem = DOWN
    await sick.send(*lanes_of("a", "b", "c", "d", "e", "f"))
    shown = (await sick.detail()).destination
    assert (shown.state, shown.since, shown.code) == ("open", iso(world.NOW + 1), "refused")
    assert ("destination", "the connection is refused or reset before anything was sent") in shown.meanings
    assert shown.until > shown.last
    assert await sick.needs() == ["destination"]
    sick.problem = None
    for _ in range(3):
        await sick.later()
    well = (await sick.detail()).destination
    assert (well.state, well.last, well.code) == ("closed", "", "")
    assert [(one.begin, one.code) for one in well.outages] == [(iso(world.NOW + 1), "refused")]


async def test_each_attempt_is_history_and_the_next_one_is_a_plan() -> None:
    waits = World()
    waits.problem = ("transient", "ack-AE")
    await waits.send(world.note("1"))
    shown = await waits.journey(0)
    assert [(one.result, one.code) for one in shown.tries] == [("waiting", "ack-AE")]
    assert [step.what for step in shown.steps] == ["accepted"]
    assert shown.plan
    assert (shown.plan.why, shown.plan.at > shown.tries[0].at) == ("failed", True)
    waits.problem = None
    await waits.later()
    shown = await waits.journey(0)
    assert [one.result for one in shown.tries] == ["waiting", "delivered"]
    assert [step.what for step in shown.steps] == ["accepted", "delivered"]
    assert shown.plan is None


async def test_what_waits_behind_another_message_says_so() -> None:
    waits = World()
    waits.problem = ("transient", "ack-AE")
    await waits.send(world.note("1"), world.note("2"))
    assert (await waits.journey(1)).plan == Plan("", "behind", waits.ids[0])
    (lane,) = (await waits.detail()).lanes
    assert lane.first
    assert (lane.first.id, lane.waiting, lane.held_by) == (waits.ids[0], 2, "")


async def test_a_lane_that_a_dead_letter_holds_names_it() -> None:
    held = World(delivery=Delivery(on_dead="hold"))
    held.problem = REJECTS
    await held.send(world.note("1"), world.note("2"))
    await held.later()
    (lane,) = (await held.detail()).lanes
    assert lane.first
    assert (lane.first.id, lane.held_by) == (held.ids[1], held.ids[0])
    assert (await held.journey(1)).plan == Plan("", "held", held.ids[0])
    assert await held.needs() == ["dead", "held"]
    assert [one.id for one in (await held.detail()).dead] == [held.ids[0]]


async def test_an_overdue_lane_needs_action() -> None:
    late = World()
    late.problem = ("transient", "ack-AE")
    await late.send(world.note("1"))
    assert await late.needs() == []
    late.hub.start = lambda work: work.close()  # type: ignore[method-assign,assignment]
    late.at += 400
    await watchdog.tick(late.hub, watching.look)
    assert await late.needs() == ["overdue"]


async def test_rejected_messages_are_the_senders_and_dead_ones_are_ours() -> None:
    both = World()
    await both.send(world.note("1"), b'{"id":"2","sender":"PAS"}', b'{"id":"3","sender":"PAS"}')
    both.problem = REJECTS
    await both.send(world.note("4"))
    await both.later(0)
    flow = (await both.detail()).flow
    assert (flow.received, flow.rejected, flow.failed) == (4, 2, 1)
    assert (flow.refusal_rate, flow.failure_rate) == (50, 25)
    shown = [(one.sender, one.rule, one.count) for one in (await both.detail()).refusals]
    assert shown == [("PAS", "*", 2), ("PAS", "name-required", 2)]
    assert sum(point.refused for point in (await both.detail()).points) == 2
    assert sum(point.failed for point in (await both.detail()).points) == 1


@pytest.mark.parametrize(("accepted", "rejected", "is_asked"), [(0, 19, False), (0, 20, True), (180, 20, True), (181, 20, False)])
def test_a_sender_is_asked_when_much_is_rejected(accepted: int, rejected: int, is_asked: bool) -> None:
    flow = Flow("x", accepted=accepted, rejected=rejected)
    assert [need.kind for need in needs.needs([flow], 60)] == ["refusals"] * is_asked


def test_no_traffic_has_no_rates() -> None:
    assert (Flow("x").refusal_rate, Flow("x").failure_rate) == (None, None)


async def test_a_fault_counts_as_received_and_as_ours() -> None:
    broken = World()
    broken.hub.count(NAME, "fault")
    broken.hub.count(NAME, "unavailable")
    await counters.write(NAME, broken.hub)
    flow = (await broken.detail()).flow
    assert (flow.received, flow.failed, flow.failure_rate, flow.refusal_rate) == (2, 2, 100, 0)


async def test_no_such_integration() -> None:
    assert await LedgerFacts(World().hub).detail("noone", 60) is None


async def test_open_lanes_are_bounded_and_the_oldest_come_first() -> None:
    many = World()
    many.problem = DOWN
    await many.send(*lanes_of(*(f"lane{n}" for n in range(lanes.MOST + 5))))
    shown = (await many.detail()).lanes
    assert len(shown) == lanes.MOST
    assert [one.first.id for one in shown if one.first] == many.ids[: lanes.MOST]


def test_every_range_has_at_most_so_many_points() -> None:
    for minutes in (15, 60, 360, 1440, 10080):
        assert len(counted.points([], 0, minutes * 60)) <= counted.STEPS + 1


def test_counts_of_every_process_are_on_the_page_within_five_seconds() -> None:
    """Two processes, as the instances of a door and of a worker, and a third that shows the page; no watchdog runs."""

    async def story() -> None:
        loop = asyncio.get_running_loop()
        now = lambda: world.NOW + loop.time()  # noqa: E731
        store = MemoryStore(now)
        one = world.integration(world.Remembering())
        door, worker, page = (world.hub(one, store=store, now=now, instance=name) for name in ("door", "worker", "page"))
        for process in (door, worker):
            counters.write_behind(process)
        for second in range(30):
            door.count(NAME, "accepted")
            worker.count(NAME, "delivered")
            await asyncio.sleep(1)
            if second >= counters.BEHIND:
                flow = (await LedgerFacts(page).overview(60)).flows[0]
                at_least = second + 1 - counters.BEHIND
                assert min(flow.accepted, flow.delivered) >= at_least
        await asyncio.sleep(counters.BEHIND)
        flow = (await LedgerFacts(page).overview(60)).flows[0]
        assert (flow.accepted, flow.delivered) == (30, 30)

    assert counters.BEHIND <= 5
    run(story())


def story(**now: Any) -> dict[str, Any]:
    return {"history": [], "at": 1.0, "outcome": "waiting", **now}


def one(result: str = "waiting") -> dict[str, Any]:
    return {"at": 2.0, "result": result, "code": "ack-AE", "ms": 5}


def test_attempts_have_their_numbers_whatever_is_not_listed() -> None:
    shown = journey.tries(story(tries=11, tried=[one(), one(), one("unknown"), one()], not_listed=8))
    assert ([each.n for each in shown.listed], shown.not_listed, shown.not_recorded) == ([1, 10, 11, 12], 8, 0)


def test_attempts_that_an_earlier_version_only_counted_have_their_numbers_too() -> None:
    shown = journey.tries(story(tries=7, attempts=7, tried=[one(), one()]))
    assert ([each.n for each in shown.listed], shown.not_recorded) == ([6, 7], 5)
    assert journey.tries(story(tries=0, attempts=3)) == ((), 0, 3)
    assert journey.tries(story(tries=2, attempts=3, tried=[one(), one(), one("dead")]))[1:] == (0, 0)


def test_attempts_before_a_replay_come_first() -> None:
    first = {"at": 1.0, "ended": 3.0, "outcome": "dead", "attempts": 1, "tried": [one("dead")], "not_listed": 0}
    shown = journey.tries(story(history=[first], tried=[one()], not_listed=0, tries=1))
    assert [(each.n, each.is_replay) for each in shown.listed] == [(1, False), (2, True)]


@pytest.mark.parametrize("lang", ["en", "cy"])
async def test_pages_show_a_real_ledger(lang: str) -> None:
    """Held and sick at once: each page is made from rows as the hub writes them."""
    real = World(delivery=Delivery(on_dead="hold"))
    real.problem = REJECTS
    await real.send(world.note("1"), world.note("2"), b"no json")
    real.problem = DOWN
    await real.send(*lanes_of("a", "b", "c", "d", "e", "f"))
    await real.later(0)
    where = {"integration": NAME, "lang": lang}
    pages = [("", where), ("integration", where), ("codes", where), *(("message", {**where, "id": one}) for one in real.ids)]
    requests = [Request("GET", path, query, {}, on_developers_machine=True) for path, query in pages]
    shown = [await answer(request, LedgerFacts(real.hub)) for request in requests]
    assert {got.status for got in shown} == {200}
    detail = shown[1].body.decode()
    assert all(word in detail for word in ("refused", "unreadable", real.ids[0], real.ids[1]))


def test_every_action_links_to_a_page() -> None:
    every = Flow("x", rejected=20, dead_now=1, breaker="open", codes_waiting=1, held=1, overdue=1, paused=iso(1))
    found = needs.needs([every], 60)
    assert [need.kind for need in found] == list(needs.ORDER)
    paths = {need.link.partition("#")[0].partition("?")[0].removeprefix("/") for need in found}
    assert {("GET", path) for path in paths} <= page.HANDLERS.keys() | routes.HANDLERS.keys()


async def test_a_paused_delivery_needs_action_and_its_messages_wait_for_it() -> None:
    paused = World()
    await pause.pause(paused.one, Person("p", "why"), paused.hub)
    await paused.send(world.note("1"))
    await paused.later(0)
    assert await paused.needs() == ["paused"]
    assert (await paused.journey(0)).plan == Plan("", "paused")
    assert (await paused.journey(0)).tries == ()
