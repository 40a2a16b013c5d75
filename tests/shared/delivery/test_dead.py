"""Dead letters: seen without content, replayed in their place, discarded, expired; each act of a person is in the audit."""

import asyncio

import orjson
import pytest

from shared.delivery import dead
from shared.delivery.dead import Person, Refused
from shared.delivery.upkeep import purge
from shared.hub import Timing
from shared.intake.accept import accept
from shared.intake.triggers.knocks import answer_knock
from shared.integration import Delivery, Retention
from shared.ledger import audit
from shared.ledger.reporting import conservation, search
from shared.ops.dead_letter_api import administer
from shared.ops.replay import replay
from shared.problems import Undelivered
from shared.storage import names
from shared.storage.store import put
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

TABLES = names.tables("notes-to-test")
SOMEONE = Person("someone", "fixed")
DAY = 86400


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


def refusing(*ids):
    left = set(ids)

    def behave(read):
        if read["id"] in left:
            raise Undelivered(kind="permanent", code="ack-AR", text="refused", detail="its own words")

    return Remembering(behave=behave), left


async def send(world, *bodies, **values):
    notes = world.integrations["notes-to-test"]
    for body in bodies:
        await accept(notes, envelope(body, **values), world)
        await settled(world)
    return notes


async def settled(world):
    while world.tasks:
        await asyncio.gather(*world.tasks)


async def knocked(world, notes):
    """What the work queue holds is handled."""
    for got in await world.store.receive("notes-to-test-work", 30):
        await answer_knock(notes, got.body, world)


async def test_listed_with_reason_and_attempts_and_without_content(clock):
    destination, _ = refusing("1")
    world = hub(integration(destination), now=clock)
    await send(world, note("1", name="Made-Up"))
    (letter,) = await dead.dead_letters("notes-to-test", world)
    assert (letter["code"], letter["attempts"], letter["control"]) == ("ack-AR", 1, "1")
    assert "Made-Up" not in str(letter)
    assert "words" not in str(letter)
    assert await dead.dead_letters("notes-to-test", world, rule="another") == []


async def test_content_needs_a_purpose_and_is_audited(clock):
    destination, _ = refusing("1")
    world = hub(integration(destination), now=clock)
    await send(world, note("1"))
    (letter,) = await dead.dead_letters("notes-to-test", world)
    with pytest.raises(Refused):
        await dead.content("notes-to-test", letter["id"], Person("someone"), world)
    assert await dead.content("notes-to-test", letter["id"], SOMEONE, world) == note("1")
    assert [(row.who, row.what, row.purpose) for row in await audit.acts("notes-to-test", world)] == [
        ("someone", "content", "fixed")
    ]


async def test_a_replay_is_a_new_attempt_linked_to_the_first(clock):
    destination, left = refusing("1")
    world = hub(integration(destination), now=clock)
    notes = await send(world, note("1"))
    (letter,) = await dead.dead_letters("notes-to-test", world)
    left.clear()
    await replay(notes, letter["id"], SOMEONE, world)
    await knocked(world, notes)
    story = await search.status("notes-to-test", letter["id"], world)
    assert (story["outcome"], story["replays"]) == ("delivered", 1)
    assert [past["code"] for past in story["history"]] == ["ack-AR"]
    assert await dead.dead_letters("notes-to-test", world) == []
    balance = await conservation.balance(notes, world)
    assert balance.holds
    assert balance.received == 1


async def test_one_that_was_overtaken_needs_a_word(clock):
    destination, left = refusing("1")
    world = hub(integration(destination), now=clock)
    notes = await send(world, note("1"), note("2"))
    (letter,) = await dead.dead_letters("notes-to-test", world)
    left.clear()
    with pytest.raises(Refused):
        await replay(notes, letter["id"], SOMEONE, world)
    await replay(notes, letter["id"], SOMEONE, world, out_of_order=True)
    await knocked(world, notes)
    assert [taken["id"] for taken in destination.took] == ["2", "1"]


async def test_a_held_lane_goes_on_after_the_replay_in_order(clock):
    destination, left = refusing("1")
    world = hub(integration(destination, delivery=Delivery(on_dead="hold")), now=clock)
    notes = await send(world, note("1"), note("2"))
    assert destination.took == []
    (letter,) = await dead.dead_letters("notes-to-test", world)
    left.clear()
    await replay(notes, letter["id"], SOMEONE, world)
    await knocked(world, notes)
    assert [taken["id"] for taken in destination.took] == ["1", "2"]


@pytest.mark.parametrize("act", ["replay", "discard"])
async def test_a_held_lane_goes_on_at_once_in_order_and_takes_no_short_cut(clock, act):
    """A message that arrives after the act does not overtake those that wait."""
    destination, left = refusing("1")
    world = hub(integration(destination, delivery=Delivery(on_dead="hold")), now=clock)
    notes = await send(world, note("1"), note("2"))
    (letter,) = await dead.dead_letters("notes-to-test", world)
    world.store.queues.clear()
    left.clear()
    await (replay if act == "replay" else dead.discard)(notes, letter["id"], SOMEONE, world)
    (knock,) = world.store.queues["notes-to-test-work"].values()
    lane = letter["id"].partition(".")[0]
    assert orjson.loads(knock.body) == {"lane": lane}
    head = await world.store.get(TABLES.ledger, lane, "head")
    assert (head["n"], head["idle"]) == (2, -1)
    assert await world.store.get(TABLES.ledger, lane, names.HOLD) is None
    await send(world, note("3"))
    await knocked(world, notes)
    assert [taken["id"] for taken in destination.took] == (["1", "2", "3"] if act == "replay" else ["2", "3"])


