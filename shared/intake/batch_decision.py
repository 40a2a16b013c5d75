"""A batch file decided: the answer to each member, and the acknowledgement made of them."""

from collections.abc import Iterator
from typing import NamedTuple

from shared import formats
from shared.envelope import Answer, Envelope
from shared.formats.batch import Answered, Batch, Member
from shared.intake.decide import Decision, decide
from shared.integration import Integration
from shared.issue import Issue, Verdict
from shared.ledger.arrivals.batch_rows import Given
from shared.privacy import digest, keyed
from shared.problems import Unsupported


class Decided(NamedTuple):
    """A batch at the door: the answers, how many members it has, and what is wrong with the file as a whole."""

    given: Given
    members: int
    issues: tuple[Issue, ...]

    @property
    def unreadable(self) -> bool:
        """Whether the file could not be read to its end, so that nothing of it is taken."""
        return any(issue.severity == "fatal" for issue in self.issues)


def batch_key(envelope: Envelope) -> str:
    """A batch is the caller's own: another caller's post of the same bytes is another batch."""
    return keyed("batch", "\0".join((envelope.trigger, envelope.partner, envelope.reference, digest(envelope.body))))


def answer_with(key: str, given: Given) -> Answer:
    """The answer that was given to the batch, with its id."""
    answer = given.answer
    return answer._replace(headers={**answer.headers, "X-Batch-Id": key})


def decide_batch(integration: Integration, envelope: Envelope) -> Decided:
    """The decision on each member, and the acknowledgement made of them."""
    batch = open_batch(integration, envelope)
    if isinstance(batch, Verdict):
        return Decided(Given.of("", integration.source.acknowledge(envelope, None, batch)), 0, batch.issues)
    codes = list[str]()

    def answers() -> Iterator[Answered]:
        for member in batch.members():
            decision = _decide(integration, envelope, member)
            codes.append(decision.verdict.acknowledgement[1])
            yield Answered(member, decision.verdict, decision.answer.body)

    answer = batch.acknowledge(answers())
    return Decided(Given.of("".join(codes), answer), batch.count, tuple(batch.issues))


def open_batch(integration: Integration, envelope: Envelope) -> Batch | Verdict:
    """The file as its format reads it; the verdict on it if its format cannot."""
    opens = next(form.batch for form in formats.of(integration.source) if form.batch and form.is_batch(envelope.body))
    try:
        return opens(integration.source, envelope)
    except Unsupported as problem:
        return Verdict("AR", problem.issues)


def _decide(integration: Integration, envelope: Envelope, member: Member) -> Decision:
    alone = member.alone(envelope)
    if not member.issues:
        return decide(integration, alone)
    found = Verdict(integration.refusal, member.issues)
    return Decision(found, integration.source.acknowledge(alone, None, found))
