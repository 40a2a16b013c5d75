"""The status of one message for its sender: state and times, never content, and only of the caller's own messages."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from shared import formats
from shared.envelope import Answer
from shared.formats.media import FHIR_JSON, JSON, chosen
from shared.hub import Hub
from shared.intake.admission import admit
from shared.intake.http_answers import NO_STORE, NOT_FOUND, STORAGE_AWAY
from shared.integration import Integration
from shared.ledger import schema
from shared.ledger.rows import Ended, Receipt, Waiting, message_of
from shared.ops import polling
from shared.security import Partner
from shared.storage import names
from shared.storage.store import Away

REFUSED = "0"  # the receipt key of a rejected message, which has no number in a lane


class Found(NamedTuple):
    """A message, and how often its sender sent the same one again."""

    message: Ended | Waiting
    sent_again: int


async def status(integration: Integration, headers: Mapping[str, str], message_id: str, hub: Hub) -> Answer:
    """``GET /api/v1/<name>/messages/<id>``: 401, 403 and 429 for a caller that is not allowed.

    404 for a message that does not exist or is not the caller's; 503 when a newer version of the hub wrote it,
    or storage is unavailable.

    A FHIR client (``Accept: application/fhir+json``) gets the answers of FHIR's asynchronous pattern.
    """
    partner = admit(integration.name, headers, hub)
    if isinstance(partner, Answer):
        return partner
    media = chosen(headers.get("accept", ""), (JSON, FHIR_JSON))
    if not media:
        return Answer(status=406, content_type="text/plain", body=b"")
    try:
        found = await find(integration.name, message_id, hub)
    except (schema.Newer, Away):
        return STORAGE_AWAY
    if found is None or not may_see(partner, found.message):
        return polling.not_there() if media == FHIR_JSON else NOT_FOUND
    message = found.message
    body = (
        polling.fhir_face(message, _time(message.ended if isinstance(message, Ended) else 0.0))
        if media == FHIR_JSON
        else orjson.dumps(face(integration.name, message_id, found))
    )
    polled = media == FHIR_JSON or all(form.answers_by_status for form in formats.of(integration.source))
    unfinished = polling.progress(message, hub.now()) if isinstance(message, Waiting) else {}
    return Answer(
        status=202 if unfinished and polled else 200,
        content_type=media,
        body=body,
        headers={**NO_STORE, **unfinished},
    )


async def find(integration: str, message_id: str, hub: Hub) -> Found | None:
    """The row with the state of the message, waiting or its outcome, and how often its sender sent it again. Raises ``Newer``."""
    ledger, (lane, _, key) = names.tables(integration).ledger, message_id.partition(".")
    if not names.is_lane(lane) or not names.is_lane(key):
        return None
    if key == REFUSED:
        refused = schema.readable(await hub.store.get(ledger, lane, names.row("d", 0)))
        return Found(Ended.of(refused), 0) if refused else None
    row = schema.readable(await hub.store.get(ledger, lane, names.receipt(key)))
    if row is None:
        return None
    receipt = Receipt.of(row)
    for kind in ("d", "w", "d"):  # again at the end: it may have been settled between the first two reads
        if row := schema.readable(await hub.store.get(ledger, lane, names.row(kind, receipt.number))):
            return Found(message_of(row), receipt.duplicates - receipt.redelivered)
    return None


def may_see(partner: Partner, message: Ended | Waiting) -> bool:
    return "admin" in partner.roles or (bool(message.partner) and message.partner == partner.name)


def face(integration: str, message_id: str, found: Found) -> dict[str, Any]:
    """Metadata only; issues are given by rule and path."""
    message = found.message
    ended = message if isinstance(message, Ended) else None
    shown = {
        "id": message_id,
        "integration": integration,
        "outcome": message.state if isinstance(message, Waiting) else message.outcome,
        "control_id": message.control,
        "correlation_id": message.correlation_id,
        "received": _time(message.at),
        "ended": _time(ended.ended) if ended else "",
        "attempts": polling.attempts_made(message),
        "ambiguous": message.ambiguous,
        "sent_again": found.sent_again,
        "code": message.code,
        "rules": message.rules.split(),
        "where": ended.where.split() if ended else [],
    }
    return {name: value for name, value in shown.items() if value not in ("", [])}


def _time(at: Any) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else ""
