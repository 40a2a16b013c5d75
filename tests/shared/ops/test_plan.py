"""Many dead letters at once: what is done is what the preview named, part by part, and each is audited."""

from typing import Any

import pytest

from shared.delivery import dead
from shared.delivery.dead import Person, Refused
from shared.delivery.process import process
from shared.hub import Hub
from shared.intake.accept import accept
from shared.integration import Delivery, Integration
from shared.ledger import audit
from shared.ledger.reporting.conservation import balance
from shared.ops import plan
from shared.ops.plan import Progress, carry_out, preview
from shared.problems import Undelivered
from shared.storage import names
from tests.ledger_world import Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
ANN = Person("ann", "the mapping is corrected")


def refuse(read: dict[str, Any]) -> None:
    raise Undelivered(kind="permanent", code="ack-AR" if int(read["id"]) % 2 else "ack-AE", text="refused")


async def letters(count: int, **declared: Any) -> tuple[Hub, Integration, Remembering]:
    """So many dead letters, two in each lane; from now on the destination takes everything."""
    destination = Remembering(behave=refuse)
    world = hub(integration(destination, **declared))
    for n in range(count):
        await accept(world.integrations[NAME], envelope(note(str(n), lane=str(n // 2))), world)
        await settled(world)
    destination.behave = lambda read: None
    return world, world.integrations[NAME], destination


async def settled(world: Hub) -> None:
    while world.tasks:
        await next(iter(world.tasks))


async def refused(act: Any) -> str:
    with pytest.raises(Refused) as why:
        await act
    return why.value.reason


async def what(world: Hub) -> list[str]:
    return [one.what for one in await audit.acts(NAME, world)]


async def test_a_preview_counts_by_integration_and_rule_and_does_nothing() -> None:
    world, notes, _ = await letters(5)
    found = await preview([notes], "", 0, "ann", world)
    assert (found.total, found.groups, found.is_cut) == (5, ((NAME, "ack-AE", 3), (NAME, "ack-AR", 2)), False)
    assert (await preview([notes], "ack-AR", 0, "ann", world)).groups == ((NAME, "ack-AR", 2),)
    assert (await preview([notes], "", world.now() + 1, "ann", world)).total == 0
    assert len(await dead.dead_letters(NAME, world)) == 5
    assert await what(world) == []


@pytest.mark.parametrize(("act", "left", "acts"), [("replay", 0, ["replay"] * 4), ("discard", 0, ["discard"] * 4)])
async def test_each_letter_is_acted_on_and_audited_and_the_whole_once(act: plan.Bulk, left: int, acts: list[str]) -> None:
    world, notes, _ = await letters(4)
    found = await preview([notes], "", 0, "ann", world)
    assert await carry_out(found.plan, act, ANN, world) == Progress(4, {}, left)
    assert await what(world) == [f"bulk-{act}", *acts]
    assert await dead.dead_letters(NAME, world) == []
    assert (await balance(notes, world)).holds


async def test_a_request_is_bounded_and_the_next_one_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "AT_A_TIME", 2)
    world, notes, _ = await letters(5)
    found = await preview([notes], "", 0, "ann", world)
    seen = [await carry_out(found.plan, "discard", ANN, world) for _ in range(4)]
    assert seen == [Progress(2, {}, 3), Progress(4, {}, 1), Progress(5, {}, 0), Progress(5, {}, 0)]
    assert (await what(world)).count("bulk-discard") == 1


async def test_what_died_after_the_preview_is_left_and_what_changed_is_skipped() -> None:
    world, notes, destination = await letters(4)
    found = await preview([notes], "", 0, "ann", world)
    first, second, *_ = sorted(one["id"] for one in await dead.dead_letters(NAME, world))
    await dead.discard(notes, first, ANN, world)
    world.now = lambda: 2.0e9
    row = (await dead.find_dead(NAME, second, world)).ended
    await world.store.commit("notestotestledger", row.lane, row.replaced()._replace(values={**row.values(), "ended": 2.0e9}))
    destination.behave = refuse
    await accept(notes, envelope(note("99", lane="other")), world)
    await settled(world)
    world.now = lambda: 1.0
    progress = await carry_out(found.plan, "discard", ANN, world)
    assert progress == Progress(2, {"not-dead": 1, "changed": 1}, 0)
    assert {one["control"] for one in await dead.dead_letters(NAME, world)} >= {"99"}


async def test_a_plan_is_for_one_person_one_act_and_one_day() -> None:
    world, notes, _ = await letters(2)
    found = await preview([notes], "", 0, "ann", world)
    assert await refused(carry_out(found.plan, "replay", Person("bob", "why"), world)) == "no-plan"
    assert await refused(carry_out(found.plan, "replay", Person("ann", " "), world)) == "no-purpose"
    assert await refused(carry_out("none", "replay", ANN, world)) == "no-plan"
    assert await refused(carry_out(found.plan, "replay", ANN, world, only=NAME)) == "no-plan"
    await carry_out(found.plan, "discard", ANN, world)
    assert await refused(carry_out(found.plan, "replay", ANN, world)) == "no-plan"
    begin = world.now()
    world.now = lambda: begin + plan.LIVES + 1
    assert await refused(carry_out(found.plan, "discard", ANN, world)) == "no-plan"
    await preview([notes], "", 0, "ann", world)
    assert len(world.store.tables["hubshared"]["bulk"]) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("token", ["", "a/b", "a#b", "a\nb", "x" * 2000])
async def test_a_token_that_no_key_may_have_is_not_looked_for(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure answers 400 to such a key, which is an error of the hub."""
    world, _, _ = await letters(1)

    async def refuse_key(*_: object) -> None:
        raise ValueError("storage refused the request")

    monkeypatch.setattr(world.store, "get", refuse_key)
    assert await refused(carry_out(token, "replay", ANN, world)) == "no-plan"


async def test_of_a_lane_none_or_all_are_in_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a later one could be delivered before an earlier one, which could then no longer be replayed."""
    monkeypatch.setattr(plan, "MOST", 3)
    world, notes, _ = await letters(6, delivery=Delivery(on_dead="continue"))
    found = await preview([notes], "", 0, "ann", world)
    assert (found.total, found.is_cut) == (2, True)
    await carry_out(found.plan, "replay", ANN, world)
    assert len(await dead.dead_letters(NAME, world)) == 4


async def test_of_a_lane_the_earlier_ones_are_first_and_none_overtakes_one_that_is_left() -> None:
    """A lane whose first one cannot be replayed now keeps its second one too; the other lanes go on."""
    world, notes, destination = await letters(6)
    found = await preview([notes], "", 0, "ann", world)
    row = await world.store.get("hubshared", "bulk", found.plan)
    assert row is not None
    named = plan.Plan.of(row).letters()
    places = [await dead.find_dead(NAME, one.id, world) for one in named]
    assert [place.n for place in places] == [1, 2] * 3
    lane, stuck = places[0].lane, places[0].ended
    await world.store.commit("notestotestledger", lane, stuck.replaced()._replace(values={**stuck.values(), "ended": 2.0e9}))
    progress = await carry_out(found.plan, "replay", ANN, world)
    for each in dict.fromkeys(place.lane for place in places):
        await process(notes, each, world)
    assert progress == Progress(4, {"changed": 1, "earlier-left": 1}, 0)
    took = [int(one["id"]) for one in destination.took]
    assert len(took) == 4
    assert all(second == first + 1 for first, second in zip(took[::2], took[1::2], strict=True))
    assert {names.lane_of(one["id"]) for one in await dead.dead_letters(NAME, world)} == {lane}


async def test_two_requests_at_once_do_nothing_twice() -> None:
    world, notes, _ = await letters(2)
    found = await preview([notes], "", 0, "ann", world)
    row = await world.store.get("hubshared", "bulk", found.plan)
    assert row is not None
    await carry_out(found.plan, "discard", ANN, world)
    assert await refused(plan._kept(plan.Plan.of(row), world)) == "busy"
