"""Files of the inbox: pairs in either order, what is late, doubled, broken or too large; no file is lost, and no name leaves."""

import base64
from collections.abc import Iterable
from typing import Any

import orjson
import pytest

from integrations import load
from shared.delivery import dead
from shared.delivery.process import process
from shared.delivery.upkeep import purge, watchdog
from shared.envelope import Outgoing, Receipt
from shared.hub import Hub, Timing
from shared.intake.inbox import taking, watching
from shared.intake.triggers.queues import accept_event, accept_queue_message
from shared.ops.replay import replay
from shared.problems import Problem
from shared.storage import names
from tests.ledger_world import NOW, hub
from toolkit.local import drops
from toolkit.samples import samples

DOCUMENTS = load("documents-to-cdr")
SAMPLES = {each.name: each for each in samples(DOCUMENTS)}
FOLDER = "documents-to-cdr/"
NAME = FOLDER + "Jones 9990101000 letter"
HALVES = {f"{NAME}.{kind}": body for kind, body in drops.halves(SAMPLES["clinic_letter"].body, "json").items()}
PDF, SIDECAR = HALVES
SMALL = Timing(inline=100)


class Took:
    """A destination that takes everything, and opens the files that come with it."""

    name, takes_synthetic = "CDR", False

    def __init__(self) -> None:
        self.bundles: list[dict[str, Any]] = []
        self.files: list[bytes] = []

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        self.bundles.append(orjson.loads(outgoing.body))
        self.files += [b"".join([piece async for piece in opened()]) for opened in outgoing.files]
        return Receipt()

    async def close(self) -> None: ...


class World:
    """A hub with the integration, its clock, and what it emitted."""

    def __init__(self, **changes: Any) -> None:
        from dataclasses import replace

        self.clock, self.emitted, self.took = NOW, [], Took()
        self.documents = replace(DOCUMENTS, destination=self.took)
        self.hub: Hub = hub(
            self.documents, now=lambda: self.clock, emit=lambda name, **keys: self.emitted.append((name, keys)), **changes
        )

    async def drop(self, files: dict[str, bytes]) -> None:
        for name, body in files.items():
            await self.hub.store.write_blob(names.INBOX, name, body)

    async def tell(self, *files: str) -> None:
        for name in files:
            await accept_event(self.documents, drops.created(name), self.hub)

    async def inbox(self) -> list[str]:
        return [name for name, _ in await self.hub.store.blobs(names.INBOX)]

    async def watch(self) -> dict[str, int | float]:
        """The watchdog looks, and what it knocks for is taken."""
        found = await watchdog.sweep(self.documents, self.hub, watching.look)
        for arrived in await self.hub.store.receive("documents-to-cdr-in", 30):
            await accept_queue_message(self.documents, arrived.body, self.hub)
            await self.hub.store.settle(arrived.ticket)
        return found

    async def settle(self) -> None:
        """Everything that waits is delivered."""
        lanes = {row.key.split(".")[0] async for row in self.hub.store.scan(names.tables("documents-to-cdr").open)}
        for lane in lanes:
            await process(self.documents, lane, self.hub)

    async def kept(self) -> list[str]:
        return [name for name, _ in await self.hub.store.blobs(names.CONTENT)]

    async def records(self) -> list[tuple[str, str, str]]:
        """Outcome, rule and blob of each message that has ended, as the ledger has them."""
        ledger = names.tables("documents-to-cdr").ledger
        rows = [row async for row in self.hub.store.scan(ledger) if row.key.startswith("d|")]
        content = {row.partition: row["files"] async for row in self.hub.store.scan(ledger) if row.key.startswith("c|")}
        return [(row["outcome"], row["code"], content[row.partition]) for row in rows]

    def outcomes(self) -> list[str]:
        return [keys["outcome"] for name, keys in self.emitted if name == "hub.message"]


def binaries(world: World) -> list[bytes]:
    entries = [each["resource"] for bundle in world.took.bundles for each in bundle["entry"]]
    return [base64.b64decode(each["data"]) for each in entries if each["resourceType"] == "Binary" and "data" in each]


