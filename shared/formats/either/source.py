"""Two sources of one integration: HL7 v2 and JSON, distinguished by how the body begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.envelope import Answer, Envelope, Identity
from shared.formats.documented import described, type_of, types, variants
from shared.formats.hl7v2 import FORMAT as HL7V2
from shared.formats.json import FORMAT as JSON
from shared.integration import Content, Source
from shared.issue import Issue, Verdict
from shared.limits import NO_PLACES, Placed

BLANK = b" \t\r\n\xef\xbb\xbf\x0b"


def is_json(body: bytes) -> bool:
    """Whether a body begins like JSON.

    >>> is_json(b' {"id": 1}'), is_json(b"MSH|^~\\\\&|")
    (True, False)
    """
    return body.lstrip(BLANK)[:1] in JSON.begins


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Either:
    """HL7 v2 messages are read by one source, JSON documents by the other."""

    hl7: Source
    json: Source
    format: str = f"{HL7V2.name}|{JSON.name}"

    def read(self, envelope: Envelope) -> Content:
        return self._by_body(envelope).read(envelope)

    def repairs(self, content: Content) -> Sequence[Issue]:
        return self._by_content(content).repairs(content)

    def identity(self, content: Content, envelope: Envelope) -> Identity:
        return self._by_content(content).identity(content, envelope)

    def places(self, content: Content) -> Identity:
        source = self._by_content(content)
        return source.places(content) if isinstance(source, Placed) else NO_PLACES

    def is_synthetic(self, content: Content) -> bool:
        return self._by_content(content).is_synthetic(content)

    def types(self) -> tuple[str, ...]:
        """The types of both sources."""
        return (*types(self.hl7), *types(self.json))

    def type_of(self, content: Content) -> str:
        """The type of a message of either source."""
        return type_of(self._by_content(content), content)

    def described(self) -> list[str]:
        """What is accepted, for the interface sheet."""
        return [line for source in (self.hl7, self.json) for line in described(source)]

    def variants(self) -> Mapping[str, str]:
        """Other forms of values that are accepted, for the interface sheet."""
        return {**variants(self.hl7), **variants(self.json)}

    def acknowledge(self, envelope: Envelope, content: Content | None, verdict: Verdict) -> Answer:
        return self._by_body(envelope).acknowledge(envelope, content, verdict)

    def _by_body(self, envelope: Envelope) -> Source:
        """By how it begins; if it begins like neither, by its media type. A message with a file next to it can only be JSON."""
        if envelope.files:
            return self.json  # the HL7 source ignores files: it would accept the message and lose the document
        body = envelope.body.lstrip(BLANK)
        is_named_json = not body.startswith(HL7V2.begins) and "json" in envelope.content_type.lower()
        return self.json if is_named_json or is_json(body) else self.hl7

    def _by_content(self, content: Content) -> Source:
        return self.json if isinstance(content, dict) else self.hl7
