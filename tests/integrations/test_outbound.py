"""The outbound loop: what the MPI tells is published, and each subscriber takes what is for it, in order, once."""

import asyncio
import random
from dataclasses import replace

import orjson
import pytest

from integrations import load
from shared.destinations.memory import Memory
from shared.envelope import Envelope, Outgoing, Receipt
from shared.hl7 import parse
from shared.hub import Hub
from shared.intake import subscription
from shared.intake.accept import accept
from shared.intake.triggers.knocks import answer_knock
from shared.intake.triggers.queues import accept_event, accept_queue_message
from shared.intake.triggers.timer import tick
from shared.integration import Integration
from shared.ledger.rows import Published
from shared.storage.memory import MemoryStore
from toolkit.local.simulators.wis import Wis
from toolkit.samples import Sample, samples

OUTBOUND, PHW, CHEMOCARE = (load(name) for name in ("mpi-outbound", "mpi-to-phw", "mpi-to-chemocare"))
SAMPLES = {sample.name: sample for sample in samples(OUTBOUND)}


class World:
    """The index's integration and its subscribers, PHW and Chemocare if none are named, on a ledger in memory."""

    def __init__(self, *subscribers: Integration) -> None:
        self.time = 1_770_000_000.0
        self.topic, self.phw, self.chemocare = Memory("TOPIC"), Memory("PHW"), Memory("CHEMOCARE")
        self.store = MemoryStore(lambda: self.time)
        self.subscribers = subscribers or (replace(PHW, destination=self.phw), replace(CHEMOCARE, destination=self.chemocare))
        self.outbound = replace(OUTBOUND, destination=self.topic, subscribers=tuple(each.name for each in self.subscribers))
        known = {each.name: each for each in (self.outbound, *self.subscribers)}
        self.hub = Hub(self.store, known, lambda: self.time, random.Random(1), lambda name, **keys: None)

    async def publish(self, *messages: bytes) -> None:
        for body in messages:
            answer = await accept(
                self.outbound, Envelope(integration="mpi-outbound", body=body, received_at=self.hub.stamp()), self.hub
            )
            assert answer.status == 200
            await self.settle()

    async def announce(self, *events: Outgoing) -> None:
        """Event Grid tells both subscribers."""
        for one in events:
            for subscriber in self.subscribers:
                await accept_event(subscriber, {"data": dict(one.properties)}, self.hub)
                await self.settle()

    async def settle(self) -> None:
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks)

    async def later(self, seconds: float) -> None:
        """Time passes: the watchdog runs, and each lane with a knock is processed."""
        self.time += seconds
        await tick(self.hub)
        for subscriber in self.subscribers:
            for arrived in await self.store.receive(f"{subscriber.name}-work", 30):
                await answer_knock(subscriber, arrived.body, self.hub)
                await self.store.settle(arrived.ticket)
                await self.settle()


def control_ids(destination: Memory) -> list[str]:
    return [parse(outgoing.body)["MSH-10"] for outgoing in destination.received]


def updates(count: int) -> list[bytes]:
    """Updates of one patient that both subscribers know, from neither of them."""
    body = SAMPLES["a31_for_phw_and_chemocare"].body
    control = parse(body)["MSH-10"].encode()
    return [body.replace(control, f"U{number}".encode()) for number in range(count)]


@pytest.mark.parametrize(
    ("name", "phw", "chemocare"),
    [
        ("a31_for_phw_and_chemocare", 1, 1),
        ("a31_from_phw", 0, 1),
        ("a31_from_chemocare", 1, 0),
        ("a31_no_enterprise_number", 1, 0),
        ("a31_no_authorities", 0, 0),
        ("a28_created", 0, 0),
    ],
)
async def test_a_subscriber_gets_what_its_filter_selects_and_never_its_own_update(name: str, phw: int, chemocare: int) -> None:
    world = World()
    await world.publish(SAMPLES[name].body)
    await world.announce(*world.topic.received)
    assert (len(world.phw.received), len(world.chemocare.received)) == (phw, chemocare)


@pytest.mark.parametrize("sample", [each for each in SAMPLES.values() if not each.name.startswith("rejected_")], ids=str)
def test_no_event_goes_back_to_where_the_update_came_from(sample: Sample) -> None:
    message = parse(sample.body)
    routing = OUTBOUND.write(message, message)[0].properties
    sources = {cx["4.1"].strip() for pid in message.segments("PID") for cx in pid.repeats("2")}
    assert not (subscription.passes_filter(PHW, routing) and "252" in sources)
    assert not (subscription.passes_filter(CHEMOCARE, routing) and sources & {"224", "212", "192", "245"})


