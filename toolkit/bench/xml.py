"""How fast WPAS XML becomes a message for the MPI, compared with ``lxml`` that only parses the same body, in one run.

Goal: the way from the body to the bytes that leave (read safely, map, write) takes at most three times as long as the parser. The
checks at both ends are timed on their own, because a parser has nothing like them.
"""

from collections.abc import Callable
from typing import NamedTuple

from integrations import load
from shared.envelope import Envelope
from toolkit.bench.turns import turns
from toolkit.samples import accepted

GOAL = 3.0
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
    """Seconds a call of ``lxml``, and how many times as long each part of the way takes."""

    sample: str
    size: int
    parser: float
    read: float
    through: float
    checked: float


def speeds(rounds: int = ROUNDS) -> list[Speed]:
    """A sample of each kind."""
    return [_speed(sample.name, sample.envelope, rounds) for sample in accepted(load(NAME)) if sample.name in SAMPLES]


def _speed(name: str, envelope: Envelope, rounds: int) -> Speed:
    took = turns(
        {"lxml": parser(envelope.body), "read": reader(envelope), "through": through(envelope), "checked": checked(envelope)},
        rounds,
    )
    read, way, whole = (took.ratio("lxml", part) for part in ("read", "through", "checked"))
    return Speed(name, len(envelope.body), took.best("lxml"), read, way, whole)


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
    """Print the figures; 1 if the goal is missed by any sample."""
    found = speeds()
    print(f"{'sample':36} {'bytes':>7} {'lxml us':>8} {'read':>6} {'through':>8} {'checked':>8}")
    for each in found:
        figures = f"{each.parser * 1e6:8.0f} {each.read:6.1f} {each.through:8.1f} {each.checked:8.1f}"
        print(f"{each.sample:36} {each.size:7} {figures}")
    worst = max(each.through for each in found)
    print(f"most of the parser's time: {worst:.1f} (goal: {GOAL})")
    return int(worst > GOAL)


if __name__ == "__main__":
    raise SystemExit(main())
