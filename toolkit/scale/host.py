"""One instance, message by message: events in the order of their time.

A message needs round trips to storage, each with operations that go side by side; then its acknowledgement, more round trips,
the destination, and the round trips that record the end. Before each round trip it needs its part of the processor. The processor
is one, and does what comes first; storage takes so many operations a second, and each takes a time on its way.
"""

import heapq
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Host(NamedTuple):
    """What was measured. Times in seconds.

    Args:
        before: operations of each round trip until the acknowledgement.
        between: of those from there to the delivery; ``after``: of the rest.
        cpu: of the processor for one message; the same part of it before each round trip and before the destination.
        storage_rate: operations a second that storage takes.
        storage_time: of one operation when nothing else is done.
        destination: until it acknowledges.
        at_once: messages in work at the same time; more wait for their turn.
    """

    before: Sequence[int]
    between: Sequence[int]
    after: Sequence[int]
    cpu: float
    storage_rate: float
    storage_time: float
    destination: float
    at_once: int = 100

    @property
    def part(self) -> float:
        """Seconds of the processor before a round trip."""
        return self.cpu / (len(self.before) + len(self.between) + len(self.after) + 1)

    @property
    def operations(self) -> int:
        """Of one message."""
        return sum(self.before) + sum(self.between) + sum(self.after)

    @property
    def most(self) -> float:
        """Messages a second at most: the processor or storage is then busy all the time."""
        return min(1 / self.cpu, self.storage_rate / self.operations)


@dataclass
class Line:
    """A server that does one thing at a time, in the order of arrival. ``free``: when it is done with what it has."""

    free: float = 0.0

    def use(self, at: float, seconds: float) -> float:
        """When something that comes now is done."""
        self.free = max(self.free, at) + seconds
        return self.free


@dataclass
class Simulation:
    """Messages that come at these times. After ``run``: seconds to the delivery of each, and when the last one had ended."""

    host: Host
    delivered: list[float] = field(default_factory=list)
    ended: float = 0.0
    events: list[tuple[float, int, Callable[[float], None]]] = field(default_factory=list)
    number: Iterator[int] = field(default_factory=itertools.count)
    processor: Line = field(default_factory=Line)
    storage: Line = field(default_factory=Line)
    working: int = 0
    waiting: list[float] = field(default_factory=list)

    def run(self, arrivals: Sequence[float]) -> "Simulation":
        for at in arrivals:
            self._at(at, self._arrive)
        while self.events:
            at, _, do = heapq.heappop(self.events)
            do(at)
        return self

    def _at(self, at: float, do: Callable[[float], None]) -> None:
        heapq.heappush(self.events, (at, next(self.number), do))

    def _arrive(self, at: float) -> None:
        if self.working >= self.host.at_once:
            heapq.heappush(self.waiting, at)
            return
        self.working += 1
        self._begin(at, at)

    def _begin(self, came: float, at: float) -> None:
        self._rounds(at, [*self.host.before, *self.host.between], lambda end: self._deliver(came, end))

    def _rounds(self, at: float, rounds: Sequence[int], then: Callable[[float], None]) -> None:
        if not rounds:
            then(at)
            return
        ready = self.processor.use(at, self.host.part)
        self._at(ready, lambda now: self._ask(now, rounds, then))

    def _ask(self, at: float, rounds: Sequence[int], then: Callable[[float], None]) -> None:
        host = self.host
        last = at
        for _ in range(rounds[0]):
            last = self.storage.use(at, 1 / host.storage_rate)
        # What storage and the processor need for one operation is a part of the time that one takes alone.
        way = max(0.0, host.storage_time - 1 / host.storage_rate - host.part)
        self._at(last + way, lambda now: self._rounds(now, rounds[1:], then))

    def _deliver(self, came: float, at: float) -> None:
        there = self.processor.use(at, self.host.part) + self.host.destination
        self.delivered.append(there - came)
        self._at(there, lambda now: self._rounds(now, self.host.after, self._end))

    def _end(self, at: float) -> None:
        self.ended = max(self.ended, at)
        if self.waiting:
            self._begin(heapq.heappop(self.waiting), at)
        else:
            self.working -= 1


def evenly(rate: float, seconds: float) -> list[float]:
    """The times of messages that come one after the other at the same distance."""
    return [number / rate for number in range(int(rate * seconds))]


def at_random(rate: float, seconds: float, seed: int = 1) -> list[float]:
    """The times of messages that come at random, with this rate."""
    chosen, at, times = random.Random(seed), 0.0, list[float]()
    while (at := at + chosen.expovariate(rate)) < seconds:
        times.append(at)
    return times


def backlog(host: Host, count: int) -> float:
    """Messages a second, from a queue that holds them all until the last one has ended."""
    return count / Simulation(host).run([0.0] * count).ended
