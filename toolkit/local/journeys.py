"""Samples sent through an integration's own trigger, and what became of each: the stuff of ``./hub demo``."""

import asyncio
import base64
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp

from shared import check, formats
from shared.envelope import Envelope
from shared.integration import EventGrid, Http, Integration, Queue
from shared.issue import Issue
from shared.storage.accounts import Account
from shared.storage.azure import AzureStore
from toolkit.local import drops
from toolkit.local.stack import Stack
from toolkit.samples import Sample, samples, waits

PATIENCE = float(os.environ.get("HUB_DEMO_PATIENCE", "30"))  # seconds for one message
Way = Literal["http", "queue", "event"]
ENDED = ("delivered", "observed", "dead", "rejected", "discarded", "expired")


@dataclass
class Journey:
    """One message: what it was, what was expected, what happened, and how long it took."""

    integration: Integration
    sample: Sample
    way: Way
    expected: str  # AA, AE or AR
    body: bytes = b""  # of what should arrive
    control_id: str = ""
    acknowledgement: str = ""
    issues: tuple[str, ...] = ()
    answer: bytes = b""
    arrived: bytes | None = None
    answered_ms: float = 0
    delivered_ms: float | None = None
    problem: str = ""
    began: float = field(default_factory=time.time)

    @property
    def accepted(self) -> bool:
        return self.expected == "AA"

    @property
    def ok(self) -> bool:
        return not self.problem and (self.delivered_ms is not None) == self.accepted


def planned(integration: Integration, taken: int, refused: int) -> list[Journey]:
    """So many samples that are taken and so many that are refused, by the trigger that each message would come by."""
    every = [_journey(integration, sample) for sample in samples(integration) if not _waits(integration, sample)]
    taken = len(every) if integration.subscribers else taken  # subscribers choose among them
    chosen = [one for one in every if one.accepted][:taken] + [one for one in every if not one.accepted][:refused]
    ways = [
        way
        for kind, way in ((Http, "http"), (Queue, "queue"), (EventGrid, "event"))
        if any(isinstance(trigger, kind) for trigger in integration.triggers)
    ]
    for index, journey in enumerate(chosen):
        journey.way = ways[1] if index == 1 and len(ways) > 1 and journey.accepted else ways[0]  # type: ignore[assignment]
    return chosen


def _waits(integration: Integration, sample: Sample) -> bool:
    """Whether a sample does not travel alone: it waits for its other half, or for a code that no table has."""
    return drops.waits(integration, sample) or waits(integration, sample)


def is_subscriber(integration: Integration) -> bool:
    """Whether it takes what another integration publishes: it is fed by that one's messages."""
    return any(isinstance(trigger, EventGrid) and trigger.publisher for trigger in integration.triggers)


def absent_publishers(integrations: Sequence[Integration]) -> dict[str, str]:
    """Subscribers whose publisher is not among the integrations, each with its publisher: they would get nothing."""
    names = {one.name for one in integrations}
    return {
        one.name: trigger.publisher
        for one in integrations
        for trigger in one.triggers
        if isinstance(trigger, EventGrid) and trigger.publisher and trigger.publisher not in names
    }


def _journey(integration: Integration, sample: Sample) -> Journey:
    ran = check.run(integration, sample.envelope)
    body = ran.outgoing[0].body if ran.outgoing else b""
    control = ran.outgoing[0].control_id if ran.outgoing else ""
    issues = tuple(described(issue) for issue in ran.verdict.issues if issue.is_error)
    return Journey(integration, sample, "http", ran.verdict.acknowledgement, body, control, issues=issues)


def described(issue: Issue) -> str:
    """The finding with its place, which many texts name themselves."""
    return issue.text if issue.where in issue.text else f"{issue.where}: {issue.text}"


