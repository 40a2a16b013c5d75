"""A lane has one worker: one that woke up late sends nothing, and none marks what it does not send."""

import asyncio
from collections.abc import Callable

import pytest

from shared.delivery.process import process
from shared.envelope import Outgoing, Receipt
from shared.integration import Delivery
from shared.problems import Undelivered
from shared.storage.memory import MemoryStore
from shared.storage.store import Away
from tests.ledger_world import NOW
from tests.site import Receiver, Site, now, play


class Odd:
    """The store of one host. ``odd`` says of a transaction how its answer comes: ``late``, ``lost``, or as it should."""

    def __init__(self, store: MemoryStore, odd: Callable[[list], str]) -> None:
        self._store, self.odd = store, odd

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def commit(self, table, partition, *changes):
        how = self.odd(changes)
        done = await self._store.commit(table, partition, *changes)
        if how == "late":
            await asyncio.sleep(60)
        if how == "lost":
            raise Away
        return done


def once(how, *keys):
    """The first transaction of these rows is answered so; a key ends with ``~`` where only its beginning counts."""
    left = [how]

    def odd(changes):
        here = [c.key for c in changes if c.action != "delete"]
        hit = all(any(k.startswith(key[:-1]) if key[-1] == "~" else k == key for k in here) for key in keys)
        return left.pop() if left and hit else ""

    return odd


@pytest.mark.parametrize("seed", range(3))
def test_a_worker_that_woke_up_late_sends_nothing(seed):
    """Host A stops in the transaction that marks the message, with the claim renewed; host B delivers three of the lane."""

    async def story(site):
        host_b = site.hub
        site.hub = Site(site.receiver, seed + 10).hub
        site.hub.now, site.hub.store = host_b.now, Odd(host_b.store, once("late", "claim", "w|~"))
        site.hub.instance = "A"
        await site.send("lane")
        host_a, site.hub = site.hub, host_b
        await asyncio.sleep(50)
        for _ in range(2):
            await site.send("lane")
        await asyncio.sleep(200)
        assert not host_a.tasks
        return [id for _, _, id in site.receiver.tried], [row["ambiguous"] for row in site.rows("d|")]

    ids, ambiguous = play(Site(Receiver(), seed), story)
    assert ids == ["1", "2", "3"]
    assert ambiguous == [True, False, False]


@pytest.mark.parametrize("key", ["claim", "w|~"])
def test_a_lost_answer_to_the_quick_claim_is_looked_into(key):
    async def story(site):
        site.hub.store = Odd(site.hub.store, once("lost", key))
        if key == "w|~":
            site.hub.store.odd = once("lost", "claim", "w|~")
        await site.send("lane")
        await asyncio.sleep(1)
        return [row["ambiguous"] for row in site.rows("d|")]

    site = Site(Receiver())
    assert play(site, story) == [False]
    assert len(site.receiver.tried) == 1
    assert not [event for event in site.events if event[1] == "hub.fault"]


def test_storage_that_is_away_is_no_fault_of_the_first_attempt():
    async def story(site):
        store, site.hub.random = site.hub.store, site.hub.random
        await site.send("other")
        await asyncio.sleep(1)

        def odd(changes):
            if now() < 30 and any(c.key == "claim" for c in changes):
                raise Away
            return ""

        site.hub.store = Odd(store, odd)
        await site.send("lane")
        await asyncio.sleep(120)

    site = Site(Receiver())
    play(site, story)
    assert list(site.receiver.took) == ["1", "2"]
    assert not [event for event in site.events if event[1] == "hub.fault"]


@pytest.mark.parametrize("seconds", [12, 25])
def test_none_is_marked_before_it_is_sent(seconds):
    """120 patients at once, and a destination that takes long: each arrives once, and no record says that it may be twice."""

    async def story(site):
        await asyncio.gather(*(site.send(str(lane)) for lane in range(120)))
        while len(site.receiver.took) < 120 and now() < 3600:
            await asyncio.sleep(10)
        await asyncio.sleep(30)
        return [row["ambiguous"] for row in site.rows("d|")], len(site.rows("w|"))

    site = Site(Receiver(seconds=seconds))
    ambiguous, left = play(site, story)
    assert (len(ambiguous), sum(ambiguous), left) == (120, 0, 0)
    assert len(site.receiver.tried) == 120
    assert max(site.receiver.took.values()) < 120 * seconds / 8 * 1.5


def test_places_are_kept_for_lanes_that_have_not_failed():
    """Forty lanes that time out, whenever they are tried; others are delivered as if they were not there."""

    class Hanging(Receiver):
        async def deliver(self, outgoing: Outgoing) -> Receipt:
            if b'"bad' in outgoing.body:
                await asyncio.sleep(29)
                raise Undelivered(kind="transient", code="line-broken", text="it hung up", ambiguous=True)
            return await super().deliver(outgoing)

    async def story(site):
        await asyncio.gather(*(site.send(f"bad{lane}") for lane in range(40)))
        await asyncio.sleep(600)
        for n in range(100):
            await site.send(f"good{n}")
            await asyncio.sleep(10)
        return sorted(site.receiver.took[id] - site.sent[id] for id in list(site.sent)[40:] if id in site.receiver.took)

    waits = play(Site(Hanging(), declared={"delivery": Delivery(breaker_failures=1000)}), story)
    assert len(waits) == 100
    assert waits[-1] < 1


def test_each_part_is_sent_under_a_claim_that_lasts():
    """Three bodies of one message, each taking nearly the whole of a delivery's time: the claim is renewed between them."""

    async def story(site):
        await site.send("lane")
        for _ in range(20):
            await asyncio.sleep(10)
            lane = next(iter(site.hub.store.tables["notestotestledger"]))
            await process(site.notes, lane, site.hub)

    def three(read, made):
        import orjson

        return tuple(Outgoing("application/json", orjson.dumps({**made, "id": f"{made['id']}{part}"})) for part in "abc")

    site = Site(Receiver(seconds=29), declared={"write": three})
    play(site, story)
    assert [id for _, _, id in site.receiver.tried] == ["1a", "1b", "1c"]


def test_the_clock_of_the_site_is_the_hubs():
    async def story(site):
        return site.hub.now() - NOW - now()

    assert play(Site(Receiver()), story) == pytest.approx(0)
