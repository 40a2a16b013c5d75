"""The status of a message as FHIR clients poll for it: in progress, or done with what became of it as a batch-response.

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
LONGEST_WAIT = 120  # seconds; a message that waits for its destination may go sooner than its next attempt is due
# HTTP status of the entry, severity and FHIR issue type, what is said
ENDED: Mapping[names.EndedAs, tuple[str, Severity, str, str]] = {
    "delivered": ("200", "information", "informational", "delivered"),
    "rejected": ("422", "error", "processing", "refused: see the answer that was given"),
    "dead": ("502", "error", "processing", "not delivered; it waits for a person"),
    "discarded": ("410", "error", "deleted", "not delivered; a person discarded it"),
    "expired": ("504", "error", "timeout", "not delivered in its time; its content is gone"),
}
UNKNOWN_MESSAGE = Issue(severity="error", code="not-found", text="there is no such message of yours", rule="not-found")


def in_progress(row: Row) -> bool:
    """Whether the message has not come to its end."""
    return (row["outcome"] or row["state"]) in WAITING


def progress(row: Row, now: float) -> dict[str, str]:
    """The headers of an answer about a message that is on its way."""
    wait = min(max(math.ceil(row["due"] - now), 1), LONGEST_WAIT)
    attempts = attempts_made(row)
    return {"Retry-After": str(wait), "X-Progress": f"{row['state']}, {attempts} attempt{'' if attempts == 1 else 's'} made"}


def attempts_made(row: Row) -> int:
    """How often it was tried, whether or not that counted against it (shared/destinations/failures.py)."""
    return int(max(row["attempts"] or 0, (row["tries"] or 0) + (row["outcome"] == "delivered")))


def fhir_face(row: Row, ended: str) -> bytes:
    """An OperationOutcome while it is on its way, then a bundle of one response."""
    if in_progress(row):
        return orjson.dumps(outcome([Issue(severity="information", code="informational", text=f"on its way: {row['state']}")]))
    status, severity, code, text = ENDED[row["outcome"]]
    issue = Issue(severity=severity, code=code, text=text, rule=row["code"] if severity == "error" else "")
    response: dict[str, Any] = {"status": status, "lastModified": ended, "outcome": outcome([issue])}
    return orjson.dumps({"resourceType": "Bundle", "type": "batch-response", "entry": [{"response": response}]})


def not_there() -> Answer:
    """404, for a FHIR client."""
    return Answer(status=404, content_type=FHIR_JSON, body=orjson.dumps(outcome([UNKNOWN_MESSAGE])))
