"""Which parts of two sequences are the same part: equal ones first, then the most alike, then by their order."""

from bisect import bisect_left
from collections import defaultdict, deque
from typing import Any, NamedTuple

from shared.compare.trees import leaves

MANY = 10_000  # comparisons of two parts, from which on those that are not equal are paired by their order
Part = tuple[str, Any]


class Alignment(NamedTuple):
    """Pairs of numbers (old, new), in the order of the old; the old ones that moved; those without a partner."""

    pairs: list[tuple[int, int]]
    moved: set[int]
    missing: list[int]
    extra: list[int]


def align(old: list[Part], new: list[Part]) -> Alignment:
    """Pair the parts of each name. A part that moved is one without which the others are in the same order."""
    pairs: list[tuple[int, int]] = []
    for name in dict.fromkeys(name for name, _ in old):
        left = [number for number, part in enumerate(old) if part[0] == name]
        right = [number for number, part in enumerate(new) if part[0] == name]
        pairs += _pairs(left, right, old, new)
    pairs.sort()
    paired_old, paired_new = {one for one, _ in pairs}, {other for _, other in pairs}
    return Alignment(
        pairs,
        _moved(pairs),
        [number for number in range(len(old)) if number not in paired_old],
        [number for number in range(len(new)) if number not in paired_new],
    )


def _pairs(left: list[int], right: list[int], old: list[Part], new: list[Part]) -> list[tuple[int, int]]:
    """The parts of one name: equal ones, then the most alike, then the rest of both sides."""
    if len(left) == len(right) == 1:
        return [(left[0], right[0])]
    pairs = _equal(left, right, old, new)
    left, right = _without(pairs, left, right)
    if len(left) * len(right) <= MANY:
        pairs += _alike(left, right, old, new)
        left, right = _without(pairs, left, right)
    return pairs + list(zip(left, right, strict=False))


def _without(pairs: list[tuple[int, int]], left: list[int], right: list[int]) -> tuple[list[int], list[int]]:
    taken_left, taken_right = {one for one, _ in pairs}, {other for _, other in pairs}
    return [each for each in left if each not in taken_left], [each for each in right if each not in taken_right]


def _equal(left: list[int], right: list[int], old: list[Part], new: list[Part]) -> list[tuple[int, int]]:
    waiting: dict[str, deque[int]] = defaultdict(deque)
    for number in right:
        waiting[repr(new[number])].append(number)
    return [(number, waiting[key].popleft()) for number in left if waiting[key := repr(old[number])]]


def _alike(left: list[int], right: list[int], old: list[Part], new: list[Part]) -> list[tuple[int, int]]:
    """The pairs with the most leaves in common, best first; among equals those nearest to each other in their order."""
    texts_old = {number: set(leaves(old[number][1])) for number in left}
    texts_new = {number: set(leaves(new[number][1])) for number in right}
    scores = [
        (-len(texts_old[one] & texts_new[other]), abs(place - place_new), one, other)
        for place, one in enumerate(left)
        for place_new, other in enumerate(right)
    ]
    pairs: list[tuple[int, int]] = []
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    for score, _, one, other in sorted(scores):
        if score and one not in taken_left and other not in taken_right:
            pairs.append((one, other))
            taken_left.add(one)
            taken_right.add(other)
    return pairs


def _moved(pairs: list[tuple[int, int]]) -> set[int]:
    """The old numbers outside the longest run of pairs whose order is the same on both sides."""
    ends: list[int] = []  # the smallest last number of a run of each length
    last: list[int] = []  # the pair that it belongs to
    before: list[int] = []
    for at, (_, number) in enumerate(pairs):
        length = bisect_left(ends, number)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1], last[length : length + 1] = [number], [at]
    kept = set()
    at = last[-1] if last else -1
    while at >= 0:
        kept.add(pairs[at][0])
        at = before[at]
    return {one for one, _ in pairs} - kept
