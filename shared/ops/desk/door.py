"""Requests to the ops page: turns an HTTP call of Azure Functions into a request of the page."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qsl

from shared.envelope import Answer
from shared.hub import Hub
from shared.intake.admission import refuse
from shared.intake.http_answers import COME_BACK, STORAGE_AWAY
from shared.ops.desk import routes
from shared.ops.frame import SECURE
from shared.ops.ledger import LedgerFacts
from shared.ops.page import Request, answer
from shared.platform_headers import address
from shared.privacy import keyed
from shared.settings import on_developers_machine
from shared.storage.store import Away

FORM = "application/x-www-form-urlencoded"
LARGEST = 16 * 1024


class Call(NamedTuple):
    """One HTTP call; ``path`` is the part after ``/api/ops``."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


async def ops(call: Call, hub: Hub) -> Answer:
    """Any call below ``/api/ops``; 503 if storage is unavailable."""
    method, path, query, headers, body = call
    if len(body) > LARGEST:
        return Answer(status=413, content_type="text/plain", body=b"")
    form = dict(parse_qsl(body.decode("utf-8", "replace"))) if headers.get("content-type", "").startswith(FORM) else {}
    request = Request(
        method,
        path,
        query,
        headers,
        form,
        day=f"{datetime.fromtimestamp(hub.now(), UTC):%Y-%m-%d}",
        secret=keyed("ops-form", "").encode(),
        on_developers_machine=on_developers_machine(),
    )
    try:
        result = await (routes.answer(request, hub) if routes.is_here(request) else answer(request, LedgerFacts(hub)))
    except Away:
        return STORAGE_AWAY._replace(headers=SECURE | COME_BACK)
    if result.status != 403:
        return result
    refused = refuse(403, "ops", f"address {address(headers)}", hub)
    return refused if refused.status == 429 else result
