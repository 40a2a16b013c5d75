"""What every JSON source shares: reading a body, and the answer in JSON or FHIR JSON."""

import json
from typing import Any

import orjson

from shared import bounds, long_texts
from shared.envelope import Answer, Envelope
from shared.fhir.resource import Decimal
from shared.formats.json import FORMAT
from shared.formats.media import FHIR_JSON, FHIR_VERSION, FHIR_XML, JSON, STATUS, chosen
from shared.formats.outcome import outcome_answer, preferred_by
from shared.issue import Issue, Verdict
from shared.problems import Unsupported

LONG_INTEGER = 20  # digits; one as long or longer is kept as text, because no element of FHIR can hold it
STATUSES = {**STATUS, "not-json": 400, "too-deep": 400, "xml-not-well-formed": 400, "xml-too-deep": 400}
TWICE = Issue(
    severity="error",
    code="structure",
    text="an object has the same property twice: it is not clear which value is meant",
    rule="property-twice",
)
TOO_MUCH = Issue(severity="fatal", code="too-long", text=f"more than {bounds.VALUES} values", rule="too-much")


def document(envelope: Envelope, *, exact: bool = False) -> Any:
    """The JSON of a body; ``exact``, for FHIR, keeps every digit of a decimal, and leaves a large document where it is.

    Raises:
        Unsupported: another media type or FHIR version, not JSON, nested too deep, more values than ``bounds.VALUES``, or the
            same property twice in one object.
    """
    if not FORMAT.takes(envelope.content_type):
        raise Unsupported(
            Issue(severity="fatal", code="not-supported", text="this media type is not supported; JSON is", rule="content-type")
        )
    version = FHIR_VERSION.search(envelope.content_type)
    if version and not version[1].startswith("4.0"):
        raise Unsupported(
            Issue(severity="fatal", code="not-supported", text="this FHIR version is not supported; 4.0 is", rule="fhir-version")
        )
    brackets = envelope.body.count(b"[") + envelope.body.count(b"{")
    if brackets + envelope.body.count(b",") > bounds.VALUES:  # counted before any value is built
        raise Unsupported(TOO_MUCH)
    try:
        body = envelope.body
        read = long_texts.read_whole(body, _exact, _is_document) if exact else long_texts.read_whole(body, _once)
    except json.JSONDecodeError as error:
        text = f"not JSON: line {error.lineno}, column {error.colno}"
        raise Unsupported(Issue(severity="fatal", code="structure", text=text, rule="not-json")) from None
    if brackets > bounds.DEPTH and deeper_than(read, bounds.DEPTH):
        raise Unsupported(Issue(severity="fatal", code="structure", text=f"nested deeper than {bounds.DEPTH}", rule="too-deep"))
    return read


def _is_document(holder: Any, key: Any) -> bool:
    """Whether an element is the data of an Attachment or a Binary: that of a SampledData or a Signature is not."""
    return key == "data" and "contentType" in holder


def _exact(body: bytes) -> Any:
    orjson.loads(body)  # the stricter reader: it rejects NaN, lone surrogates and invalid UTF-8
    return _EXACT.decode(body.decode())


def _once(body: bytes) -> Any:
    read = orjson.loads(body)
    _ONCE.decode(body.decode())
    return read


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) < LONG_INTEGER else Decimal(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Some readers keep the first value of a repeated property, others the last: two systems would differ."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Unsupported(TWICE)
    return made


_EXACT = json.JSONDecoder(parse_float=Decimal, parse_int=_integer, object_pairs_hook=_object)
_ONCE = json.JSONDecoder(parse_float=str, parse_int=str, object_pairs_hook=_object)  # ``json.loads`` would make one each time


def deeper_than(value: Any, most: int) -> bool:
    """Whether a document nests deeper than this.

    >>> deeper_than([[1]], 1), deeper_than([[1]], 2)
    (True, False)
    """
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(most):
        level = [inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)]
        level = [inner for inner in level if isinstance(inner, (dict, list))]
        if not level:
            return False
    return bool(level)


def answer(envelope: Envelope, verdict: Verdict, usual: str = "") -> Answer:
    """202 when accepted, otherwise 422 or HTTP's own status, with an OperationOutcome.

    ``usual``: the media type for a caller without a preference; ``""``: by the type of the request.
    """
    known = (JSON, FHIR_JSON) if envelope.content_type and "fhir" not in envelope.content_type else (FHIR_JSON, JSON)
    offers = tuple(dict.fromkeys((usual or known[0], *known, FHIR_XML)))
    media = chosen(envelope.headers.get("accept", ""), offers) or offers[0]
    return outcome_answer(status(verdict), verdict.issues, media, preferred_by(envelope))


def status(verdict: Verdict) -> int:
    """The HTTP status of a verdict."""
    if verdict.accepted:
        return 202
    codes = {issue.code for issue in verdict.issues if issue.is_error}
    if "transient" in codes:
        return 503
    if "exception" in codes:
        return 500
    of_whole_body = (issue for issue in verdict.issues if issue.severity == "fatal")  # an issue of one element is 422
    return next((STATUSES[issue.rule] for issue in of_whole_body if issue.rule in STATUSES), 422)
