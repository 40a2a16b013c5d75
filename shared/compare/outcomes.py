"""What two engines made of one message: their verdicts and their outputs, compared."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import NamedTuple

from shared.compare.differences import Difference, compare
from shared.compare.trees import place


class Reason(NamedTuple):
    """Why the hub refused a message or failed at it: a path, and the rule or our own text; never a value."""

    where: str
    rule: str


def verdicts(
    *, old_accepts: bool, new_accepts: bool, refused: Iterable[Reason], faults: Iterable[Reason]
) -> Iterator[Difference]:
    """How the verdicts differ: a fault of the hub, each rule that refuses what the old engine accepted, or the reverse."""
    if failures := list(faults):
        yield from (Difference(place(each.where), "fault", rule=each.rule) for each in failures)
    elif old_accepts and not new_accepts:
        yield from (Difference(each.where, "refused", rule=each.rule) for each in refused)
    elif new_accepts and not old_accepts:
        yield Difference("", "accepted")


def outputs(old: Iterable[bytes], new: Iterable[bytes]) -> Iterator[Difference]:
    """Differences of every body that was sent, in their order."""
    for number, (before, after) in enumerate(zip_longest(old, new), 1):
        inside = f"body[{number}]:" if number > 1 else ""
        if before is None or after is None:
            yield Difference(f"body[{number}]", "extra" if before is None else "missing")
        else:
            yield from (each._replace(path=inside + each.path) for each in compare(before, after))
