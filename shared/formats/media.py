"""Media types: which of those that an answer may have a caller prefers, and the status of what HTTP itself rejects.

Source: RFC 9110 sections 8.3 (Content-Type) and 12.5.1 (Accept); FHIR R4 section 2.21.0.6 (content types and encodings).
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.issue import Issue

FHIR_JSON, JSON, FHIR_XML, CSV = "application/fhir+json", "application/json", "application/fhir+xml", "text/csv"
OUTCOMES = (FHIR_JSON, JSON, FHIR_XML)  # of an OperationOutcome
FHIR_VERSION = re.compile(r'fhirversion\s*=\s*"?([\d.]+)', re.IGNORECASE)
QUALITY = re.compile(r";\s*q\s*=\s*([\d.]+)", re.IGNORECASE)
STATUS = {  # rule -> HTTP's own status for a body that cannot be read
    "empty": 400,
    "not-gzip": 400,
    "not-acceptable": 406,
    "too-large": 413,
    "content-encoding": 415,
    "content-type": 415,
    "xml-not-well-formed": 400,
    "xml-doctype": 400,
    "xml-processing-instruction": 400,
    "xml-too-deep": 400,
    "xml-name-too-long": 400,
    "xml-too-much": 413,
    "xml-encoding": 415,
}
NOT_TAKEN = Issue(severity="fatal", code="not-supported", text="this media type is not supported", rule="content-type")
NOT_GIVEN = Issue(
    severity="fatal",
    code="not-supported",
    text="the answer is not available in a media type that Accept names",
    rule="not-acceptable",
)


class Range(NamedTuple):
    """One part of ``Accept``."""

    media: str
    quality: float
    position: int

    def fit(self, offer: str) -> int:
        """How closely it names the offer: 3 the type itself, 2 its family, 1 any type, 0 no match."""
        if self.media == offer:
            return 3
        return 2 if self.media == f"{offer.partition('/')[0]}/*" else int(self.media == "*/*")


def chosen(accept: str, offers: Sequence[str]) -> str:
    """The offer that a caller prefers; the first one when ``accept`` is empty, ``""`` when none is acceptable.

    >>> chosen("application/json, text/plain, */*", ("application/hl7-v2", "application/json"))
    'application/json'
    >>> chosen("application/json;q=0, */*;q=0.1", ("application/json", "application/hl7-v2"))
    'application/hl7-v2'
    >>> chosen("text/html", ("application/json",))
    ''
    """
    ranges = list(_ranges(accept))
    if not ranges:
        return offers[0]
    acceptable = [(rank, offer) for offer in offers if (rank := _rank(ranges, offer))]
    return max(acceptable, key=lambda pair: pair[0])[1] if acceptable else ""


def _ranges(accept: str) -> Iterator[Range]:
    for position, part in enumerate(filter(str.strip, accept.lower().split(","))):
        version, quality = FHIR_VERSION.search(part), QUALITY.search(part)
        if version is None or version[1].startswith("4.0"):
            yield Range(part.partition(";")[0].strip(), _number(quality[1]) if quality else 1.0, position)


def _rank(ranges: Sequence[Range], offer: str) -> tuple[float, int, int] | None:
    """Quality, closeness and place of the range that names the offer most closely; ``None`` when it is not acceptable."""
    fit, best = max(((each.fit(offer), each) for each in ranges), key=lambda pair: (pair[0], -pair[1].position))
    return (best.quality, fit, -best.position) if fit and best.quality > 0 else None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
