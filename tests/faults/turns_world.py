"""Arrivals of one lane in one process, and a watchdog that soon takes an open row for one that was left behind."""

import asyncio
from dataclasses import replace

from shared.delivery.upkeep import watchdog
from shared.intake.inbox import watching
from tests.faults.process import Crashed, Process
from tests.faults.scenarios import m
from tests.faults.world import Scenario, World

GRACE, PATIENCE = 4.0, 20.0  # a step that is slow takes longer than the grace, and less than an arrival waits for its turn


class TurnsScenario(Scenario):
    """Several senders of one lane, all to one process."""

    def world(self, seed: int, fault: tuple[int, str]) -> World:
        return TurnsWorld(self, seed, fault)


class TurnsWorld(World):
    def process(self) -> Process:
        if self.processes:
            return self.processes[0]
        process = super().process()
        process.hub.timing = replace(process.hub.timing, open_grace=GRACE, storage_patience=PATIENCE)
        return process

    async def _watch(self, process: Process) -> None:
        while not process.dead:
            try:
                await watchdog.tick(process.hub, watching.look)
            except Crashed:
                return
            await asyncio.sleep(1)


SCENARIOS = (
    TurnsScenario(
        "turns: the watchdog alone",
        tuple(m(str(n), sender_task=str(n)) for n in range(4)),
        refusals={str(n): ("transient busy",) for n in range(4)},  # the knock is lost: only its own open row shows that one waits
        starts=False,
        knocks=False,
        looks=False,
        faults=("slow", "timeout-not-done", "timeout-done", "crash-after", "conflict"),
    ),
    TurnsScenario("turns: delivered at once", tuple(m(str(n), sender_task=str(n)) for n in range(4))),
)
