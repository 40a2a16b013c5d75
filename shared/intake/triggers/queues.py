"""Messages that a queue or Event Grid brings. What cannot be taken *now* is put back with a growing delay (``patience``)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from shared.budget import Short
from shared.envelope import Envelope
from shared.formats import content_type
from shared.hub import Hub
from shared.intake import patience, replies, subscription
from shared.intake.patience import Inbound
from shared.intake.triggers.queue_bodies import created_blob, decoded, json_object, lane_of, publisher_of, referenced_blob
from shared.integration import Integration
from shared.issue import Issue, Verdict
from shared.ledger.arrivals.rejections import Refusal, refuse
from shared.ledger.reporting import refusals
from shared.privacy import handing_over, keyed, valid_traceparent
from shared.problems import Unavailable
from shared.storage.store import Away
from shared.telemetry.tracing import under

POISONED = Issue(severity="error", code="processing", text="the queue gave the message up after several tries", rule="poisoned")


async def accept_queue_message(
    integration: Integration, raw: bytes, hub: Hub, message_id: str = "", traceparent: str = ""
) -> None:
    """From ``<name>-in``: raw or base64 HL7, JSON, XML, a reference to a blob in the inbox, or an event that names a lane.

    ``traceparent``: that of the host's invocation; a message that was put back keeps that of its first try.
    """
    inbound = patience.read(raw, message_id)
    trace = inbound.traceparent or valid_traceparent(traceparent)
    await _take_or_put_back(integration, inbound._replace(traceparent=trace), hub)


async def keep_poisoned(integration: Integration, raw: bytes, hub: Hub) -> None:
    """What the in-queue gave up on: recorded with its content, as a dead letter is. Raises ``Away``: the host brings it again."""
    await _give_up(integration, patience.read(raw), hub)


async def accept_event(integration: Integration, content: Mapping[str, Any], hub: Hub, traceparent: str = "") -> None:
    """One event (CloudEvents or Event Grid schema): a knock on an outbox, a blob to read, or a message in itself.

    ``traceparent``: that of the host's invocation. An event that has one of its own continues that.
    Source: CloudEvents, extension "distributed tracing".
    """
    source, event_id = content.get("source") or content.get("topic") or "", content.get("id")
    known = f"{source} {event_id}" if event_id else ""
    own = content.get("traceparent")
    trace = valid_traceparent(own if isinstance(own, str) else "") or valid_traceparent(traceparent)
    await _take_or_put_back(integration, Inbound(orjson.dumps(dict(content)), known, "event", traceparent=trace), hub)


async def _take_or_put_back(integration: Integration, inbound: Inbound, hub: Hub) -> None:
    """Take it, or put it back for later, as often as storage is away or memory is short.

    Raises:
        Away: it can neither be taken nor put back. Queue and Event Grid bring it again in their own time, as they do
            for every other problem: what cannot be read, and what our own code fails at.
    """
    try:
        with under(inbound.traceparent):
            await _take(integration, inbound, hub)
    except (Away, Short, Unavailable):
        await patience.put_back(f"{integration.name}-in", inbound, hub)


async def _take(integration: Integration, inbound: Inbound, hub: Hub) -> None:
    body = inbound.body if inbound.trigger == "event" else decoded(inbound.body)
    content = json_object(body)
    publisher, lane = publisher_of(integration), lane_of(content)
    handed = handing_over(inbound.trigger, inbound.id)
    sent = Envelope(
        integration=integration.name,
        body=body,
        received_at=hub.stamp(),
        content_type=content_type(integration.source, body),
        trigger=inbound.trigger,
        handed=handed,
    )
    if publisher and lane:
        await subscription.take(integration, publisher, lane, hub)
    elif publisher and inbound.trigger == "event":
        hub.emit("hub.poison", integration=integration.name, queue="event", error_code="not-a-knock")
    elif (name := created_blob(content) if inbound.trigger == "event" else referenced_blob(body)) is not None:
        await _file(integration, name, sent, hub)
    else:
        await replies.take(integration, sent, hub)


async def _give_up(integration: Integration, inbound: Inbound, hub: Hub) -> None:
    """A dead letter: it cannot be read, our code fails at it, or it killed one worker after the other."""
    body = decoded(inbound.body)
    if publisher_of(integration) and lane_of(json_object(body)):  # no message: the watchdog knocks for what is still there
        return hub.emit("hub.poison", integration=integration.name, queue="in")
    name = referenced_blob(body)  # the watchdog may bring a file again and again: it is one dead letter
    reference = keyed("blob", name) if name else ""
    envelope = Envelope(
        integration=integration.name,
        body=body,
        received_at=hub.stamp(),
        content_type=content_type(integration.source, body),
        trigger=inbound.trigger,
        reference=reference,
    )
    found = Verdict("AR", (POISONED,))
    await refuse(integration, envelope, found, Refusal(), hub)
    hub.count(integration.name, "rejected")
    refusals.count(integration, "", found, hub)
    hub.emit("hub.poison", integration=integration.name, queue="in")
    return None


async def _file(integration: Integration, name: str, sent: Envelope, hub: Hub) -> None:
    """The blob that was referred to; a name that is not in the integration's own folder is not looked up."""
    from shared.intake.inbox import references, taking  # most apps never meet a file

    if references.is_own(integration, name):
        await taking.take(integration, name, sent.trigger, hub)
    else:
        await references.refuse(integration, replace(sent, reference=keyed("blob", name)), hub)
