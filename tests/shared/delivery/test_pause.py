"""A paused delivery: messages are accepted and wait in their order, nothing expires, and a long pause is reported."""

import asyncio
from typing import Any

import pytest

from shared.delivery import pause
from shared.delivery.dead import Person, Refused, dead_letters
from shared.delivery.upkeep import watchdog
from shared.delivery.waiting import Filter, give_up, listed, resume, retry
from shared.hub import Hub
from shared.integration import Delivery
from shared.ledger import audit
from shared.ledger.knocks import knock
from shared.problems import Undelivered
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Row
from tests import ledger_world as world
from tests.site import Receiver, Site, play

ANN = Person("ann", "the receiver is being upgraded")
NAME = "notes-to-test"


async def refused(act: Any) -> str:
    with pytest.raises(Refused) as why:
        await act
    return why.value.reason


def test_what_is_accepted_waits_and_is_released_in_its_order():
    async def story(site):
        await pause.pause(site.notes, ANN, site.hub)
        for _ in range(3):
            for lane in "AB":
                await site.send(lane)
        await asyncio.sleep(7200)
        during = list(site.receiver.took)
        lanes = await resume(site.notes, ANN, site.hub)
        await asyncio.sleep(60)
        return during, lanes, [(lane, id) for _, lane, id in site.receiver.tried]

    during, lanes, tried = play(Site(Receiver()), story)
    assert (during, lanes, len(tried)) == ([], 2, 6)
    for lane in "AB":
        ids = [int(id) for each, id in tried if each == lane]
        assert ids == sorted(ids)


def test_nothing_expires_in_a_pause_and_it_costs_no_attempt():
    async def story(site):
        await pause.pause(site.notes, ANN, site.hub)
        await site.send("A")
        await asyncio.sleep(pause.AGAIN + 3600)  # it has looked again, and its time is over
        (one,) = (await listed(site.notes, site.hub)).stories
        letters = await dead_letters(site.notes.name, site.hub)
        return one["code"], one["attempts"], one["tries"], letters

    site = Site(Receiver(), declared={"delivery": Delivery(expires=3600)})
    assert play(site, story) == ("paused", 0, 0, [])


def test_a_message_that_was_too_old_by_a_pause_alone_is_sent_when_it_is_resumed():
    """A person paused, so no message is given up for the time of the pause: of one pause, or of two."""

    async def story(site):
        for _ in range(2):
            await pause.pause(site.notes, ANN, site.hub)
            await site.send("A")
            await asyncio.sleep(3600)
            await resume(site.notes, ANN, site.hub)
            await pause.pause(site.notes, ANN, site.hub)
            await asyncio.sleep(1800)
            await resume(site.notes, ANN, site.hub)
            await asyncio.sleep(60)
        return list(site.receiver.took), await dead_letters(site.notes.name, site.hub)

    site = Site(Receiver(), declared={"delivery": Delivery(expires=1200)})
    assert play(site, story) == (["1", "2"], [])


def test_the_time_before_and_after_a_pause_counts():
    """It waited 50 minutes for its destination, was paused for two hours, and expires after ten more minutes."""

    def behave(note):
        raise Undelivered(kind="transient", code="ack-AE", text="away")

    async def story(site):
        await site.send("A")
        await asyncio.sleep(3000)
        await pause.pause(site.notes, ANN, site.hub)
        await asyncio.sleep(7200)
        await resume(site.notes, ANN, site.hub)
        await asyncio.sleep(500)
        before = await dead_letters(site.notes.name, site.hub)
        await asyncio.sleep(300)
        (letter,) = await dead_letters(site.notes.name, site.hub)
        return before, letter["rules"]

    declared = {"delivery": Delivery(expires=3600, attempts=9999, first_wait=60, longest_wait=60)}
    assert play(Site(Receiver(behave), declared=declared), story) == ([], "delivery-expired")


async def test_only_the_part_of_a_pause_in_which_a_message_waited_counts_for_it() -> None:
    clock = [world.NOW]
    one = world.integration(world.Remembering())
    hub = Hub(MemoryStore(lambda: clock[0]), {one.name: one}, now=lambda: clock[0])
    expires = one.delivery.expires
    await pause.pause(one, ANN, hub)
    clock[0] += 1000
    await pause.resume(one, ANN, hub)
    clock[0] += expires
    left = [await pause.time_left(one, world.NOW + begin, hub) for begin in (-500, 0, 400, 999, 1000, 1500)]
    assert left == [-500, 0, 0, 0, 0, 500]


async def test_an_integration_keeps_the_last_of_its_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pause, "MOST", 2)
    clock = [world.NOW]
    one = world.integration(world.Remembering())
    hub = Hub(MemoryStore(lambda: clock[0]), {one.name: one}, now=lambda: clock[0])
    for _ in range(3):
        await pause.pause(one, ANN, hub)
        clock[0] += 10
        await pause.resume(one, ANN, hub)
    clock[0] += one.delivery.expires
    assert await pause.time_left(one, world.NOW, hub) == -10
    assert await pause.time_left(one, world.NOW + 10, hub) == 0


