"""Media types: what each format takes in, what it can be answered in, and which of those a caller wants.

Source: RFC 9110 sections 8.3 (Content-Type) and 12.5.1 (Accept); FHIR R4 section 2.21.0.6 (content types and encodings).
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.issue import Issue

FHIR_JSON, JSON, HL7 = "application/fhir+json", "application/json", "application/hl7-v2"
ER7 = ("application/hl7-v2+er7", "x-application/hl7-v2+er7")
UNSAID = ("", "application/octet-stream", "application/x-www-form-urlencoded")  # what clients send that were told nothing
JSONS = (FHIR_JSON, JSON, "text/json", "application/cloudevents+json")
TAKEN = {"hl7v2": (*UNSAID, HL7, *ER7, "text/plain"), "fhir": ("", *JSONS), "json": ("", *JSONS)}
LOOKS = {b"{": JSON, b"[": JSON, b"<": "application/xml"}  # how a body begins -> what it is; else it is taken for HL7 v2
GIVEN = {"hl7v2": (HL7, *ER7, "text/plain", FHIR_JSON, JSON), "fhir": (FHIR_JSON, JSON), "json": (FHIR_JSON, JSON)}
FHIR_VERSION = re.compile(r'fhirversion\s*=\s*"?([\d.]+)', re.IGNORECASE)
QUALITY = re.compile(r";\s*q\s*=\s*([\d.]+)", re.IGNORECASE)
STATUS = {  # where HTTP has a status of its own for what is wrong
    "empty": 400,
    "not-gzip": 400,
    "not-json": 400,
    "too-deep": 400,
    "not-acceptable": 406,
    "too-large": 413,
    "content-encoding": 415,
    "content-type": 415,
}
NOT_TAKEN = Issue(severity="fatal", code="not-supported", text="this media type is not taken", rule="content-type")
NOT_GIVEN = Issue(
    severity="fatal",
    code="not-supported",
    text="the answer cannot be had in a media type that Accept names",
    rule="not-acceptable",
)


class Range(NamedTuple):
    """One part of ``Accept``."""

    media: str
    quality: float
    position: int

    def fit(self, offer: str) -> int:
        """How closely it names the offer: 3 the type itself, 2 its family, 1 anything, 0 not at all."""
        if self.media == offer:
            return 3
        return 2 if self.media == f"{offer.partition('/')[0]}/*" else int(self.media == "*/*")


def chosen(accept: str, offers: Sequence[str]) -> str:
    """The offer that a caller likes best; the first when nothing is asked for, ``""`` when none is acceptable.

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
    liked = [(rank, offer) for offer in offers if (rank := _rank(ranges, offer))]
    return max(liked, key=lambda pair: pair[0])[1] if liked else ""


def _ranges(accept: str) -> Iterator[Range]:
    for position, part in enumerate(filter(str.strip, accept.lower().split(","))):
        version, quality = FHIR_VERSION.search(part), QUALITY.search(part)
        if version is None or version[1].startswith("4.0"):
            yield Range(part.partition(";")[0].strip(), _number(quality[1]) if quality else 1.0, position)


def _rank(ranges: Sequence[Range], offer: str) -> tuple[float, int, int] | None:
    """Quality, closeness, place: of the range that names the offer most closely; ``None`` when it is not acceptable."""
    fit, best = max(((each.fit(offer), each) for each in ranges), key=lambda pair: (pair[0], -pair[1].position))
    return (best.quality, fit, -best.position) if fit and best.quality > 0 else None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def takes(form: str, content_type: str) -> bool:
    """Whether a source of this format takes a body of this type; ``hl7v2|json`` is a source of either.

    >>> takes("hl7v2", "text/plain; charset=utf-8"), takes("fhir", "application/fhir+xml"), takes("hl7v2|json", "text/json")
    (True, False, True)
    """
    media = content_type.partition(";")[0].strip().lower()
    return any(media in TAKEN.get(each, (media,)) for each in form.split("|"))


def content_type(body: bytes) -> str:
    """What a body that came without a content type looks like.

    >>> content_type(b' {"id": 1}'), content_type(b"<?xml?>"), content_type(b"MSH|^~")
    ('application/json', 'application/xml', 'x-application/hl7-v2+er7')
    """
    return LOOKS.get(body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1], ER7[1])


def gives(form: str) -> tuple[str, ...]:
    """The media types that a source of this format can answer in, the usual one first."""
    return tuple(dict.fromkeys(media for each in form.split("|") for media in GIVEN.get(each, (JSON,))))