@pytest.mark.parametrize("order", [(PDF, SIDECAR), (SIDECAR, PDF)])
@pytest.mark.parametrize("timing", [Timing(), SMALL], ids=["inside", "separate"])
async def test_a_pair_in_either_order(order: Iterable[str], timing: Timing) -> None:
    world = World(timing=timing)
    for name in order:
        assert not world.took.bundles
        await world.drop({name: HALVES[name]})
        await world.tell(name)
    await world.settle()
    assert [*binaries(world), *world.took.files] == [HALVES[PDF]]
    assert await world.inbox() == []
    assert await world.kept() == []


async def test_both_ways_make_the_same_document() -> None:
    """Whether a document is large decides how it travels, not what it becomes."""
    made = []
    for timing in (Timing(), SMALL):
        world = World(timing=timing)
        await world.drop(HALVES)
        await world.tell(SIDECAR)
        await world.settle()
        entries = [each["resource"] for each in world.took.bundles[0]["entry"]]
        made.append([{name: value for name, value in each.items() if name != "data"} for each in entries])
    assert made[0] == made[1]
    golden = orjson.loads(SAMPLES["clinic_letter"].path.with_name("clinic_letter.out.json").read_bytes())
    assert [each["resource"]["id"] for each in golden["entry"]] == [each["id"] for each in made[0]]


@pytest.mark.parametrize("timing", [Timing(), SMALL], ids=["inside", "separate"])
async def test_events_that_come_twice_and_late(timing: Timing) -> None:
    world = World(timing=timing)
    await world.drop(HALVES)
    await world.tell(PDF, SIDECAR, SIDECAR, PDF)
    await world.settle()
    assert len(world.took.bundles) == 1


