"""Timing side by side: the contenders take turns, and the best round of each counts.

Whatever else a machine does makes a round slower, never faster: the best of several rounds is nearest to what the work costs.
"""

import gc
from collections.abc import Callable, Mapping
from time import perf_counter

Work = Callable[[], object]
ROUNDS = 15
ROUND = 0.02  # seconds


def fastest(works: Mapping[str, Work], rounds: int = ROUNDS, seconds: float = ROUND) -> dict[str, float]:
    """Seconds a call of each, by its name.

    Args:
        seconds: what a round shall take: as many calls as fit into it, one at least.
    """
    calls = {name: _calls(work, seconds) for name, work in works.items()}
    turns = [{name: _round(work, calls[name]) for name, work in works.items()} for _ in range(rounds)]
    return {name: min(turn[name] for turn in turns) for name in works}


def _calls(work: Work, seconds: float) -> int:
    work()  # the first call fills caches
    return max(1, int(seconds / _round(work, 1)))


def _round(work: Work, calls: int) -> float:
    gc.collect()  # one side's rubbish is not the other's work
    gc.freeze()
    began = perf_counter()
    for _ in range(calls):
        work()
    spent = perf_counter() - began
    gc.unfreeze()
    return spent / calls