@pytest.mark.parametrize("disorder", ["in order", "doubled", "reversed", "all lost but the last", "only the first"])
async def test_events_that_come_twice_out_of_order_or_not_at_all_do_no_harm(disorder: str) -> None:
    world = World()
    await world.publish(*updates(6))
    events = world.topic.received
    await world.announce(
        *{
            "in order": events,
            "doubled": [each for each in events for _ in range(2)],
            "reversed": events[::-1],
            "all lost but the last": events[-1:],
            "only the first": events[:1],
        }[disorder]
    )
    for destination in (world.phw, world.chemocare):
        assert control_ids(destination) == [f"U{number}" for number in range(6)]


async def test_when_every_event_is_lost_the_watchdog_knocks() -> None:
    world = World()
    await world.publish(*updates(3))
    await world.later(120)
    assert control_ids(world.phw) == control_ids(world.chemocare) == ["U0", "U1", "U2"]


async def test_an_event_that_overtakes_its_message_is_looked_into_again() -> None:
    """The topic tells the subscribers before the publisher has settled."""
    world = World()

    class Hasty(Memory):
        async def deliver(self, outgoing: Outgoing) -> Receipt:
            for subscriber in world.subscribers:
                await accept_event(subscriber, {"data": dict(outgoing.properties)}, world.hub)
            return await Memory.deliver(self, outgoing)

    world.outbound = replace(world.outbound, destination=Hasty("TOPIC"))
    world.hub.integrations = {**world.hub.integrations, "mpi-outbound": world.outbound}
    await world.publish(*updates(1))
    assert world.phw.received == []
    await world.later(2)
    assert control_ids(world.phw) == control_ids(world.chemocare) == ["U0"]


async def test_a_message_that_is_settled_between_two_reads_is_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The subscriber reads an empty outbox, the publisher settles, and then nothing is being sent any more."""
    world, reads, not_taken = World(), list[str](), subscription.not_taken

    async def empty_at_first(subscriber: str, publisher: str, lane: str, hub: Hub) -> list[Published]:
        reads.append(subscriber)
        return [] if reads.count(subscriber) == 1 else await not_taken(subscriber, publisher, lane, hub)

    monkeypatch.setattr(subscription, "not_taken", empty_at_first)
    await world.publish(*updates(1))
    await world.announce(*world.topic.received)
    assert control_ids(world.phw) == control_ids(world.chemocare) == ["U0"]


async def test_what_every_subscriber_has_taken_leaves_the_outbox() -> None:
    world = World()
    await world.publish(*updates(2))
    await world.announce(*world.topic.received)
    ledgers = [table for name, table in world.store.tables.items() if name.endswith("ledger")]
    lanes = [lane for table in ledgers for lane in table.values() if lane]
    assert lanes
    assert not [key for lane in lanes for key in lane if key.startswith(("p|", "c|", "w|"))]


async def test_an_event_names_the_message_and_nothing_of_the_patient() -> None:
    world = World()
    await world.publish(SAMPLES["a31_deceased_by_date"].body)
    properties = world.topic.received[0].properties
    assert set(properties) == {"messagetype", "updatesources", "assigningauthorities", "deceased", "lane", "number"}
    assert properties["deceased"] is True
    assert "20260401" not in orjson.dumps(dict(properties)).decode()


async def test_an_event_that_event_grid_put_into_the_queue_knocks_as_well() -> None:
    """Subscriptions deliver into ``<name>-in`` first; the event in it names a lane, and is no message."""
    world = World()
    await world.publish(*updates(2))
    for subscriber in world.subscribers:
        for one in world.topic.received:
            await accept_queue_message(
                subscriber, orjson.dumps({"data": dict(one.properties), "type": "wales.nhs.hub.message"}), world.hub
            )
            await world.settle()
    assert len(world.phw.received) == len(world.chemocare.received) == 2
    assert not world.store.queues["mpi-to-phw-replies"]


async def test_the_immunisation_system_gets_each_message_in_order_although_its_service_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every message of the index reaches it over SOAP: after a fault, and after an answer that says nothing of the message."""
    wis = load("mpi-to-wis")
    world = World(wis)
    async with Wis() as service:
        monkeypatch.setenv("WIS__URL", service.url)
        service.script.will("ok", "fault", "ok", "page")
        await world.publish(*updates(4))
        await world.announce(*world.topic.received)
        for _ in range(6):
            await world.later(900)
        await wis.destination.close()
    taken = [parse(body)["MSH-10"] for body in service.bodies]
    assert taken == ["U0", "U1", "U2", "U3"]
    assert len(service.received) == 6
