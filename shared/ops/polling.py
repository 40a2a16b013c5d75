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
from shared.ledger.rows import Ended, Waiting
from shared.storage import names

LONGEST_WAIT = 120  # seconds; a waiting message may be sent before its next attempt is due
# outcome -> HTTP status of the entry, severity, FHIR issue type, text
ENDED: Mapping[names.EndedAs, tuple[str, Severity, str, str]] = {
    "delivered": ("200", "information", "informational", "delivered"),
    "observed": ("200", "information", "informational", "observed in a parallel run; not delivered"),
    "rejected": ("422", "error", "processing", "rejected: see the acknowledgement"),
    "dead": ("502", "error", "processing", "not delivered; the integration team must act"),
    "discarded": ("410", "error", "deleted", "not delivered; the integration team discarded it"),
    "expired": ("504", "error", "timeout", "not delivered before it expired; its content is deleted"),
}
UNKNOWN_MESSAGE = Issue(severity="error", code="not-found", text="no such message, or not one of yours", rule="not-found")


def progress(message: Waiting, now: float) -> dict[str, str]:
    """The headers of an answer about a message that is being processed."""
    wait = min(max(math.ceil(message.due - now), 1), LONGEST_WAIT)
    attempts = attempts_made(message)
    return {"Retry-After": str(wait), "X-Progress": f"{message.state}, {attempts} attempt{'' if attempts == 1 else 's'} made"}


def attempts_made(message: Ended | Waiting) -> int:
    """How often it was tried, including attempts that do not count against it (shared/destinations/kinds/failures.py)."""
    return max(message.attempts, message.tries + (isinstance(message, Ended) and message.outcome == "delivered"))


def fhir_face(message: Ended | Waiting, ended: str) -> bytes:
    """An OperationOutcome while it is being processed, then a bundle with one response."""
    if isinstance(message, Waiting):
        return orjson.dumps(outcome([Issue(severity="information", code="informational", text=f"in progress: {message.state}")]))
    status, severity, code, text = ENDED[message.outcome]
    issue = Issue(severity=severity, code=code, text=text, rule=message.code if severity == "error" else "")
    response: dict[str, Any] = {"status": status, "lastModified": ended, "outcome": outcome([issue])}
    return orjson.dumps({"resourceType": "Bundle", "type": "batch-response", "entry": [{"response": response}]})


def not_there() -> Answer:
    """404, for a FHIR client."""
    return Answer(status=404, content_type=FHIR_JSON, body=orjson.dumps(outcome([UNKNOWN_MESSAGE])))
