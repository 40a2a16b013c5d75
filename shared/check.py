"""What is known of a message without network, clock or storage: read it, check it, make what leaves, check that.

``check`` answers the sender, ``run`` also shows what would leave, ``transform`` makes it for a delivery.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from shared import formats
from shared.codes import met, table
from shared.codes.met import Met
from shared.envelope import Answer, Envelope, Outgoing
from shared.integration import Content, Integration
from shared.issue import Issue, Verdict, limit_issues, verdict
from shared.problems import Fault, Interrupted, Problem, Rejected, Unsendable, Unsupported, without_traceback

NOT_FOR_TESTS = Issue(
    severity="error",
    code="not-supported",
    text="a test message, and this destination takes none",
    rule="synthetic",
    hl7="202",
)
T = TypeVar("T")
Tried = tuple[Verdict, "tuple[Outgoing, ...] | None", "tuple[Issue, ...]", "tuple[Met, ...]"]
KEPT = 64 * 1024  # bytes of what leaves that are kept from the check to the first attempt


class Checked(NamedTuple):
    """The verdict on a message, what was read of it (``None`` when it could not be), and the sender's answer."""

    verdict: Verdict
    content: Content | None
    answer: Answer
    made: tuple[Outgoing, ...] | None = None  # what would leave; ``None`` where nothing was made
    faults: tuple[Issue, ...] = ()  # why our own output would not pass its check
    codes: tuple[Met, ...] = ()  # the codes that no table knows


class Ran(NamedTuple):
    """The verdict, and what would leave: nothing when the message is refused, waits, or our own output fails its check."""

    verdict: Verdict
    answer: Answer
    outgoing: tuple[Outgoing, ...] = ()
    faults: tuple[Issue, ...] = ()
    waits_for: tuple[Issue, ...] = ()  # codes that a table makes the message wait for


def check(integration: Integration, envelope: Envelope) -> Checked:
    """Read and check a message; no network, no clock."""
    read, source, made = None, integration.source, None
    wrong: tuple[Issue, ...] = ()
    codes: tuple[Met, ...] = ()
    try:
        with faults():
            read = source.read(envelope)
            found = verdict([*source.repairs(read), *_findings(integration, read)], integration.refusal)
            if found.accepted:
                found, made, wrong, codes = _tried(integration, envelope, read, found)
    except Unsupported as problem:
        found = Verdict("AR", tuple(limit_issues(problem.issues)))
    except Rejected as problem:
        found = Verdict(integration.refusal, tuple(limit_issues(problem.issues)))
    codes = (*met.met(read, found.issues), *codes) if read is not None else ()
    return Checked(found, read, source.acknowledge(envelope, read, found), made, wrong, codes)


def _tried(integration: Integration, envelope: Envelope, read: Content, found: Verdict) -> Tried:
    """The verdict when what would leave has been made too: a message whose own output fails its check is refused at the door.

    A mapping that breaks is a fault of ours, and no reason to refuse: the message becomes a dead letter, to be replayed.
    """
    try:
        if len(envelope.body) <= KEPT:
            return found, _if_small(transform(integration, envelope, read)), (), ()
        with faults():  # a large one is not written here: it would be in memory once more, and is made again when it is sent
            require_codes(integration, read)
            _sound(integration, read)
        return found, None, (), ()
    except Unsendable as problem:
        issues = [*found.issues, *map(_not_sendable, problem.issues)]
        return verdict(issues, integration.refusal), None, problem.issues, ()
    except table.Unmapped as problem:
        others = [each for each in problem.codes if each[0] not in found.issues]  # that only the mapping met
        issues = [*found.issues, *(issue for issue, _ in others)]
        return verdict(issues, integration.refusal), None, (), tuple(met.one(*each) for each in others)
    except Fault:
        return found, None, (), ()


def _not_sendable(issue: Issue) -> Issue:
    text = f"what the destination would receive is not valid: {issue.rule or issue.code} at {issue.where or 'its structure'}"
    return Issue(severity="error", code="processing", text=text[:250], rule="not-sendable")


