"""Looks for a broken promise in one scenario: undisturbed with many seeds, then every fault; exits with status 1 if it finds one.

``nights`` are many short nights in place of a scenario.
"""

import sys

from tests.faults import batch_world, codes_world, memory_world, people_world, promises, scenarios, turns_world
from tests.faults.lab import explore, once
from tests.faults.night import Night, Plan
from tests.faults.virtual import run


def main(name: str) -> int:
    try:
        nights() if name == "nights" else scenario(name)
    except (AssertionError, RuntimeError, LookupError) as found:
        print(str(found).splitlines()[0])  # noqa: T201
        return 1
    return 0


def scenario(name: str) -> None:
    known = (
        *scenarios.SCENARIOS,
        *batch_world.SCENARIOS,
        *codes_world.SCENARIOS,
        *memory_world.SCENARIOS,
        *people_world.SCENARIOS,
        *turns_world.SCENARIOS,
    )
    one = next((one for one in known if one.name.startswith(name)), None)
    if one is None:
        raise SystemExit(f"no scenario is called {name}")
    for seed in range(1, 40):
        once(one, seed)
    explore(one, seed=1)
    explore(one, seed=2)


def nights() -> None:
    for seed in range(1, 25):
        for plan in (Plan(200, seed, calm=True, takes=12),) if seed == 1 else (Plan(300, seed),):
            if broken := promises.broken(run(Night(plan).live())):
                sentence, texts = next(iter(broken.items()))
                raise AssertionError(f"night {plan.seed}: {sentence} {texts[0]}")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
