"""What is written back to HL7 v2, to the letter: each sample as a whole, and each field that the guide maps, alone.

``samples/NAME.out.txt`` is a sample after both ways, a segment a line. ``samples/written_SEGMENT.out.txt`` has for each field of
the guide's probes what was sent, and the segments that it changes in the message that comes back.
"""

import json
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from shared.hl7 import parse
from shared.mapping import from_bundle, to_bundle
from shared.mapping.back.bundle import MESSAGES
from tests.goldens import hold
from toolkit.guide.example import message

SAMPLES = Path(__file__).parent / "samples"
PROBES = Path(__file__).resolve().parents[2] / "toolkit" / "guide_probes.jsonl"


def written(sent: bytes | str) -> list[str]:
    """The segments that come back."""
    return [str(line) for line in from_bundle(to_bundle(parse(sent))).lines]


def is_written(sent: bytes | str) -> bool:
    return parse(sent)["MSH-9.1"] in MESSAGES


BOTH_WAYS = [path for path in sorted(SAMPLES.glob("*.in.hl7")) if is_written(path.read_bytes())]


@cache
def probes() -> dict[str, list[tuple[str, str, dict[str, str]]]]:
    """Segment -> event, field and fields of each probe."""
    found = defaultdict(list)
    for line in PROBES.read_text("utf-8").splitlines():
        probe = json.loads(line)
        if is_written(message(probe["event"], {})):
            found[probe["segment"]].append((probe["event"], probe["field"], probe["fields"]))
    return found


def compare(name: str, lines: list[str], *, accept: bool) -> None:
    path = SAMPLES / f"{name}.out.txt"
    made = "".join(f"{line}\n" for line in lines).encode()
    hold(SAMPLES, {path.name: path.read_bytes()} if path.exists() else {}, {path.name: made}, accept=accept)


@pytest.mark.parametrize("path", BOTH_WAYS, ids=lambda path: path.name.removesuffix(".in.hl7"))
def test_a_sample_comes_back_as_it_was_reviewed(path: Path, accept: bool) -> None:
    compare(path.name.removesuffix(".in.hl7"), written(path.read_bytes()), accept=accept)


@pytest.mark.parametrize("segment", sorted(probes()))
def test_each_field_comes_back_as_it_was_reviewed(segment: str, accept: bool) -> None:
    lines = []
    for event, field, fields in probes()[segment]:
        without = written(message(event, {segment: {**fields, field: ""}}))
        back = [line for line in written(message(event, {segment: fields})) if line not in without]
        lines += [f"{event} {segment}-{field}: {fields[field]}", *(f"  {line}" for line in back)]
    compare(f"written_{segment}", lines, accept=accept)


P42 = "P1|||P6|||||P11" + "|" * 31 + "P42"


@pytest.mark.parametrize(
    ("event", "visit", "back"),
    [
        ("A01", ("PV1|1|I|P1",), ("PV1|1|I|P1",)),
        ("A01", ("PV1|1|I|||||||||P11",), ("PV1|1|I|||||||||P11",)),
        ("A01", (f"PV1|1|I|{P42}",), (f"PV1|1|I|{P42}",)),
        ("A01", ("PV1|1|I", "PV2|P9"), ("PV1|1|I", "PV2|P9")),
        ("A01", ("PV1|1|I|P1||||||||P11", "PV2|P9"), ("PV1|1|I|P1||||||||P11", "PV2|P9")),
        ("A05", ("PV1|1|P|P1", "PV2|P9"), ("PV1|1|P|P1", "PV2|P9")),
        ("A05", ("PV1|1|P", "PV2|P9"), ("PV1|1|P|P9",)),  # of a visit to come, where it is expected is PV1-3
    ],
)
def test_a_place_comes_back_in_its_own_field(event: str, visit: tuple[str, ...], back: tuple[str, ...]) -> None:
    """Where the patient is for now, where they are expected next, and where they are: none is written as another."""
    header = f"MSH|^~\\&|A|B|||20240101||ADT^{event}|1|P|2.5.1"
    assert tuple(written("\r".join([header, "PID|1||1^^^A", *visit]))[-len(back) :]) == back
