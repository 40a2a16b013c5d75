"""How fast WPAS XML becomes a message for the MPI, compared with ``lxml`` that only parses the same body, in one run.

``floor`` is the least Python that makes the same bytes of a full registration: no limit, no check, nothing escaped
(``floors.registration``). It takes three times as long as the parser, because each name and text of the tree becomes a Python
string. So the goal is a ratio to it: the way from the body to the bytes that leave (read safely, map, write) takes at most 4.5
times the floor, and at most 7 with the checks at both ends.

Where the time goes, by a profile of a full registration with all checks: 23 % reads the body, 29 % checks structure and rules,
45 % maps and writes. The largest single step, the text of each field, is 18 %; to write it without its calls gained 3 %, less
than two runs differ, and was not kept. No other step is above 12 %.
"""

from collections.abc import Callable, Collection
from functools import partial
from typing import NamedTuple

from integrations import load
from shared.envelope import Envelope
from toolkit.bench.floors import registration
from toolkit.bench.turns import ROUND, Turns, turns
from toolkit.samples import Sample, samples

GOALS = {"through": 4.5, "checked": 7.0}  # times the floor
FULL = "mpi_registration"  # the sample that the floor makes
NAME = "wpas-to-mpi"
SAMPLES = (
    "mpi_registration",
    "mpi_nulls_as_wpas_writes_them",
    "mpi_utf_16_comment_before_root",
    "mpr_new_number",
    "ipt_transfer",
)
ROUNDS = 25


class Speed(NamedTuple):
    """The size of a sample, and the turns of the parser and of each part of the way; of the floor for ``FULL`` only."""

    sample: str
    size: int
    took: Turns


def speeds(names: Collection[str] = SAMPLES, rounds: int = ROUNDS, seconds: float = ROUND) -> list[Speed]:
    """A sample of each kind."""
    chosen = (sample for sample in samples(load(NAME)) if sample.name in names)
    return [Speed(each.name, len(each.body), turns(works(each), rounds, seconds)) for each in chosen]


def works(sample: Sample) -> dict[str, Callable[[], object]]:
    """The parser, the floor if it makes this sample, and our parts."""
    sent = sample.envelope
    floor = {"floor": partial(registration, sent.body)} if sample.name == FULL else {}
    return {"lxml": parser(sent.body), **floor, "read": reader(sent), "through": through(sent), "checked": checked(sent)}


def parser(body: bytes) -> Callable[[], object]:
    """The parser alone, as it comes: without the limits of the hub."""
    from lxml import etree

    return lambda: etree.fromstring(body)


def reader(envelope: Envelope) -> Callable[[], object]:
    """The document, read safely."""
    source = load(NAME).source
    return lambda: source.read(envelope)


def through(envelope: Envelope) -> Callable[[], bytes]:
    """Read, map, write."""
    integration = load(NAME)

    def work() -> bytes:
        return bytes(integration.transform(integration.source.read(envelope)).encode())

    return work


def checked(envelope: Envelope) -> Callable[[], bytes]:
    """Read, check, map, check what leaves, write."""
    integration = load(NAME)

    def work() -> bytes:
        content = integration.source.read(envelope)
        if any(issue.is_error for issue in integration.profile.check(content)):
            raise ValueError("a sample that is not accepted")
        made = integration.transform(content)
        if any(issue.is_error for issue in integration.outgoing.check(made)):
            raise ValueError("output that fails its check")
        return bytes(made.encode())

    return work


def main() -> int:
    """Print the figures; 1 if a goal is missed."""
    found = speeds()
    print(f"{'sample':36} {'bytes':>7} {'lxml us':>8} {'floor':>6} {'read':>6} {'through':>8} {'checked':>8}")
    for each in found:
        floor = f"{each.took.ratio('lxml', 'floor'):6.1f}" if each.sample == FULL else " " * 6
        read, way, whole = (each.took.ratio("lxml", part) for part in ("read", "through", "checked"))
        print(f"{each.sample:36} {each.size:7} {each.took.best('lxml') * 1e6:8.0f} {floor} {read:6.1f} {way:8.1f} {whole:8.1f}")
    full = next(each.took for each in found if each.sample == FULL)
    missed = 0
    for part, most in GOALS.items():
        ratio = full.ratio("floor", part)
        missed += ratio > most
        print(f"{part}: {ratio:.1f} times the floor (<= {most})   {'reached' if ratio <= most else 'MISSED'}")
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
