"""Receivers that break the rules, against the real pipeline: real sockets, the store in memory, a clock that runs fast.

Whatever the receiver does, what was acknowledged is delivered or a dead letter, in the order of its lane, and twice only when
the record says that the first time was ambiguous.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from integrations import load
from shared.destinations.fhir_server import FhirServer
from shared.destinations.mllp import Mllp
from shared.envelope import Envelope
from shared.intake.accept import accept
from shared.intake.triggers.knocks import answer_knock
from shared.intake.triggers.timer import tick
from shared.integration import Delivery, Integration
from shared.ledger.reporting.conservation import balance
from shared.storage import names
from shared.storage.store import Row
from tests.ledger_world import hub as new_hub
from tests.ledger_world import integration as notes
from tests.ledger_world import note
from toolkit.local.simulators.cdr import Cdr
from toolkit.local.simulators.mpi import Mpi

SPEED = 200  # seconds of the hub's clock in one of ours
PATIENCE = 20
LANES, EACH = 3, 3
DELIVERY = Delivery(attempts=12, first_wait=1, longest_wait=4, breaker_failures=4, breaker_wait=2)

Settings = Callable[[str, str], None]


def fast() -> Callable[[], float]:
    began = time.monotonic()
    return lambda: 1_770_000_000 + (time.monotonic() - began) * SPEED


class World:
    """One integration, its hub, and the messages that were sent in."""

    def __init__(self, integration: Integration, body: Callable[[int, int], tuple[str, bytes]], content_type: str) -> None:
        self.integration, self.hub = integration, new_hub(integration, now=fast())
        self.body, self.content_type = body, content_type
        self.sent: dict[str, tuple[int, int]] = {}  # control id -> lane and place in it

    async def run(self) -> None:
        """Send everything in, and work until nothing is waiting."""
        for place in range(EACH):
            for lane in range(LANES):
                control, body = self.body(lane, place)
                self.sent[control] = lane, place
                while (answer := await accept(self.integration, self.envelope(body), self.hub)).status == 503:
                    await asyncio.sleep(0.01)  # a lane that changes meanwhile is looked at again, for a twentieth of our seconds
                assert answer.status in (200, 202), answer
        await asyncio.wait_for(self._work(), PATIENCE)

    def envelope(self, body: bytes) -> Envelope:
        return Envelope(
            integration=self.integration.name, body=body, received_at=self.hub.stamp(), content_type=self.content_type
        )

    async def _work(self) -> None:
        """The queue's listener and the watchdog, until the ledger is at rest."""
        queue = f"{self.integration.name}-work"
        while self.rows("w|") or self.hub.tasks:
            await tick(self.hub)
            for knock in await self.hub.store.receive(queue, 30):
                await answer_knock(self.integration, knock.body, self.hub)
                await self.hub.store.settle(knock.ticket)
            await asyncio.sleep(0.01)

    def rows(self, kind: str) -> list[Row]:
        ledger = self.hub.store.tables[names.tables(self.integration.name).ledger]
        return [Row(lane, key, *rows[key]) for lane, rows in ledger.items() for key in rows if key.startswith(kind)]

    @property
    def records(self) -> dict[str, Row]:
        return {row["control"]: row for row in self.rows("d|")}


async def broken(world: World, took: list[str], may_die: bool) -> list[str]:
    """Every promise that did not hold, given the control ids that the receiver took, in order."""
    found = await balance(world.integration, world.hub)
    wrong = [] if found.holds else [f"the ledger does not add up: {found}"]
    wrong += [f"{id} has no record" for id in world.sent.keys() - world.records.keys()]
    wrong += [text for id, row in world.records.items() for text in of_one(id, row, Counter(took)[id], may_die)]
    wrong += out_of_order(world, took)
    dead = sum(row["outcome"] == "dead" for row in world.records.values())
    return wrong + (["content is left"] if len(world.rows("c|")) > dead else [])


def of_one(id: str, row: Row, times: int, may_die: bool) -> Iterator[str]:
    if row["outcome"] == "delivered" and not times:
        yield f"{id} is said to be delivered and never arrived"
    if row["outcome"] != "delivered" and not (may_die and row["outcome"] == "dead"):
        yield f"{id} ended as {row['outcome']}"
    if times > 1 and not row["ambiguous"]:
        yield f"{id} was taken {times} times and nothing says so"


def out_of_order(world: World, took: list[str]) -> Iterator[str]:
    first = list(dict.fromkeys(took))
    for lane in range(LANES):
        places = [world.sent[id][1] for id in first if world.sent[id][0] == lane]
        if any(later < earlier for earlier, later in pairwise(places)):
            yield f"lane {lane} was taken in the order {places}"


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    return lambda name, value: monkeypatch.setenv(name, value)


# The index


def a31(lane: int, place: int) -> tuple[str, bytes]:
    control = f"M{lane}{place}"
    text = (
        f"MSH|^~\\&|252|PHW|100|MPI|20240501120000||ADT^A31^ADT_A05|{control}|P|2.5\r"
        "EVN|A31|20240501120000\r"
        f"PID|1||L{lane}^^^252^PI||Llewelyn^Ann||19700101|F\rPV1|1|N\r"
    )
    return control, text.encode()


@pytest.fixture
async def mpi(settings: Settings) -> AsyncIterator[Mpi]:
    async with Mpi() as simulator:
        for key, value in {"HOST": "127.0.0.1", "PORT": str(simulator.port), "TIMEOUT": "0.15"}.items():
            settings(f"MPI__{key}", value)
        yield simulator
        await Mllp("MPI").close()


