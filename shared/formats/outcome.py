"""The body of an answer that is an OperationOutcome, in the media type that the caller prefers."""

from collections.abc import Iterable, Sequence

import orjson

from shared.envelope import Answer, Envelope, language_headers
from shared.fhir.outcome import outcome
from shared.formats.media import FHIR_XML
from shared.issue import Issue
from shared.voices import Language, languages


def outcome_answer(status: int, issues: Iterable[Issue], media: str, preferred: Sequence[Language]) -> Answer:
    """An OperationOutcome with one issue for each: XML if the media type is ``application/fhir+xml``, otherwise JSON.

    ``preferred``: the languages of the caller; empty for the short English texts.
    """
    made = outcome(issues, preferred)
    body = orjson.dumps(made)
    if media == FHIR_XML:
        from shared.fhir.xml.write import write

        body = write(made)
    headers = language_headers(preferred[0] if preferred else "")
    return Answer(status=status, content_type=media, body=body, headers=headers)


def preferred_by(envelope: Envelope) -> tuple[Language, ...]:
    """The languages that the caller of a message accepts, if Welsh is one of them."""
    return languages(envelope.headers.get("accept-language", ""))
