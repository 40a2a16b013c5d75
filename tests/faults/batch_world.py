"""Batches in the laboratory: posted by several callers, split by processes that fail, and held against what was acknowledged."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import orjson

from shared.envelope import Answer, Envelope
from shared.intake import batches
from shared.issue import Verdict
from shared.privacy import shown
from shared.storage import names
from tests.faults.invariants import (
    after_what_it_waits_for,
    conserved,
    delivered_once,
    found_in_the_index,
    in_order,
    is_replaced,
    nothing_left_behind,
    records,
)
from tests.faults.process import NAME, Crashed
from tests.faults.scenarios import m
from tests.faults.world import Scenario, World
from tests.ledger_world import NameRequired, Notes, note

STAMP = "2026-02-02T02:40:00.000Z"
KEY = "0" * 64
PARTNERS = [
    {"name": "ours", "keys": [KEY], "integrations": ["*"], "senders": ["S"]},
    {"name": "theirs", "keys": [KEY[:-1] + "1"], "integrations": ["*"], "senders": ["T"]},
]


class Hl7Notes(Notes):
    """Notes that a batch can carry: a header with the control id, and the note in a segment behind it."""

    format = "hl7v2"

    def read(self, envelope: Envelope) -> Any:
        return orjson.loads(envelope.body.split(b"\r")[1][4:])

    def acknowledge(self, envelope: Envelope, content: Any, verdict: Verdict) -> Answer:
        control = envelope.body.split(b"|")[9][:50].decode()
        return Answer(status=200, content_type="x", body=f"MSH|^~\\&|H\rMSA|{verdict.acknowledgement}|{control}\r".encode())


def raises(id: str, value: Any = None) -> Any:
    """A part of an integration that fails at one note."""

    def part(read: Any) -> Any:
        if read["id"] == id:
            raise KeyError(id)
        return value(read) if value else read

    return part


class FailingCheck(NameRequired):
    def check(self, content: Any) -> list[Any]:
        return super().check(raises("2")(content))


@dataclass(frozen=True)
class Post:
    """One caller's post of the whole file; ``times``: one after the other."""

    caller: str = "ours"
    times: int = 1


@dataclass(frozen=True)
class BatchScenario(Scenario):
    """The messages are the members of one file."""

    posts: tuple[Post, ...] = (Post(),)

    def world(self, seed: int, fault: tuple[int, str]) -> "World":
        return BatchWorld(self, seed, fault)


@dataclass
class BatchWorld(World):
    """One run: the callers post the file until they hear an answer."""

    answers: list[tuple[str, list[str]]] = field(default_factory=list)
    posted: int = 0

    def body(self) -> bytes:
        header = b"MSH|^~\\&|S|F|||||ADT|%s|P|2.5\rNTE|%s"
        members = [header % (one["id"].encode(), note(**one)) for one in self.scenario.messages]
        return b"\r".join([b"FHS|^~\\&|S|F", b"BHS|^~\\&|S|F", *members, b"BTS|%d" % len(members), b"FTS|1"]) + b"\r"

    async def live(self) -> "BatchWorld":
        with mock.patch.dict(os.environ, {"HUB_PARTNERS": orjson.dumps(PARTNERS).decode()}):
            self.process(), self.process()
            await asyncio.gather(*(self._posts(post) for post in self.scenario.posts))  # type: ignore[attr-defined]
            await self._quiet()
        return self

    async def _posts(self, post: Post) -> None:
        for _ in range(post.times):
            while not await self._post(post.caller):
                await asyncio.sleep(self.random.uniform(1, 4))

    async def _post(self, caller: str) -> bool:
        if not self.processes:
            return False
        process = self.random.choice(self.processes)
        self.attempts[caller] += len(self.scenario.messages)
        self.posted += 1
        try:
            envelope = Envelope(integration=NAME, body=self.body(), received_at=STAMP, trigger="http", partner=caller)
            answer = await batches.take(process.notes, envelope, process.hub)
        except Crashed:
            return False
        if process.dead or answer.status in (500, 503):
            return False
        codes = [line.split(b"|")[1].decode() for line in answer.body.split(b"\r") if line.startswith(b"MSA")]
        self.answers.append((caller, codes))
        return True

    def broken(self) -> list[str]:
        checks = (
            found_in_the_index,
            conserved,
            delivered_once,
            in_order,
            in_order_of_the_file,
            after_what_it_waits_for,
            nothing_left_behind,
            as_acknowledged,
            not_brought_twice,
            all_split,
        )
        return [text for check in checks for text in check(self)]


