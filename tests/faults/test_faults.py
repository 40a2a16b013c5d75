"""Every fault at every effect of every scenario, and all promises checked after each run."""

import asyncio
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextvars import Context, ContextVar

import pytest

from shared.storage import names
from tests.faults import batch_world, codes_world, memory_world, people_world, plant, turns_world
from tests.faults.invariants import INVARIANTS, sentence
from tests.faults.lab import SAME_FOR_A_READ, explore, once
from tests.faults.process import NAME
from tests.faults.scenarios import SCENARIOS as MESSAGES
from tests.faults.virtual import run

SCENARIOS = (
    *MESSAGES,
    *batch_world.SCENARIOS,
    *codes_world.SCENARIOS,
    *memory_world.SCENARIOS,
    *people_world.SCENARIOS,
    *turns_world.SCENARIOS,
)
SEEDS = range(1, 1 + int(os.environ.get("HUB_FAULT_SEEDS", "1")))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_undisturbed(scenario):
    for seed in range(1, 6):
        once(scenario, seed)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_few_faults(scenario):
    """A sample; the slow test of this file has all of them."""
    explore(scenario, seed=1, every=40)


def test_a_run_is_the_same_again():
    first, again = (once(SCENARIOS[3], 7, (20, "timeout-done")) for _ in range(2))
    assert (first.steps, first.took, first.attempts) == (again.steps, again.took, again.attempts)


@pytest.mark.parametrize(
    ("scenario", "after", "before"),
    [
        pytest.param(one, after, before, id=f"{one.name}-{after}-{before}")
        for one in SCENARIOS[::4]
        for after, before in SAME_FOR_A_READ.items()
        if {after, before} <= {*one.faults}  # a scenario promises nothing after others
    ],
)
def test_a_fault_after_a_read_is_the_run_of_the_one_before_it(scenario, after, before):
    """So the laboratory leaves one of the two out."""
    reads = [at for at, kind in enumerate(once(scenario, 1).steps, 1) if kind == "read"]
    for at in reads[:: max(1, len(reads) // 3)]:
        one, other = once(scenario, 1, (at, after)), once(scenario, 1, (at, before))
        assert (one.steps, one.took, one.attempts) == (other.steps, other.took, other.attempts)
        assert stored(one) == stored(other)


def stored(world):
    """The keys of the rows of messages that a run left; those of counters are random."""
    parts = world.twin.tables[names.tables(NAME).ledger]
    return {(part, key) for part, rows in parts.items() for key in rows}


def test_a_task_keeps_its_variables_from_step_to_step_where_there_were_none():
    variable = ContextVar("variable")

    async def work():
        before = variable.set(1)
        await asyncio.sleep(1)
        variable.reset(before)  # ValueError where the second step runs with other variables

    Context().run(run, work())


def test_each_invariant_is_a_sentence():
    assert all(sentence(check).endswith(".") for check in INVARIANTS)


def work(job: tuple[int, int]) -> Counter[str]:
    number, seed = job
    return explore(SCENARIOS[number], seed)


@pytest.mark.parametrize("defect", plant.DEFECTS, ids=[defect.name for defect in plant.DEFECTS])
def test_a_defect_has_its_place_in_the_product(defect):
    assert (plant.ROOT / defect.file).read_text().count(defect.right) == 1
    assert defect.scenario == "nights" or [one for one in SCENARIOS if one.name.startswith(defect.scenario)]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_planted_defects_are_caught(capsys):
    assert len(plant.DEFECTS) >= 10
    with capsys.disabled():
        print("\nplanted defects:")  # noqa: T201
        assert plant.main() == 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_fault_at_every_effect(capsys):
    began = time.monotonic()
    jobs = [(number, seed) for seed in SEEDS for number in range(len(SCENARIOS))]
    with ProcessPoolExecutor(max_workers=2) as pool:
        figures = sum(pool.map(work, jobs), Counter())
    with capsys.disabled():
        summary = ", ".join(f"{count} {what}" for what, count in figures.most_common())
        print(f"\nfault laboratory: {summary} in {time.monotonic() - began:.0f} s; held after each run:")  # noqa: T201
        for check in INVARIANTS:
            print(f"  {sentence(check)}")  # noqa: T201
    assert figures["runs"] >= 10_000
