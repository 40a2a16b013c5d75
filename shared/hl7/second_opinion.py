"""What the ``hl7`` package reads in a message: an independent reading of HL7 v2, at run time on a sample, after it was settled.

It is slower than our reader and it logs values that it cannot decode, so texts are compared as they were sent, before escapes.
"""

from collections.abc import Iterator
from itertools import islice, zip_longest
from typing import Any

from shared.hl7 import parse
from shared.hl7.leaves import Spot, hl7_spots
from shared.issue import Issue
from shared.leaves import short

LARGEST = 64 * 1024  # bytes; a larger message would keep a core busy for a second
MOST = 20  # issues of one message
SKIPPED = ("MSH-1", "MSH-2")  # the delimiters themselves


def second_opinion(body: bytes) -> list[Issue]:
    r"""Each place where the two readings differ, by path; the values are left out. Raises what our reader raises.

    >>> second_opinion(b"MSH|^~\\&|A|B|C|D|20240501||ADT^A31|1|P|2.5\rPID|1||1~2^^^X&Y||Jones\\T\\Co^Ann")
    []
    """
    from hl7 import HL7Exception
    from hl7 import parse as peer_parse

    message = parse(body)
    ours = [(_path(spot), str(spot.text)) for spot in hl7_spots(message)]
    try:
        theirs = list(_leaves(peer_parse("\r".join(message.lines))))
    except HL7Exception:
        return [_issue("MSH")]
    pairs = zip_longest(ours, theirs, fillvalue=("", ""))
    return [_issue(one[0] or other[0]) for one, other in islice((pair for pair in pairs if pair[0] != pair[1]), MOST)]


def _path(spot: Spot) -> str:
    """Its path with every level: ``PID-1.1.2`` for the second subcomponent of a field with one component."""
    component, subcomponent = (*spot.at[2:], -1, -1)[:2]
    field = spot.path.partition(".")[0]
    return short(f"{field}.{max(component, 0) + 1}.{max(subcomponent, 0) + 1}")


def _leaves(message: Any) -> Iterator[tuple[str, str]]:
    """Path and text of each leaf that holds something, in the order of the message."""
    seen: dict[str, int] = {}
    for segment in message:
        name = str(segment[0])
        seen[name] = seen.get(name, 0) + 1
        where = f"{name}[{seen[name]}]" if seen[name] > 1 else name
        for number in range(1, len(segment)):
            if f"{name}-{number}" not in SKIPPED:
                yield from _parts(f"{where}-{number}", segment[number], level=0)


def _parts(path: str, node: Any, level: int) -> Iterator[tuple[str, str]]:
    """Repetitions are numbered in brackets from the second on, components and subcomponents by dots."""
    if isinstance(node, str):
        if node:
            yield short(path), node
        return
    for number, part in enumerate(node, 1):
        index = (f"[{number}]" if number > 1 else "") if level == 0 else f".{number}"
        yield from _parts(path + index, part, level + 1)


def _issue(where: str) -> Issue:
    return Issue(severity="warning", code="processing", where=where, text="hl7: read otherwise", rule="second-opinion")
