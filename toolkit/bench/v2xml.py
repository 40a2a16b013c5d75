"""How fast HL7 v2 in XML becomes ER7 and ER7 becomes XML, as a ratio to ``lxml``'s parsing of the same document, in one run.

Goal: at most four times. The way in has ``lxml``'s parsing in it, so it may spend three times as long on all the rest.
"""

from collections.abc import Callable, Iterable, Mapping

from lxml import etree

from shared.formats.hl7_xml.reader import read
from shared.formats.hl7_xml.writer import write
from shared.hl7 import parse
from toolkit.bench.parse import MESSAGES
from toolkit.bench.turns import ROUND, ROUNDS, Turns, turns

GOAL = 4.0
ADT, ORU = "ADT^A01", "ORU^R01, 60 OBX and NTE"
WAYS = ("XML to ER7", "ER7 to XML")


def works(body: bytes) -> Mapping[str, Callable[[], object]]:
    """Parsing alone, and both ways, on one message."""
    document = write(parse(body))
    if read(etree.fromstring(document)).lines != parse(body).lines:
        raise AssertionError("the message is not the same after XML")
    return {
        "lxml": lambda: etree.fromstring(document),
        WAYS[0]: lambda: read(etree.fromstring(document)).encode(),
        WAYS[1]: lambda: write(parse(body)),
    }


def measure(names: Iterable[str] = (ADT, ORU), rounds: int = ROUNDS, seconds: float = ROUND) -> dict[str, Turns]:
    """The turns at each message."""
    return {name: turns(works(MESSAGES[name]), rounds, seconds) for name in names}


def main() -> int:
    """Print the ratios; 1 when a goal is missed."""
    missed = 0
    print(f"{'message':28}{'way':14}{'us':>9}{'of lxml (goal)':>20}")
    for name, took in measure().items():
        for way in WAYS:
            ratio = took.ratio("lxml", way)
            missed += ratio > GOAL
            shown = f"{ratio:9.2f}x (<= {GOAL:3.1f})"
            print(f"{name:28}{way:14}{took.best(way) * 1e6:9.1f}{shown:>20}   {'reached' if ratio <= GOAL else 'MISSED'}")
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
