"""Two declared sources of one integration: HL7 v2 and JSON, told apart by how the body begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.envelope import Answer, Envelope, Identity
from shared.integration import Content, Profile, Source
from shared.issue import Issue, Verdict
from shared.limits import UNPLACED, Placed

BLANK = b" \t\r\n\xef\xbb\xbf\x0b"


def is_json(body: bytes) -> bool:
    """Whether a body begins like JSON.

    >>> is_json(b' {"id": 1}'), is_json(b"MSH|^~\\\\&|")
    (True, False)
    """
    return body.lstrip(BLANK)[:1] in (b"{", b"[")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Either:
    """HL7 v2 messages by one source, JSON documents by the other."""

    hl7: Source
    json: Source
    format: str = "hl7v2|json"

    def read(self, envelope: Envelope) -> Content:
        return self._by_body(envelope).read(envelope)

    def repairs(self, content: Content) -> Sequence[Issue]:
        return self._by_content(content).repairs(content)

    def identity(self, content: Content, envelope: Envelope) -> Identity:
        return self._by_content(content).identity(content, envelope)

    def places(self, content: Content) -> Identity:
        source = self._by_content(content)
        return source.places(content) if isinstance(source, Placed) else UNPLACED

    def is_synthetic(self, content: Content) -> bool:
        return self._by_content(content).is_synthetic(content)

    def acknowledge(self, envelope: Envelope, content: Content | None, verdict: Verdict) -> Answer:
        return self._by_body(envelope).acknowledge(envelope, content, verdict)

    def _by_body(self, envelope: Envelope) -> Source:
        """By how it begins; what begins like neither, by its media type. What has a file beside it can only be JSON."""
        if envelope.files:
            return self.json  # the HL7 source knows of no file: it would take the message and lose the document
        body = envelope.body.lstrip(BLANK)
        unsure = body[:3] not in (b"MSH", b"FHS", b"BHS") and "json" in envelope.content_type.lower()
        return self.json if unsure or is_json(body) else self.hl7

    def _by_content(self, content: Content) -> Source:
        return self.json if isinstance(content, dict) else self.hl7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class EitherProfile:
    """The profile of each source."""

    hl7: Profile
    json: Profile

    @property
    def name(self) -> str:
        return f"{self.hl7.name} or {self.json.name}"

    def check(self, content: Any) -> Sequence[Issue]:
        return (self.json if isinstance(content, dict) else self.hl7).check(content)
