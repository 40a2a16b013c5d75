"""What is played in the laboratory."""

from typing import Any

from shared.delivery import dead
from shared.delivery.dead import Person, Refused
from shared.integration import Delivery
from shared.ops.replay import replay
from shared.storage.store import Away, Conflict
from tests.faults.process import NAME, Crashed
from tests.faults.world import Scenario, World

DELIVERY = {"attempts": 4, "first_wait": 1, "longest_wait": 8, "timeout": 5, "breaker_failures": 9}
BIG = "".join(chr(33 + (n * 7919 + n * n * 31) % 90) for n in range(900))  # does not compress below the blob's limit


def m(id: str, lane: str = "A", **values: Any) -> dict[str, Any]:
    return {"id": id, "lane": lane, **values}


async def replay_all(world: World) -> None:
    await _each(world, lambda process, id: replay(process.notes, id, Person("p", "test"), process.hub, out_of_order=True))


async def discard_all(world: World) -> None:
    await _each(world, lambda process, id: dead.discard(process.notes, id, Person("p", "test"), process.hub))


async def send_again(world: World) -> None:
    for message in world.scenario.messages:
        await world.send(message)


async def _each(world: World, act: Any) -> None:
    """A person who tries again until the list of dead letters is empty."""
    import asyncio

    for _ in range(40):
        process = world.processes[0] if world.processes else None
        try:
            letters = await dead.dead_letters(NAME, process.hub) if process else None
            for letter in letters or ():
                await act(process, letter["id"])
            if letters == []:
                return
        except (Away, Conflict, Refused, Crashed):
            pass
        await asyncio.sleep(3)
    world.wrong.append("a dead letter cannot be acted on")


SCENARIOS = (
    Scenario("two in one lane, one in another", (m("1"), m("2"), m("3", "B"))),
    Scenario("sent twice", (m("1"), m("2")), resend=2),
    Scenario("delivered again by declaration", (m("1"),), resend=2, declared={"on_resend": "deliver"}),
    Scenario("retried", (m("1"), m("2"), m("3", "B")), refusals={"1": ("transient busy", "transient busy")}),
    Scenario("large", (m("1", big=BIG), m("2")), refusals={"1": ("transient busy",)}),
    Scenario("dead, the lane goes on", (m("1"), m("2")), refusals={"1": ("permanent ack-AR",)}, dead=("1",)),
    Scenario("dead, then sent again", (m("1"),), refusals={"1": ("permanent ack-AR",)}, person=send_again),
    Scenario(
        "dead, the lane is held",
        (m("1"), m("2"), m("3", "B")),
        refusals={"1": ("permanent ack-AR",) * 9},
        declared={"delivery": Delivery(**DELIVERY, on_dead="hold")},
        dead=("1",),
        held=("2",),
    ),
    Scenario(
        "held, then replayed",
        (m("1", big=BIG), m("2")),
        refusals={"1": ("permanent ack-AR",)},
        declared={"delivery": Delivery(**DELIVERY, on_dead="hold")},
        person=replay_all,
    ),
    Scenario(
        "held, then discarded",
        (m("1", big=BIG), m("2")),
        refusals={"1": ("permanent ack-AR",)},
        declared={"delivery": Delivery(**DELIVERY, on_dead="hold")},
        person=discard_all,
        dead=("1",),
    ),
    Scenario(
        "a merge waits",
        (m("1", "B", sender_task="x"), m("2", "B", sender_task="x"), m("3", "A", after="B", sender_task="x")),
        refusals={"1": ("transient busy", "transient busy")},
        declared={"after": lambda read: read.get("after", "")},
        after=(("1", "3"), ("2", "3")),
    ),
    Scenario(
        "the breaker opens",
        (m("1"), m("2", "B"), m("3", "C")),
        refusals={"1": ("misconfigured http-401",), "2": ("transient http-503",), "3": ("transient http-503",)},
        declared={"delivery": Delivery(**{**DELIVERY, "breaker_failures": 2}, breaker_wait=4)},
    ),
    Scenario(
        "taken, then the breaker opens",
        (m("1"), m("2", "B"), m("3", "C")),
        refusals={"1": ("",), "2": ("transient http-503",), "3": ("transient http-503",)},
        declared={"delivery": Delivery(**{**DELIVERY, "breaker_failures": 2}, breaker_wait=60)},
    ),
    Scenario("more than one turn", tuple(m(str(n), sender_task=str(n)) for n in range(5))),
    Scenario(
        "the first attempt alone",
        tuple(m(str(n), sender_task=str(n)) for n in range(5)),
        knocks=False,
        watchdog=False,
        looks=False,
        faults=("conflict", "slow"),
    ),
    Scenario(
        "left to the worker that has the lane",
        tuple(m(str(n), sender_task=str(n)) for n in range(16)),
        spread=6.0,
        answers=0.2,
        knocks=False,
        watchdog=False,
        looks=False,
        faults=("conflict", "slow"),
    ),
    Scenario(
        "the knock of a first attempt alone",
        (m("1"), m("2", "B"), m("3", "C")),
        watchdog=False,
        looks=False,
        faults=("throttled", "timeout-not-done", "timeout-done"),
    ),
    Scenario("the quick look alone", (m("1"), m("2")), starts=False, knocks=False, watchdog=False, faults=("conflict",)),
    Scenario("the watchdog alone", (m("1"), m("2")), starts=False, knocks=False, looks=False),
    Scenario("one message, the watchdog alone", (m("1"),), starts=False, knocks=False, looks=False),
    Scenario("a small document and its sidecar", (m("1"), m("2", "B")), drops={"1": 300}),
    Scenario("a large document stored separately", (m("1"),), drops={"1": 500}, refusals={"1": ("transient busy",)}),
    Scenario("by queue, refused", (m("1"), m("2")), refusals={"1": ("permanent ack-AR",)}, dead=("1",), queued=True),
    Scenario("by queue, resends are delivered", (m("1"), m("2")), declared={"on_resend": "deliver"}, queued=True),
    Scenario("files without an event", (m("1"),), drops={"1": 500}, has_events=False),
    Scenario("a parallel run", (m("1", big=BIG), m("2"), m("3", "B")), observed=True),
    Scenario(
        "switched to live and back",
        (m("1"), m("2", switch="live"), m("3"), m("4", switch="observe"), m("5")),
        refusals={"2": ("transient busy", "transient busy")},
        observed=True,
    ),
)
