"""A merge of a record with itself is refused by every integration that takes merges, whichever way it names the record."""

import re
from collections.abc import Iterator

import pytest

from integrations import CATALOGUE, load
from shared import check
from shared.envelope import Envelope
from toolkit.samples import RECEIVED_AT, samples


def merges() -> Iterator[tuple[str, str, bytes]]:
    """Each accepted sample of A40 of every integration that takes HL7 v2."""
    for name in CATALOGUE:
        merging = [each for each in samples(load(name)) if b"ADT^A40" in each.body[:200]]  # only these are tried at the import
        ran = ((each, check.run(load(name), each.envelope)) for each in merging)
        yield from ((name, each.name, each.body) for each, found in ran if found.verdict.accepted and not found.waits_for)


MERGES = list(merges())


def self_merged(name: str, body: bytes) -> Iterator[bytes]:
    """The message with each number of the surviving patient in turn as the one that is merged away."""
    pid = next(line for line in body.split(b"\r") if line.startswith(b"PID")).split(b"|")
    for number in (*pid[3].split(b"~"), *(pid[2:3] if name == "chemocare-to-mpi" else ())):
        yield re.sub(rb"(?<=\rMRG\|)[^|\r]*", number.replace(b"\\", rb"\\"), body, count=1)


def verdict(name: str, body: bytes) -> str:
    return check.run(load(name), Envelope(integration=name, body=body, received_at=RECEIVED_AT)).verdict.acknowledgement


def test_every_flow_with_merges_is_here() -> None:
    flows = {name for name in CATALOGUE if any("A40" in each for each in getattr(load(name).source, "messages", ()))}
    assert {name for name, _, _ in MERGES} == flows


@pytest.mark.parametrize(("name", "sample", "body"), MERGES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_record_is_not_merged_with_itself(name: str, sample: str, body: bytes) -> None:
    answers = [verdict(name, each) for each in self_merged(name, body)]
    assert set(answers) == {"AE"}