def as_acknowledged(world: BatchWorld) -> Iterator[str]:
    """The ledger did what the acknowledgement said, member by member and caller by caller."""
    rows, took = records(world), {id for _, _, id in world.took}
    for caller, codes in world.answers:
        for message, code in zip(world.scenario.messages, codes, strict=True):
            id = shown("control", message["id"])
            became = {row["outcome"] for _, row in rows.get(id, ()) if row["outcome"] != "rejected" and not is_replaced(row)}
            refused = any(row["outcome"] == "rejected" and row["partner"] == caller for _, row in rows.get(id, ()))
            if code == "AA" and became != ({"dead"} if id in world.scenario.dead else {"delivered"}):
                yield f"{id} was acknowledged to {caller} and became {became}"
            if code == "AA" and id not in world.scenario.dead and id not in took:
                yield f"{id} was acknowledged to {caller} and never arrived"
            if refused != (code != "AA"):
                yield f"{id}: {caller} heard {code}, and the ledger has {'a' if refused else 'no'} refusal"


def in_order_of_the_file(world: BatchWorld) -> Iterator[str]:
    """The members of a lane are stored in the order of the file."""
    rows = records(world)
    ids = [shown("control", message["id"]) for message in world.scenario.messages]
    stored: dict[str, list[int]] = {}
    for id in dict.fromkeys(ids):
        firsts: dict[str, int] = {}
        for lane, row in rows.get(id, ()) if ids.count(id) == 1 else ():
            firsts[lane] = min(names.number(row.key), firsts.get(lane, names.number(row.key)))
        for lane, number in firsts.items():
            stored.setdefault(lane, []).append(number)
    for lane, numbers in stored.items():
        if numbers != sorted(numbers):
            yield f"the members of lane {lane} were stored in the order {numbers}"


def not_brought_twice(world: BatchWorld) -> Iterator[str]:
    """A member is stored as often as its file was posted, at most: what a worker does again is no message."""
    for id, rows in records(world).items():
        if len(rows) > world.posted:
            yield f"{id} is in the ledger {len(rows)} times, and was posted {world.posted} times"


def all_split(world: BatchWorld) -> Iterator[str]:
    if world.twin.tables[names.tables(NAME).open][names.BATCH]:
        yield "a batch is still to be split"


def scenario(name: str, *messages: dict[str, Any], **changes: Any) -> BatchScenario:
    declared = {"source": Hl7Notes()} | changes.pop("declared", {})
    return BatchScenario(name, messages or (m("1"), m("2", "B"), m("3"), m("4", "C")), declared=declared, **changes)


ENOUGH = ("crash-before", "crash-after", "timeout-done", "throttled", "late-answer", "conflict")

SCENARIOS = (
    scenario("batch: one caller"),
    scenario("batch: the same bytes of two callers", posts=(Post(), Post("theirs"))),
    scenario("batch: twice at once", posts=(Post(), Post())),
    scenario("batch: sent again", posts=(Post(times=2),)),
    scenario("batch: delivered again by declaration", declared={"on_resend": "deliver"}),
    scenario("batch: a member is refused", m("1"), m("2", "B", name=""), m("3")),
    scenario("batch: two members with one control id", m("1"), m("1"), m("2")),
    scenario("batch: the lane raises", declared={"lane": raises("2", lambda read: read["lane"])}),
    scenario("batch: the check raises", declared={"profile": FailingCheck()}),
    scenario("batch: the mapping raises", declared={"transform": raises("2")}, dead=("2",)),
    scenario("batch: a control id that no row can hold", m("1"), m("2" * 33_000, "B"), m("3")),
    scenario("batch: large", m("1", big="".join(chr(33 + n * 7919 % 90) for n in range(900))), m("2", "B")),
    scenario("batch: more than a window", *(m(str(n), "ABC"[n % 3]) for n in range(11)), faults=ENOUGH),
    scenario(
        "batch: a merge waits",
        *(m("1", "B"), m("2", "B"), m("3", "A", after="B"), m("4", "B"), m("5", "A"), m("6", "C")),
        declared={"after": lambda read: read.get("after", "")},
        refusals={"1": ("transient busy", "transient busy")},
        after=(("1", "3"), ("2", "3"), ("3", "5")),
    ),
    scenario("batch: the knock and the quick look alone", starts=False, watchdog=False, faults=("conflict",)),
    scenario("batch: the watchdog alone", starts=False, knocks=False, looks=False),
)
