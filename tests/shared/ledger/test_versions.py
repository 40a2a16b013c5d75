"""Rows that earlier versions of the hub wrote are read; a row of a newer version is left alone and that is reported."""

import asyncio
import base64
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.delivery import dead, outbox
from shared.delivery.dead import Person, Refused
from shared.delivery.process import process
from shared.delivery.upkeep import alarms, purge, watchdog
from shared.delivery.waiting import give_up, retry, waiting
from shared.hub import Hub
from shared.intake import subscription
from shared.intake.accept import accept
from shared.intake.inbox import watching
from shared.intake.triggers.knocks import answer_knock
from shared.integration import Delivery, EventGrid
from shared.ledger.index import under
from shared.ledger.reporting import conservation, search
from shared.ops import message_status
from shared.ops.ledger import LedgerFacts
from shared.ops.page import Request, answer
from shared.ops.replay import replay
from shared.problems import Unavailable
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Row
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

FILES = sorted((Path(__file__).parent / "rows").glob("*.json"))
NAME, PUBLISHER, HELD = "notes-to-test", "notes-to-topic", "held-to-test"
TABLES = names.tables(NAME)
DAY = 86400.0


def value(kept: Any) -> Any:
    return base64.b64decode(kept["base64"]) if isinstance(kept, dict) else kept


class World:
    """A hub of this version on rows of another; the knocks of that one are lost."""

    def __init__(self, file: Path | None = None) -> None:
        self.at = NOW + 3600
        self.emitted: list[tuple[str, dict[str, Any]]] = []
        self.took = Remembering()
        delivery = Delivery(attempts=4, first_wait=1, longest_wait=10, timeout=5)
        subscribed = EventGrid(("published",), publisher=PUBLISHER)
        self.one = integration(self.took, NAME, triggers=(subscribed,), delivery=delivery)
        self.held = integration(self.took, HELD, delivery=Delivery(on_dead="hold"))
        self.publisher = integration(Remembering(), PUBLISHER, subscribers=(NAME,))
        self.all = (self.one, self.held, self.publisher)
        emit = lambda name, **keys: self.emitted.append((name, keys))  # noqa: E731
        self.hub: Hub = hub(*self.all, now=lambda: self.at, emit=emit)
        assert isinstance(self.hub.store, MemoryStore)
        self.store = self.hub.store
        for table, partitions in (orjson.loads(file.read_bytes()) if file else {}).items():
            for partition, rows in partitions.items():
                for key, row in rows.items():
                    self.store.tables[table][partition][key] = ("0", {name: value(kept) for name, kept in row.items()})

    async def live(self, rounds: int = 6) -> None:
        for _ in range(rounds):
            await watchdog.tick(self.hub, watching.look)
            for one in self.all:
                for arrived in await self.store.receive(f"{one.name}-work", 30):
                    await answer_knock(one, arrived.body, self.hub)
                    await self.store.settle(arrived.ticket)
            await self.settled()
            self.at += 100

    async def settled(self) -> None:
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks)

    def skipped(self) -> set[tuple[str, str]]:
        """Stage and reason of what was left alone; each names its integration."""
        found = [keys for name, keys in self.emitted if name == "hub.skipped"]
        assert {keys["integration"] for keys in found} <= {NAME, PUBLISHER, HELD}
        return {(keys["stage"], keys["error_code"]) for keys in found}

    def lane_of(self, id: str, name: str = NAME) -> str:
        ledger = self.store.tables[names.tables(name).ledger]
        return next(lane for lane, rows in ledger.items() if any(row.get("control") == id for _, row in rows.values()))


def test_every_earlier_version_has_its_file() -> None:
    assert len(FILES) >= 3


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_what_an_earlier_version_left_is_delivered(file: Path) -> None:
    world = World(file)
    await world.live()
    assert [taken["id"] for taken in world.took.took if taken["lane"] == "C"] == ["retry", "after-retry"]
    assert {taken["id"] for taken in world.took.took} == {"retry", "after-retry", "waiting", "published"}
    assert len(world.took.took) == 4
    assert world.skipped() == set()
    for one in world.all:
        assert (await conservation.balance(one, world.hub)).holds
        assert await conservation.residue(one, world.hub) == []
    opened = [sum(map(len, world.store.tables[names.tables(one.name).open].values())) for one in world.all]
    assert opened == [0, 1, 0]  # what waits behind a dead letter that holds its lane


