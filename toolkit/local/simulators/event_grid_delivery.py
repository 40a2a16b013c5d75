"""How a subscription of the simulated topic hands its events over: handshake, headers, retry, dead letter.

https://learn.microsoft.com/azure/event-grid/delivery-and-retry
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

from toolkit.local.simulators.event_grid_filters import Event, Filter, check, selected

BACK_OFF = (10, 30, 60, 300, 600, 1800, 3600)  # seconds; the last is repeated
NOT_RETRIED = (400, 401, 403, 404, 413)


class HandshakeFailed(Exception):
    """The endpoint does not prove that it wants the events."""


@dataclass(frozen=True)
class Subscription:
    """Where events go: a webhook (``url``) or a storage queue (``queue``: a connection string and a name)."""

    name: str
    url: str = ""
    queue: tuple[str, str] | None = None
    types: Sequence[str] = ()
    subject_begins: str = ""
    subject_ends: str = ""
    filters: Sequence[Filter] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    attempts: int = 30
    timeout: float = 30

    def __post_init__(self) -> None:
        check(self.filters)

    def wants(self, event: Event) -> bool:
        subject = str(event.get("subject") or "")
        kind = event.get("eventType") or event.get("type")
        return (
            (not self.types or kind in self.types)
            and subject.lower().startswith(self.subject_begins.lower())
            and subject.lower().endswith(self.subject_ends.lower())
            and selected(event, self.filters)
        )


@dataclass
class Deliverer:
    """Delivers to subscriptions; ``speed`` shortens the waits between attempts."""

    session: aiohttp.ClientSession
    speed: float = 1
    dead: list[dict[str, Any]] = field(default_factory=list)
    delivered: list[tuple[str, str]] = field(default_factory=list)

    async def deliver(self, subscription: Subscription, event: Event) -> None:
        """Until it is taken, refused for good, or out of attempts."""
        outcome: int | str = ""
        for count in range(subscription.attempts):
            outcome = await self._attempt(subscription, event, count)
            if outcome in (200, 201, 202, 203, 204):
                self.delivered.append((subscription.name, str(event["id"])))
                return
            if outcome in NOT_RETRIED or count + 1 == subscription.attempts:
                break
            await asyncio.sleep(BACK_OFF[min(count, len(BACK_OFF) - 1)] / self.speed)
        reason = "UndeliverableDueToHttpStatus" if outcome in NOT_RETRIED else "MaxDeliveryAttemptsExceeded"
        self._bury(subscription, event, reason, outcome)

    def _bury(self, subscription: Subscription, event: Event, reason: str, outcome: int | str) -> None:
        facts = {"deadLetterReason": reason, "lastDeliveryOutcome": outcome, "subscription": subscription.name}
        self.dead.append({**event, **facts})

    async def _attempt(self, subscription: Subscription, event: Event, count: int) -> int | str:
        if subscription.queue:
            return await _to_queue(subscription.queue, event)
        headers = {**notification(subscription, event, count), **subscription.headers}
        body = event if "specversion" in event else [event]
        try:
            timeout = aiohttp.ClientTimeout(total=subscription.timeout)
            async with self.session.post(subscription.url, data=json.dumps(body), headers=headers, timeout=timeout) as answer:
                return answer.status
        except TimeoutError:
            return "TimedOut"
        except aiohttp.ClientError:
            return "Unreachable"

    async def shake_hands(self, subscription: Subscription, topic: str, cloud: bool) -> None:
        """The validation of a webhook, as its event schema has it; raises ``HandshakeFailed``."""
        if subscription.queue:
            return
        await (self._options(subscription) if cloud else self._validation(subscription, topic))

    async def _options(self, subscription: Subscription) -> None:
        origin = "eventgrid.azure.net"
        headers = {"WebHook-Request-Origin": origin, "WebHook-Request-Rate": "120", **subscription.headers}
        async with self.session.options(subscription.url, headers=headers) as answer:
            if answer.status != 200 or answer.headers.get("WebHook-Allowed-Origin") not in (origin, "*"):
                raise HandshakeFailed(f"{subscription.name}: OPTIONS answered {answer.status}")

    async def _validation(self, subscription: Subscription, topic: str) -> None:
        code = str(uuid4())
        event = {
            "id": str(uuid4()),
            "topic": topic,
            "subject": "",
            "data": {"validationCode": code, "validationUrl": ""},
            "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
            "eventTime": "2024-05-01T00:00:00.0000000Z",
            "metadataVersion": "1",
            "dataVersion": "2",
        }
        headers = {**notification(subscription, event, 0, "SubscriptionValidation"), **subscription.headers}
        async with self.session.post(subscription.url, data=json.dumps([event]), headers=headers) as answer:
            reply = await answer.json(content_type=None) if answer.status == 200 else {}
            if reply.get("validationResponse") != code:
                raise HandshakeFailed(f"{subscription.name}: the validation answered {answer.status}")


def notification(subscription: Subscription, event: Event, count: int, kind: str = "Notification") -> dict[str, str]:
    """The headers that Event Grid puts on a delivery."""
    cloud = "specversion" in event
    return {
        "Content-Type": "application/cloudevents+json; charset=utf-8" if cloud else "application/json; charset=utf-8",
        "aeg-event-type": kind,
        "aeg-subscription-name": subscription.name.upper(),
        "aeg-delivery-count": str(count),
        "aeg-data-version": str(event.get("dataVersion", "")),
        "aeg-metadata-version": "0" if cloud else "1",
    }


async def _to_queue(queue: tuple[str, str], event: Event) -> int | str:
    """Put the event on a storage queue as it is: JSON text, not base64."""
    from azure.core.exceptions import AzureError
    from azure.storage.queue.aio import QueueClient

    try:
        async with QueueClient.from_connection_string(*queue) as client:
            await client.send_message(json.dumps(event))
    except AzureError:
        return "Unreachable"
    return 200
