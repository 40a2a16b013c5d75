"""JSON events as a source."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.envelope import Answer, Envelope, Identity
from shared.formats.json import FORMAT
from shared.formats.json.body import answer, document
from shared.issue import Issue, Verdict
from shared.problems import Unsupported

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class JsonEvents:
    """Events in JSON: an object with its own id and its source.

    Args:
        event_id, source: the properties that name the event and its sender. synthetic: a property that is true for a test.
    """

    event_id: str = "id"
    source: str = "source"
    synthetic: str = "test"
    format: str = FORMAT.name

    def read(self, envelope: Envelope) -> Document:
        """The event. ``Unsupported``: not JSON, or not an object."""
        event = document(envelope)
        if not isinstance(event, dict):
            raise Unsupported(Issue(severity="fatal", code="structure", text="a JSON object is expected", rule="not-an-object"))
        return event

    def repairs(self, content: Document) -> Sequence[Issue]:
        return ()

    def identity(self, content: Document, envelope: Envelope) -> Identity:
        return Identity(
            sender=envelope.partner, facility=str(content.get(self.source, "")), control_id=str(content.get(self.event_id, ""))
        )

    def places(self, content: object) -> Identity:
        return Identity(sender="", facility=f"/{self.source}", control_id=f"/{self.event_id}")

    def is_synthetic(self, content: Document) -> bool:
        return content.get(self.synthetic) is True

    def acknowledge(self, envelope: Envelope, content: Document | None, verdict: Verdict) -> Answer:
        return answer(envelope, verdict)
