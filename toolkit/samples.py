"""The samples of an integration: the messages it is shown, and what must come out of it."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import orjson

from shared import check, formats
from shared.envelope import Envelope, Outgoing
from shared.integration import Integration
from shared.issue import Issue, Verdict
from shared.partner_docs import samples as published

ROOT = Path(__file__).resolve().parent.parent / "integrations"
RECEIVED_AT = published.RECEIVED_AT  # the clock of every sample, also in the examples for partners
REJECTED = published.REJECTED
CONTENT_TYPES = {form.extension: form.assumed_type for form in formats.every()}  # of a sample, by its extension


class Sample(NamedTuple):
    """One message: its name, its path and its bytes."""

    integration: str
    name: str
    path: Path
    body: bytes

    @property
    def extension(self) -> str:
        return self.path.suffix.removeprefix(".")

    @property
    def envelope(self) -> Envelope:
        return Envelope(
            integration=self.integration,
            body=self.body,
            received_at=RECEIVED_AT,
            content_type=CONTENT_TYPES.get(self.extension, ""),
        )


def samples(integration: Integration) -> list[Sample]:
    """Every ``samples/NAME.in.*`` of an integration, by name."""
    paths = sorted((ROOT / integration.package / "samples").glob("*.in.*"))
    return [Sample(integration.name, path.name.partition(".in.")[0], path, path.read_bytes()) for path in paths]


@cache
def accepted(integration: Integration) -> tuple[Sample, ...]:
    """The samples that are taken, and do not wait for a code: tried once in a process."""
    ran = ((each, check.run(integration, each.envelope)) for each in samples(integration))
    return tuple(each for each, found in ran if found.verdict.accepted and not found.waits_for)


def waits(integration: Integration, sample: Sample) -> bool:
    """Whether a sample waits for a code that no table has: it is accepted, and nothing leaves."""
    return bool(check.run(integration, sample.envelope).waits_for)


def goldens(integration: Integration, sample: Sample) -> dict[str, bytes]:
    """What the files next to a sample must contain, by name.

    Accepted: ``NAME.out.*``, each further body with a number, ``NAME.properties.json`` for what it is routed by, and
    ``NAME.issues.json`` for findings; a message that waits for a code has only these. Rejected: the verdict as ``NAME.out.json``.
    """
    ran = check.run(integration, sample.envelope)
    if ran.faults:
        raise AssertionError(f"{sample.name}: the output fails its own check: {ran.faults}")
    return files_of(sample.name, ran)


def files_of(name: str, ran: check.Ran) -> dict[str, bytes]:
    """The golden files of a sample of this name that came out without a fault."""
    if not ran.verdict.accepted:
        return {f"{name}.out.json": pretty(summary(ran.verdict))}
    files = dict(_bodies(name, ran.outgoing))
    if ran.verdict.issues:
        files[f"{name}.issues.json"] = pretty([finding(issue) for issue in ran.verdict.issues])
    return files


def _bodies(name: str, outgoing: tuple[Outgoing, ...]) -> Iterator[tuple[str, bytes]]:
    for number, each in enumerate(outgoing, 1):
        count = f".{number}" if number > 1 else ""
        form = formats.naming(each.content_type)
        extension, body = (form.extension, form.readable(each.body)) if form else ("bin", each.body)
        yield f"{name}.out{count}.{extension}", body
        if each.properties:
            yield f"{name}.properties{count}.json", pretty(dict(each.properties))


def summary(verdict: Verdict) -> dict[str, object]:
    """A verdict as ``check --json`` prints it."""
    return {
        "acknowledgement": verdict.acknowledgement,
        "accepted": verdict.accepted,
        "issues": [finding(issue) for issue in verdict.issues],
    }


def finding(issue: Issue) -> dict[str, str]:
    return {
        "severity": issue.severity,
        "rule": issue.rule,
        "code": issue.condition,
        "where": issue.where,
        "text": issue.text,
    }


def pretty(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def tried(integration: Integration, body: bytes, extension: str = "hl7") -> check.Ran:
    """What ``./hub run`` does with a body: read, check, map, check what leaves. ``extension``: as of a sample, for its format."""
    envelope = Envelope(
        integration=integration.name, body=body, received_at=RECEIVED_AT, content_type=CONTENT_TYPES.get(extension, "")
    )
    return check.run(integration, envelope)
