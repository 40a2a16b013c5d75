"""Overload: accepting does not starve delivering, and nothing that was accepted waits as long as the backlog's alert."""

import asyncio

import orjson
import pytest

from shared.delivery import load
from shared.intake import replies
from shared.intake.accept import accept
from shared.integration import Delivery
from shared.problems import Unavailable, Undelivered
from tests.ledger_world import envelope, note
from tests.site import Receiver, Site, now, play

ALERT = 120  # seconds: infra/alerts/backlog.kql


async def offer(site, per_second, seconds):
    """So many messages a second, each of another patient; how many were refused."""
    refused = []
    for n in range(int(per_second * seconds)):
        answer = await accept(site.notes, envelope(note(f"m{n}", f"lane{n}"), trigger="http"), site.hub)
        if answer.status == 429:
            refused.append(answer)
        else:
            assert answer.status == 202
            site.sent[f"m{n}"] = now()
        await asyncio.sleep(1 / per_second)
    return refused


@pytest.mark.parametrize(
    ("per_second", "seconds_each", "places"),
    [(20, 8, 8), (20, 12, 8), (20, 1, 1), (3, 1, 1), (1.5, 1, 1), pytest.param(60, 0.5, 8, marks=pytest.mark.slow), (5, 29, 8)],
)
def test_more_is_refused_before_the_backlog_is_as_old_as_its_alert(per_second, seconds_each, places):
    async def story(site):
        refused = await offer(site, per_second, 300)
        await asyncio.sleep(300)
        return refused, max(site.receiver.took[id] - site.sent[id] for id in site.sent)

    site = Site(Receiver(seconds=seconds_each), declared={"delivery": Delivery(concurrency=places)})
    refused, longest = play(site, story)
    assert longest < ALERT + seconds_each
    assert len(site.receiver.took) == len(site.sent)
    assert len(site.sent) > 0.5 * 300 * places / seconds_each  # what can be delivered is accepted
    assert refused
    for answer in refused:
        assert load.SHORTEST <= int(answer.headers["Retry-After"]) <= load.LONGEST_RETRY
        assert orjson.loads(answer.body) == {"ack": "AE", "rules": ["busy"]}


@pytest.mark.parametrize(
    ("per_second", "seconds_each"), [(20, 0.02), pytest.param(200, 0.02, marks=pytest.mark.slow), (6, 1), (0.5, 12)]
)
def test_none_is_refused_while_all_is_delivered_in_time(per_second, seconds_each):
    site = Site(Receiver(seconds=seconds_each))
    assert not play(site, lambda site: offer(site, per_second, 120))


def test_a_burst_after_a_quiet_time_is_taken():
    async def story(site):
        await site.send("first")
        await asyncio.sleep(600)
        return await asyncio.gather(*(site.send(str(n)) for n in range(200)))

    assert len(play(Site(Receiver(seconds=0.05)), story)) == 200


@pytest.mark.parametrize("code", ["refused", pytest.param("http-503", marks=pytest.mark.slow)])
def test_a_destination_that_is_away_refuses_no_sender(code):
    def away(message):
        raise Undelivered(kind="transient", code=code, text="away")

    assert not play(Site(Receiver(away)), lambda site: offer(site, 1, 1200))


def test_one_patient_whose_message_fails_refuses_no_sender():
    def sick(message):
        if message["lane"] == "bad":
            raise Undelivered(kind="transient", code="ack-AE", text="not this one")

    async def story(site):
        for _ in range(100):
            await site.send("bad")
        return await offer(site, 0.2, 600)

    assert not play(Site(Receiver(sick)), story)


def test_what_another_process_delivered_counts_no_longer():
    """The oldest is looked up in the ledger before anyone is refused."""

    async def story(site):
        other = Site(Receiver(), 2)
        other.hub.store, other.hub.now = site.hub.store, site.hub.now
        listener = asyncio.ensure_future(other.listen())
        refused = await offer(site, 4, 120)
        listener.cancel()
        return refused

    site = Site(Receiver(seconds=1), declared={"delivery": Delivery(concurrency=1)})
    site.listen = lambda: asyncio.sleep(0)
    refused = play(site, story)
    assert len(refused) < 50


def test_a_queue_message_goes_back_and_a_member_of_a_batch_is_taken():
    async def story(site):
        assert await offer(site, 20, 60)
        with pytest.raises(Unavailable):
            await replies.take(site.notes, envelope(note("q", "q"), trigger="queue"), site.hub)
        member = await accept(site.notes, envelope(note("b", "b"), trigger="http", reference="batch-1"), site.hub)
        assert member.status == 202

    play(Site(Receiver(seconds=10)), story)
