"""``GET /api/v1/<name>/agreement[?hours=]``: how far the two engines of a parallel run agree; no content."""

from collections.abc import Mapping

from shared.envelope import Answer
from shared.hub import Hub
from shared.intake.admission import admit
from shared.intake.http_answers import STORAGE_AWAY, json_answer
from shared.integration import Integration
from shared.parallel.agreement import HOUR, agreement
from shared.storage.store import Away

DEFAULT_HOURS, MOST_HOURS = 24, 90 * 24


async def show_agreement(integration: Integration, headers: Mapping[str, str], query: Mapping[str, str], hub: Hub) -> Answer:
    """401, 403 and 429 for a caller without the role ``admin``; 503 when storage is unavailable."""
    partner = admit(integration.name, headers, hub, "admin")
    if isinstance(partner, Answer):
        return partner
    text = query.get("hours", "")
    hours = min(int(text), MOST_HOURS) if text.isascii() and text.isdecimal() and len(text) < 6 else DEFAULT_HOURS
    try:
        found = await agreement(integration.name, hub.now() - hours * HOUR, hub)
    except Away:
        return STORAGE_AWAY
    return json_answer(200, found.face())