@pytest.mark.parametrize("file", [file for file in FILES if file.stem != "first"], ids=lambda file: file.stem)
async def test_dead_letters_of_an_earlier_version_are_seen_and_replayed(file: Path) -> None:
    """The first version had no list of them: the purge makes one when their time is over."""
    world = World(file)
    letters = {letter.get("control") or letter["rules"]: letter["id"] for letter in await dead.dead_letters(NAME, world.hub)}
    assert letters.keys() == {"dead", "refused"} or letters.keys() == {"dead", "name-required"}
    await replay(world.one, letters["dead"], Person("p", "why"), world.hub)
    (held,) = await dead.dead_letters(HELD, world.hub)
    await replay(world.held, held["id"], Person("p", "why"), world.hub)
    await world.live()
    assert {"dead", "dead-held", "behind"} <= {taken["id"] for taken in world.took.took}
    assert (await search.status(NAME, letters["dead"], world.hub) or {})["outcome"] == "delivered"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_what_an_earlier_version_left_has_an_end(file: Path) -> None:
    world = World(file)
    await world.live()
    for day in (15, 16, 17, 33, 95, 130):
        world.at = NOW + day * DAY
        await world.live(2)
        for one in world.all:
            await purge.purge(one, world.hub)
    for one in world.all:
        rows = [key for lane in world.store.tables[names.tables(one.name).ledger].values() for key in lane]
        assert rows == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_message_of_an_earlier_version_is_known_again(file: Path) -> None:
    world = World(file)
    for id, lane in (("delivered", "A"), ("waiting", "E")):
        answer = await accept(world.one, envelope(note(id, lane)), world.hub)
        assert answer.status == 202
    await world.settled()
    assert "delivered" not in [taken["id"] for taken in world.took.took]


# A newer version


NEWER = names.SCHEMA + 1


async def fresh(*ids: str) -> World:
    """Messages of this version that wait, each in a lane of its own."""
    world = World()
    start, world.hub.start = world.hub.start, lambda work: work.close()  # type: ignore[method-assign,assignment]
    for id in ids:
        await accept(world.one, envelope(note(id, f"lane {id}")), world.hub)
    world.hub.start = start  # type: ignore[method-assign]
    world.store.queues.clear()
    return world


SAME, OTHER = "the same fields", "other fields"
FIELDS = pytest.mark.parametrize("fields", [SAME, OTHER])


def make_newer(world: World, lane: str, kind: str, fields: str, table: str = TABLES.ledger) -> list[dict[str, Any]]:
    """Rows as a newer version may write them: nothing but ``schema`` is certain to be there."""
    rows = [row for key, (_, row) in world.store.tables[table][lane].items() if key.startswith(kind)]
    for row in rows:
        if fields == OTHER:
            row.clear()
            row["in another way"] = 1
        row["schema"] = NEWER
    return [dict(row) for row in rows]


@FIELDS
@pytest.mark.parametrize("kind", ["w|", "c|", "head"])
async def test_a_newer_message_waits_for_a_newer_worker(kind: str, fields: str) -> None:
    world = await fresh("1", "2", "3")
    lane = world.lane_of("2")
    before = make_newer(world, lane, kind, fields)
    world.at = NOW + 100
    await world.live()
    await process(world.one, lane, world.hub)
    assert sorted(taken["id"] for taken in world.took.took) == ["1", "3"]
    after = [dict(row) for key, (_, row) in world.store.tables[TABLES.ledger][lane].items() if key.startswith(kind)]
    assert before == after
    assert "claim" not in world.store.tables[TABLES.ledger][lane]
    assert {code for _, code in world.skipped()} == {"newer-version"}


@FIELDS
@pytest.mark.parametrize("kind", ["head", "r|"])
async def test_a_lane_of_a_newer_version_is_not_written_to(kind: str, fields: str) -> None:
    world = await fresh("1")
    lane = world.lane_of("1")
    make_newer(world, lane, kind, fields)
    before = {key: dict(row) for key, (_, row) in world.store.tables[TABLES.ledger][lane].items()}
    answer = await accept(world.one, envelope(note("1" if kind == "r|" else "2", "lane 1")), world.hub)
    assert answer.status == 503
    assert {key: dict(row) for key, (_, row) in world.store.tables[TABLES.ledger][lane].items()} == before
    assert world.skipped() == {("accept", "newer-version")}


@FIELDS
@pytest.mark.parametrize("on_resend", ["answer", "deliver"])
async def test_a_resend_of_a_message_that_a_newer_version_ended_is_left_to_that_one(on_resend: Any, fields: str) -> None:
    world = World()
    one = replace(world.one, on_resend=on_resend)
    assert (await accept(one, envelope(note("1", "lane 1")), world.hub)).status == 202
    await world.settled()
    lane = world.lane_of("1")
    make_newer(world, lane, "d|", fields)
    before = {key: dict(row) for key, (_, row) in world.store.tables[TABLES.ledger][lane].items()}
    answer = await accept(one, envelope(note("1", "lane 1")), world.hub)
    await world.settled()
    assert answer.status == 503
    assert {key: dict(row) for key, (_, row) in world.store.tables[TABLES.ledger][lane].items()} == before
    assert world.skipped() == {("accept", "newer-version")}