@pytest.mark.parametrize("timing", [Timing(), SMALL], ids=["inside", "separate"])
async def test_a_pair_that_another_worker_takes_meanwhile_is_left_to_it(timing: Timing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both looked and saw it; the other one is done with it when this one comes to open the document."""
    world = World(timing=timing)
    usual = world.hub.store.read_blob

    async def read_and_fall_behind(container: str, name: str) -> bytes | None:
        body = await usual(container, name)
        if name == SIDECAR:
            monkeypatch.setattr(world.hub.store, "read_blob", usual)
            await world.tell(PDF)
        return body

    monkeypatch.setattr(world.hub.store, "read_blob", read_and_fall_behind)
    await world.drop(HALVES)
    await world.tell(SIDECAR)
    await world.settle()
    assert world.outcomes() == ["accepted", "delivered"]
    assert [*binaries(world), *world.took.files] == [HALVES[PDF]]
    assert [*await world.inbox(), *await world.kept()] == []


async def test_a_lost_event_costs_a_minute() -> None:
    world = World()
    await world.drop(HALVES)
    assert (await world.watch())["unpaired"] == 0
    assert await world.inbox() == sorted(HALVES)
    world.clock += watching.GRACE + 1
    await world.watch()
    await world.settle()
    assert binaries(world) == [HALVES[PDF]]
    assert await world.inbox() == []


@pytest.mark.parametrize("half", HALVES)
async def test_a_half_waits_raises_an_alert_and_is_given_up_after_days(half: str) -> None:
    world = World()
    await world.drop({half: HALVES[half]})
    await world.tell(half)
    for age, unpaired in ((890, 0), (910, 1), (13 * 86400, 1)):
        world.clock = NOW + age
        assert (await world.watch())["unpaired"] == unpaired
        assert await world.inbox() == [half]
    world.clock = NOW + 14 * 86400 + 1
    await world.watch()
    assert await world.inbox() == []
    assert world.outcomes() == ["expired"]


async def test_the_other_half_after_the_alert_still_makes_a_pair() -> None:
    world = World()
    await world.drop({PDF: HALVES[PDF]})
    world.clock += 1000
    assert (await world.watch())["unpaired"] == 1
    await world.drop({SIDECAR: HALVES[SIDECAR]})
    await world.tell(SIDECAR)
    await world.settle()
    assert binaries(world) == [HALVES[PDF]]
    assert (await world.watch())["unpaired"] == 0


async def test_a_new_version_under_the_same_name_is_another_message() -> None:
    world = World()
    await world.drop(HALVES)
    await world.tell(SIDECAR)
    newer = orjson.dumps({**orjson.loads(HALVES[SIDECAR]), "id": "EVT-NEWER"})
    await world.drop({PDF: HALVES[PDF] + b"\n", SIDECAR: newer})
    await world.tell(SIDECAR)
    await world.settle()
    assert binaries(world) == [HALVES[PDF], HALVES[PDF] + b"\n"]


@pytest.mark.parametrize(("is_same", "left"), [(True, []), (False, [SIDECAR])], ids=["the half of then", "a newer one"])
async def test_the_half_that_a_crash_left_of_a_pair_goes_and_a_newer_one_waits(is_same: bool, left: list[str]) -> None:
    """The worker ended between the two deletions: both halves are known as taken, and one is still in the inbox."""
    world = World()
    await world.drop(HALVES)
    delete = world.hub.store.delete_blob
    left_there = []

    async def stops(container: str, name: str, etag: str = "") -> None:
        if name == SIDECAR and not left_there:
            left_there.append(name)
        else:
            await delete(container, name, etag)

    world.hub.store.delete_blob = stops  # type: ignore[method-assign]
    await world.tell(SIDECAR)
    await world.settle()
    assert await world.inbox() == [SIDECAR]
    if not is_same:
        world.clock += 1
        await world.drop({SIDECAR: HALVES[SIDECAR] + b" "})
    await world.tell(SIDECAR)
    assert await world.inbox() == left
    assert len(world.took.bundles) == 1


async def test_a_file_that_is_replaced_while_it_is_taken_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    name, body = f"{FOLDER}a.hl7", SAMPLES["mdm_text"].body
    await world.drop({name: body})
    usual = taking.replies.take

    async def slowly(*given: Any) -> Any:
        answer = await usual(*given)
        world.clock += 1
        await world.drop({name: body.replace(b"MDM0002", b"MDM0099")})
        return answer

    monkeypatch.setattr(taking.replies, "take", slowly)
    await world.tell(name)
    assert await world.inbox() == [name]


async def test_a_message_and_a_sidecar_with_its_document_inside_need_no_other_half() -> None:
    world = World()
    files = {f"{FOLDER}a.hl7": SAMPLES["mdm_pdf"].body, f"{FOLDER}b.json": SAMPLES["clinic_letter"].body}
    await world.drop(files)
    await world.tell(*files)
    await world.settle()
    assert len(binaries(world)) == 2
    assert await world.inbox() == []


BROKEN = {
    "no JSON": (b"{", "not-json"),
    "no text": (b"%PDF-1.7", "not-json"),
    "an HL7 message": (SAMPLES["mdm_pdf"].body, "not-json"),
    "no object": (b"[]", "not-an-object"),
    "not by the schema": (b'{"document": {}}', "schema-required"),
    "a document inside as well": (SAMPLES["clinic_letter"].body, "document-twice"),
}


@pytest.mark.parametrize("timing", [Timing(), SMALL], ids=["inside", "separate"])
@pytest.mark.parametrize(("sidecar", "rule"), BROKEN.values(), ids=BROKEN)
async def test_a_broken_sidecar_keeps_its_document_with_it(sidecar: bytes, rule: str, timing: Timing) -> None:
    world = World(timing=timing)
    await world.drop({PDF: HALVES[PDF], SIDECAR: sidecar})
    await world.tell(PDF)
    assert await world.inbox() == []
    ended = [keys for name, keys in world.emitted if name == "hub.message"]
    assert [(keys["outcome"], keys["rule"]) for keys in ended] == [("rejected", rule)]
    (kept,) = [name for name in await world.kept() if name.startswith("documents-to-cdr/file/")]
    assert await world.hub.store.read_blob(names.CONTENT, kept) == HALVES[PDF]
    world.clock += 3 * 3600
    await purge.purge(world.documents, world.hub)
    assert kept in await world.kept()
    world.clock += 15 * 86400
    await purge.purge(world.documents, world.hub)
    assert await world.kept() == []


async def test_what_the_sender_says_of_a_kept_file_is_not_believed() -> None:
    sidecar = orjson.loads(HALVES[SIDECAR])
    sidecar["document"]["file"] = {"size": 1, "sha1": "AAAA", "start": "JVBERi0="}
    for timing in (Timing(), SMALL):
        world = World(timing=timing)
        await world.drop({PDF: HALVES[PDF], SIDECAR: orjson.dumps(sidecar)})
        await world.tell(PDF)
        await world.settle()
        described = next(
            e["resource"] for e in world.took.bundles[0]["entry"] if e["resource"]["resourceType"] == "DocumentReference"
        )
        assert described["content"][0]["attachment"]["size"] == len(HALVES[PDF])


async def test_what_is_no_pdf_is_refused_inside_and_separate() -> None:
    for timing in (Timing(), SMALL):
        world = World(timing=timing)
        await world.drop({**HALVES, PDF: b"PK\3\4" * 100})
        await world.tell(PDF)
        assert [keys["rule"] for name, keys in world.emitted if name == "hub.message"] == ["document-is-pdf"]


async def test_a_file_over_the_limit_is_a_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "LARGEST", 50)
    world = World()
    await world.drop({f"{FOLDER}a.hl7": SAMPLES["mdm_text"].body})
    await world.tell(f"{FOLDER}a.hl7")
    assert world.outcomes() == ["rejected"]
    assert world.hub.counts[world.documents.name, "rejected"] == 1
    assert await world.inbox() == []
    (kept,) = await world.kept()
    assert await world.records() == [("rejected", "file-too-large", kept)]
    world.clock += 2 * 3600
    await purge.hourly(world.hub)
    assert await world.kept() == [kept]  # a person can still look at it


@pytest.mark.parametrize("told_of", HALVES)
async def test_a_sidecar_over_the_limit_is_a_dead_letter_and_its_document_waits_for_another(
    told_of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "LARGEST", len(HALVES[SIDECAR]))
    world = World()
    await world.drop({**HALVES, SIDECAR: HALVES[SIDECAR] + b" "})
    await world.tell(told_of)
    assert world.outcomes() == ["rejected"]
    assert await world.inbox() == [PDF]
    await world.drop(HALVES)
    await world.tell(SIDECAR)
    await world.settle()
    assert binaries(world) == [HALVES[PDF]]


async def test_an_event_of_a_file_that_never_was_is_an_error() -> None:
    with pytest.raises(Problem):
        await World().tell(f"{FOLDER}nowhere.hl7")


async def test_a_dead_letter_is_replayed_with_its_file() -> None:
    world = World(timing=SMALL)
    deliver = world.took.deliver

    async def fails(outgoing: Outgoing) -> Receipt:
        from shared.problems import Undelivered

        raise Undelivered(kind="permanent", code="http-422", text="refused")

    world.took.deliver = fails  # type: ignore[method-assign]
    await world.drop(HALVES)
    await world.tell(PDF)
    await world.settle()
    (letter,) = await dead.dead_letters("documents-to-cdr", world.hub)
    assert len(await world.kept()) == 1
    world.took.deliver = deliver  # type: ignore[method-assign]
    await replay(world.documents, letter["id"], dead.Person("p", "test"), world.hub)
    await world.settle()
    assert world.took.files == [HALVES[PDF]]
    assert await world.kept() == []


async def test_no_name_of_a_file_leaves(caplog: pytest.LogCaptureFixture) -> None:
    """Not in an event, a table, a queue or the name of a blob."""
    world = World(timing=SMALL)
    await world.drop({**HALVES, f"{NAME} x.json": b"{", f"{NAME} x.pdf": b"%PDF-", f"{NAME} y.pdf": b"%PDF-"})
    world.clock += 1000
    await world.watch()
    await world.settle()
    store: Any = world.hub.store
    seen = repr((world.emitted, dict(store.tables), await world.kept(), caplog.text))
    assert "rejected" in seen
    assert "Jones" not in seen
    assert "letter" not in seen.replace("clinic letter", "").replace("dead-letter", "")


async def test_a_storm_of_files_is_knocked_for_in_rounds() -> None:
    world = World()
    await world.drop({f"{FOLDER}{n}.hl7": b"x" for n in range(watching.KNOCKS + 5)})
    world.clock += watching.GRACE + 1
    await watching.look(world.documents, world.hub)
    store: Any = world.hub.store
    assert len(store.queues["documents-to-cdr-in"]) == watching.KNOCKS