def test_a_process_that_saw_no_pause_sees_one_within_two_seconds():
    async def story(site):
        await site.send("A")
        await asyncio.sleep(1)
        await site.hub.store.commit(
            names.SHARED_TABLE, names.PAUSE, pause.Paused(at=site.hub.now()).inserted(site.notes.name)
        )  # as another process writes it
        await asyncio.sleep(pause.BELIEVED)
        await site.send("B")
        await asyncio.sleep(60)
        return list(site.receiver.took)

    assert play(Site(Receiver()), story) == ["1"]


def test_acts_on_what_waits_in_a_pause():
    """A retry is refused, because it would change nothing; a message can be given up."""

    async def story(site):
        await pause.pause(site.notes, ANN, site.hub)
        await site.send("A")
        await site.send("A")
        await asyncio.sleep(60)
        (first,) = (await listed(site.notes, site.hub)).stories
        reasons = [await refused(retry(site.notes, first["id"], ANN, site.hub))]
        await give_up(site.notes, first["id"], ANN, site.hub)
        (second,) = (await listed(site.notes, site.hub)).stories
        await resume(site.notes, ANN, site.hub)
        await asyncio.sleep(60)
        acts = [(row.who, row.what, row.message_id, row.purpose) for row in await audit.acts(site.notes.name, site.hub)]
        return reasons, first, second["behind"], len(site.receiver.took), acts

    reasons, first, second, took, acts = play(Site(Receiver()), story)
    assert (reasons, first["behind"], second, took) == (["paused"], 1, 0, 1)
    expected = [("pause", ""), ("give-up", first["id"]), ("resume", "")]  # an act on the delivery names no message
    assert acts == [(ANN.who, what, id, ANN.purpose) for what, id in expected]


def test_what_waits_for_its_place_when_the_delivery_is_paused_is_not_sent():
    """Every place of the destination is taken for a minute: the pause begins while a message waits for one of them."""

    async def story(site):
        for lane in "AB":
            await site.send(lane)
        await asyncio.sleep(5)
        await pause.pause(site.notes, ANN, site.hub)
        await asyncio.sleep(3600)
        during = list(site.receiver.took)
        await resume(site.notes, ANN, site.hub)
        await asyncio.sleep(120)
        return during, list(site.receiver.took)

    site = Site(Receiver(seconds=20), declared={"delivery": Delivery(concurrency=1)})
    assert play(site, story) == (["1"], ["1", "2"])


def test_a_knock_in_a_pause_changes_nothing_of_what_waits():
    async def story(site):
        await pause.pause(site.notes, ANN, site.hub)
        await site.send("A")
        await asyncio.sleep(60)
        before = site.rows("w|")[0]
        for _ in range(3):
            await knock(NAME, before.partition, site.hub)
            await asyncio.sleep(10)
        return before.values == site.rows("w|")[0].values

    assert play(Site(Receiver()), story)


async def test_a_pause_is_refused_twice_and_without_a_purpose() -> None:
    hub = world.hub(world.integration(world.Remembering()))
    notes = hub.integrations[NAME]
    assert await refused(pause.pause(notes, Person("ann", " "), hub)) == "no-purpose"
    assert await refused(resume(notes, ANN, hub)) == "not-paused"
    await pause.pause(notes, ANN, hub)
    assert await refused(pause.pause(notes, ANN, hub)) == "paused-already"
    assert await refused(resume(notes, Person("ann"), hub)) == "no-purpose"
    found = await pause.paused(NAME, hub)
    assert found is not None
    assert (found.who, found.purpose, found.at) == (ANN.who, ANN.purpose, hub.now())


async def test_what_cannot_be_known_is_not_sent() -> None:
    class Gone(MemoryStore):
        async def get(self, table: str, partition: str, key: str) -> Row | None:
            raise Away

    hub = world.hub(world.integration(world.Remembering()))
    hub.store = Gone(hub.now)
    with pytest.raises(Away):
        await pause.is_paused(NAME, hub)


async def test_the_watchdog_reports_a_pause_and_no_backlog_of_it() -> None:
    events: list[tuple[str, dict[str, Any]]] = []
    clock = [world.NOW]
    hub = world.hub(world.integration(world.Remembering()), emit=lambda name, **keys: events.append((name, keys)))
    hub.now = lambda: clock[0]
    hub.store.now = hub.now  # type: ignore[attr-defined]
    await pause.pause(hub.integrations[NAME], ANN, hub)
    clock[0] += pause.LONG + 1
    await watchdog.tick(hub)
    reported = [keys for name, keys in events if name == "hub.paused"]
    assert [(one["state"], one["oldest_age_s"]) for one in reported] == [("paused", 0.0), ("paused", 3601.0)]
    [backlog] = [keys for name, keys in events if name == "hub.backlog"]
    assert (backlog["overdue"], backlog["oldest_age_s"]) == (0, 0)