async def test_only_the_message_that_holds_its_lane_lets_it_go_on(clock):
    """Another dead letter of the lane, from before it was held, is discarded: the lane stays held."""
    destination, _ = refusing("1", "2")
    world = hub(integration(destination), now=clock)
    await send(world, note("1"))
    world.integrations["notes-to-test"] = held = integration(destination, delivery=Delivery(on_dead="hold"))
    await send(world, note("2"), note("3"))
    letters = {one["control"]: one["id"] for one in await dead.dead_letters("notes-to-test", world)}
    await dead.discard(held, letters["1"], SOMEONE, world)
    await knocked(world, held)
    assert destination.took == []
    assert await world.store.get(TABLES.ledger, letters["1"].partition(".")[0], names.HOLD)
    await dead.discard(held, letters["2"], SOMEONE, world)
    await knocked(world, held)
    assert [taken["id"] for taken in destination.took] == ["3"]


async def test_discard_keeps_the_record_and_drops_the_content(clock):
    destination, _ = refusing("1")
    world = hub(integration(destination), now=clock)
    notes = await send(world, note("1"))
    (letter,) = await dead.dead_letters("notes-to-test", world)
    await dead.discard(notes, letter["id"], SOMEONE, world)
    assert (await search.status("notes-to-test", letter["id"], world))["outcome"] == "discarded"
    assert await conservation.residue(notes, world) == []
    with pytest.raises(Refused):
        await dead.content("notes-to-test", letter["id"], SOMEONE, world)


async def test_a_dead_message_does_not_block_its_resend(clock):
    destination, left = refusing("1")
    world = hub(integration(destination), now=clock)
    await send(world, note("1"))
    left.clear()
    await send(world, note("1"))
    assert len(destination.took) == 1


async def test_a_refused_message_of_a_queue_goes_in_by_the_front_door_again(clock):
    destination = Remembering()
    world = hub(integration(destination), now=clock)
    notes = await send(world, b'{"id": "1", "lane": "A"}', trigger="queue")
    (letter,) = await dead.dead_letters("notes-to-test", world)
    assert letter["rules"] == "name-required"
    with pytest.raises(Refused):
        await replay(notes, letter["id"], SOMEONE, world)
    fixed = integration(destination, profile=notes.outgoing)
    await replay(fixed, letter["id"], SOMEONE, world)
    await settled(world)
    assert [taken["id"] for taken in destination.took] == ["1"]
    assert await dead.dead_letters("notes-to-test", world) == []


@pytest.mark.parametrize("is_cut", [False, True])
async def test_a_dead_letter_whose_blob_is_gone_or_damaged_is_refused_with_the_reason(clock, is_cut):
    world = hub(integration(Remembering()), now=clock, timing=Timing(blob_from=1))
    notes = await send(world, b'{"id": "1", "lane": "A"}', trigger="queue")
    (letter,) = await dead.dead_letters("notes-to-test", world)
    ((blob, _),) = await world.store.blobs(names.CONTENT)
    data = await world.store.read_blob(names.CONTENT, blob)
    await world.store.delete_blob(names.CONTENT, blob)
    if is_cut:
        await world.store.write_blob(names.CONTENT, blob, data[:-1])
    with pytest.raises(Refused, match="gone") as content:
        await dead.content("notes-to-test", letter["id"], SOMEONE, world)
    with pytest.raises(Refused, match="gone") as again:
        await replay(notes, letter["id"], SOMEONE, world)
    assert {content.value.reason, again.value.reason} == {"no-content"}


async def test_time_takes_everything_away_in_its_turn(clock):
    destination, _ = refusing("2")
    world = hub(integration(destination, retention=Retention(receipts=14, metadata=90, dead_content=7)), now=clock)
    notes = await send(world, note("1", "A"), note("2", "B"), b"{}")
    for days, expected in ((8, {"delivered", "expired", "rejected"}), (16, {"delivered", "expired", "rejected"}), (100, set())):
        clock.at = NOW + days * DAY
        await purge.purge(notes, world)
        assert await conservation.residue(notes, world) == [], days
        balance = await conservation.balance(notes, world)
        assert balance.holds, (days, balance)
        assert set(balance.outcomes) == expected
        kinds = {key.split("|")[0] for lane in world.store.tables[TABLES.ledger].values() for key in lane}
        assert "c" not in kinds
        assert ("r" in kinds) == (days < 14)
    assert not any(world.store.tables[TABLES.ledger].values())
    assert not any(world.store.tables[TABLES.find].values())


