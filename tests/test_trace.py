"""One trace from the sender's request to the answer of the destination: over queues, retries and integrations, in memory.

A step that goes on with a message is a child of the step before. A replay and a member of a batch have a trace of their own
that is linked to what caused it (docs/decisions/0025-one-trace.md).
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from integrations import load
from shared.delivery.dead import Person
from shared.delivery.process import process
from shared.destinations.event_grid import Topic
from shared.destinations.fhir_server import FhirServer
from shared.destinations.http import HttpEndpoint
from shared.destinations.soap import Soap
from shared.destinations.wire import https
from shared.envelope import Envelope, Outgoing
from shared.hub import Hub
from shared.intake import batches
from shared.intake.accept import accept
from shared.intake.splitting import split
from shared.intake.triggers.http import accept_http
from shared.intake.triggers.knocks import answer_knock
from shared.intake.triggers.queues import accept_event, accept_queue_message
from shared.integration import Delivery, EventGrid, Integration
from shared.ledger.reporting import search
from shared.ops.replay import replay
from shared.problems import Undelivered
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away
from shared.telemetry import tracing
from shared.telemetry.keys import SPAN_KEYS
from shared.telemetry.traceparent import parse
from shared.telemetry.tracing import Finished, current
from tests import ledger_world as world
from toolkit.local import drops
from toolkit.release.counting import CountingStore
from toolkit.samples import samples

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
HOST = "00-1111111111111111aaaaaaaaaaaaaaaa-b2b2b2b2b2b2b2b2-00"
SICK = Undelivered(kind="transient", code="http-503", text="not now")
NEVER = Undelivered(kind="permanent", code="http-422", text="not this")


class Spans(list[Finished]):
    """The spans that ended, in their order."""

    def of(self, name: str) -> list[Finished]:
        return [one for one in self if one.name == name]

    def one(self, name: str) -> Finished:
        [found] = self.of(name)
        return found

    def traces(self) -> set[str]:
        return {trace_of(one.traceparent) for one in self}


def trace_of(context: str) -> str:
    ids = parse(context)
    assert ids
    return ids[0]


@pytest.fixture
def spans() -> Iterator[Spans]:
    found = Spans()
    tracing.watch(found.append)
    yield found
    tracing.unwatch(found.append)


class World:
    """One integration, a clock that the test moves, and its knocks."""

    def __init__(self, **declared: Any) -> None:
        self.time, self.failures, self.seen = world.NOW, list[Undelivered](), list[str]()
        self.destination = world.Remembering(behave=self._behave)
        self.one: Integration = world.integration(self.destination, **declared)
        self.store = MemoryStore(lambda: self.time)
        self.hub: Hub = world.hub(self.one, store=self.store, now=lambda: self.time)

    def _behave(self, note: dict[str, Any]) -> None:
        self.seen.append(current())
        if self.failures:
            raise self.failures.pop(0)

    async def settle(self) -> None:
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks)

    async def send(self, body: bytes, **values: Any) -> str:
        answer = await accept(self.one, world.envelope(body, **values), self.hub)
        await self.settle()
        return answer.headers["X-Message-Id"]

    async def later(self, seconds: float = 60) -> None:
        """The knocks that are due, as the host brings them: in no span of the acceptance."""
        self.time += seconds
        for arrived in await self.store.receive(f"{self.one.name}-work", 30):
            await answer_knock(self.one, arrived.body, self.hub)
            await self.store.settle(arrived.ticket)
        await self.settle()


async def test_from_the_caller_to_the_destination(spans: Spans) -> None:
    here = World()
    await here.send(world.note("1"), traceparent=CALLER, trigger="http")
    accepted, recorded, attempt, deliver = (spans.one(name) for name in ("accept", "record", "attempt", "deliver"))
    assert spans.traces() == {trace_of(CALLER)}
    assert accepted.parent == CALLER
    assert recorded.parent == attempt.parent == accepted.traceparent
    assert deliver.parent == attempt.traceparent
    assert here.seen == [deliver.traceparent]
    assert (accepted.kind, attempt.kind, deliver.kind) == ("SERVER", "CONSUMER", "CLIENT")
    assert accepted.attributes == {"integration": "notes-to-test", "trigger": "http", "outcome": "accepted"}
    assert attempt.attributes["outcome"] == "delivered"
    assert deliver.attributes == {"destination": "TEST", "error_code": "accepted"}


async def test_attributes_are_the_list_and_no_more(spans: Spans) -> None:
    """Tight: an attribute on the list that no step sets is one that no one has thought of."""
    here = World()
    await here.send(world.note("1"), trigger="http")
    assert {key for one in spans for key in one.attributes} == SPAN_KEYS


async def test_every_retry_is_a_child_of_the_acceptance(spans: Spans) -> None:
    here = World()
    here.failures = [SICK, SICK]
    await here.send(world.note("1"), traceparent=CALLER)
    for _ in range(4):
        await here.later()
    attempts = spans.of("attempt")
    assert [one.attributes["outcome"] for one in attempts if one.attributes.get("error_code") == "http-503"] == ["waiting"] * 2
    assert attempts[-1].attributes["outcome"] == "delivered"
    assert {one.parent for one in attempts} == {spans.one("accept").traceparent}
    assert spans.traces() == {trace_of(CALLER)}
    assert len(spans.of("deliver")) == 3


async def test_a_knock_in_another_trace_goes_on_with_that_of_the_message(spans: Spans) -> None:
    """A knock names a lane, and a lane holds messages of many traces: the row of each message has its own."""
    here = World()
    here.failures = [SICK]
    await here.send(world.note("1"), traceparent=CALLER)
    with tracing.span("invocation"):
        await here.later()
    assert {trace_of(one.traceparent) for one in spans.of("attempt")} == {trace_of(CALLER)}


async def test_a_replay_is_a_trace_of_its_own_and_linked(spans: Spans) -> None:
    here = World()
    here.failures = [NEVER]
    message = await here.send(world.note("1"), traceparent=CALLER)
    await replay(here.one, message, Person("a person", "corrected"), here.hub)
    await here.later()
    again, [first, second] = spans.one("replay"), spans.of("attempt")
    assert again.links == (spans.one("accept").traceparent,)
    assert (again.parent, second.parent) == ("", again.traceparent)
    assert trace_of(again.traceparent) != trace_of(first.traceparent) == trace_of(CALLER)
    contexts = await search.traces(here.one.name, message, here.hub)
    assert contexts == (spans.one("accept").traceparent, again.traceparent)


async def test_a_replay_of_a_rejected_message_is_linked_too(spans: Spans) -> None:
    here = World()
    unnamed = {"id": "1", "lane": "A"}
    answer = await accept(here.one, world.envelope(orjson.dumps(unnamed), trigger="queue", traceparent=CALLER), here.hub)
    here.one = world.integration(here.destination, profile=world.Anything())
    await replay(here.one, answer.headers["X-Message-Id"], Person("a person", "corrected"), here.hub)
    await here.settle()
    first, second = spans.of("accept")
    assert spans.one("replay").links == (first.traceparent,)
    assert second.parent == spans.one("replay").traceparent
    assert first.attributes["outcome"] == "rejected"


async def test_a_resend_that_frees_its_lane_is_linked_to_the_first(spans: Spans) -> None:
    here = World(delivery=Delivery(attempts=4, first_wait=1, timeout=5, breaker_wait=3, on_dead="hold"))
    here.failures = [NEVER]
    await here.send(world.note("1"), traceparent=CALLER)
    await here.send(world.note("1"))
    await here.later()
    first, second = spans.of("accept")
    assert [one.links for one in spans.of("record")] == [(), (first.traceparent,)]
    assert spans.of("attempt")[-1].parent == second.traceparent
    assert trace_of(second.traceparent) != trace_of(CALLER)


async def test_over_http(spans: Spans) -> None:
    here = World()
    headers = {"content-type": "application/json", "traceparent": CALLER}
    await accept_http(here.one, headers, world.note("1"), here.hub)
    await here.settle()
    assert spans.one("accept").parent == CALLER
    assert spans.one("deliver").attributes["error_code"] == "accepted"


@pytest.mark.parametrize(
    "sent",
    [
        *(
            "",
            "Mrs Jones",
            f"00-{'0' * 32}-{'1' * 16}-01",
            f"ff-{'1a' * 16}-{'1a' * 8}-01",
            f"00-{'9990000018' * 3}12-{'1a' * 8}-01",
        ),
        f"{CALLER}-more",
    ],
)
async def test_what_is_no_trace_context_of_a_sender_begins_a_new_one(spans: Spans, sent: str) -> None:
    here = World()
    await accept_http(here.one, {"content-type": "application/json", "traceparent": sent}, world.note("1"), here.hub)
    await here.settle()
    assert spans.one("accept").parent == ""
    [trace] = spans.traces()
    assert trace not in sent or not sent


async def test_a_caller_who_is_not_a_partner_continues_nothing(spans: Spans, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_PARTNERS", orjson.dumps([]).decode())
    monkeypatch.setenv("WEBSITE_INSTANCE_ID", "an instance")
    monkeypatch.setenv("HUB_HASH_KEY", "a key")
    here = World()
    answer = await accept_http(here.one, {"content-type": "application/json", "traceparent": CALLER}, world.note("1"), here.hub)
    assert answer.status in (401, 403)
    assert not spans


@pytest.mark.parametrize(
    ("destination", "body"),
    [
        (HttpEndpoint("X"), b"{}"),
        (Soap("X"), b"MSH|^~\\&|A|B|C|D|20260101||ADT^A31|1|P|2.5\r"),
        (FhirServer("X"), b'{"resourceType": "Bundle", "type": "transaction", "entry": [{}]}'),
    ],
    ids=["http", "soap", "fhir"],
)
async def test_the_destination_gets_the_context_over_http(destination: Any, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []

    async def send(name: str, method: str, url: str, body: object, headers: dict[str, str]) -> https.Reply:
        sent.append(headers.get("traceparent"))
        return https.Reply(503, {}, b"")

    monkeypatch.setattr(https, "send", send)
    monkeypatch.setenv("X__URL", "http://127.0.0.1:1")
    with tracing.span("deliver", CALLER) as here, pytest.raises(Undelivered):
        await destination.deliver(Outgoing("application/json", body))
    assert sent == [here.traceparent]


def test_an_event_carries_the_context_and_keeps_its_id() -> None:
    """Event Grid and subscribers know a repetition by the id, so the context must not change it."""
    outgoing = Outgoing("application/json", b"", properties={"lane": "a", "number": "1"})
    with tracing.span("deliver", CALLER) as here:
        event = Topic("X")._event(outgoing)
    assert (event.extensions or {})["traceparent"] == here.traceparent
    assert event.id == Topic("X")._event(outgoing).id
    assert "traceparent" not in (Topic("X")._event(outgoing).extensions or {})


async def test_by_queue_within_the_invocation_of_the_host(spans: Spans) -> None:
    here = World()
    await accept_queue_message(here.one, world.note("1"), here.hub, "an id", traceparent=HOST)
    await here.settle()
    assert spans.one("accept").parent == HOST
    assert spans.traces() == {trace_of(HOST)}
    assert spans.one("accept").kind == "CONSUMER"


async def test_a_message_that_was_put_back_keeps_its_trace(spans: Spans, monkeypatch: pytest.MonkeyPatch) -> None:
    here = World()

    async def away(*_: object, **__: object) -> None:
        raise Away

    with monkeypatch.context() as broken:
        broken.setattr(MemoryStore, "commit", away)
        await accept_queue_message(here.one, world.note("1"), here.hub, "an id", traceparent=HOST)
    here.time += 60
    [again] = await here.store.receive("notes-to-test-in", 30)
    await accept_queue_message(here.one, again.body, here.hub, "another id", traceparent=CALLER)
    await here.settle()
    first, second = spans.of("accept")
    assert (first.parent, second.parent) == (HOST, HOST)
    assert (first.attributes["outcome"], second.attributes["outcome"]) == ("unavailable", "accepted")
    assert spans.traces() == {trace_of(HOST)}


async def test_an_event_goes_on_with_the_trace_that_it_carries(spans: Spans) -> None:
    """CloudEvents, extension "distributed tracing"; without it the invocation of the host is the parent."""
    here = World(triggers=(EventGrid(()),))
    event = {"id": "1", "source": "/s", "lane": "A", "name": "n"}
    await accept_event(here.one, {**event, "traceparent": CALLER}, here.hub, traceparent=HOST)
    await accept_event(here.one, {**event, "id": "2", "traceparent": ["odd"]}, here.hub, traceparent=HOST)
    await here.settle()
    assert [one.parent for one in spans.of("accept")] == [CALLER, HOST]


async def test_a_file_of_the_inbox_goes_on_with_the_event(spans: Spans) -> None:
    documents = load("documents-to-cdr")
    made = world.hub(documents)
    halves = drops.halves(next(each for each in samples(documents) if each.name == "clinic_letter").body, "json")
    for kind, body in halves.items():
        await made.store.write_blob(names.INBOX, f"documents-to-cdr/a.{kind}", body)
    await accept_event(documents, drops.created(f"documents-to-cdr/a.{next(iter(halves))}"), made, traceparent=HOST)
    assert spans.one("accept").parent == HOST
    for task in made.tasks:
        task.cancel()


async def test_over_the_outbox_into_another_integration(spans: Spans) -> None:
    """The subscriber goes on with the attempt that published the message, however the event or the knock arrived."""
    topic, taken = world.Remembering("TOPIC"), world.Remembering("SUBSCRIBER")
    publisher = world.integration(topic, "notes-out", subscribers=("notes-in",))
    subscriber = world.integration(taken, "notes-in", triggers=(EventGrid(("wales.nhs.hub.message",), publisher="notes-out"),))
    made = world.hub(publisher, subscriber)
    await accept(publisher, world.envelope(world.note("1"), "notes-out", traceparent=CALLER), made)
    while made.tasks:
        await asyncio.gather(*made.tasks)
    [lane] = {row.partition async for row in made.store.scan(names.tables("notes-out").ledger)}
    await accept_event(subscriber, {"data": {"lane": lane, "number": "1"}}, made, traceparent=HOST)
    while made.tasks:
        await asyncio.gather(*made.tasks)
    [published, delivered] = spans.of("attempt")
    [_, accepted] = spans.of("accept")
    assert taken.took
    assert accepted.parent == published.traceparent
    assert delivered.parent == accepted.traceparent
    assert spans.traces() == {trace_of(CALLER)}


async def test_each_member_of_a_batch_has_a_trace_that_is_linked_to_the_batch(spans: Spans) -> None:
    """Ten thousand members in one trace would be a trace that no one can read, and no one could find a member in it."""
    one = load("phw-to-mpi")
    made = world.hub(one)
    sample = next(each for each in samples(one) if not each.name.startswith("rejected")).body
    control = sample.split(b"|")[9]
    members = [sample.replace(control, b"B%d" % number, 1) for number in range(3)]
    body = b"FHS|^~\\&|PHW\rBHS|^~\\&|PHW\r" + b"".join(members) + b"BTS|3\rFTS|1\r"
    sent = Envelope(integration=one.name, body=body, received_at=made.stamp(), trigger="http", traceparent=CALLER)
    answer = await batches.take(one, sent, made)
    for task in made.tasks:
        task.cancel()  # as if the process had ended: a knock brings another worker
    with tracing.span("invocation"):
        await split(one, answer.headers["X-Batch-Id"], made)
    for task in made.tasks:
        task.cancel()
    batch, splitting, accepted = spans.one("batch"), spans.one("split"), spans.of("accept")
    assert (batch.parent, splitting.parent) == (CALLER, batch.traceparent)
    assert [each.links for each in accepted] == [(splitting.traceparent,)] * 3
    assert {each.parent for each in accepted} == {""}
    assert len({trace_of(each.traceparent) for each in accepted} | {trace_of(CALLER)}) == 4


async def test_a_trace_costs_no_storage_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    """The context is in rows and queue messages that are written anyway."""

    async def operations() -> dict[str, int]:
        here = World(subscribers=("another",))
        here.store = here.hub.store = CountingStore(lambda: here.time)  # type: ignore[misc]
        here.failures = [SICK]
        await here.send(world.note("1"), traceparent=CALLER)
        await here.later()
        assert here.destination.took
        return {kind: count for kind, count in here.store.seen.items() if kind != "stored"}

    with_traces = await operations()
    monkeypatch.setattr(tracing, "_traceparent", lambda recorded, parent: "")
    assert with_traces == await operations()


async def test_spans_hold_no_value_of_a_message(spans: Spans) -> None:
    here = World()
    here.failures = [NEVER]
    await here.send(world.note("CANARY1", lane="CANARY2", surname="CANARY3"), correlation_id="CANARY4")
    assert "CANARY" not in str(list(spans))


async def test_one_operation_from_the_caller_to_every_event() -> None:
    emitted: list[tuple[str, str]] = []
    destination = world.Remembering()
    one = world.integration(destination)
    hub = world.hub(one, emit=lambda name, **keys: emitted.append((name, current())))
    await accept(one, world.envelope(world.note("1"), traceparent=CALLER), hub)
    while hub.tasks:
        await asyncio.gather(*hub.tasks)
    assert [name for name, _ in emitted] == ["hub.message", "hub.message"]
    assert {trace_of(trace) for _, trace in emitted} == {trace_of(CALLER)}
    await process(one, "absent", hub)
