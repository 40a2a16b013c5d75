"""Timing side by side: the contenders take turns, round after round.

Figures of one contender are its best round: whatever else a machine does makes a round slower, never faster. Ratios are the
median over the rounds: a machine that is slow for a while is slow for both neighbours in time.
"""

import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import process_time
from typing import NamedTuple

Work = Callable[[], object]
ROUNDS = 15
ROUND = 0.02  # seconds


class Turns(NamedTuple):
    """Seconds of processor time a call, by contender, of each round."""

    rounds: list[dict[str, float]]

    def best(self, name: str) -> float:
        """Seconds a call."""
        return min(each[name] for each in self.rounds)

    def speed(self, name: str) -> float:
        """Calls a second, at best."""
        return 1 / self.best(name)

    def ratio(self, name: str, other: str) -> float:
        """How many times as long the other takes."""
        return median(each[other] / each[name] for each in self.rounds)


def turns(works: Mapping[str, Work], rounds: int = ROUNDS, seconds: float = ROUND) -> Turns:
    """Time the contenders.

    Args:
        seconds: what a round of one of them shall take: as many calls as fit into it, at least one. 0 for one call without a
            warm-up, which shows only that a contender works.
    """
    is_frozen = gc.get_freeze_count() > 0
    try:
        calls = {name: _calls(work, seconds) if seconds else 1 for name, work in works.items()}
        return Turns([{name: _round(work, calls[name]) for name, work in works.items()} for _ in range(rounds)])
    finally:
        if not is_frozen:
            gc.unfreeze()


def _calls(work: Work, seconds: float) -> int:
    _round(work, 3)  # the first calls fill caches
    return max(1, int(seconds / _round(work, 3)))


def _round(work: Work, calls: int) -> float:
    """Seconds of processor time a call."""
    gc.collect()  # one side's rubbish is not the other's work
    gc.freeze()  # what is left is not walked again, neither here nor before the next round
    began = process_time()
    for _ in range(calls):
        work()
    return (process_time() - began) / calls