async def test_the_chain_of_the_audit_shows_what_was_changed(clock):
    world = hub(integration(Remembering()), now=clock)
    for n in range(3):
        await audit.append("notes-to-test", audit.Act("someone", "replay", f"m{n}", "why"), world)
    assert await audit.broken("notes-to-test", world) == []
    row = (await audit.acts("notes-to-test", world))[1].row
    await world.store.commit(TABLES.audit, "audit", put(row.key, {**row.values, "who": "none"}))
    assert await audit.broken("notes-to-test", world) == [row.key]


@pytest.mark.parametrize(
    ("request_", "status"),
    [("GET", 200), ("GET nothing", 404), ("POST nothing/replay", 409), ("POST replay", 202), ("POST x/y/z", 404)],
)
async def test_the_same_over_http(clock, request_, status):
    world = hub(integration(Remembering()), now=clock)
    answer = await administer(world.integrations["notes-to-test"], {}, request_, {"purpose": "fixed"}, world)
    assert answer.status == status


@pytest.mark.parametrize(("headers", "status"), [({"X-Hub-Purpose": "corrected"}, 202), ({"x-hub-purpose": " "}, 400), ({}, 400)])
async def test_the_purpose_over_http_comes_in_a_header(clock, headers, status):
    destination, _ = refusing("1")
    world = hub(integration(destination), now=clock)
    notes = await send(world, note("1"))
    (letter,) = await dead.dead_letters(notes.name, world)
    answer = await administer(notes, headers, f"POST {letter['id']}/replay", {}, world)
    assert answer.status == status
    assert [act.purpose for act in await audit.acts(notes.name, world)] == (["corrected"] if status == 202 else [])


async def test_replay_over_http(clock, monkeypatch):
    destination, left = refusing("1")
    world = hub(integration(destination), now=clock)
    notes = await send(world, note("1"))
    listed = orjson.loads((await administer(notes, {}, "GET", {}, world)).body)["dead"]
    left.clear()
    answer = await administer(notes, {}, f"POST {listed[0]['id']}/replay", {"purpose": "fixed"}, world)
    assert answer.status == 202
    await knocked(world, notes)
    assert len(destination.took) == 1
    monkeypatch.setenv("HUB_PARTNERS", "[]")
    assert (await administer(notes, {}, "GET", {}, world)).status == 401


async def test_the_list_over_http_comes_in_pages(clock, monkeypatch):
    ids = [f"{n}" for n in range(5)]
    destination, _ = refusing(*ids)
    world = hub(integration(destination), now=clock)
    notes = await send(world, *(note(id, f"lane {id}") for id in ids))
    monkeypatch.setattr(dead, "PAGE", 2)
    monkeypatch.setattr(dead.dead_page, "__kwdefaults__", {"after": "", "most": 2})
    seen, query = [], {}
    while True:
        page = orjson.loads((await administer(notes, {}, "GET", query, world)).body)
        assert len(page["dead"]) <= 2
        seen += [letter["id"] for letter in page["dead"]]
        if "after" not in page:
            break
        query = {"after": page["after"]}
    assert len(seen) == len(set(seen)) == 5


async def test_the_large_content_of_a_dead_letter_is_deleted_when_it_is_discarded(clock):
    destination, _ = refusing("1")
    world = hub(integration(destination), now=clock, timing=Timing(blob_from=1))
    notes = await send(world, note("1"))
    (letter,) = await dead.dead_letters("notes-to-test", world)
    assert len(await world.store.blobs(names.CONTENT)) == 1
    await dead.discard(notes, letter["id"], SOMEONE, world)
    assert await world.store.blobs(names.CONTENT) == []
    assert await conservation.residue(notes, world) == []


async def test_the_story_of_a_message_that_waits_has_its_state_as_its_outcome(clock):
    destination, _ = refusing("1")
    world = hub(integration(destination, delivery=Delivery(on_dead="hold")), now=clock)
    await send(world, note("1"), note("2"))
    (row,) = [row async for row in world.store.scan(TABLES.ledger) if row.key == names.row("w", 2)]
    story = await search.status("notes-to-test", names.message_id(row.partition, row["key"]), world)
    assert (story["outcome"], story["n"], story["control"], story["history"]) == ("waiting", 2, "2", [])


async def test_a_broken_line_of_the_list_hides_no_other_and_is_reported(clock):
    emitted = []
    destination, _ = refusing("1", "2")
    world = hub(integration(destination), now=clock, emit=lambda name, **keys: emitted.append((name, keys)))
    await send(world, note("1"), note("2"))
    first, _ = sorted(await dead.dead_letters("notes-to-test", world), key=lambda one: one["control"])
    await world.store.commit(TABLES.find, names.DEAD, put(first["id"], {"at": "odd"}))
    assert [one["control"] for one in await dead.dead_letters("notes-to-test", world)] == ["2"]
    ((_, skipped),) = [each for each in emitted if each[0] == "hub.skipped"]
    assert (skipped["integration"], skipped["stage"]) == ("notes-to-test", "dead-letters")
    assert skipped["lane"] == first["id"].partition(".")[0]
