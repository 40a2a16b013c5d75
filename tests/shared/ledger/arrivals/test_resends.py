"""A dead letter is revived by a person or by its sender; what carries messages brings them again and revives nothing."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from shared.delivery import dead
from shared.delivery.dead import Person
from shared.hub import Hub, Timing
from shared.intake import subscription
from shared.intake.accept import accept
from shared.intake.triggers.knocks import answer_knock
from shared.intake.triggers.queues import accept_event, accept_queue_message
from shared.intake.triggers.timer import tick
from shared.integration import Delivery, EventGrid, Integration, Queue
from shared.ledger.reporting import conservation, search
from shared.problems import Undelivered
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Conflict
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME, PUBLISHER = "notes-to-test", "notes-to-topic"
TABLES = names.tables(NAME)
BIG = random.Random(1).randbytes(1500).hex()  # so large when it is compressed that it is stored in a blob
SOMEONE = Person("someone", "why")


class World:
    """One integration whose receiver refuses for good while ``refuses`` is set."""

    def __init__(self, **declared: Any) -> None:
        self.at, self.refuses = NOW, True
        self.tried: list[str] = []
        self.took = Remembering(behave=self._behave)
        self.notes: Integration = integration(self.took, NAME, **{"triggers": (Queue(),)} | declared)
        self.hub: Hub = hub(self.notes, now=lambda: self.at, timing=Timing(blob_from=1500))
        assert isinstance(self.hub.store, MemoryStore)
        self.store = self.hub.store

    def _behave(self, read: dict[str, Any]) -> None:
        self.tried.append(read["id"])
        if self.refuses and read["id"] == "1":
            raise Undelivered(kind="permanent", code="ack-AR", text="refused", detail="its own words")

    async def http(self, body: bytes) -> str:
        answer = await accept(self.notes, envelope(body, trigger="http"), self.hub)
        assert answer.status == 202
        await self.settled()
        return answer.headers["X-Message-Id"]

    async def queue(self, body: bytes, message_id: str) -> None:
        await accept_queue_message(self.notes, body, self.hub, message_id)
        await self.settled()

    async def settled(self) -> None:
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks)

    def rows(self, kind: str = "") -> dict[str, dict[str, Any]]:
        ledger = self.store.tables[TABLES.ledger]
        return {key: row for lane in ledger.values() for key, (_, row) in lane.items() if key.startswith(kind)}

    def outcomes(self) -> Counter[str]:
        return Counter(row["outcome"] for key, row in self.rows("d|").items() if key.count("|") == 1)

    async def listed(self) -> list[str]:
        return [row.key for row in await self.store.query(TABLES.find, names.DEAD)]

    async def is_sound(self) -> None:
        """Nothing is kept without a reason, the list and the ledger agree, and every number is accounted for."""
        assert (await conservation.balance(self.notes, self.hub)).holds
        assert await conservation.residue(self.notes, self.hub) == []
        dead_ones = [key for key, row in self.rows("d|").items() if row["outcome"] == "dead" and key.count("|") == 1]
        assert len(await self.listed()) == len(dead_ones) == len(self.rows("c|"))
        assert len(await dead.dead_letters(NAME, self.hub)) == len(dead_ones)
        blobs = {name for name, _ in await self.store.blobs(names.CONTENT)}
        assert blobs == {row["blob"] for row in self.rows("c|").values() if row.get("blob")}


@pytest.mark.parametrize("name", ["n", BIG], ids=["small", "large"])
@pytest.mark.parametrize("on_resend", ["answer", "deliver"])
async def test_a_senders_resend_is_a_new_attempt_and_the_old_content_goes(name: str, on_resend: str) -> None:
    world = World(on_resend=on_resend)
    first = await world.http(note("1", name=name))
    assert world.outcomes() == {"dead": 1}
    assert len(await world.store.blobs(names.CONTENT)) == (name == BIG)
    await world.is_sound()
    again = await world.http(note("1", name=name))  # refused once more
    assert first == again
    assert world.outcomes() == {"dead": 1, "discarded": 1}
    assert await world.listed() == [first]
    assert not any(world.store.tables[TABLES.open].values())  # also that of the blob which went with the old content
    await world.is_sound()
    world.refuses = False
    await world.http(note("1", name=name))
    assert world.outcomes() == {"delivered": 1, "discarded": 2}
    assert [row.get("resent_as") for row in world.rows("d|").values()] == [2, 3, None]
    assert [row["resent"] for row in world.rows("d|").values()] == [0, 1, 2]
    assert await dead.dead_letters(NAME, world.hub) == []
    await world.is_sound()


@pytest.mark.parametrize("name", ["n", BIG], ids=["small", "large"])
async def test_a_resend_of_what_holds_its_lane_is_tried_in_its_place(name: str) -> None:
    world = World(delivery=Delivery(on_dead="hold"))
    await world.http(note("1", name=name))
    await world.http(note("2"))
    await world.http(note("1", name=name))  # refused once more, and holds again
    assert world.tried == ["1", "1"]
    assert names.HOLD in world.rows()
    assert world.rows()[names.HEAD]["idle"] == -1  # no short cut past what waits
    assert len(await dead.dead_letters(NAME, world.hub)) == 1
    world.refuses = False
    await world.http(note("1", name=name))
    assert [taken["id"] for taken in world.took.took] == ["1", "2"]
    assert world.outcomes() == {"delivered": 2}
    world.store.containers[names.CONTENT].clear()  # of the copies that the resends wrote: the hourly sweep takes them
    await world.is_sound()


async def test_a_person_can_still_act_on_what_holds_a_lane_after_its_resend() -> None:
    world = World(delivery=Delivery(on_dead="hold"))
    message = await world.http(note("1"))
    await world.http(note("2"))
    await world.http(note("1"))
    await dead.discard(world.notes, message, SOMEONE, world.hub)
    await tick(world.hub)
    for arrived in await world.store.receive(f"{NAME}-work", 30):
        await answer_knock(world.notes, arrived.body, world.hub)
    assert [taken["id"] for taken in world.took.took] == ["2"]
    await world.is_sound()


@pytest.mark.parametrize("on_resend", ["answer", "deliver"])
@pytest.mark.parametrize("times", [1, 3])
async def test_what_a_queue_brings_again_is_no_resend(on_resend: str, times: int) -> None:
    world = World(on_resend=on_resend)
    for _ in range(1 + times):
        await world.queue(note("1"), "the same queue message")
    world.refuses = False
    await world.queue(note("1"), "the same queue message")
    assert world.tried == ["1"]
    assert world.outcomes() == {"dead": 1}
    (receipt,) = world.rows("r|").values()
    assert (receipt["duplicates"], receipt["redelivered"]) == (times + 1, times + 1)
    assert not any(world.store.tables[TABLES.open].values())
    assert not world.store.queues[f"{NAME}-work"]  # a duplicate knocks for no one
    await world.is_sound()
    await world.queue(note("1"), "another queue message")  # this is the sender's own
    assert world.tried == ["1", "1"]
    assert world.outcomes() == {"delivered": 1, "discarded": 1}


async def test_where_resends_are_delivered_the_record_tells_them_from_redeliveries() -> None:
    world = World(on_resend="deliver")
    world.refuses = False
    for message_id in ("a", "a", "b", "a", "b", "b", "c"):
        await world.queue(note("1"), message_id)
    assert world.tried == ["1"] * 3
    (receipt,) = world.rows("r|").values()
    assert (receipt["duplicates"], receipt["redelivered"]) == (4, 4)
    assert [row["resent"] for row in world.rows("d|").values()] == [0, 1, 2]
    await world.is_sound()


async def test_a_redelivery_of_an_answered_resend_is_no_resend_either() -> None:
    """The resend came while the message was on its way and was answered; then that died; then the resend is brought again."""
    world = World()
    world.hub.start = lambda work: work.close()  # type: ignore[method-assign]
    await world.queue(note("1"), "a")
    await world.queue(note("1"), "b")
    del world.hub.start
    await answer_knock(world.notes, b'{"lane":"%s"}' % next(iter(world.store.tables[TABLES.ledger])).encode(), world.hub)
    assert world.outcomes() == {"dead": 1}
    await world.queue(note("1"), "b")
    assert world.tried == ["1"]
    await world.is_sound()


async def test_a_doubled_event_revives_nothing() -> None:
    world = World(triggers=(EventGrid(("note",)),))
    note = {"id": "e1", "source": "s", "lane": "A", "name": "n"}
    world.took.behave = lambda read: world._behave({"id": "1"})
    for _ in range(3):
        await accept_event(world.notes, note, world.hub)
        await world.settled()
    assert world.tried == ["1"]


async def test_a_file_whose_worker_died_before_it_was_out_of_the_inbox_revives_nothing() -> None:
    folder = "/blobServices/default/containers/inbox/blobs/notes/"
    world = World(triggers=(EventGrid(("Microsoft.Storage.BlobCreated",), folder),))
    created = {"type": "Microsoft.Storage.BlobCreated", "data": {"url": "https://x/inbox/notes/a.json"}}
    await world.store.write_blob(names.INBOX, "notes/a.json", note("1"))
    whole = world.store.delete_blob

    async def dies(*_: Any) -> None:
        raise Away

    world.store.delete_blob = dies  # type: ignore[method-assign]
    for _ in range(3):
        await accept_event(world.notes, created, world.hub)
        await world.settled()
    world.store.delete_blob = whole  # type: ignore[method-assign]
    await accept_event(world.notes, created, world.hub)
    assert world.tried == ["1"]
    assert await world.store.blobs(names.INBOX) == []


# A subscriber


class Subscribed(World):
    """The integration takes what another publishes."""

    def __init__(self, **declared: Any) -> None:
        super().__init__(**{"triggers": (EventGrid(("published",), publisher=PUBLISHER),)} | declared)
        self.publisher = integration(Remembering(), PUBLISHER, subscribers=(NAME,))
        self.hub = replace(self.hub, integrations={NAME: self.notes, PUBLISHER: self.publisher})

    async def publish(self, *ids: str) -> str:
        for id in ids:
            await accept(self.publisher, envelope(note(id), PUBLISHER), self.hub)
            await self.settled()
        return next(iter(self.store.tables[names.tables(PUBLISHER).ledger]))

    async def take(self, lane: str) -> None:
        await subscription.take(self.notes, PUBLISHER, lane, self.hub)
        await self.settled()


@pytest.mark.parametrize("on_resend", ["answer", "deliver"])
@pytest.mark.parametrize("workers", [1, 2, 3])
async def test_an_outbox_that_is_read_again_sends_nothing_again(
    on_resend: str, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = Subscribed(on_resend=on_resend)
    lane = await world.publish("1", "2")

    async def dies(*_: Any) -> bool:
        raise Away

    with monkeypatch.context() as patch:
        patch.setattr(subscription, "move_cursor", dies)
        for _ in range(workers):  # each dies before it writes its cursor down
            with pytest.raises(Away):
                await world.take(lane)
            await world.settled()
    await world.take(lane)
    assert world.tried == ["1", "2"]
    assert world.outcomes() == {"dead": 1, "delivered": 1}
    await world.is_sound()


async def test_what_a_publisher_publishes_again_is_the_senders_resend() -> None:
    world = Subscribed()
    world.publisher = replace(world.publisher, on_resend="deliver")
    lane = await world.publish("1")
    await world.take(lane)
    world.refuses = False
    await world.publish("1")
    await world.take(lane)
    assert world.tried == ["1", "1"]
    assert world.outcomes() == {"delivered": 1, "discarded": 1}


async def test_the_story_of_a_message_says_that_it_was_sent_again() -> None:
    world = World()
    message = await world.http(note("1"))
    world.refuses = False
    await world.http(note("1"))
    story = await search.status(NAME, message, world.hub)
    assert story is not None
    assert (story["outcome"], story["resent"]) == ("delivered", 1)


@pytest.mark.parametrize("name", ["n", BIG], ids=["small", "large"])
async def test_a_resend_whose_transaction_is_answered_late_clears_the_old_one_away_too(name: str) -> None:
    world = World()
    await world.http(note("1", name=name))
    whole, lost = world.store.commit, []

    async def commit(table: str, partition: str, *changes: Any) -> dict[str, str]:
        etags = await whole(table, partition, *changes)
        if any(change.key == names.row("w", 2) and change.action == "insert" for change in changes) and not lost:
            lost.append(partition)
            raise Away
        return etags

    world.store.commit = commit  # type: ignore[method-assign]
    world.refuses = False
    await world.http(note("1", name=name))
    assert lost
    assert world.hub.counts[NAME, "accepted"] == 2
    assert world.tried == ["1", "1"]  # at once, before any knock
    assert await world.listed() == []
    for arrived in await world.store.receive(f"{NAME}-work", 30):
        await answer_knock(world.notes, arrived.body, world.hub)
    world.at += 100
    await tick(world.hub)
    for arrived in await world.store.receive(f"{NAME}-work", 30):
        await answer_knock(world.notes, arrived.body, world.hub)
    assert world.outcomes() == {"delivered": 1, "discarded": 1}
    assert await world.store.blobs(names.CONTENT) == []
    await world.is_sound()


@pytest.mark.parametrize("failure", [Away, Conflict])
async def test_what_a_resend_cannot_clear_away_is_left_to_the_watchdog(failure: type[Exception]) -> None:
    """The line of the list was changed meanwhile, or storage is away: the resend itself is delivered all the same."""
    world = World()
    await world.http(note("1", name=BIG))
    whole, failed = world.store.commit, []

    async def commit(table: str, partition: str, *changes: Any) -> dict[str, str]:
        if (table, partition) == (TABLES.find, names.DEAD) and not failed:
            failed.append(table)
            raise failure
        return await whole(table, partition, *changes)

    world.store.commit = commit  # type: ignore[method-assign]
    world.refuses = False
    await world.http(note("1", name=BIG))
    assert failed
    assert world.outcomes() == {"delivered": 1, "discarded": 1}
