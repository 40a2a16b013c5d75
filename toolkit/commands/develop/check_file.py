"""``./hub check`` of a file of several messages: the verdict on each, as the door would give it. No network, no storage."""

from collections.abc import Iterator
from typing import Any

from shared import check, formats
from shared.formats.batch import Answered, Batch
from shared.issue import Verdict
from shared.problems import Unsupported
from toolkit.commands.develop.check import Result, answered, issue_face, verdict_face


def verdicts(integration: Any, received: Any) -> Result | None:
    """The verdict on each message of a file, by its row or number; ``None`` if it is a single message."""
    batch = opened(integration, received)
    if batch is None:
        return None
    if isinstance(batch, Verdict):
        return {
            **verdict_face(batch),
            "answer": answered(integration.source, integration.source.acknowledge(received, None, batch)),
        }
    file = FileCheck(integration, received)
    answer = batch.acknowledge(file.members(batch))
    is_broken = any(issue.severity == "fatal" for issue in batch.issues)
    is_accepted = not is_broken and file.accepted == file.count
    issues = [{"row": str(place), **issue_face(issue)} for place, found in file.found for issue in found.issues]
    return {
        "acknowledgement": "AR" if is_broken else "AA" if is_accepted else "AE",
        "accepted": is_accepted,
        "messages": file.count,
        "accepted_messages": 0 if is_broken else file.accepted,
        "issues": [*({"row": "", **issue_face(issue)} for issue in batch.issues), *issues],
        "answer": f"HTTP {answer.status}",
    }


def opened(integration: Any, received: Any) -> Batch | Verdict | None:
    """The file, if a body is one; the verdict on it, if it cannot be read; ``None`` for a single message."""
    form = next((form for form in formats.of(integration.source) if form.batch and form.is_batch(received.body)), None)
    if form is None or form.batch is None:
        return None
    try:
        return form.batch(integration.source, received)
    except Unsupported as problem:
        return Verdict("AR", problem.issues)


class FileCheck:
    """What is found in a file that is read once. Only members with a finding are kept: a file may have 100,000 rows."""

    def __init__(self, integration: Any, received: Any) -> None:
        self.integration, self.received = integration, received
        self.found: list[tuple[int, Verdict]] = []
        self.count = self.accepted = 0

    def members(self, batch: Batch) -> Iterator[Answered]:
        """The verdict on each member; its place is the row of a table, or its number."""
        for member in batch.members():
            made = None if member.issues else check.check(self.integration, member.alone(self.received))
            verdict = made.verdict if made else Verdict(self.integration.refusal, member.issues)
            self.count += 1
            self.accepted += verdict.accepted
            if verdict.issues:
                self.found.append((member.place or member.number, verdict))
            yield Answered(member, verdict, made.answer.body if made else b"")
