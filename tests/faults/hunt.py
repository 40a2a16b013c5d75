"""Looks for a broken promise in one scenario: undisturbed with many seeds, then every fault; leaves with 1 when it finds one."""

import sys

from tests.faults import batch_world, scenarios
from tests.faults.lab import explore, once


def main(name: str) -> int:
    known = (*scenarios.SCENARIOS, *batch_world.SCENARIOS)
    scenario = next(one for one in known if one.name.startswith(name))
    try:
        for seed in range(1, 40):
            once(scenario, seed)
        explore(scenario, seed=1)
        explore(scenario, seed=2)
    except (AssertionError, RuntimeError, LookupError) as found:
        print(str(found).splitlines()[0])  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
