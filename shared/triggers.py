"""The doors of the hub, one function for each way in; the functions of Azure are wired to these and do nothing else.

What comes by queue or event and cannot be taken *now* goes back into the queue with a growing delay (``patience``).
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from shared import batches, door, patience, replies
from shared.admission import admit
from shared.bounds import MEDIA_TYPE
from shared.envelope import Answer, Envelope
from shared.formats import content_type
from shared.hub import Hub
from shared.integration import EventGrid, Integration
from shared.issue import Issue, Verdict
from shared.ledger import names, outbox
from shared.ledger.arrivals import AWAY
from shared.ledger.knocks import knock, knock_again
from shared.ledger.rejections import Refusal, refuse
from shared.ledger.store import Away
from shared.patience import Brought
from shared.pipeline import faults, not_now, process, too_busy
from shared.privacy import chosen, handing_over, keyed
from shared.problems import Fault, Unavailable, Unsupported

EMULATED = "devstoreaccount1"  # the account, which an emulator puts into the path of its URLs
POISONED = Issue(severity="error", code="processing", text="the queue gave the message up after several tries", rule="poisoned")


async def http(integration: Integration, headers: Mapping[str, str], body: bytes, hub: Hub) -> Answer:
    """``POST /api/v1/<name>``: 401 and 403 for a caller that may not call this, 429 after many; then the door's own refusals."""
    partner = admit(integration.name, headers, hub)
    if isinstance(partner, Answer):
        return partner
    envelope = Envelope(
        integration=integration.name,
        body=body,
        received_at=hub.stamp(),
        content_type=headers.get("content-type", "")[:MEDIA_TYPE],
        trigger="http",
        correlation_id=chosen("correlation", headers.get("x-correlation-id", "")),
        traceparent=headers.get("traceparent", ""),
        partner=partner.name,
        headers=headers,
    )
    try:
        with faults():
            return door.asynchronous(headers, await _enter(integration, envelope, hub))
    except Fault as problem:
        return not_now(integration, envelope, problem, hub)
    except Away:
        return not_now(integration, envelope, Unavailable(AWAY), hub)


async def _enter(integration: Integration, envelope: Envelope, hub: Hub) -> Answer:
    try:
        envelope = await door.entered(integration, envelope)
    except Unsupported as problem:
        return await door.turned_away(integration, envelope, problem, hub)
    return await too_busy(integration, envelope, hub) or await batches.take(integration, envelope, hub)


async def in_queue(integration: Integration, raw: bytes, hub: Hub, message_id: str = "") -> None:
    """From ``<name>-in``: raw or base64 HL7, JSON, XML, a reference to a blob in the inbox, or an event that names a lane."""
    await _take_or_put_back(integration, patience.read(raw, message_id), hub)


async def in_poison(integration: Integration, raw: bytes, hub: Hub) -> None:
    """What the in-queue gave up on: recorded with its content, as a dead letter is. Raises ``Away``: the host brings it again."""
    await _give_up(integration, patience.read(raw), hub)


async def event(integration: Integration, told: Mapping[str, Any], hub: Hub) -> None:
    """One event (CloudEvents or Event Grid schema): a knock on an outbox, a blob to read, or a message in itself."""
    source, event_id = told.get("source") or told.get("topic") or "", told.get("id")
    known = f"{source} {event_id}" if event_id else ""
    await _take_or_put_back(integration, Brought(orjson.dumps(dict(told)), known, "event"), hub)


async def _take_or_put_back(integration: Integration, brought: Brought, hub: Hub) -> None:
    """Take it, or put it back for later, as often as storage is away.

    Raises:
        Away: it can neither be taken nor put back. Queue and Event Grid bring it again in their own time, as they do
            for every other problem: what cannot be read, and what our own code fails at.
    """
    try:
        await _take(integration, brought, hub)
    except (Away, Unavailable):
        await patience.put_back(f"{integration.name}-in", brought, hub)


async def _take(integration: Integration, brought: Brought, hub: Hub) -> None:
    body = brought.body if brought.trigger == "event" else decoded(brought.body)
    told = _object(body)
    publisher, lane = _publisher(integration), _lane(told)
    handed = handing_over(brought.trigger, brought.id)
    sent = Envelope(
        integration=integration.name,
        body=body,
        received_at=hub.stamp(),
        content_type=content_type(integration.source, body),
        trigger=brought.trigger,
        handed=handed,
    )
    if publisher and lane:
        await outbox.take(integration, publisher, lane, hub)
    elif publisher and brought.trigger == "event":
        hub.tell("hub.poison", integration=integration.name, queue="event", error_code="not-a-knock")
    elif (name := _created(told) if brought.trigger == "event" else _referenced(body)) is not None:
        await _file(integration, name, sent, hub)
    else:
        await replies.take(integration, sent, hub)


