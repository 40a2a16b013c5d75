"""``POST /api/v1/<name>``: authenticate the caller, read the request, accept the message or the batch, answer."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from shared.budget import Hold, Short, holding
from shared.check import faults
from shared.envelope import Answer, Envelope
from shared.hub import Hub
from shared.intake import batches
from shared.intake import request as door
from shared.intake.admission import admit
from shared.intake.answers import answer_if_busy, answer_memory_short, answer_unavailable
from shared.intake.http_answers import NOT_FOUND
from shared.integration import Integration
from shared.ledger.arrivals.arrival import AWAY
from shared.mode import OBSERVE
from shared.problems import Fault, Unavailable, Unsupported
from shared.security import Named
from shared.storage.store import Away

MODE = "X-Hub-Mode"


@runtime_checkable
class Bound(Protocol):
    """A source with a protocol of its own on HTTP, such as SOAP."""

    def named(self, body: bytes) -> Named | None:
        """The credential in a body; ``None`` without one. Nothing is known of the caller yet."""

    def over_http(self, content_type: str, answer: Answer) -> Answer:
        """The answer with the status and body that the protocol has for it. ``content_type``: of the request."""

    def description(self, name: str, address: str) -> Answer:
        """The description of the service at an address."""


async def accept_http(integration: Integration, headers: Mapping[str, str], body: bytes, hub: Hub) -> Answer:
    """``POST /api/v1/<name>``: 401 and 403 for a caller that may not call this, 429 after many; then the door's own refusals."""
    own = integration.source if isinstance(integration.source, Bound) else None
    answer = await _accept(integration, headers, body, hub, credential(integration.source, body))
    return own.over_http(headers.get("content-type", ""), answer) if own else answer


def credential(source: object, body: bytes) -> Named | None:
    """The credential in a body; ``None`` for a protocol without one, and if our reader fails at it."""
    try:
        with faults():
            return source.named(body) if isinstance(source, Bound) else None
    except Fault:
        return None


async def describe(integration: Integration, headers: Mapping[str, str], hub: Hub) -> Answer:
    """``GET /api/v1/<name>?wsdl``: the description of the service, for a caller who may call it."""
    partner = admit(integration.name, headers, hub)
    if isinstance(partner, Answer):
        return partner
    if not isinstance(integration.source, Bound):
        return NOT_FOUND
    return integration.source.description(integration.name, f"{door.address(headers)}/api/v1/{integration.name}")


async def _accept(integration: Integration, headers: Mapping[str, str], body: bytes, hub: Hub, named: Named | None) -> Answer:
    partner = admit(integration.name, headers, hub, named=named)
    if isinstance(partner, Answer):
        return partner
    envelope = door.received(integration, headers, body, partner.name, hub)
    try:
        with faults(), holding(len(body), hub) as hold:
            return _with_mode(envelope, door.asynchronous(headers, await _enter(integration, envelope, hold, hub)), hub)
    except Short:
        return _with_mode(envelope, answer_memory_short(integration, envelope, hub), hub)
    except Fault as problem:
        return answer_unavailable(integration, envelope, problem, hub)
    except Away:
        return answer_unavailable(integration, envelope, Unavailable(AWAY), hub)


def _with_mode(envelope: Envelope, answer: Answer, hub: Hub) -> Answer:
    """In a parallel run the answer names the mode: the system that copies messages to the hub must not pass it to the sender."""
    return answer._replace(headers={**answer.headers, MODE: OBSERVE}) if hub.observes(envelope) else answer


async def _enter(integration: Integration, envelope: Envelope, hold: Hold, hub: Hub) -> Answer:
    try:
        envelope = await door.entered(integration, envelope, hold)
    except Unsupported as problem:
        return await door.turned_away(integration, envelope, problem, hub)
    return await answer_if_busy(integration, envelope, hub) or await batches.take(integration, envelope, hub)
