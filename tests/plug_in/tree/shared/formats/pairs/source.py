"""Lines of ``key=value`` as a source."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.envelope import Answer, Envelope, Identity
from shared.formats.json.body import answer
from shared.formats.pairs import FORMAT, Pairs, parse
from shared.issue import Issue, Verdict
from shared.problems import Unsupported


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PairsSource:
    """Messages of one ward."""

    format: str = FORMAT.name

    def read(self, envelope: Envelope) -> Pairs:
        """The lines. ``Unsupported``: the body has others."""
        try:
            return parse(envelope.body)
        except ValueError:
            raise Unsupported(Issue(severity="fatal", code="structure", text="a line without =", rule="not-pairs")) from None

    def repairs(self, content: Pairs) -> Sequence[Issue]:
        return ()

    def identity(self, content: Pairs, envelope: Envelope) -> Identity:
        return Identity(sender=envelope.partner, facility=content.get("ward"), control_id=content.get("id"))

    def is_synthetic(self, content: Pairs) -> bool:
        return content.get("test") == "yes"

    def acknowledge(self, envelope: Envelope, content: Pairs | None, verdict: Verdict) -> Answer:
        return answer(envelope, verdict)