@FIELDS
async def test_a_newer_message_hides_no_other_from_the_list_of_what_waits(fields: str) -> None:
    world = await fresh("1", "2", "3")
    (id,) = [one["id"] for one in await waiting(world.one, world.hub) if one["control"] == "2"]
    make_newer(world, world.lane_of("2"), "w|", fields)
    assert {one["control"] for one in await waiting(world.one, world.hub)} == {"1", "3"}
    journey = await LedgerFacts(world.hub).journey(NAME, id)
    assert journey
    assert journey.plan is None


@FIELDS
@pytest.mark.parametrize("kind", ["w|", "r|"])
async def test_the_page_of_a_newer_message_says_so(kind: str, fields: str) -> None:
    world = await fresh("1")
    (id,) = [one["id"] for one in await waiting(world.one, world.hub)]
    make_newer(world, world.lane_of("1"), kind, fields)
    journey = await LedgerFacts(world.hub).journey(NAME, id)
    assert journey
    assert (journey.found.id, journey.found.outcome, journey.is_newer) == (id, "newer-version", True)
    assert journey.steps == journey.tries == ()
    request = Request("GET", "message", {"integration": NAME, "id": id}, {}, on_developers_machine=True)
    page = await answer(request, LedgerFacts(world.hub))
    assert page.status == 200
    assert b"A newer version of the hub wrote the record of this message" in page.body
    assert b'id="attempts"' not in page.body
    for act in (retry, give_up):
        with pytest.raises(Refused) as refused:
            await act(world.one, id, Person("p", "why"), world.hub)
        assert refused.value.reason == "newer-version"


