"""The page's facts out of a real ledger: what was sent is counted, found, traced step by step, and replayed."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from shared.delivery.upkeep import watchdog
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.inbox import watching
from shared.ledger import audit
from shared.ops.figures.facts import Actor, Limit
from shared.ops.ledger import LedgerFacts
from shared.problems import Undelivered
from shared.storage.memory import MemoryStore
from tests import ledger_world as world

SOMEONE = Actor("someone", "operator", "fixed")
NAME = "notes-to-test"


class Watched(MemoryStore):
    """Refuses a scan: a page that reads all partitions would take minutes on a million rows. The watchdog's is of open lanes."""

    def scan(self, table: str, first: str = "", last: str = "") -> Any:
        if not table.endswith("open"):
            raise AssertionError("the page scans a table")
        return super().scan(table, first, last)


@pytest.fixture
def destination() -> world.Remembering:
    return world.Remembering()


@pytest.fixture
def hub(destination: world.Remembering) -> Hub:
    one = world.integration(destination, patient=lambda note: note.get("patient", ""))
    return world.hub(one, store=Watched(lambda: world.NOW))


async def send(hub: Hub, *bodies: bytes) -> None:
    for body in bodies:
        await accept(hub.integrations[NAME], world.envelope(body, correlation_id="corr-1"), hub)
        while hub.tasks:
            await asyncio.gather(*hub.tasks)
    await watchdog.tick(hub, watching.look)


def refuse(note: dict[str, Any]) -> None:
    raise Undelivered(kind="permanent", code="ack-AR", text="refused")


async def test_what_was_sent_is_counted(hub: Hub) -> None:
    await send(hub, world.note("1"), world.note("2"), b"no json", world.note("1"))
    overview = await LedgerFacts(hub).overview(60)
    flow = overview.flows[0]
    assert (flow.accepted, flow.delivered, flow.rejected, flow.duplicate, flow.failed) == (2, 2, 1, 1, 0)
    assert flow.p95 is not None
    assert sum(point.accepted for point in overview.points) == 2
    assert len(overview.points) <= 121


@pytest.mark.parametrize("minutes", [15, 60, 360, 1440, 10080])
async def test_every_range_shows_the_same_messages(hub: Hub, minutes: int) -> None:
    await send(hub, world.note("1"))
    overview = await LedgerFacts(hub).overview(minutes)
    assert sum(point.accepted for point in overview.points) == overview.flows[0].accepted == 1
    assert len(overview.points) <= 200


@pytest.mark.parametrize(("kind", "value"), [("control_id", "7"), ("correlation_id", "corr-1"), ("nhs_number", "9990000018")])
async def test_a_message_is_found(hub: Hub, kind: Any, value: str) -> None:
    await send(hub, world.note("7", patient="9990000018"))
    found = await LedgerFacts(hub).find(kind, value, SOMEONE)
    assert [(one.control_id, one.outcome) for one in found] == [("7", "delivered")]
    searches = [row for row in await audit.acts(NAME, hub) if row.what == "search"]
    assert len(searches) == (kind == "nhs_number")
    assert "9990000018" not in str([row.values for row in searches])


async def test_a_dead_letter_is_replayed_and_its_journey_tells(hub: Hub, destination: world.Remembering) -> None:
    destination.behave = refuse
    await send(hub, world.note("7"))
    facts = LedgerFacts(hub)
    (dead,) = await facts.dead()
    assert (await facts.overview(60)).flows[0].dead_now == 1
    destination.behave = lambda note: None
    assert await facts.replay(NAME, dead.id, SOMEONE) == ""
    assert await facts.replay(NAME, dead.id, SOMEONE) == "not-dead"
    await send(hub)
    from shared.delivery.process import process

    await process(hub.integrations[NAME], dead.id.split(".")[0], hub)
    journey = await facts.journey(NAME, dead.id)
    assert journey is not None
    assert [step.what for step in journey.steps] == ["accepted", "dead", "delivered"]
    assert not journey.found.can_replay
    assert await facts.dead() == []


async def test_a_dead_letter_is_discarded(hub: Hub, destination: world.Remembering) -> None:
    destination.behave = refuse
    await send(hub, world.note("7"))
    facts = LedgerFacts(hub)
    (dead,) = await facts.dead()
    assert dead.can_replay is False or dead.outcome == "dead"
    assert await facts.discard(NAME, dead.id, SOMEONE) == ""
    journey = await facts.journey(NAME, dead.id)
    assert journey is not None
    assert journey.found.outcome == "discarded"


async def test_a_threshold_is_set_audited_and_taken_away(hub: Hub) -> None:
    facts, limit = LedgerFacts(hub), Limit(NAME, "slow", 400, "someone", "winter")
    assert await facts.set_limit(limit)
    assert (await facts.limits()).given == (limit,)
    assert [(row.what, row.purpose) for row in await audit.acts(NAME, hub)] == [("threshold", "winter")]
    assert await facts.set_limit(replace(limit, value=-1))
    assert (await facts.limits()).given == ()
    for wrong in (replace(limit, integration="noone"), replace(limit, rule="none"), replace(limit, why="")):
        assert not await facts.set_limit(wrong)


@pytest.mark.parametrize(("name", "id"), [("noone", "1-a.b"), (NAME, "1-a.b"), (NAME, "nonsense")])
async def test_no_such_message(hub: Hub, name: str, id: str) -> None:
    assert await LedgerFacts(hub).journey(name, id) is None
    assert await LedgerFacts(hub).replay(name, id, SOMEONE) == ("not-dead" if name == NAME else "no-integration")
