"""Unmapped codes in the laboratory: messages wait for a code, a version with another table is deployed, all are released."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.codes.table import UNMAPPED, CodeTable
from shared.ledger.reporting import code_items
from shared.storage import names
from tests.faults.invariants import INVARIANTS, lanes
from tests.faults.process import NAME
from tests.faults.scenarios import m
from tests.faults.world import Scenario, World

FIRST = {"R": "red"}


def table_of(known: dict[str, str]) -> CodeTable:
    met = lambda note: [("colour", note["colour"])] if "colour" in note else []  # noqa: E731
    return CodeTable("COLOURS", __name__, known, met=met, unmapped="wait")


@dataclass(frozen=True)
class CodesScenario(Scenario):
    """``tables``: what each deployment adds to the table, in turn; ``between``: virtual seconds before each deployment."""

    tables: tuple[dict[str, str], ...] = ({"G": "green"},)
    between: float = 14.0

    def world(self, seed: int, fault: tuple[int, str]) -> "CodesWorld":
        return CodesWorld(self, seed, fault)


class CodesWorld(World):
    """One run: the processes of a version end when the next one is deployed."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.known = dict(FIRST)

    def declared(self) -> dict[str, Any]:
        """The integration of the version that is deployed now."""
        table = table_of(dict(self.known))

        def transform(note: dict[str, Any]) -> dict[str, Any]:
            return {**note, "colour": table[note["colour"]]} if "colour" in note else note

        return {**self.scenario.declared, "codes": (table,), "transform": transform}

    async def live(self) -> World:
        scenario: CodesScenario = self.scenario  # type: ignore[assignment]
        deployments = asyncio.ensure_future(self._deployments(scenario))
        await super().live()
        await deployments
        return self

    async def _deployments(self, scenario: CodesScenario) -> None:
        for more in scenario.tables:
            await asyncio.sleep(scenario.between)
            self.wrong += unlisted(self)
            self.known |= more
            for process in list(self.processes):
                process.dead = True
                self.crashed(process)

    def broken(self) -> list[str]:
        checks = (*INVARIANTS, as_if_known_at_first, nothing_waits_for_a_code)
        return [text for check in checks for text in check(self)]


def unlisted(world: World) -> Iterator[str]:
    """Each message that waits for a code has its codes in the list that people see."""
    items = world.twin.tables[names.tables(NAME).counters][code_items.PARTITION]
    for rows in lanes(world).values():
        for row in rows:
            if row.key.startswith("w|") and row["code"] == UNMAPPED and not set(row["codes"].split()) & items.keys():
                yield f"{row['control']} waits for a code that no list shows"


def as_if_known_at_first(world: World) -> Iterator[str]:
    """What is released is what had been delivered if the table had had the code at first."""
    known = world.known  # type: ignore[attr-defined]
    for message in world.scenario.messages:
        for body in world.bodies.get(message["id"], ()):
            if body.get("colour", "") != known.get(message.get("colour", ""), ""):
                yield f"{message['id']} was delivered with another code"


def nothing_waits_for_a_code(world: World) -> Iterator[str]:
    """Once the table has the code, no message waits for it."""
    for rows in lanes(world).values():
        yield from (f"{row['control']} still waits" for row in rows if row.key.startswith("w|") and row["code"] == UNMAPPED)


def c(id: str, lane: str = "A", colour: str = "R", **values: Any) -> dict[str, Any]:
    return m(id, lane, colour=colour, **values)


SCENARIOS = (
    CodesScenario("codes: one waits, its lane with it, others go on", (c("1", "A", "G"), c("2"), c("3", "B"))),
    CodesScenario("codes: two in turn", (c("1", "A", "G"), c("2", "A", "B")), tables=({"G": "green"}, {"B": "blue"})),
    CodesScenario("codes: the watchdog alone", (c("1", "A", "G"), c("2")), starts=False, knocks=False, looks=False, between=50),
    CodesScenario(
        "codes: alone, and its worker ends", (c("1", "A", "G"),), faults=("crash-before", "crash-after", "late-answer")
    ),
    CodesScenario(
        "codes: a merge waits behind it",
        (c("1", "B", "G", sender_task="x"), m("2", "A", after="B", sender_task="x")),
        declared={"after": lambda read: read.get("after", "")},
        after=(("1", "2"),),
    ),
)