@FIELDS
@pytest.mark.parametrize("kind", ["w|", "r|"])
@pytest.mark.parametrize("accept", ["application/json", "application/fhir+json"])
async def test_a_sender_asks_again_for_a_newer_message(
    kind: str, fields: str, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = {"name": "p", "keys": [sha256(b"k").hexdigest()], "integrations": ["*"], "senders": ["*"]}
    monkeypatch.setenv("HUB_PARTNERS", orjson.dumps([partner]).decode())
    world = await fresh("1")
    (id,) = [one["id"] for one in await waiting(world.one, world.hub)]
    make_newer(world, world.lane_of("1"), kind, fields)
    found = await message_status.status(world.one, {"x-hub-key": "k", "accept": accept}, id, world.hub)
    assert (found.status, found.headers["Retry-After"]) == (503, "30")


@FIELDS
async def test_a_newer_line_of_the_list_of_dead_letters_hides_no_other(fields: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages show both, and the alarm for the other one is raised."""
    world = World(FILES[-1])
    ids = {letter["id"] for letter in await dead.dead_letters(NAME, world.hub)}
    make_newer(world, names.DEAD, min(ids), fields, TABLES.find)
    for _, row in world.store.tables[TABLES.find][names.DEAD].values():
        if "schema" not in row or row["schema"] < NEWER:
            row["at"] = world.at
    assert {one.id for one in await LedgerFacts(world.hub).dead() if one.integration == NAME} == ids
    raised: list[str] = []

    async def raise_one(integration: str, reason: str, hub: Hub) -> None:
        raised.append(reason)

    monkeypatch.setenv("HUB_ALARMS__ENDPOINT", "https://alarms.example")
    monkeypatch.setattr(alarms, "alarm", raise_one)
    await alarms.raise_alarms(NAME, {"overdue": 0}, world.hub)
    assert raised == ["dead"]


@FIELDS
async def test_a_newer_dead_letter_is_found_and_hides_no_other(fields: str) -> None:
    world = World(FILES[-1])
    letters = await dead.dead_letters(NAME, world.hub)
    lane = names.lane_of(letters[0]["id"])
    make_newer(world, lane, "d|", fields)
    listed = {one.id: one.outcome for one in await LedgerFacts(world.hub).dead()}
    assert listed[letters[0]["id"]] == "newer-version"
    assert {letter["id"] for letter in letters} <= listed.keys()
    assert await search.status(NAME, letters[0]["id"], world.hub)
    assert await search.traces(NAME, letters[0]["id"], world.hub) == ()
    with pytest.raises(Refused) as refused:
        await replay(world.one, letters[0]["id"], Person("p", "why"), world.hub)
    assert refused.value.reason == "newer-version"


@FIELDS
@pytest.mark.parametrize("act", [retry, give_up])
async def test_a_person_does_not_act_under_a_newer_claim(act: Any, fields: str) -> None:
    world = await fresh("1")
    lane = world.lane_of("1")
    (one,) = await waiting(world.one, world.hub)
    values = {"end": NOW - 1000.0, "owner": "other"} if fields == SAME else {"in another way": 1}
    world.store.tables[TABLES.ledger][lane]["claim"] = ("0", {"schema": NEWER, **values})
    with pytest.raises(Refused) as refused:
        await act(world.one, one["id"], Person("p", "why"), world.hub)
    assert refused.value.reason == "newer-version"


@pytest.mark.parametrize("values", [{"end": NOW - 1000.0, "owner": "other"}, {"in another way": 1}])
async def test_a_newer_claim_is_not_taken_over(values: dict[str, Any]) -> None:
    world = await fresh("1")
    lane = world.lane_of("1")
    world.store.tables[TABLES.ledger][lane]["claim"] = ("0", {"schema": NEWER, **values})
    await process(world.one, lane, world.hub)
    assert world.took.took == []


@FIELDS
async def test_newer_records_are_neither_purged_nor_replayed(fields: str) -> None:
    world = await fresh("1")
    lane = world.lane_of("1")
    await process(world.one, lane, world.hub)
    before = make_newer(world, lane, "d|", fields)
    world.store.tables[TABLES.ledger][lane][names.row("d", 1)][1]["outcome"] = "dead"
    (found,) = await under(names.hour(NOW + 3600), NAME, world.hub)
    message = found.id
    with pytest.raises(Refused):
        await replay(world.one, message, Person("p", "why"), world.hub)
    world.at = NOW + 100 * DAY
    await purge.purge(world.one, world.hub)
    assert len(before) == len([key for key in world.store.tables[TABLES.ledger][lane] if key.startswith("d|")])
    assert ("purge", "newer-version") in world.skipped()


@FIELDS
async def test_a_newer_receipt_is_not_purged(fields: str) -> None:
    world = await fresh("1")
    lane = world.lane_of("1")
    await process(world.one, lane, world.hub)
    make_newer(world, lane, "r|", fields)
    world.at = NOW + 20 * DAY  # receipts are over, records are not
    await purge.purge(world.one, world.hub)
    assert [key for key in world.store.tables[TABLES.ledger][lane] if key.startswith("r|")]
    assert world.skipped() == {("purge", "newer-version")}


@FIELDS
@pytest.mark.parametrize("kind", ["p|", "c|", "s|"])
async def test_a_newer_row_of_an_outbox_is_left_alone(kind: str, fields: str) -> None:
    world = World()
    for id in ("1", "2"):
        await accept(world.publisher, envelope(note(id), PUBLISHER), world.hub)
        await world.settled()
    lane, table = world.lane_of("1", PUBLISHER), names.tables(PUBLISHER).ledger
    if kind == "s|":
        world.store.tables[table][lane][f"s|{NAME}"] = ("0", {"schema": NEWER, "n": 0})
    before = make_newer(world, lane, kind, fields, table)
    with pytest.raises(Unavailable):
        await subscription.take(world.one, PUBLISHER, lane, world.hub)
    await world.settled()
    assert world.took.took == []
    assert [dict(row) for key, (_, row) in world.store.tables[table][lane].items() if key.startswith(kind)] == before
    assert world.skipped() == {("outbox", "newer-version")}


@FIELDS
async def test_the_watchdog_leaves_a_newer_row_of_an_outbox_alone(fields: str) -> None:
    world = World()
    await accept(world.publisher, envelope(note("1"), PUBLISHER), world.hub)
    await world.settled()
    lane, table = world.lane_of("1", PUBLISHER), names.tables(PUBLISHER).ledger
    before = make_newer(world, lane, "p|", fields, table)
    world.store.queues.clear()
    with pytest.raises(Unavailable):
        await outbox.look(world.publisher, lane, 60, world.hub)
    assert [dict(row) for key, (_, row) in world.store.tables[table][lane].items() if key.startswith("p|")] == before
    assert not any(world.store.queues.values())
    assert world.skipped() == {("outbox", "newer-version")}


@pytest.mark.parametrize("field", ["control", "sender", "facility", "correlation_id"])
def test_an_id_that_an_older_version_kept_as_its_sender_wrote_it_is_never_shown(field: str) -> None:
    """Neither a name nor an NHS Number gets from an old row into the ops page, a list, or the status that a partner reads."""
    for text in ("Ann Jones", "9990000018"):
        shown = search.shown_row(Row("1-a", names.row("w", 1), "", {"schema": 1, "state": "waiting", field: text}))
        assert field in shown
        assert text not in str(shown)