class Sender:
    """Sends journeys into a running stack and follows each to its end."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession) -> None:
        self.stack, self.session = stack, session

    async def travel(self, journey: Journey) -> None:
        """Send it; wait until it is delivered, or known to be refused."""
        journey.began = time.time()
        try:
            await asyncio.wait_for(
                {"http": self._http, "queue": self._queue, "event": self._event}[journey.way](journey), PATIENCE
            )
        except TimeoutError:
            journey.problem = "did not arrive"
        except (aiohttp.ClientError, OSError) as error:
            journey.problem = type(error).__name__

    async def _http(self, journey: Journey) -> None:
        url = f"{self.stack.url}/api/v1/{journey.integration.name}"
        async with self.session.post(url, data=journey.sample.body, headers=_headers(journey.sample.envelope)) as answer:
            journey.answer = await answer.read()
            journey.answered_ms = (time.time() - journey.began) * 1000
            where = answer.headers.get("Location", "")
        journey.acknowledgement = acknowledged(journey.integration, journey.answer, answer.status)
        if not journey.acknowledgement:
            journey.problem = f"HTTP {answer.status}"
            return
        if journey.acknowledgement != journey.expected:
            journey.problem = f"answered {journey.acknowledgement}, not {journey.expected}"
        elif journey.accepted:
            await self._arrival(journey, where)

    async def _queue(self, journey: Journey) -> None:
        """As base64, as most senders write it; the acknowledgement is read from the replies queue."""
        name = journey.integration.name
        async with self._client(f"{name}-in") as arrivals, self._client(f"{name}-replies") as replies:
            await replies.clear_messages()
            await arrivals.send_message(base64.b64encode(journey.sample.body).decode())
            await self._answered(journey, await _first(replies))

    async def _answered(self, journey: Journey, reply: dict[str, Any]) -> None:
        """By the acknowledgement of the replies queue, and then as it went on."""
        journey.answered_ms = (time.time() - journey.began) * 1000
        journey.answer = reply["acknowledgement"].encode()
        journey.acknowledgement = acknowledged(journey.integration, journey.answer, reply["status"])
        if journey.acknowledgement != journey.expected:
            journey.problem = f"answered {journey.acknowledgement}, not {journey.expected}"
        elif journey.accepted:
            await self._arrival(journey, f"/api/v1/{journey.integration.name}/messages/{reply['message_id']}")

    def _client(self, queue: str) -> Any:
        from azure.storage.queue.aio import QueueClient

        return QueueClient.from_connection_string(self.stack.storage.connection_string, queue)

    async def _event(self, journey: Journey) -> None:
        """The event itself, or files and an event of each; the acknowledgement is read from the replies queue."""
        async with self._client(f"{journey.integration.name}-replies") as replies:
            await replies.clear_messages()
            for event in await self._events(journey):
                await self._notify(journey, event)
            if not journey.problem:
                await self._answered(journey, await _first(replies))

    async def _events(self, journey: Journey) -> list[bytes]:
        sample, integration = journey.sample, journey.integration
        if not drops.takes_files(integration):
            return [sample.body]
        store = AzureStore(Account(self.stack.storage.connection_string))
        names = await drops.leave(integration, store, sample.name, drops.halves(sample.body, sample.extension))
        await store.close()
        return [json.dumps(drops.created(name)).encode() for name in names]

    async def _notify(self, journey: Journey, event: bytes) -> None:
        url = f"{self.stack.url}/runtime/webhooks/eventgrid?functionName={journey.integration.package}_event"
        headers = {"aeg-event-type": "Notification", "Content-Type": "application/cloudevents+json"}
        async with self.session.post(url, data=event, headers=headers) as answer:
            if answer.status >= 300:
                journey.problem = f"the webhook answered {answer.status}"

    async def _arrival(self, journey: Journey, where: str) -> None:
        """At the simulator where there is one that keeps what it gets by control id, else by the hub's own word."""
        simulator = self.stack.simulators.running.get(journey.integration.destination.name)
        if hasattr(simulator, "counts"):
            await self._at_simulator(journey, simulator)
        elif where:
            await self._by_status(journey, where)
        else:
            journey.problem = "it is not known whether it arrived"

    async def _at_simulator(self, journey: Journey, simulator: Any) -> None:
        while True:
            for got in simulator.received:
                if got.control_id == journey.control_id and got.at >= journey.began:
                    journey.arrived, journey.delivered_ms = got.body, (got.at - journey.began) * 1000
                    if without_time(got.body) != without_time(journey.body):
                        journey.problem = "something else arrived"
                    return
            await asyncio.sleep(0.003)

    async def _by_status(self, journey: Journey, where: str) -> None:
        while True:
            async with self.session.get(self.stack.url + where) as answer:
                state = await answer.json() if answer.status == 200 else {}
            if state.get("outcome") in ENDED:
                journey.delivered_ms = (time.time() - journey.began) * 1000
                if state["outcome"] != "delivered":
                    journey.problem = f"{state['outcome']}: {state.get('code', '')}"
                return
            await asyncio.sleep(0.01)


async def _first(queue: Any) -> dict[str, Any]:
    while True:
        async for message in queue.receive_messages(max_messages=1):
            return dict(json.loads(message.content))
        await asyncio.sleep(0.02)


def _headers(envelope: Envelope) -> dict[str, str]:
    return {"Content-Type": envelope.content_type} if envelope.content_type else {}


def acknowledged(integration: Integration, answer: bytes, status: int) -> str:
    """AA, AE or AR of an acknowledgement; otherwise by the status: 422 is for a body that was read and has errors.

    ``""``: the hub failed.
    """
    for form in formats.of(integration.source):
        if code := form.acknowledged(answer):
            return code
    if status >= 500:
        return ""
    return "AA" if status < 300 else "AE" if status == 422 else "AR"


def without_time(body: bytes) -> bytes:
    """MSH-7 may be the time of receipt, and then EVN may have it too: not compared."""
    fields = body.split(b"|", 7)
    if not body.startswith(b"MSH") or len(fields) < 8:
        return body
    return body.replace(b"|" + fields[6], b"|") if fields[6] else body


def percentile(values: Iterable[float], share: float) -> float | None:
    """The nearest-rank percentile; ``None`` of nothing.

    >>> percentile([1, 2, 3, 4], 0.5)
    2
    """
    ordered = sorted(values)
    return ordered[max(0, -(-int(len(ordered) * share * 100) // 100) - 1)] if ordered else None
