"""What the replaced engine made of a message, in a parallel run: queue ``<name>-legacy``, ``POST /api/v1/<name>/legacy``."""

from collections.abc import Mapping

from shared.budget import RETRY, Short, holding
from shared.envelope import LARGEST, Answer
from shared.formats.encoding import bounded
from shared.hub import Hub
from shared.intake.admission import admit
from shared.intake.http_answers import STORAGE_AWAY, json_answer
from shared.intake.triggers.queue_bodies import decoded
from shared.integration import Integration
from shared.parallel import pairs
from shared.parallel.report import Unreadable, read
from shared.privacy import digest
from shared.problems import Unsupported
from shared.storage.store import Away

CONTROL = "x-control-id"


async def accept_legacy_http(integration: Integration, headers: Mapping[str, str], body: bytes, hub: Hub) -> Answer:
    """202 when the output is kept for the comparison.

    401, 403 and 429 for a caller without the role ``legacy``, 409 when the integration is live, 413, 422 when no control id can
    be read, 429 also while the memory for a large output is not free, 503 when storage is unavailable.
    """
    partner = admit(integration.name, headers, hub, "legacy")
    if isinstance(partner, Answer):
        return partner
    if not hub.is_observed(integration.name):
        return json_answer(409, {"error": "this integration is live: nothing is compared"})
    try:
        with holding(len(body), hub):
            await _keep(integration, bounded(body, LARGEST), headers.get(CONTROL, ""), hub)
    except Short:
        return json_answer(429, {"error": "too many large outputs at once"}, {"Retry-After": str(RETRY)})
    except Unsupported:
        return json_answer(413, {"error": "the output is too large"})
    except Unreadable as why:
        return json_answer(422, {"error": str(why)})
    except Away:
        return STORAGE_AWAY
    return json_answer(202, {})


async def accept_legacy_message(integration: Integration, raw: bytes, hub: Hub) -> None:
    """From ``<name>-legacy``. What names no message is skipped and reported. Raises ``Away``: the queue brings it again."""
    try:
        await _keep(integration, decoded(raw), "", hub)
    except Unreadable:
        hub.emit("hub.skipped", integration=integration.name, stage="legacy", error_code="unreadable")


async def drop_legacy_message(integration: Integration, raw: bytes, hub: Hub) -> None:
    """From the poison queue: no message of a sender, so it is reported and its content is gone; the pair stays unpaired."""
    hub.emit("hub.poison", integration=integration.name, queue="legacy")


async def _keep(integration: Integration, body: bytes, control_id: str, hub: Hub) -> None:
    report = read(body, control_id)
    await pairs.keep(integration, report.control_id, "old", digest(body)[:32], report.made, hub)
