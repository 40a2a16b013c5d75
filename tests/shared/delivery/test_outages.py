"""The row of a breaker shows since when, and with which answer, its destination is not reachable, and the outages before."""

from dataclasses import replace

import pytest

from shared.delivery import breaker
from shared.delivery.outages import MOST, Outage, outages
from shared.delivery.rows import Breaker
from shared.hub import Hub
from shared.storage import names
from shared.storage.memory import MemoryStore
from tests.ledger_world import NOW, Remembering, hub, integration


class World:
    def __init__(self) -> None:
        self.at = NOW
        self.one = integration(Remembering())
        self.hub: Hub = hub(self.one, now=lambda: self.at)

    async def fails(self, *lanes: str, code: str = "refused", owner: str = "destination") -> None:
        for lane in lanes:
            self.at += 1
            await breaker.failed(self.one, lane, owner, 0, self.hub, code=code)  # type: ignore[arg-type]

    async def answers(self, lane: str = "a") -> None:
        self.at += 1
        await breaker.succeeded(self.one, lane, self.hub)

    async def probed(self, lane: str) -> None:
        """The time is up, and this lane may try."""
        row = self.row
        self.at = row.until + 1
        store = self.hub.store
        assert isinstance(store, MemoryStore)
        store.tables[names.SHARED_TABLE]["TEST"][names.BREAKER][1].update(state="half-open", probe=breaker._mark(lane))

    @property
    def row(self) -> Breaker:
        from shared.storage.store import Row

        assert isinstance(self.hub.store, MemoryStore)
        etag, values = self.hub.store.tables[names.SHARED_TABLE]["TEST"][names.BREAKER]
        return Breaker.of(Row("TEST", names.BREAKER, etag, values))


async def test_the_first_failure_and_the_last_code_are_known() -> None:
    world = World()
    await world.fails("a", "b", code="timeout")
    await world.fails("c", "d", "e")
    row = world.row
    assert (row.state, row.first, row.since, row.code) == ("open", NOW + 1, NOW + 5, "refused")


@pytest.mark.parametrize("lanes", [("a", "a", "a"), ("a", "b", "a")])
async def test_an_outage_begins_with_its_first_failure_whichever_lane_probes(lanes: tuple[str, ...]) -> None:
    world = World()
    await world.fails("a", owner="set-up", code="http-401")
    for lane in lanes:
        await world.probed(lane)
        await world.fails(lane, owner="set-up", code="http-403")
    row = world.row
    assert (row.first, row.opens, row.code) == (NOW + 1, 1 + len(lanes), "http-403")


async def test_an_outage_that_is_over_is_kept_and_the_next_one_begins_anew() -> None:
    world = World()
    await world.fails("a", "b", "c", "d", "e")
    await world.answers()
    row = world.row
    assert (row.state, row.first, row.code) == ("closed", 0.0, "")
    assert outages(row) == [Outage(NOW + 1, NOW + 6, 1, "refused")]
    await world.fails("a", "b", code="tls")
    assert (world.row.first, world.row.code) == (NOW + 7, "tls")
    await world.answers()
    assert len(outages(world.row)) == 1  # it never opened: two failures are no outage


async def test_failures_far_apart_are_not_one_run() -> None:
    world = World()
    await world.fails("a")
    world.at += breaker.WINDOW + 1
    await world.fails("b")
    assert world.row.first == world.at


async def test_the_list_of_outages_is_bounded() -> None:
    world = World()
    for _ in range(MOST + 5):
        await world.fails("a", "b", "c", "d", "e")
        await world.answers()
    past = outages(world.row)
    assert len(past) == MOST
    assert len(world.row.past) < 1000
    assert past[-1].end == world.at


async def test_a_row_that_an_earlier_version_wrote_does_not_know_when_its_outage_began() -> None:
    world = World()
    store = world.hub.store
    assert isinstance(store, MemoryStore)
    earlier = {"state": "half-open", "failures": 5, "lanes": "a b", "probe": "a", "opens": 3, "until": NOW, "since": NOW - 9}
    store.tables[names.SHARED_TABLE]["TEST"][names.BREAKER] = ("1", earlier)
    await world.fails("a", code="timeout")
    assert (world.row.first, world.row.code, world.row.opens) == (0.0, "timeout", 4)
    await world.answers()
    assert outages(world.row) == [Outage(0.0, world.at, 4, "timeout")]


async def test_a_code_with_the_words_of_a_receiver_is_withheld_in_the_row_that_the_ops_page_shows() -> None:
    """A receiver chose the text of the code, and may have put a value of the message into it."""
    world = World()
    await world.fails("a", "b", "c", code="patient Ann Jones unknown")
    assert world.row.code == "(withheld)"


@pytest.mark.parametrize("owner", ["destination", "set-up"])
async def test_a_breaker_that_closes_is_as_new_but_for_its_list_of_outages(owner: str) -> None:
    """What it still knew of this outage would count for the next one."""
    world = World()
    await world.fails(*"abcde", owner=owner, code="http-503")
    await world.probed("a")
    await world.fails("a", owner=owner, code="timeout")
    await world.probed("a")
    await world.answers("a")
    assert outages(world.row)[-1].end == world.at
    assert replace(world.row, past="", since=0.0, row=Breaker().row) == replace(Breaker(), past="")
