"""People in the laboratory: they act on what waits while the workers are at it, and while steps of theirs fail too."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from shared.delivery import pause
from shared.delivery.dead import Person, Refused, dead_letters
from shared.delivery.waiting import give_up, resume, retry
from shared.integration import Delivery
from shared.ops.plan import Bulk, carry_out, preview
from shared.storage import names
from shared.storage.store import Away, Conflict
from tests.faults.invariants import INVARIANTS, lanes, records
from tests.faults.process import NAME, Crashed, Process
from tests.faults.scenarios import BIG, DELIVERY, m
from tests.faults.world import Scenario, World

ANN = Person("ann", "a person of the tests")
TRIES = 150  # of a person, who looks again after a failure
SEEN = pause.BELIEVED + 8  # seconds after which no process sends in a pause: it saw it, and what it sent is settled
Act = Callable[[Process, str], Awaitable[None]]


@dataclass(frozen=True)
class PeopleScenario(Scenario):
    """``acts``: what people do, all at once, from the start; each to the end."""

    acts: tuple[Callable[["PeopleWorld"], Awaitable[None]], ...] = ()

    def world(self, seed: int, fault: tuple[int, str]) -> "PeopleWorld":
        return PeopleWorld(self, seed, fault)


class PeopleWorld(World):
    """One run; ``pauses`` are the times between which nothing may be sent."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.pauses: list[tuple[float, float]] = []

    async def live(self) -> World:
        scenario: PeopleScenario = self.scenario  # type: ignore[assignment]
        people = [asyncio.ensure_future(act(self)) for act in scenario.acts]
        await super().live()
        await asyncio.gather(*people)
        await self._quiet()
        return self

    def broken(self) -> list[str]:
        checks = (*INVARIANTS, nothing_sent_in_a_pause, dead_letters_are_listed, acts_are_audited)
        return [text for check in checks for text in check(self)]

    async def act(self, what: Callable[[Process], Awaitable[Any]], *, done: tuple[str, ...] = ()) -> bool:
        """One try of a person, by any process; ``done``: the refusals that say that an earlier try had succeeded."""
        process = self.random.choice(self.processes) if self.processes else None
        try:
            if process is None:
                return False
            await what(process)
            return True
        except Refused as refusal:
            return refusal.reason in done
        except (Away, Conflict, Crashed):
            return False

    async def until(self, what: Callable[[Process], Awaitable[Any]], *, done: tuple[str, ...] = ()) -> None:
        for _ in range(TRIES):
            if await self.act(what, done=done):
                return
            await asyncio.sleep(self.random.uniform(1, 3))
        self.wrong.append("a person could not act")

    def state_of(self, control: str) -> tuple[str, str]:
        """The id of a message, and ``w`` while it waits or ``d`` when it has ended; empty while it is not there."""
        for lane, rows in lanes(self).items():
            for row in rows:
                if row["control"] == control and row.key[:2] in ("w|", "d|"):
                    return names.message_id(lane, row["key"]), row.key[0]
        return "", ""


def on_message(control: str, act: Callable[..., Awaitable[None]], after: float = 0) -> Callable[[PeopleWorld], Awaitable[None]]:
    """A person who does this to a message again and again until it waits no longer.

    Its sender must have its answer: one that has none sends again, and what was given up before would be a new message.
    """

    async def whole(world: PeopleWorld) -> None:
        await asyncio.sleep(after)
        for _ in range(TRIES):
            id, state = world.state_of(control)
            if state == "d":
                return
            if id and control in world.acknowledged:
                await world.act(lambda process, id=id: act(process.notes, id, ANN, process.hub))
            await asyncio.sleep(world.random.uniform(1, 5))
        world.wrong.append(f"{control} still waits")

    return whole


def pausing(after: float, lasts: float) -> Callable[[PeopleWorld], Awaitable[None]]:
    """A person who pauses the delivery, and later resumes it."""

    async def whole(world: PeopleWorld) -> None:
        await asyncio.sleep(after)
        await world.until(lambda process: pause.pause(process.notes, ANN, process.hub), done=("paused-already",))
        begin = world.now()
        await asyncio.sleep(lasts)
        end = world.now()
        await world.until(lambda process: resume(process.notes, ANN, process.hub), done=("not-paused",))
        world.pauses.append((begin, end))

    return whole


def in_bulk(act: Bulk) -> Callable[[World], Awaitable[None]]:
    """A person who acts on all dead letters at once, from a preview on, until none is left."""

    async def whole(world: World) -> None:
        assert isinstance(world, PeopleWorld)
        for refusals in world.refusals.values():
            refusals.clear()  # the cause is corrected

        async def once(process: Process) -> None:
            found = await preview([process.notes], "", 0, ANN.who, process.hub)
            while found.total and (await carry_out(found.plan, act, ANN, process.hub)).left:
                pass
            if await dead_letters(NAME, process.hub):
                raise Refused("some are left")

        await world.until(once)

    return whole


