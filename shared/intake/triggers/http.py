"""``POST /api/v1/<name>``: authenticate the caller, read the request, accept the message or the batch, answer."""

from collections.abc import Mapping

from shared.bounds import MEDIA_TYPE
from shared.check import faults
from shared.envelope import Answer, Envelope
from shared.hub import Hub
from shared.intake import batches
from shared.intake import request as door
from shared.intake.admission import admit
from shared.intake.answers import answer_if_busy, answer_unavailable
from shared.integration import Integration
from shared.ledger.arrivals.arrival import AWAY
from shared.mode import OBSERVE
from shared.privacy import chosen
from shared.problems import Fault, Unavailable, Unsupported
from shared.storage.store import Away

MODE = "X-Hub-Mode"


async def accept_http(integration: Integration, headers: Mapping[str, str], body: bytes, hub: Hub) -> Answer:
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
            return _with_mode(envelope, door.asynchronous(headers, await _enter(integration, envelope, hub)), hub)
    except Fault as problem:
        return answer_unavailable(integration, envelope, problem, hub)
    except Away:
        return answer_unavailable(integration, envelope, Unavailable(AWAY), hub)


def _with_mode(envelope: Envelope, answer: Answer, hub: Hub) -> Answer:
    """In a parallel run the answer names the mode: the system that copies messages to the hub must not pass it to the sender."""
    return answer._replace(headers={**answer.headers, MODE: OBSERVE}) if hub.observes(envelope) else answer


async def _enter(integration: Integration, envelope: Envelope, hub: Hub) -> Answer:
    try:
        envelope = await door.entered(integration, envelope)
    except Unsupported as problem:
        return await door.turned_away(integration, envelope, problem, hub)
    return await answer_if_busy(integration, envelope, hub) or await batches.take(integration, envelope, hub)
