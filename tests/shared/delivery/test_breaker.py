"""The breaker, in virtual time and with the product's own times: no message stops another patient's, no outage costs attempts."""

import asyncio
import json
import statistics
from itertools import pairwise

import pytest

from shared.delivery import breaker
from shared.delivery.breaker import Breakers
from shared.integration import Delivery
from shared.ledger.knocks import open_lane
from shared.problems import LONGEST_RETRY_AFTER, Undelivered
from shared.storage import names
from shared.storage.store import put
from tests.ledger_world import Remembering, hub, integration
from tests.site import Receiver, Site, now, play

SEEDS = (1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3)))


def away(message):
    raise Undelivered(kind="transient", code="refused", text="away")


def until(end, behave):
    """The destination behaves so until then, and is well afterwards."""
    return lambda message: behave(message) if now() < end else None


AWAY = [
    ("transient", "refused", False),
    ("transient", "timeout", True),
    ("transient", "timeout", False),
    ("transient", "line-broken", True),
    ("transient", "http-503", False),
    ("transient", "http-429", False),
    ("transient", "http-500", True),
    ("transient", "http-504", True),
    ("transient", "reply-odd", True),
    ("misconfigured", "http-401", False),
    ("transient", "a code that no table has", False),
]
# Many lanes with one problem of each owner, and with one whose outcome is not known.
OF_MANY_LANES = [each for each in AWAY if each[1] in ("http-503", "line-broken", "http-401", "a code that no table has")]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("lanes", "problem"),
    [*((1, each) for each in AWAY), *((7, each) for each in OF_MANY_LANES)],
    ids=lambda value: f"{value[1]}-{value[2]}" if isinstance(value, tuple) else str(value),
)
def test_an_outage_costs_no_attempt_however_long(lanes, problem, seed):
    kind, code, ambiguous = problem

    def sick(message):
        raise Undelivered(kind=kind, code=code, text="away", ambiguous=ambiguous)

    async def story(site):
        for lane in range(lanes):
            await site.send(str(lane))
        await asyncio.sleep(7200)
        assert [row["attempts"] for row in site.rows("w|")] == [0] * lanes
        await asyncio.sleep(1000)
        assert {row["outcome"] for row in site.rows("d|")} == {"delivered"}
        assert len(site.receiver.took) == lanes

    play(Site(Receiver(until(7200, sick)), seed), story)


def bad_lanes(message, code="ack-AE", kind="transient"):
    if message["lane"].startswith("bad"):
        raise Undelivered(kind=kind, code=code, text="not this one")


ISOLATED = [
    ("transient", "ack-AE", False),
    ("transient", "ack-CE", False),
    ("transient", "http-409", False),
    ("transient", "http-412", False),
    ("permanent", "http-422", False),
    ("permanent", "ack-AR", False),
    ("transient", "entry-409", False),
    ("transient", "created-meanwhile", False),
    ("misconfigured", "entry-403", False),
]


@pytest.mark.parametrize("problem", ISOLATED, ids=lambda problem: problem[1])
def test_a_failure_of_a_message_never_touches_the_breaker(problem):
    kind, code, ambiguous = problem

    def sick(message):
        if message["lane"].startswith("bad"):
            raise Undelivered(kind=kind, code=code, text="not this one", ambiguous=ambiguous)

    async def story(site):
        for lane in range(8):
            await site.send(f"bad{lane}")
        for n in range(12):
            await asyncio.sleep(900)
            await site.send(f"good{n}")
        await asyncio.sleep(60)
        return [site.receiver.took[id] - site.sent[id] for id in list(site.sent)[8:]]

    site = Site(Receiver(sick))
    assert max(play(site, story)) < 1
    assert not [event for event in site.events if event[1] == "hub.breaker"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("kind", "code", "ambiguous"),
    [("transient", "timeout", True), ("transient", "http-500", True), ("transient", "refused", False)],
)
def test_one_lane_alone_never_opens_the_breaker(kind, code, ambiguous, seed):
    def sick(message):
        if message["lane"] == "bad":
            raise Undelivered(kind=kind, code=code, text="this one kills it", ambiguous=ambiguous)

    async def story(site):
        await site.send("bad")
        for n in range(12):
            await asyncio.sleep(300)
            await site.send(f"good{n}")
        await asyncio.sleep(60)
        return max(site.receiver.took[id] - site.sent[id] for id in list(site.sent)[1:])

    assert play(Site(Receiver(sick), seed), story) < 1


def test_a_message_that_the_destination_breaks_on_is_given_up_while_others_are_answered():
    """Only the answers to other lanes show whether the destination or the message causes a time-out."""

    def sick(message):
        if message["lane"] == "bad":
            raise Undelivered(kind="transient", code="http-500", text="it breaks on this one", ambiguous=True)

    async def story(site):
        await site.send("bad")
        for n in range(2000):
            await site.send(f"good{n}")
            await asyncio.sleep(5)
        return [(row["outcome"], row["attempts"]) for row in site.rows("d|") if row["control"] == "1"]

    assert play(Site(Receiver(sick)), story) == [("dead", 10)]


@pytest.mark.parametrize("code", ["http-401", "http-403", "http-404"])
def test_a_wrong_set_up_opens_the_breaker_at_once_but_not_for_one_message_among_others(code):
    def sick(message):
        if message["lane"] == "bad" or now() > 20_000:
            raise Undelivered(kind="misconfigured", code=code, text="who are you")

    async def story(site):
        for n in range(200):
            await site.send(f"good{n}")
            if n == 10:
                await site.send("bad")
            await asyncio.sleep(60)
        waits = [site.receiver.took[id] - site.sent[id] for id in site.sent if id in site.receiver.took]
        assert max(waits) < 180  # before another lane was answered, no one could know that it was this message alone
        assert sum(wait > 1 for wait in waits) < 8
        assert [row["outcome"] for row in site.rows("d|") if row["control"] == "12"] == ["dead"]
        await asyncio.sleep(20_010 - now())
        await site.send("after")
        await asyncio.sleep(1)
        return [row["attempts"] for row in site.rows("w|")], site.hub.remembered(Breakers).read["TEST"][1].state

    assert play(Site(Receiver(sick)), story) == ([0], "open")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lanes", [2, 3, 12])
