"""The pace of a destination: how many in a minute over all processes, how many at once in one."""

import asyncio
from typing import Any

import pytest

from shared.delivery import pace
from shared.delivery.pace import NoPlace, Pace, is_crowded, permit, slot
from shared.hub import Hub
from shared.integration import Delivery
from shared.storage.memory import MemoryStore
from shared.storage.store import Away
from tests import ledger_world as world
from tests.site import Receiver, Site, now, play

MINUTE = 1_770_000_000.0 // 60 * 60  # the first second of a minute


class Clocked:
    """Processes that share a store and a clock, and the rate of one destination."""

    def __init__(self, per_minute: int, processes: int = 1) -> None:
        self.at = MINUTE
        self.notes = world.integration(world.Remembering(), delivery=Delivery(per_minute=per_minute))
        store = MemoryStore(self._now)
        self.hubs: list[Hub] = [world.hub(self.notes, store=store, now=self._now, seed=n) for n in range(processes)]

    def _now(self) -> float:
        return self.at

    async def go(self, tries: int) -> int:
        """How many of so many tries, process by process in turn, may go now."""
        waits = [await permit(self.notes, self.hubs[n % len(self.hubs)]) for n in range(tries)]
        return waits.count(0)


@pytest.mark.parametrize("rate", [1, 2, 19, 20, 21, 60, 100])
async def test_as_many_as_declared_go_in_a_minute_and_the_next_waits(rate: int) -> None:
    one = Clocked(rate)
    assert await one.go(rate) == rate
    assert await one.go(3) == 0


@pytest.mark.parametrize(("second", "least"), [(0, 60), (1, 59), (59, 1), (59.75, 0.25)])
async def test_who_has_to_wait_waits_for_the_next_minute(second: float, least: float) -> None:
    one = Clocked(1)
    one.at = MINUTE + second
    await one.go(1)
    wait = await permit(one.notes, one.hubs[0])
    assert least <= wait <= least + 5  # up to five seconds apart, so that not all come at once
    one.at += wait
    assert await one.go(2) == 1


async def test_each_minute_has_its_own_permits() -> None:
    one = Clocked(40)
    assert await one.go(39) == 39
    one.at = MINUTE + 59.999
    assert await one.go(5) == 1
    one.at = MINUTE + 60
    assert await one.go(50) == 40


async def test_what_was_left_of_a_minute_is_not_used_in_the_next() -> None:
    one = Clocked(40)
    assert await one.go(1) == 1  # two were fetched
    one.at += 60
    assert await one.go(60) == 40


@pytest.mark.parametrize("processes", [2, 3, 8])
async def test_processes_share_the_rate(processes: int) -> None:
    many = Clocked(40, processes)
    assert await many.go(40 + 10 * processes) == 40


async def test_without_a_rate_nothing_is_asked_of_storage() -> None:
    one = Clocked(0)
    one.hubs[0].store = None  # type: ignore[assignment]
    assert await one.go(1000) == 1000


async def test_storage_that_is_away_lets_none_go() -> None:
    class Gone(MemoryStore):
        async def get(self, *_: Any) -> Any:
            raise Away

    one = Clocked(40)
    one.hubs[0].store = Gone(lambda: MINUTE)
    assert await one.go(5) == 0


@pytest.mark.parametrize(("count", "kept"), [(1, 0), (2, 1), (3, 1), (4, 2), (8, 2), (20, 2)])
def test_places_that_failed_messages_leave_to_the_others(count: int, kept: int) -> None:
    """At least one place is for both, so that what failed goes on too."""
    notes = world.integration(world.Remembering(), delivery=Delivery(concurrency=count))
    places = pace._places(notes, world.hub(notes))
    assert (places.count, places.all._value, places.again._value) == (count, count, max(1, count - kept))


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_no_more_than_declared_are_sent_at_once(count: int) -> None:
    """Thirty patients, whose messages take a second each: counted at the destination."""
    high: list[int] = []

    class Counting(Receiver):
        async def deliver(self, outgoing: Any) -> Any:
            high.append(high[-1] + 1 if high else 1)
            try:
                return await super().deliver(outgoing)
            finally:
                high.append(high[-1] - 1)

    async def story(site: Site) -> None:
        await asyncio.gather(*(site.send(str(lane)) for lane in range(30)))
        while len(site.receiver.took) < 30 and now() < 3600:
            await asyncio.sleep(1)

    site = Site(Counting(seconds=1), declared={"delivery": Delivery(concurrency=count)})
    play(site, story)
    assert len(site.receiver.took) == 30
    assert max(high) == count


def test_no_more_than_declared_are_sent_in_a_minute() -> None:
    """Fifty patients at once, ten a minute: each message arrives, none of them in a minute that was full."""

    async def story(site: Site) -> None:
        await asyncio.gather(*(site.send(str(lane)) for lane in range(50)))
        while len(site.receiver.took) < 50 and now() < 3600:
            await asyncio.sleep(1)

    site = Site(Receiver(), declared={"delivery": Delivery(per_minute=10)})
    play(site, story)
    minutes = [int((world.NOW + at) // 60) for at, _, _ in site.receiver.tried]
    assert len(site.receiver.took) == len(minutes) == 50
    assert max(map(minutes.count, minutes)) <= 10
    assert max(site.receiver.took.values()) < 3600 / 2


async def test_a_place_is_given_back_however_the_delivery_ends() -> None:
    notes = world.integration(world.Remembering(), delivery=Delivery(concurrency=1))
    hub = world.hub(notes)
    for has_failed in (False, True, False):
        with pytest.raises(ZeroDivisionError):
            async with slot(notes, has_failed, 1, hub):
                raise ZeroDivisionError
    async with slot(notes, False, 1, hub):
        with pytest.raises(NoPlace):
            async with slot(notes, False, 0.01, hub):
                raise AssertionError("two at once")
    places = hub.remembered(Pace).places["TEST"]
    assert (places.taken, places.waiting) == (0, 0)


@pytest.mark.parametrize(
    ("taken", "waiting", "crowded"), [(2, 2, True), (2, 1, False), (1, 2, False), (2, 3, True), (0, 0, False)]
)
def test_a_destination_is_crowded_when_as_many_wait_as_are_sent(taken: int, waiting: int, crowded: bool) -> None:
    notes = world.integration(world.Remembering(), delivery=Delivery(concurrency=2))
    hub = world.hub(notes)
    places = pace._places(notes, hub)
    places.taken, places.waiting = taken, waiting
    assert is_crowded(notes, hub) is crowded
