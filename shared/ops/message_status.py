"""The status of one message for its sender: state and times, never content, and only of the caller's own messages."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from shared import formats
from shared.envelope import Answer
from shared.formats.media import FHIR_JSON, JSON, chosen
from shared.hub import Hub
from shared.intake.admission import admit
from shared.integration import Integration
from shared.ops import polling
from shared.security import Partner
from shared.storage import names
from shared.storage.store import Row

REFUSED = "0"  # the receipt key of a rejected message, which has no number in a lane


async def status(integration: Integration, headers: Mapping[str, str], message_id: str, hub: Hub) -> Answer:
    """``GET /api/v1/<name>/messages/<id>``: 401, 403 and 429 for a caller that is not allowed.

    404 for a message that does not exist or is not the caller's.

    A FHIR client (``Accept: application/fhir+json``) gets the answers of FHIR's asynchronous pattern.
    """
    partner = admit(integration.name, headers, hub)
    if isinstance(partner, Answer):
        return partner
    media = chosen(headers.get("accept", ""), (JSON, FHIR_JSON))
    if not media:
        return Answer(status=406, content_type="text/plain", body=b"")
    row = await find(integration.name, message_id, hub)
    if row is None or not may_see(partner, row):
        return polling.not_there() if media == FHIR_JSON else Answer(status=404, content_type="text/plain", body=b"")
    body = (
        polling.fhir_face(row, _time(row["ended"]))
        if media == FHIR_JSON
        else orjson.dumps(face(integration.name, message_id, row))
    )
    polled = media == FHIR_JSON or all(form.answers_by_status for form in formats.of(integration.source))
    unfinished = polling.progress(row, hub.now()) if polling.in_progress(row) else {}
    return Answer(
        status=202 if unfinished and polled else 200,
        content_type=media,
        body=body,
        headers={"Cache-Control": "no-store", **unfinished},
    )


async def find(integration: str, message_id: str, hub: Hub) -> Row | None:
    """The row with the state of the message: waiting, or its outcome."""
    ledger, (lane, _, key) = names.tables(integration).ledger, message_id.partition(".")
    if not names.is_lane(lane) or not names.is_lane(key):
        return None
    if key == REFUSED:
        return await hub.store.get(ledger, lane, names.row("d", 0))
    receipt = await hub.store.get(ledger, lane, f"r|{key}")
    if receipt is None:
        return None
    for kind in ("d", "w", "d"):  # again at the end: it may have been settled between the first two reads
        if row := await hub.store.get(ledger, lane, names.row(kind, receipt["n"])):
            return row
    return None


def may_see(partner: Partner, row: Row) -> bool:
    return "admin" in partner.roles or (bool(row["partner"]) and row["partner"] == partner.name)


def face(integration: str, message_id: str, row: Row) -> dict[str, Any]:
    """Metadata only; issues are given by rule and path."""
    shown = {
        "id": message_id,
        "integration": integration,
        "outcome": row["outcome"] or row["state"],
        "control_id": row["control"],
        "correlation_id": row["correlation_id"],
        "received": _time(row["at"]),
        "ended": _time(row["ended"]),
        "attempts": polling.attempts_made(row),
        "ambiguous": row["ambiguous"],
        "code": row["code"],
        "rules": str(row["rules"]).split(),
        "where": str(row["where"]).split(),
    }
    return {name: value for name, value in shown.items() if value not in ("", [])}


def _time(at: Any) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else ""
