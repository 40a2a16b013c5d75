"""Every message counts as large, and the memory is enough for one: what waits for it, and a batch that gives its part back."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest import mock

from shared import budget
from shared.budget import Budget, Memory
from shared.delivery import memory
from shared.intake import accept, splitting
from shared.ledger import ended
from tests.faults.batch_world import BatchScenario, BatchWorld, Hl7Notes
from tests.faults.process import Process
from tests.faults.scenarios import BIG, m
from tests.faults.world import Scenario, World

FAULTS = ("crash-before", "crash-after", "late-answer", "conflict")


@contextmanager
def memory_for_one(*, first: float, half: float) -> Iterator[None]:
    """``first``, ``half``: seconds that an attempt without and with a claim waits for its turn."""
    with ExitStack() as patches:
        for module in (budget, accept, ended):
            patches.enter_context(mock.patch.object(module, "SMALL", 0))
        patches.enter_context(mock.patch.object(memory, "FIRST", first))
        patches.enter_context(mock.patch.object(memory, "HALF", half))
        patches.enter_context(mock.patch.object(splitting, "AT_ONCE", 0))
        yield


def limited(process: Process) -> Process:
    process.hub.remembered(Memory).budget = Budget(1)
    return process


class ShortScenario(Scenario):
    """An attempt that does not get its memory at once is made later."""

    def world(self, seed: int, fault: tuple[int, str]) -> World:
        return ShortWorld(self, seed, fault)


class ShortWorld(World):
    def process(self) -> Process:
        return limited(super().process())

    async def live(self) -> World:
        with memory_for_one(first=0, half=0):
            return await super().live()


class GivingBackScenario(BatchScenario):
    """The deliveries of a batch wait for the memory with which it is split."""

    def world(self, seed: int, fault: tuple[int, str]) -> World:
        return GivingBackWorld(self, seed, fault)


class GivingBackWorld(BatchWorld):
    def process(self) -> Process:
        return limited(super().process())

    async def live(self) -> BatchWorld:
        with memory_for_one(first=memory.FIRST, half=memory.HALF):
            return await super().live()


SCENARIOS = (
    ShortScenario("memory: for one message", (m("1", big=BIG), m("2"), m("3", "B"), m("4", "C")), faults=FAULTS),
    GivingBackScenario(
        "memory: a batch gives its part back",
        (m("1"), m("2")),
        declared={"source": Hl7Notes()},
        faults=FAULTS,
    ),
)
