"""The status of a message for FHIR clients that poll: in progress, or its outcome as a batch-response.

Source: FHIR R4 section 3.1.0.1.1 (asynchronous pattern), FHIR R5 async-bundle for the body of the last answer.
"""

import math
from collections.abc import Mapping
from typing import Any

import orjson

from shared.envelope import Answer
from shared.fhir.outcome import outcome
from shared.formats.media import FHIR_JSON
from shared.issue import Issue, Severity
from shared.storage import names
from shared.storage.store import Row

WAITING = ("waiting", "sending")
LONGEST_WAIT = 120  # seconds; a waiting message may be sent before its next attempt is due
# outcome -> HTTP status of the entry, severity, FHIR issue type, text
ENDED: Mapping[names.EndedAs, tuple[str, Severity, str, str]] = {
    "delivered": ("200", "information", "informational", "delivered"),
    "rejected": ("422", "error", "processing", "rejected: see the acknowledgement"),
    "dead": ("502", "error", "processing", "not delivered; the integration team must act"),
    "discarded": ("410", "error", "deleted", "not delivered; the integration team discarded it"),
    "expired": ("504", "error", "timeout", "not delivered before it expired; its content is deleted"),
}
UNKNOWN_MESSAGE = Issue(severity="error", code="not-found", text="no such message, or not one of yours", rule="not-found")


def in_progress(row: Row) -> bool:
    """Whether the message is still being processed."""
    return (row["outcome"] or row["state"]) in WAITING


def progress(row: Row, now: float) -> dict[str, str]:
    """The headers of an answer about a message that is being processed."""
    wait = min(max(math.ceil(row["due"] - now), 1), LONGEST_WAIT)
    attempts = attempts_made(row)
    return {"Retry-After": str(wait), "X-Progress": f"{row['state']}, {attempts} attempt{'' if attempts == 1 else 's'} made"}


def attempts_made(row: Row) -> int:
    """How often it was tried, including attempts that do not count against it (shared/destinations/failures.py)."""
    return int(max(row["attempts"] or 0, (row["tries"] or 0) + (row["outcome"] == "delivered")))


def fhir_face(row: Row, ended: str) -> bytes:
    """An OperationOutcome while it is being processed, then a bundle with one response."""
    if in_progress(row):
        return orjson.dumps(outcome([Issue(severity="information", code="informational", text=f"in progress: {row['state']}")]))
    status, severity, code, text = ENDED[row["outcome"]]
    issue = Issue(severity=severity, code=code, text=text, rule=row["code"] if severity == "error" else "")
    response: dict[str, Any] = {"status": status, "lastModified": ended, "outcome": outcome([issue])}
    return orjson.dumps({"resourceType": "Bundle", "type": "batch-response", "entry": [{"response": response}]})


def not_there() -> Answer:
    """404, for a FHIR client."""
    return Answer(status=404, content_type=FHIR_JSON, body=orjson.dumps(outcome([UNKNOWN_MESSAGE])))
