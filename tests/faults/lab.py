"""Processes, senders and queues around the core, with one step of it broken.

Every effect on the outside is numbered. A run is a scenario, a seed (which decides latencies, and with them who goes first)
and at most one fault at one effect. ``explore`` counts the effects of the undisturbed run and then tries each fault at each.
"""

from collections import Counter
from collections.abc import Iterator

from tests.faults.virtual import run
from tests.faults.world import Scenario, World

# A read changes nothing, so what breaks right after it is what breaks right before it: the same run to the last effect.
# test_faults.py compares such pairs.
SAME_FOR_A_READ = {"crash-after": "crash-before", "timeout-done": "timeout-not-done"}


def once(scenario: Scenario, seed: int, fault: tuple[int, str] = (0, "")) -> World:
    """One run in virtual time, with its invariants checked."""
    world = scenario.world(seed, fault)

    async def whole() -> list[str]:
        await world.live()
        return [*world.wrong, *world.broken()]

    found = run(whole())
    if found:
        raise AssertionError(f"{scenario.name}, seed {seed}, fault {fault}: " + "; ".join(found))
    return world


def plans(scenario: Scenario, seed: int) -> Iterator[tuple[int, str]]:
    """Each fault at each effect of the undisturbed run; a conflict only where a write can have one, no run twice."""
    steps = once(scenario, seed).steps
    for at, kind in enumerate(steps, 1):
        for fault in scenario.faults:
            if fault == "conflict" and kind not in ("write", "deliver"):
                continue
            if kind == "read" and SAME_FOR_A_READ.get(fault) in scenario.faults:
                continue
            if fault == "stopped" and kind == "deliver":
                continue  # a destination looks at the claim before its first byte; nights hold that
            if kind == "deliver" and not (scenario.knocks or scenario.watchdog):
                continue  # nothing would bring a retry
            yield at, fault


def explore(scenario: Scenario, seed: int, every: int = 1) -> Counter[str]:
    """All faults at all effects (or each so-manieth of them); how many runs, messages, and faults of each kind there were."""
    figures = Counter({"runs": 1, "messages": len(scenario.messages)})
    for number, plan in enumerate(plans(scenario, seed)):
        if number % every == seed % every:
            once(scenario, seed, plan)
            figures.update({"runs": 1, "messages": len(scenario.messages), plan[1]: 1})
    return figures
