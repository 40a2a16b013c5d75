"""What one message costs the hub, counted and timed here on the hub itself, for the simulations."""

import asyncio
import json
from collections import Counter
from pathlib import Path as File
from typing import NamedTuple

from shared.storage import names
from toolkit.bench.operations import Path, path
from toolkit.release.counting import Counted, count
from toolkit.scale.region import Costs

MEASURED = File(__file__).with_name("measured.json")


class Measured(NamedTuple):
    """``path``: of one message; ``busy`` and ``idle``: what a message, and a round of a watchdog with nothing to do, cost.

    ``busy.cpu_ms`` is of our own code alone; ``costs`` has the whole host, as ``./hub bench host`` measured it.
    """

    path: Path
    busy: Counted
    idle: Counted

    @property
    def costs(self) -> Costs:
        """For the region."""
        before = sum(step.turn <= self.path.acknowledged for step in self.path.steps)
        return Costs(
            before=before,
            after=len(self.path.steps) - before,
            cpu_ms=host_cpu_ms(),
            hottest=hottest(self.path),
            idle=self.idle.table_operations + self.idle.queue_operations,
        )


def host_cpu_ms() -> float:
    """Milliseconds of processor of the whole host for a message, with SDK, HTTP and traces: measured before, and kept."""
    return float(json.loads(MEASURED.read_bytes())["cpu_ms"])


def measure() -> Measured:
    """About two seconds of work, of the integration that the bench of the path uses."""
    from integrations import load
    from toolkit.bench import path as bench

    integration, body = load(bench.NAME), bench.sample()
    steps = asyncio.run(path(integration, bench.numbered(body, "BENCH000001"), body))
    busy, idle = asyncio.run(count(integration))
    return Measured(steps, busy, idle)


def hottest(found: Path) -> float:
    """Rows that one message writes into the index, for each partition of it: all messages of the integration share these."""
    shared = Counter[str]()
    for step in found.steps:
        if step.action == "commit" and step.place == "find":
            shared[step.place] += int(step.rows.split()[0])
    return max(shared.values(), default=0) / len(names.INDEX)


def rounds(found: Path) -> tuple[list[int], list[int], list[int]]:
    """Operations of each round trip: until the acknowledgement, from there to the delivery, and after it."""
    turns = Counter(step.turn for step in found.steps)
    each = [turns[turn] for turn in range(1, found.ended + 1)]
    return each[: found.acknowledged], each[found.acknowledged : found.delivered], each[found.delivered :]
