"""The body of an answer that is an OperationOutcome, in the media type that the caller prefers."""

from collections.abc import Iterable

import orjson

from shared.fhir.outcome import outcome
from shared.issue import Issue


def outcome_body(issues: Iterable[Issue], media: str) -> bytes:
    """An OperationOutcome with one issue for each."""
    return orjson.dumps(outcome(issues))