def to_mpi() -> World:
    return World(replace(load("phw-to-mpi"), delivery=DELIVERY), a31, "x-application/hl7-v2+er7")


async def holds_for_mpi(world: World, mpi: Mpi, may_die: bool = False) -> None:
    await world.run()
    took = [message.control_id for message in mpi.received if message.taken]
    assert await broken(world, took, may_die) == []
    for id in world.sent:
        assert len({message.body for message in mpi.received if message.control_id == id}) == 1  # a resend is the same


HOSTILE = (
    "late:0.3",
    "late:0.05",
    "wrong-id",
    "stray-then-ok",
    "twice",
    "AE",
    "AE-then-AA",
    "never",
    "half-open",
    "half-frame",
    "drip:0.02",
    "drop",
    "reset",
    "wrong-charset",
    "garbage",
    "huge",
)


@pytest.mark.parametrize("behaviour", HOSTILE)
async def test_a_receiver_that_is_hostile_for_a_while(mpi: Mpi, behaviour: str) -> None:
    mpi.script.will(*[behaviour] * 5)
    await holds_for_mpi(to_mpi(), mpi)


async def test_a_receiver_that_refuses_for_good_makes_dead_letters_and_the_lanes_go_on(mpi: Mpi) -> None:
    world = to_mpi()
    mpi.script.will("AR", "AR")
    await holds_for_mpi(world, mpi, may_die=True)
    assert sorted(row["outcome"] for row in world.records.values()) == ["dead"] * 2 + ["delivered"] * 7


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
async def test_everything_mixed(mpi: Mpi, seed: int) -> None:
    chance = random.Random(seed)
    mpi.script.will(*chance.choices((*HOSTILE, "AR", "ok"), k=20))
    await holds_for_mpi(to_mpi(), mpi, may_die=True)


# The repository


def observed(message: dict[str, Any]) -> dict[str, Any]:
    """A note as a transaction: the patient when there is none, and an observation under an id of its own."""
    ids = [str(uuid5(NAMESPACE_URL, text)) for text in (message["lane"], message["id"])]
    patient = {"resourceType": "Patient", "id": ids[0], "identifier": [{"system": "urn:x-test", "value": message["lane"]}]}
    subject = {"reference": f"urn:uuid:{ids[0]}"}
    code = {"text": message["id"]}
    observation = {"resourceType": "Observation", "id": ids[1], "status": "final", "code": code, "subject": subject}
    unless = {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier=urn:x-test|{message['lane']}"}
    update = {"method": "PUT", "url": f"Observation/{ids[1]}"}
    entries = [(patient, unless), (observation, update)]
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"fullUrl": f"urn:uuid:{r['id']}", "resource": r, "request": q} for r, q in entries],
    }


@pytest.fixture
async def cdr(settings: Settings) -> AsyncIterator[Cdr]:
    async with Cdr() as simulator:
        settings("CDR__URL", simulator.url)
        settings("CDR__TIMEOUT", "0.2")
        yield simulator
        await FhirServer("CDR").close()


def to_cdr() -> World:
    def body(lane: int, place: int) -> tuple[str, bytes]:
        return f"N{lane}{place}", note(f"N{lane}{place}", f"lane{lane}")

    return World(notes(FhirServer("CDR"), transform=observed, delivery=DELIVERY), body, "application/json")


async def holds_for_cdr(world: World, cdr: Cdr, may_die: bool = False) -> None:
    await world.run()
    took = stored_order(cdr)
    assert await broken(world, took, may_die) == []
    assert len(cdr.store.of_type("Patient")) <= LANES
    delivered = {id for id, row in world.records.items() if row["outcome"] == "delivered"}
    assert delivered <= {each["code"]["text"] for each in cdr.store.of_type("Observation")}
    assert all(each["meta"]["versionId"] == "1" for each in cdr.store.of_type("Observation"))  # twice sent, once stored


def stored_order(cdr: Cdr) -> list[str]:
    """The notes whose observation was stored, in order; each once, because the repository knows it again."""
    held = sorted(cdr.store.of_type("Observation"), key=lambda each: str(each["meta"]["lastUpdated"]))
    return [str(each["code"]["text"]) for each in held]


MOODS = (
    "busy:1",
    "away:1",
    "status:500",
    "redirect",
    "html",
    "status:403",
    "short",
    "cut",
    "reset",
    "drop",
    "never",
    "late:0.3",
    "huge",
)


@pytest.mark.parametrize("mood", MOODS)
async def test_a_repository_in_a_bad_mood_for_a_while(cdr: Cdr, mood: str) -> None:
    cdr.script.will(*[mood] * 5)
    await holds_for_cdr(to_cdr(), cdr)


@pytest.mark.parametrize("refusal", ["status:400", "status:422", "outcome-error"])
async def test_what_the_repository_refuses_for_good_is_a_dead_letter(cdr: Cdr, refusal: str) -> None:
    world = to_cdr()
    cdr.script.will(refusal, refusal)
    await holds_for_cdr(world, cdr, may_die=True)
    assert sorted(row["outcome"] for row in world.records.values()) == ["dead"] * 2 + ["delivered"] * 7


async def test_a_repository_that_does_not_know_the_hub_costs_nobody_an_attempt(cdr: Cdr) -> None:
    world = to_cdr()
    cdr.script.will(*["status:401"] * 60)
    world.integration = replace(world.integration, delivery=replace(DELIVERY, attempts=2, breaker_wait=1, longest_wait=1))
    await holds_for_cdr(world, cdr)
