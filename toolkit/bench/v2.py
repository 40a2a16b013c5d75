"""How fast HL7 v2 becomes HL7 v2, checked at both ends: each integration compared with the same work by hl7apy, in one run.

The same work: parse, read every field, build the message that leaves, write it. hl7apy checks nothing here, which is in its
favour. Goals: 100 times its speed, and a 1 MB message within twice the time per byte of a 1 KB one.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from integrations import CATALOGUE, load
from shared.envelope import Envelope
from shared.integration import Integration
from toolkit.bench.turns import turns
from toolkit.samples import RECEIVED_AT, Sample, accepted

GOAL = 100.0
LARGEST_RATIO = 2.0
TYPICAL = 1024  # bytes: the sample nearest to it stands for its flow
ROUNDS = 25
ROUND = 0.03  # seconds: one call of hl7apy
FEW_ROUNDS = 7
UPDATE = re.compile(rb"ADT\^A(08|31)")
AFTER_OBX = re.compile(rb"(?m)^(?=(AL1|DG1|DRG|PR1|GT1|IN1|ACC|UB1|UB2)\|)|\Z")


class Speed(NamedTuple):
    """Messages a second of one flow, ours and hl7apy's."""

    name: str
    sample: str
    size: int
    ours: float
    hl7apy: float
    ratio: float


class PerByte(NamedTuple):
    """Time per byte of a message of 1 MB over that of one of 1 KB."""

    name: str
    ratio: float


def flows() -> list[Integration]:
    """The integrations that take HL7 v2 and send HL7 v2."""
    loaded = [load(name) for name in CATALOGUE]
    updates = [each for each in loaded if each.source.format == "hl7v2" and _plain(each)]
    return [each for each in updates if typical(each).path.with_name(_golden(each)).exists()]


def _plain(integration: Integration) -> list[Sample]:
    return [sample for sample in accepted(integration) if sample.body.isascii() and UPDATE.search(sample.body)]


def typical(integration: Integration) -> Sample:
    return min(_plain(integration), key=lambda sample: abs(len(sample.body) - TYPICAL))


def _golden(integration: Integration) -> str:
    return f"{typical(integration).name}.out.hl7"


def speeds() -> list[Speed]:
    """Both sides of each flow."""
    return [speed(integration) for integration in flows()]


def speed(integration: Integration, rounds: int = ROUNDS, seconds: float = ROUND) -> Speed:
    """Both sides of one flow. ``AssertionError``: our side does not make what the golden file has."""
    sample = typical(integration)
    made = sample.path.with_name(_golden(integration)).read_bytes()
    works = {"ours": hub(integration, sample.envelope), "hl7apy": peer(sample.body.decode(), made.decode())}
    if works["ours"]() != made:
        raise AssertionError(f"{sample.name} does not come out as its golden file says")
    took = turns(works, rounds, seconds)
    ratio = took.ratio("ours", "hl7apy")
    return Speed(integration.name, sample.name, len(sample.body), took.speed("ours"), took.speed("hl7apy"), ratio)


def hub(integration: Integration, envelope: Envelope) -> Callable[[], bytes]:
    """Read, check, map, check what leaves, write."""

    def work() -> bytes:
        content = integration.source.read(envelope)
        if any(issue.is_error for issue in integration.profile.check(content)):
            raise ValueError("a sample that is not accepted")
        made = integration.transform(content)
        if any(issue.is_error for issue in integration.outgoing.check(made)):
            raise ValueError("output that fails its check")
        return bytes(made.as_sent.encode())

    return work


def peer(text: str, made: str) -> Callable[[], str]:
    """The same by hl7apy, with the fields of the message that leaves already worked out for it."""
    from hl7apy.core import Message
    from hl7apy.parser import parse_message

    lines = [line.split("|") for line in made.split("\r") if line]
    text = text.replace("\r\n", "\r").replace("\n", "\r")

    def work() -> str:
        message = parse_message(text, find_groups=False)
        for segment in message.children:
            for field in segment.children:
                field.to_er7()
        built = Message("ADT_A05", version="2.5")
        for name, *fields in lines[1:]:
            built.add(_built(name, fields))
        for number, value in enumerate(lines[0][2:], 3):
            if value:
                setattr(built.msh, f"msh_{number}", value)
        return str(built.to_er7())

    return work


def _built(name: str, fields: list[str]) -> object:
    from hl7apy.core import Field, Segment

    segment = Segment(name, version="2.5")
    for number, value in enumerate(fields, 1):
        for repetition in value.split("~") if value else ():
            field = Field(f"{name}_{number}", version="2.5")
            field.value = repetition
            segment.add(field)
    return segment


def per_byte(rounds: int = FEW_ROUNDS) -> list[PerByte]:
    """Each flow on about 1 KB and on 1 MB: the typical message with more observations."""
    return [_per_byte(integration, rounds) for integration in flows()]


def _per_byte(integration: Integration, rounds: int) -> PerByte:
    body = typical(integration).body.replace(b"\r\n", b"\r").replace(b"\n", b"\r")
    bodies = {"few": grown(body, 1024), "many": grown(body, 1024 * 1024)}
    works = {
        name: hub(integration, Envelope(integration=integration.name, body=each, received_at=RECEIVED_AT))
        for name, each in bodies.items()
    }
    return PerByte(integration.name, turns(works, rounds).ratio("few", "many") * len(bodies["few"]) / len(bodies["many"]))


def grown(body: bytes, size: int) -> bytes:
    """The message with as many observations, where its structure has them, as make it that large."""
    lines = body.replace(b"\r", b"\n")
    place = found.start() if (found := AFTER_OBX.search(lines)) else len(lines)
    one = b"OBX|1|ST|A^First^L||%s||||||F\r" % (b"one" * 20)
    return body[:place] + one * max(0, (size - len(body)) // len(one)) + body[place:]


def main() -> int:
    """Print both tables; 1 when a goal is missed."""
    fast, even = speeds(), {each.name: each.ratio for each in per_byte()}
    print(f"{'flow':20}{'bytes':>7}{'ours/s':>10}{'hl7apy/s':>10}{'ratio (goal)':>16}{'1 MB per byte (goal)':>24}")
    for each in fast:
        reached = each.ratio >= GOAL and even[each.name] <= LARGEST_RATIO
        ratios = f"{each.ratio:8.0f}x (>= {GOAL:.0f}){even[each.name]:15.2f}x (<= {LARGEST_RATIO:.0f})"
        print(f"{each.name:20}{each.size:7}{each.ours:10.0f}{each.hl7apy:10.1f}{ratios}   {'reached' if reached else 'MISSED'}")
    missed = [each for each in fast if each.ratio < GOAL or even[each.name] > LARGEST_RATIO]
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