def test_a_lane_that_failed_does_not_probe_twice_in_a_row(lanes, seed):
    async def story(site):
        for lane in range(lanes):
            await site.send(str(lane))
        await asyncio.sleep(4 * 3600)

    site = Site(Receiver(away), seed, {"delivery": Delivery(breaker_failures=2)})
    play(site, story)
    probes = [lane for at, lane, _ in site.receiver.tried if at > 300]
    assert len(probes) > 50
    assert not [pair for pair in pairwise(probes) if pair[0] == pair[1]]
    if lanes < 12:
        assert max(b - a for a, b in pairwise([at for at, _, _ in site.receiver.tried])) < breaker.LONGEST_PAUSE + 60


@pytest.mark.parametrize("seed", SEEDS)
def test_bad_messages_that_time_out_do_not_keep_the_breaker_open(seed):
    """Enough lanes that time out do open it; a lane that has not failed then probes first, and the others follow."""

    def sick(message):
        if message["lane"].startswith("bad"):
            raise Undelivered(kind="transient", code="timeout", text="no answer", ambiguous=True)

    async def story(site):
        for lane in range(8):
            await site.send(f"bad{lane}")
        for n in range(40):
            await asyncio.sleep(300)
            await site.send(f"good{n}")
        await asyncio.sleep(600)
        return [site.receiver.took[id] - site.sent[id] for id in list(site.sent)[8:]]

    waits = play(Site(Receiver(sick), seed), story)
    assert max(waits) < 2 * breaker.LONGEST_PAUSE
    assert statistics.median(waits) < 60


def test_a_burst_of_failures_opens_it_once():
    async def story(site):
        await asyncio.gather(*(site.send(str(lane)) for lane in range(30)))
        await asyncio.sleep(2)
        row = site.hub.remembered(Breakers).read["TEST"][1]
        return row.opens, row.until - site.hub.now() < 30

    assert play(Site(Receiver(away, seconds=0.5)), story) == (1, True)


@pytest.mark.parametrize("asked", [86_400, 1e9, float("inf")])
def test_retry_after_has_a_ceiling(asked):
    def busy(message):
        raise Undelivered(kind="transient", code="http-503", text="later", retry_after=asked)

    async def story(site):
        for lane in range(8):
            await site.send(str(lane))
        await asyncio.sleep(3 * 3600)

    site = Site(Receiver(until(3600, busy)))
    play(site, story)
    assert max(site.receiver.took.values()) < 3600 + LONGEST_RETRY_AFTER + 60


def test_of_the_two_lanes_that_were_answered_last_one_is_another() -> None:
    made = hub(integration(Remembering()), now=lambda: 100.0)
    one = made.integrations["notes-to-test"]
    destination = one.destination.name
    breaker._remember_answer(destination, "lane-a", made)
    assert not breaker.answers_others(one, "lane-a", 50, made)
    assert breaker.answers_others(one, "lane-b", 50, made)
    breaker._remember_answer(destination, "lane-b", made)
    for lane in ("lane-a", "lane-b", "lane-c"):
        assert breaker.answers_others(one, lane, 50, made)
        assert not breaker.answers_others(one, lane, 100, made)
    breaker._remember_answer(destination, "lane-c", made)
    assert len(made.remembered(breaker.Breakers).answered[destination]) == 2


@pytest.mark.parametrize("seed", SEEDS)
def test_what_waited_for_an_outage_is_tried_as_soon_as_the_destination_answers(seed):
    """Only the lanes that failed last keep their time, up to a pause later: one of them may be what the destination fails on."""

    async def story(site):
        for lane in range(60):
            await site.send(str(lane))
            await asyncio.sleep(1)
        await asyncio.sleep(900)
        return sorted(site.receiver.took.values())

    took = play(Site(Receiver(until(300, away)), seed), story)
    assert len(took) == 60
    assert took[0] < 300 + 30 * 1.5 + breaker.LONGEST_PAUSE
    assert took[60 - 5 - 300 // 30] - took[0] < 5  # all but those that opened the breaker or probed meanwhile
    assert took[-1] - took[0] < breaker.LONGEST_PAUSE + 30 / 2 * 2  # its turn, and its part of the spread


async def test_lanes_that_failed_last_or_wait_for_something_else_are_not_knocked_on():
    one = integration(Remembering())
    made = hub(one, integration(Remembering(name="OTHER"), "notes-to-other"))
    lanes = [f"{n}-lane{n:012d}" for n in range(3)]
    for lane, code in zip(lanes, (breaker.WAITS, breaker.WAITS, "rate"), strict=True):
        await open_lane(one.name, lane, "m", made)
        row = {"n": 1, "at": 1.0, "since": 1.0, "due": 1.0, "state": "waiting", "code": code, "mark": "m", "key": "k"}
        await made.store.commit(names.tables(one.name).ledger, lane, put(names.row("w", 1), row))
    await breaker._wake("TEST", frozenset({breaker._mark(lanes[0])}), made)
    assert [json.loads(each.body) for each in made.store.queues[f"{one.name}-work"].values()] == [{"lane": lanes[1]}]
    assert not made.store.queues["notes-to-other-work"]
