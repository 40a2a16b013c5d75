"""In which ways a message fails: by its verdict, by the check of what goes out, or because the mapping breaks."""

from typing import NamedTuple

from shared.check import run
from shared.compare.trees import format_of, place
from shared.envelope import Envelope
from shared.integration import Integration
from toolkit.samples import CONTENT_TYPES, RECEIVED_AT


class Failure(NamedTuple):
    """One way to fail. ``kind``: the acknowledgement of a refusal, ``fault``, ``output`` (what goes out is wrong) or ``warning``.

    ``where`` has no indices: the second repetition fails as the first one does.
    """

    kind: str
    rule: str
    where: str

    @property
    def text(self) -> str:
        """In words: ``AE patient-name at PID-5``."""
        return f"{self.kind} {self.rule}" + (f" at {self.where}" if self.where else "")


def envelope(integration: Integration, body: bytes) -> Envelope:
    """A body as it would arrive: the content type by what it looks like, the time that of every sample."""
    media = CONTENT_TYPES.get(format_of(body), "")
    return Envelope(integration=integration.name, body=body, received_at=RECEIVED_AT, content_type=media)


def failures(integration: Integration, body: bytes) -> dict[Failure, None]:
    """Every way in which a message fails, the most severe first, each once; warnings last."""
    ran = run(integration, envelope(integration, body))
    kind = ran.verdict.acknowledgement
    found = [Failure(kind, issue.rule or issue.code, place(issue.where)) for issue in ran.verdict.issues if issue.is_error]
    if ran.verdict.accepted:
        found = [
            Failure("fault", issue.text if issue.rule == "fault" else issue.rule, place(issue.where)) for issue in ran.faults
        ]
        found += [Failure("waits", issue.rule, place(issue.where)) for issue in ran.waits_for]
    else:
        found += [Failure("output", issue.rule or issue.code, place(issue.where)) for issue in ran.faults]
    warnings = (issue for issue in ran.verdict.issues if issue.severity == "warning")
    return dict.fromkeys([*found, *(Failure("warning", issue.rule or issue.code, place(issue.where)) for issue in warnings)])