def test_the_list_is_filtered_by_reason_and_age_and_says_when_it_is_cut():
    def behave(note):
        if note["lane"] == "A":
            raise Undelivered(kind="transient", code="ack-AE", text="away")
        raise Undelivered(kind="transient", code="http-503", text="away")

    async def story(site):
        await site.send("A")
        await asyncio.sleep(100)
        await site.send("B")
        await asyncio.sleep(100)

        async def lanes(**values):
            found = await listed(site.notes, site.hub, Filter(**values))
            return len(found.stories), found.is_cut

        by_answer = await lanes(reason="ack-AE"), await lanes(reason="http-503"), await lanes(reason="rate")
        by_age = await lanes(older=150), await lanes(younger=150), await lanes(older=50)
        cut = await listed(site.notes, site.hub, most=1)
        (first, second) = (await listed(site.notes, site.hub)).stories
        return by_answer, by_age, (len(cut.stories), cut.is_cut), [first["answer"], second["answer"]]

    declared = {"delivery": Delivery(attempts=99, breaker_failures=50)}
    by_answer, by_age, cut, answers = play(Site(Receiver(behave), declared=declared), story)
    assert by_answer == ((1, False), (1, False), (0, False))
    assert by_age == ((1, False), (1, False), (2, False))
    assert cut == (1, True)
    assert answers == ["ack-AE", "http-503"]


def test_a_retry_is_refused_where_it_would_change_nothing():
    def behave(note):
        raise Undelivered(kind="transient", code="ack-AE", text="away")

    async def story(site):
        for _ in range(3):
            await site.send("A")
        await asyncio.sleep(100)
        rows = sorted(site.rows("w|"), key=lambda row: row.key)
        ids = [f"{row.partition}.{row['key']}" for row in rows]
        reasons = [await refused(retry(site.notes, ids[1], ANN, site.hub))]
        await give_up(site.notes, ids[0], ANN, site.hub)
        reasons.append(await refused(retry(site.notes, ids[1], ANN, site.hub)))
        reasons.append(await refused(give_up(site.notes, ids[1], ANN, site.hub)))
        (held,) = (await listed(site.notes, site.hub)).stories
        return reasons, held["code"], held["behind"]

    declared = {"delivery": Delivery(attempts=99, first_wait=3000, longest_wait=3000, on_dead="hold")}
    assert play(Site(Receiver(behave), declared=declared), story) == (["not-first", "held", "held"], "lane-held", 1)


def test_a_hub_has_this_much_of_a_pause_in_memory():
    hub = Hub(MemoryStore(lambda: 0.0), {}, lambda: 0.0)
    assert hub.remembered(pause.Running).seen == {}


async def test_who_resumes_late_does_not_end_a_pause_that_another_person_began_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people resume, and a third one pauses again between the look and the change of the slower one."""
    hub, one = world.hub(world.integration(world.Remembering())), world.integration(world.Remembering())
    await pause.pause(one, ANN, hub)
    append = audit.append

    async def meanwhile(*args: Any) -> None:
        monkeypatch.setattr(audit, "append", append)
        await append(*args)
        await pause.resume(one, Person("bob", "it is well"), hub)
        await pause.pause(one, Person("cat", "it is not well"), hub)

    monkeypatch.setattr(audit, "append", meanwhile)
    assert await refused(pause.resume(one, ANN, hub)) == "busy"
    found = await pause.paused(one.name, hub)
    assert found
    assert found.who == "cat"
    await hub.drain()


@pytest.mark.parametrize(("seconds", "looks"), [(0, False), (1.9, False), (2, True), (2.1, True), (-0.1, True)])
async def test_a_delivery_that_was_not_paused_is_looked_at_again_after_two_seconds(seconds: float, looks: bool) -> None:
    clock = [world.NOW]
    hub = Hub(MemoryStore(lambda: clock[0]), {}, now=lambda: clock[0])
    assert not await pause.is_paused(NAME, hub)
    await hub.store.commit(names.SHARED_TABLE, names.PAUSE, pause.Paused(at=clock[0]).inserted(NAME))
    clock[0] += seconds
    assert await pause.is_paused(NAME, hub) == looks


async def test_a_clock_that_is_set_back_hides_no_pause() -> None:
    clock = [world.NOW]
    hub = Hub(MemoryStore(lambda: clock[0]), {}, now=lambda: clock[0])
    assert not await pause.is_paused(NAME, hub)
    clock[0] -= 3600
    await hub.store.commit(names.SHARED_TABLE, names.PAUSE, pause.Paused(at=clock[0]).inserted(NAME))
    assert await pause.is_paused(NAME, hub)
    clock[0] += 3600  # the time at which it saw none comes again
    assert await pause.is_paused(NAME, hub)
