"""Answers over HTTP that are not about a message of the caller: JSON that no cache keeps, not found, storage unavailable."""

from collections.abc import Mapping
from typing import Any

import orjson

from shared.envelope import Answer

COME_BACK = {"Retry-After": "30"}  # seconds; the header while storage is unavailable
NO_STORE = {"Cache-Control": "no-store"}
NOT_FOUND = Answer(status=404, content_type="text/plain", body=b"")
STORAGE_AWAY = Answer(status=503, content_type="text/plain", body=b"", headers=COME_BACK)


def json_answer(status: int, content: Mapping[str, Any], headers: Mapping[str, str] = NO_STORE) -> Answer:
    """An answer that no cache keeps, with more ``headers``."""
    return Answer(
        status=status, content_type="application/json", body=orjson.dumps(dict(content)), headers={**NO_STORE, **headers}
    )