def nothing_sent_in_a_pause(world: PeopleWorld) -> Iterator[str]:
    """Nothing is delivered while the delivery is paused."""
    slack = SEEN + (15 if world.fault[1] in ("slow", "stopped", "late-answer") else 0)
    for begin, end in world.pauses:
        yield from (f"{id} was sent in a pause" for at, _, id in world.took if begin + slack < at < end)


def dead_letters_are_listed(world: PeopleWorld) -> Iterator[str]:
    """Each dead letter is in the list that people see."""
    listed = world.twin.tables[names.tables(NAME).find][names.DEAD]
    for id, rows in records(world).items():
        for lane, row in rows:
            if row["outcome"] == "dead" and names.message_id(lane, row["key"]) not in listed:
                yield f"{id} is a dead letter that no list shows"


def acts_are_audited(world: PeopleWorld) -> Iterator[str]:
    """What a person gave up has an entry in the audit."""
    given_up = sum(row["code"] == "given-up" for rows in records(world).values() for _, row in rows)
    audit = world.twin.tables[names.tables(NAME).audit][names.AUDIT].values()
    written = sum(values.get("what") == "give-up" for _, values in audit)
    if given_up > written:
        yield f"{given_up} given up, {written} in the audit"


PATIENT = Delivery(**{**DELIVERY, "attempts": 99, "first_wait": 30_000, "longest_wait": 30_000})
HELD = Delivery(**{**DELIVERY, "attempts": 99, "first_wait": 30_000, "longest_wait": 30_000}, on_dead="hold")
NEVER = ("transient ack-AE",) * 200
SCENARIOS = (
    PeopleScenario(
        "people: retried now",
        (m("1"), m("2"), m("3", "B")),
        refusals={"1": ("transient ack-AE",)},
        declared={"delivery": PATIENT},
        acts=(on_message("1", retry),),
    ),
    PeopleScenario(
        "people: two retry",
        (m("1"), m("2")),
        refusals={"1": ("transient ack-AE", "transient ack-AE")},
        declared={"delivery": PATIENT},
        acts=(on_message("1", retry), on_message("1", retry, after=2)),
    ),
    PeopleScenario(
        "people: given up, the lane goes on",
        (m("1"), m("2"), m("3", "B")),
        refusals={"1": NEVER},
        declared={"delivery": PATIENT},
        dead=("1",),
        acts=(on_message("1", give_up),),
    ),
    PeopleScenario(
        "people: given up while its worker tries",
        (m("1", big="x" * 20), m("2")),
        refusals={"1": NEVER},
        declared={"delivery": Delivery(**{**DELIVERY, "attempts": 99, "first_wait": 2, "longest_wait": 3})},
        dead=("1",),
        acts=(on_message("1", give_up, after=3), on_message("1", retry, after=2)),
    ),
    PeopleScenario(
        "people: given up, the lane is held",
        (m("1"), m("2"), m("3", "B")),
        refusals={"1": NEVER},
        declared={"delivery": HELD},
        dead=("1",),
        held=("2",),
        acts=(on_message("1", give_up),),
    ),
    PeopleScenario(
        "people: given up behind an open breaker",
        (m("1"), m("2", "B"), m("3", "C")),
        refusals={"1": ("misconfigured http-401",) * 3, "2": ("transient http-503",), "3": ("transient http-503",)},
        declared={"delivery": Delivery(**{**DELIVERY, "breaker_failures": 2}, breaker_wait=20)},
        dead=("1", "2", "3"),
        acts=(on_message("1", give_up, after=1), on_message("2", give_up, after=1)),
    ),
    PeopleScenario(
        "people: replayed in bulk",
        (m("1"), m("2"), m("3", "B")),
        refusals=dict.fromkeys("123", ("permanent ack-AR",) * 99),
        person=in_bulk("replay"),
    ),
    PeopleScenario(
        "people: discarded in bulk",
        (m("1", big=BIG), m("2", "B")),
        refusals=dict.fromkeys("12", ("permanent ack-AR",) * 99),
        declared={"delivery": Delivery(**DELIVERY, on_dead="hold")},
        dead=("1", "2"),
        person=in_bulk("discard"),
    ),
    PeopleScenario(
        "people: paused and resumed",
        (m("1"), m("2"), m("3", "B")),
        acts=(pausing(after=0.02, lasts=60),),
    ),
    PeopleScenario(
        "people: paused while it is retried",
        (m("1"), m("2"), m("3", "B")),
        refusals={"1": ("transient busy",) * 3},
        acts=(pausing(after=1, lasts=45), on_message("1", retry, after=20)),
    ),
    PeopleScenario(
        "people: paused, the watchdog alone",
        (m("1"), m("2"), m("3", "B")),
        starts=False,
        knocks=False,
        looks=False,
        acts=(pausing(after=0, lasts=70),),
    ),
)
