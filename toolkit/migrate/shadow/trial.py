"""One recorded message through the integration: the hub's verdict next to the old engine's, and how the outputs differ."""

from collections.abc import Iterator
from typing import NamedTuple

import orjson

from shared import check
from shared.compare.differences import Difference, compare
from shared.compare.outcomes import Reason, outputs, verdicts
from shared.envelope import Envelope, Outgoing
from shared.integration import Integration
from shared.issue import Issue
from shared.privacy import shown
from toolkit.migrate.pairs import Pair
from toolkit.samples import RECEIVED_AT


class Finding(NamedTuple):
    """One finding of a check, without its text: for counting."""

    severity: str
    rule: str
    where: str


class Trial(NamedTuple):
    """What became of one pair.

    ``reached``: the hub reached a verdict (else it failed at the message). ``rewritten``: the outputs say the same in other
    bytes, such as other line ends or empty fields at the end.
    """

    name: str
    control_id: str
    old_accepts: bool
    new_accepts: bool
    reached: bool
    findings: tuple[Finding, ...]
    differences: tuple[Difference, ...]
    rewritten: bool = False


def try_pair(integration: Integration, pair: Pair, received_at: str = RECEIVED_AT) -> Trial:
    """Run one pair; no network, no storage, no clock."""
    envelope = Envelope(integration=integration.name, body=pair.body, received_at=received_at, content_type=pair.content_type)
    ran = check.run(integration, envelope)
    fault = ran.verdict.accepted and bool(ran.faults or ran.waits_for)
    found = list(_verdicts(pair.accepted, ran, fault))
    both = pair.accepted and ran.verdict.accepted and not fault
    compared = both and pair.outputs is not None
    if compared:
        found += _outputs(pair, ran.outgoing)
    return Trial(
        name=pair.name,
        control_id=control_id(pair),
        old_accepts=pair.accepted,
        new_accepts=ran.verdict.accepted,
        reached=not fault,
        findings=tuple(Finding(issue.severity, issue.rule, issue.where) for issue in ran.verdict.issues),
        differences=tuple(found),
        rewritten=compared and not found and pair.outputs != tuple(each.body for each in ran.outgoing),
    )


def control_id(pair: Pair) -> str:
    """MSH-10 in the form in which an id may be shown; the name of the pair for another format, or when it is absent."""
    header = pair.body.split(b"\r", 1)[0].split(b"\n", 1)[0].decode("latin-1") if pair.format == "hl7" else ""
    fields = header.split(header[3:4]) if len(header) > 8 else []
    return shown("control", fields[9] if len(fields) > 9 and fields[9] else pair.name)


def _verdicts(old_accepts: bool, ran: check.Ran, fault: bool) -> Iterator[Difference]:
    """How the verdicts differ: each rule that refuses a message of the old engine's, or that it took one that was refused."""
    errors: list[Issue] = [issue for issue in ran.verdict.issues if issue.is_error]
    return verdicts(
        old_accepts=old_accepts,
        new_accepts=ran.verdict.accepted,
        refused=[Reason(issue.where, issue.rule or issue.code) for issue in errors],
        faults=[Reason(issue.where, issue.text[:200]) for issue in (*ran.faults, *ran.waits_for)] if fault else (),
    )


def _outputs(pair: Pair, outgoing: tuple[Outgoing, ...]) -> Iterator[Difference]:
    """Differences of every body that was sent, and of what they are routed by where that was recorded."""
    yield from outputs(pair.outputs or (), (each.body for each in outgoing))
    if pair.properties is not None and outgoing:
        routed = orjson.dumps(dict(outgoing[0].properties))
        yield from (each._replace(path=f"property:{each.path}") for each in compare(pair.properties, routed))
