"""What a person may do about messages that wait: each act is audited, and does what it says."""

import asyncio

import pytest

from shared.delivery.dead import Person, Refused, dead_letters
from shared.delivery.waiting import close_breaker, give_up, retry, waiting
from shared.integration import Delivery
from shared.ledger import audit
from shared.ledger.claims.taking import claim
from shared.ledger.reporting.conservation import balance
from shared.problems import Undelivered
from tests.site import Receiver, Site, now, play

ANN = Person("ann", "the receiver is well again")


def until(end, code="refused", kind="transient"):
    def behave(message):
        if now() < end:
            raise Undelivered(kind=kind, code=code, text="away")

    return behave


async def acts(site):
    return [(row.who, row.what, row.message_id, row.purpose) for row in await audit.acts(site.notes.name, site.hub)]


@pytest.mark.parametrize(("kind", "code"), [("transient", "refused"), ("misconfigured", "http-401")])
def test_closing_the_breaker_lets_every_lane_go_on_at_once(kind, code):
    async def story(site):
        for lane in range(20):
            await site.send(str(lane))
        await asyncio.sleep(3600)
        site.receiver.behave = lambda message: None
        assert len(await waiting(site.notes, site.hub)) == 20
        lanes = await close_breaker(site.notes, ANN, site.hub)
        await asyncio.sleep(5)
        taken = len(site.receiver.took)
        with pytest.raises(Refused, match="there is nothing to do"):
            await close_breaker(site.notes, ANN, site.hub)
        return lanes, taken, (await acts(site))[0]

    lanes, taken, act = play(Site(Receiver(until(1e9, code, kind))), story)
    assert lanes >= 15
    assert taken >= lanes
    assert act == ("ann", "close-breaker", "TEST", "the receiver is well again")


def test_a_retry_is_tried_now():
    async def story(site):
        await site.send("lane")
        await asyncio.sleep(600)
        site.receiver.behave = lambda message: None
        (one,) = await waiting(site.notes, site.hub)
        assert (one["state"], one["code"], one["attempts"]) == ("waiting", "ack-AE", one["tries"])
        await retry(site.notes, one["id"], ANN, site.hub)
        await asyncio.sleep(3)
        with pytest.raises(Refused):
            await retry(site.notes, one["id"], ANN, site.hub)
        return len(site.receiver.took), await acts(site), one["id"]

    declared = {"delivery": Delivery(attempts=50)}
    taken, audited, id = play(Site(Receiver(until(1e9, "ack-AE")), declared=declared), story)
    assert taken == 1
    assert audited == [("ann", "retry", id, "the receiver is well again")]


@pytest.mark.parametrize("on_dead", ["continue", "hold"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_message_that_is_given_up_is_a_dead_letter_and_its_lane_goes_on_unless_it_is_held(place, on_dead):
    async def story(site):
        for _ in range(3):
            await site.send("lane")
        await asyncio.sleep(600)
        rows = sorted(site.rows("w|"), key=lambda row: row.key)
        id = f"{rows[place].partition}.{rows[place]['key']}"
        await give_up(site.notes, id, ANN, site.hub)
        with pytest.raises(Refused):
            await give_up(site.notes, id, ANN, site.hub)
        site.receiver.behave = lambda message: None
        await asyncio.sleep(1000)
        letters = await dead_letters(site.notes.name, site.hub)
        total = await balance(site.notes, site.hub)
        return [(one["id"] == id, one["code"]) for one in letters], list(site.receiver.took), total.holds

    site = Site(Receiver(until(1e9)), declared={"delivery": Delivery(on_dead=on_dead)})
    letters, took, holds = play(site, story)
    assert letters == [(True, "given-up")]
    assert holds
    assert took == ([] if on_dead == "hold" else [id for n, id in enumerate("123") if n != place])


def test_a_message_that_is_being_sent_is_left_to_its_worker():
    async def story(site):
        await site.send("lane")
        await asyncio.sleep(5)
        row = site.rows("w|")[0]
        for act in (retry, give_up):
            with pytest.raises(Refused):
                await act(site.notes, f"{row.partition}.{row['key']}", ANN, site.hub)
        with pytest.raises(Refused):
            await give_up(site.notes, f"{row.partition}.no-such-key", ANN, site.hub)
        await asyncio.sleep(60)
        return [row["outcome"] for row in site.rows("d|")]

    assert play(Site(Receiver(seconds=20)), story) == ["delivered"]


def test_a_message_whose_worker_ended_while_it_was_sent_is_given_up_as_one_that_may_have_arrived():
    async def story(site):
        await site.send("lane")
        await asyncio.sleep(600)
        row = site.rows("w|")[0]
        held = await claim(site.notes, row.partition, site.hub)
        assert held
        await held._look()
        await held.sending()  # and its process ends here
        site.hub.store.queues.clear()  # no other worker is knocked for
        await asyncio.sleep(held.claim.end - site.hub.now() + 0.01)
        (one,) = await waiting(site.notes, site.hub)
        assert one["state"] == "sending"
        await give_up(site.notes, one["id"], ANN, site.hub)
        (record,) = site.rows("d|")
        (event,) = [keys for _, name, keys in site.events if name == "hub.message" and keys.get("error_code") == "given-up"]
        return record["ambiguous"], event["ambiguous"]

    assert play(Site(Receiver(until(1e9))), story) == (True, True)


def test_a_message_that_is_given_up_is_reported_and_counted():
    async def story(site):
        await site.send("lane")
        await asyncio.sleep(600)
        (one,) = await waiting(site.notes, site.hub)
        await give_up(site.notes, one["id"], ANN, site.hub)
        keys = [keys for _, name, keys in site.events if name == "hub.message" and keys.get("error_code") == "given-up"]
        return keys, site.hub.counts[site.notes.name, "dead"]

    keys, dead = play(Site(Receiver(until(1e9))), story)
    assert [(each["integration"], each["stage"], each["outcome"]) for each in keys] == [("notes-to-test", "deliver", "dead")]
    assert dead == 1


@pytest.mark.parametrize(("most", "shown"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_the_list_of_what_waits_is_as_long_as_requested(most, shown):
    async def story(site):
        for lane in range(3):
            await site.send(str(lane))
        await asyncio.sleep(60)
        return len(await waiting(site.notes, site.hub, most))

    assert play(Site(Receiver(until(1e9))), story) == shown