async def _give_up(integration: Integration, brought: Brought, hub: Hub) -> None:
    """A dead letter: it cannot be read, our code fails at it, or it killed one worker after the other."""
    body = decoded(brought.body)
    if _publisher(integration) and _lane(_object(body)):  # no message: the watchdog knocks for what is still there
        return hub.tell("hub.poison", integration=integration.name, queue="in")
    name = _referenced(body)  # the watchdog may bring a file again and again: it is one dead letter
    reference = keyed("blob", name) if name else ""
    envelope = Envelope(
        integration=integration.name,
        body=body,
        received_at=hub.stamp(),
        content_type=content_type(integration.source, body),
        trigger=brought.trigger,
        reference=reference,
    )
    await refuse(integration, envelope, Verdict("AR", (POISONED,)), Refusal(), hub)
    hub.count(integration.name, "rejected")
    hub.tell("hub.poison", integration=integration.name, queue="in")
    return None


async def work_queue(integration: Integration, raw: bytes, hub: Hub) -> None:
    """A knock: which lane has work, or which lane of a publisher's outbox. One that makes no sense is told and dropped.

    Raises:
        Away: storage is away, and so is the queue.
    """
    told = _object(raw)
    try:
        await _work(integration, told, hub)
    except (Away, Unavailable):
        await knock_again(integration.name, told, hub)


async def _work(integration: Integration, told: Mapping[str, Any], hub: Hub) -> None:
    lane, publisher, batch = told.get("lane"), told.get("publisher", ""), told.get("batch")
    if isinstance(batch, str) and names.is_lane(batch):
        await batches.split(integration, batch, hub)
    elif not isinstance(lane, str) or not names.is_lane(lane) or publisher not in ("", _publisher(integration)):
        hub.tell("hub.poison", integration=integration.name, queue="work", error_code="not-a-knock")
    elif publisher:
        await outbox.take(integration, str(publisher), lane, hub)
    else:
        await process(integration, lane, hub)


async def work_poison(integration: Integration, raw: bytes, hub: Hub) -> None:
    """A knock that failed again and again: knock later; the watchdog would find the lane as well."""
    hub.tell("hub.poison", integration=integration.name, queue="work")
    lane = _object(raw).get("lane")
    if isinstance(lane, str) and names.is_lane(lane):
        await knock(integration.name, lane, hub, 60)


async def tick(hub: Hub) -> None:
    """The watchdog's round, every 30 seconds, and once an hour the purge; storage that is away is no failure of a timer."""
    from shared.ledger import purge, watchdog

    await watchdog.tick(hub)
    try:
        await purge.hourly(hub)
    except Away:
        return


async def _file(integration: Integration, name: str, sent: Envelope, hub: Hub) -> None:
    """The blob that was referred to; a name that is not in the integration's own folder is not looked up."""
    from shared.inbox import references, taking  # most apps never meet a file

    if references.is_own(integration, name):
        await taking.take(integration, name, sent.trigger, hub)
    else:
        await references.refuse(integration, replace(sent, reference=keyed("blob", name)), hub)


def _publisher(integration: Integration) -> str:
    """The integration whose outbox this one takes from; empty when it takes from none."""
    return next((t.publisher for t in integration.triggers if isinstance(t, EventGrid) and t.publisher), "")


def _lane(told: Mapping[str, Any]) -> str:
    data = told.get("data")
    return str(data.get("lane", "")) if isinstance(data, dict) else ""


def decoded(raw: bytes) -> bytes:
    """The body of a queue message, out of its base64 when it is in it.

    >>> decoded(b"TVNIfF5+XFwm")
    b'MSH|^~\\\\\\\\&'
    """
    text = raw.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"{", b"[", b"<", b"\x0b") or text[:3] in (b"MSH", b"FHS", b"BHS"):
        return raw
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True) or raw
    except binascii.Error:
        return raw


def blob_name(url: str) -> str:
    """The name of a blob of the inbox container, from its URL; empty when it is of another container or the URL is broken.

    >>> blob_name("https://x.blob.core.windows.net/inbox/a/b%201.hl7"), blob_name("https://x.blob.core.windows.net/content/inbox/a")
    ('a/b 1.hl7', '')
    """
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    inside = path.removeprefix(f"/{EMULATED}").removeprefix(f"/{names.INBOX}/")
    return unquote(inside) if not inside.startswith("/") and inside != path else ""


def _referenced(body: bytes) -> str | None:
    """The blob that a queue message stands for: ``{"blob": name}``, or a blob-created event that was sent to the queue."""
    told = _object(body)
    return str(told["blob"]) if set(told) == {"blob"} else _created(told)


def _created(told: Mapping[str, Any]) -> str | None:
    """The blob of the inbox that a blob-created event tells of, ``""`` for one elsewhere; ``None`` for any other event."""
    data = told.get("data")
    kind = str(told.get("type") or told.get("eventType"))
    if "BlobCreated" not in kind:
        return None
    return blob_name(str(data.get("url", ""))) if isinstance(data, dict) else ""


def _object(raw: bytes) -> dict[str, Any]:
    if raw.lstrip()[:1] != b"{":
        return {}
    try:
        told = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
