"""The body of an answer that is an OperationOutcome, in the media type that the caller prefers."""

from collections.abc import Iterable

import orjson

from shared.fhir.outcome import outcome
from shared.formats.media import FHIR_XML
from shared.issue import Issue


def outcome_body(issues: Iterable[Issue], media: str) -> bytes:
    """An OperationOutcome with one issue for each: XML if the media type is ``application/fhir+xml``, otherwise JSON."""
    if media != FHIR_XML:
        return orjson.dumps(outcome(issues))
    from shared.fhir.xml.write import write

    return write(outcome(issues))