def _findings(integration: Integration, read: Content) -> Iterator[Issue]:
    if integration.source.is_synthetic(read) and not integration.destination.takes_synthetic:
        form = next((each for each in formats.of(integration.source) if each.holds(read)), None)
        raise Unsupported(NOT_FOR_TESTS._replace(where=form.test_mark if form else ""))
    yield from integration.profile.check(read)
    yield from table.issues(integration.codes, read)


def run(integration: Integration, envelope: Envelope) -> Ran:
    """Check a message and make what would leave; no network, no clock."""
    checked = check(integration, envelope)
    if not checked.verdict.accepted or checked.made is not None:
        return Ran(checked.verdict, checked.answer, checked.made or (), checked.faults)
    try:
        return Ran(checked.verdict, checked.answer, transform(integration, envelope, checked.content))
    except table.Unmapped as problem:
        if problem.waits:
            return Ran(checked.verdict, checked.answer, waits_for=problem.issues)
        return Ran(checked.verdict, checked.answer, faults=problem.issues)
    except Fault as fault:
        return Ran(checked.verdict, checked.answer, faults=fault.issues)


def transform(integration: Integration, envelope: Envelope, read: Content | None = None) -> tuple[Outgoing, ...]:
    """What leaves for one message, checked. Raises ``Fault``: our own output is wrong, or a mapping broke."""
    return tuple(part.whole() for part in transform_apart(integration, envelope, read))


def transform_apart(integration: Integration, envelope: Envelope, read: Content | None = None) -> tuple[Outgoing, ...]:
    """The same, with the long texts that stay where they are (``Outgoing.texts``)."""
    with faults():
        read = integration.source.read(envelope) if read is None else read
        require_codes(integration, read)
        made = _sound(integration, read)
        control = integration.source.identity(read, envelope).control_id
        return integration.write(read, made) if integration.write else written(made, control)


def require_codes(integration: Integration, read: Content) -> None:
    """Nothing, when no table makes this message wait. Raises ``Unmapped``."""
    if unknown := table.waits(integration.codes, read):
        raise table.Unmapped(*unknown, waits=True)


def _sound(integration: Integration, read: Content) -> Any:
    """What the mapping makes of a message. Raises ``Unsendable``: it does not pass the check of the output."""
    made = integration.transform(read)
    wrong = [issue for issue in integration.outgoing.check(made) if issue.is_error]
    if wrong:
        raise Unsendable(*wrong)
    return made


def _if_small(made: tuple[Outgoing, ...]) -> tuple[Outgoing, ...] | None:
    """What was made at the check, for the first attempt; a large one is made again, so that it is not held while it waits."""
    return made if sum(len(part.body) for part in made) <= KEPT else None


def written(made: Any, control: str) -> tuple[Outgoing, ...]:
    """One body: bytes as they are, anything else as its format writes it. ``TypeError``: no format holds it.

    A mapping that returns the message itself passes it through: it leaves as it was sent, without the reader's repairs.
    """
    if isinstance(made, bytes):
        return (Outgoing(content_type="application/octet-stream", body=made, control_id=control),)
    form = formats.holding(made)
    if form is None:
        raise TypeError(f"no format writes a {type(made).__name__}")
    return (form.write(made, control),)


def read_or_none(integration: Integration, envelope: Envelope) -> Content | None:
    try:
        with faults():
            return integration.source.read(envelope)
    except Problem:
        return None


@contextmanager
def faults() -> Iterator[None]:
    """A bug inside becomes a ``Fault`` with its place in the code, and nothing of the message."""
    try:
        yield
    except (Problem, Interrupted):
        raise
    except Exception as bug:  # noqa: BLE001 the one place: any bug of a mapping or a destination
        place = _place(bug)
        without_traceback(bug)
        raise Fault(Issue(severity="fatal", code="exception", text=f"{type(bug).__name__} in {place}", rule="fault")) from None


def _place(bug: Exception) -> str:
    trace = bug.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"


def answer_without_verdict(integration: Integration, envelope: Envelope, found: Verdict, text: str) -> Answer:
    """AE in the sender's own format, without a word about the inside; plain text when even that cannot be written."""
    plain = found._replace(issues=tuple(issue._replace(text=text) for issue in found.issues))
    try:
        with faults():
            return integration.source.acknowledge(envelope, read_or_none(integration, envelope), plain)
    except Fault:
        return Answer(status=500, content_type="text/plain", body=text.encode())
