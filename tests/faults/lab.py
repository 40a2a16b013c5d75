"""Processes, senders and queues around the core, with one step of it broken.

Every effect on the outside is numbered. A run is a scenario, a seed (which decides latencies, and with them who goes first)
and at most one fault at one effect. ``explore`` counts the effects of the undisturbed run and then tries each fault at each.
"""

import asyncio
import base64
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from shared import triggers
from shared.envelope import Outgoing, Receipt
from shared.hub import Hub, Timing
from shared.integration import Delivery, EventGrid, Integration
from shared.ledger import names, watchdog
from shared.ledger.memory import MemoryStore
from shared.ledger.store import Away, Blob, Change, Conflict, Row, Ticket, put
from shared.pipeline import accept
from shared.problems import Problem, Undelivered
from tests.faults.virtual import run
from tests.ledger_world import NOW, Remembering, envelope, integration, note

FAULTS = ("crash-before", "crash-after", "timeout-done", "timeout-not-done", "throttled", "slow", "conflict")
TIMING = Timing(claim_margin=5, knock_delay=3, storage_patience=8, open_grace=30, blob_from=300, inline=400, turn_messages=3)
NAME = "notes-to-test"
FILES = EventGrid(
    ("Microsoft.Storage.BlobCreated",), f"/blobServices/default/containers/{names.INBOX}/blobs/notes/", pairs=("pdf", "json")
)
Work = Callable[[Integration, bytes, Hub], Awaitable[None]]
GIVE_UP = 900.0  # virtual seconds


class Crashed(BaseException):
    """The process is gone: nothing of it runs any more, not even its clean-up."""


@dataclass(frozen=True)
class Scenario:
    """What is sent, what the destination does, and what works at all."""

    name: str
    messages: tuple[dict[str, Any], ...]
    refusals: dict[str, tuple[str, ...]] = field(default_factory=dict)  # id -> how its deliveries fail, one after the other
    declared: dict[str, Any] = field(default_factory=dict)
    resend: int = 1  # how often each message is sent although it was acknowledged
    starts: bool = True  # whether the accepting process makes the first attempt
    knocks: bool = True
    watchdog: bool = True
    faults: tuple[str, ...] = FAULTS
    person: Callable[["World"], Awaitable[None]] | None = None  # what somebody does once all is quiet
    held: tuple[str, ...] = ()  # ids that a held lane keeps back
    dead: tuple[str, ...] = ()  # ids that end as dead letters
    drops: dict[str, int] = field(default_factory=dict)  # id -> bytes of the document that is dropped with the message as a file
    told: bool = True  # whether events tell of the files
    after: tuple[tuple[str, str], ...] = ()  # (earlier, later): later must not be delivered before earlier


@dataclass
class Process:
    """One process of the app: memory of its own, and its own way to the store, which a crash cuts."""

    world: "World"
    number: int
    dead: bool = False
    fault: str = ""  # of the step that is being done
    hub: Hub = field(init=False)
    notes: Integration = field(init=False)

    def __post_init__(self) -> None:
        world, scenario = self.world, self.world.scenario
        declared = {
            "delivery": Delivery(attempts=4, first_wait=1, longest_wait=8, timeout=5, breaker_failures=9)
        } | scenario.declared
        if scenario.drops:
            declared["triggers"] = (FILES,)
        self.notes = integration(Door(self), **declared)
        self.hub = Hub(
            store=Seam(self),
            integrations={NAME: self.notes},
            now=world.now,
            random=random.Random(f"{world.seed}-{self.number}"),
            tell=lambda name, **keys: None,
            timing=TIMING,
            instance=f"process{self.number}",
        )
        if not scenario.starts:
            self.hub.start = lambda work: work.close()  # type: ignore[method-assign]

    async def effect(self, kind: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """One numbered step on the outside, and what may go wrong with it."""
        self._alive()
        fault = self.world.next_fault(kind)
        await asyncio.sleep(self.world.random.uniform(0.001, 0.03))
        self._alive()
        if fault == "slow":  # the process stands still, for instance
            await asyncio.sleep(7)
            self._alive()
        if fault == "crash-before":
            self._crash()
        if fault in ("throttled", "timeout-not-done"):
            await asyncio.sleep(0 if fault == "throttled" else 4)
            raise Away
        if fault == "conflict" and kind == "deliver":
            raise Conflict
        self.fault = fault
        done = await work()
        if fault == "crash-after":
            self._crash()
        if fault == "timeout-done":
            await asyncio.sleep(4)
            raise Away
        return done

    def _alive(self) -> None:
        if self.dead:
            raise Crashed

    def _crash(self) -> None:
        self.dead = True
        self.world.crashed(self)
        raise Crashed


class Seam:
    """The store as one process sees it."""

    def __init__(self, process: Process) -> None:
        self.process, self.twin = process, process.world.twin

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        return await self.process.effect("read", lambda: self.twin.get(table, partition, key))

    async def query(self, table: str, partition: str, first: str = "", last: str = "", limit: int = 0) -> list[Row]:
        return await self.process.effect("read", lambda: self.twin.query(table, partition, first, last, limit))

    async def scan(self, table: str, first: str = "", last: str = "") -> AsyncIterator[Row]:
        async def read() -> list[Row]:
            return [row async for row in self.twin.scan(table, first, last)]

        for row in await self.process.effect("read", read):
            yield row

    async def commit(self, table: str, partition: str, *changes: Change) -> dict[str, str]:
        contended = [change for change in changes if change.etag and change.key != "claim" and not change.key.startswith("w|")]
        kind = "write" if contended else "put"

        async def write() -> dict[str, str]:
            if self.process.fault == "conflict" and contended:  # somebody else was a moment earlier
                await self._touch(table, partition, contended[0].key)
            return await self.twin.commit(table, partition, *changes)

        return await self.process.effect(kind, write)

    async def _touch(self, table: str, partition: str, key: str) -> None:
        row = await self.twin.get(table, partition, key)
        if row:
            await self.twin.commit(table, partition, put(key, row.values))

    async def send(self, queue: str, body: bytes, delay: float = 0, lives: float = 0) -> Ticket:
        if delay and not self.process.world.scenario.knocks:  # the watchdog knocks without delay
            return Ticket(queue, "lost", "lost")
        return await self.process.effect("queue", lambda: self.twin.send(queue, body, delay, lives))

    async def settle(self, ticket: Ticket) -> None:
        await self.process.effect("queue", lambda: self.twin.settle(ticket))

    async def write_blob(self, container: str, name: str, data: bytes) -> None:
        await self.process.effect("blob", lambda: self.twin.write_blob(container, name, data))

    async def read_blob(self, container: str, name: str) -> bytes | None:
        return await self.process.effect("blob", lambda: self.twin.read_blob(container, name))

    async def write_blob_pieces(self, container: str, name: str, pieces: AsyncIterator[bytes]) -> None:
        await self.process.effect("blob", lambda: self.twin.write_blob_pieces(container, name, pieces))

    async def blob_pieces(self, container: str, name: str) -> AsyncIterator[bytes]:
        async def read() -> list[bytes]:
            return [piece async for piece in self.twin.blob_pieces(container, name)]

        for piece in await self.process.effect("blob", read):
            yield piece

    async def blob(self, container: str, name: str) -> Blob | None:
        return await self.process.effect("blob", lambda: self.twin.blob(container, name))

    async def delete_blob(self, container: str, name: str, etag: str = "") -> None:
        await self.process.effect("blob", lambda: self.twin.delete_blob(container, name, etag))

    async def blobs(self, container: str, prefix: str = "") -> list[tuple[str, float]]:
        return await self.process.effect("blob", lambda: self.twin.blobs(container, prefix))


@dataclass
class Door(Remembering):
    """The destination as one process reaches it; what it took is the world's."""

    process: Process = None  # type: ignore[assignment]

    def __init__(self, process: Process) -> None:
        super().__init__()
        self.process = process

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        said, world = orjson.loads(outgoing.body), self.process.world
        world.enters(said["lane"], self.process)
        try:
            for opened in outgoing.files:
                said["file"] = b"".join([piece async for piece in opened()])
            await self.process.effect("deliver", lambda: self._take(said))
        except Away:
            raise Undelivered("transient", "timeout", "no answer", ambiguous=True) from None
        except Conflict:
            raise Undelivered("transient", "busy", "busy") from None
        finally:
            world.leaves(said["lane"], self.process)
        return Receipt()

    async def _take(self, said: dict[str, Any]) -> None:
        world = self.process.world
        left = world.refusals[said["id"]]
        if left:
            kind, _, code = left.pop(0).partition(" ")
            raise Undelivered(kind, code, "refused")  # type: ignore[arg-type]
        if said["id"] in world.scenario.drops and document_of(said) != document(world.scenario.drops[said["id"]]):
            world.wrong.append(f"{said['id']} arrived without its document")
        world.took.append((world.now(), said["lane"], said["id"]))


def document(size: int) -> bytes:
    return (b"%PDF-" * size)[:size]


def document_of(said: dict[str, Any]) -> bytes:
    """The document that a delivery brought: inside the message, or as a file beside it."""
    return bytes(said["file"]) if "file" in said else base64.b64decode(said["document"]["data"])


@dataclass
class World:
    """One run."""

    scenario: Scenario
    seed: int
    fault: tuple[int, str] = (0, "")
    steps: list[str] = field(default_factory=list)
    took: list[tuple[float, str, str]] = field(default_factory=list)
    acknowledged: dict[str, float] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    inside: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.twin = MemoryStore(self.now)
        self.refusals = {m["id"]: list(self.scenario.refusals.get(m["id"], ())) for m in self.scenario.messages}
        self.number = 0
        self.processes: list[Process] = []

    def now(self) -> float:
        return NOW + asyncio.get_running_loop().time()

    def next_fault(self, kind: str) -> str:
        self.steps.append(kind)
        at, fault = self.fault
        return fault if at == len(self.steps) else ""

    def process(self) -> Process:
        self.number += 1
        process = Process(self, self.number)
        self.processes.append(process)
        asyncio.get_running_loop().create_task(self._consume(process))
        if self.scenario.watchdog:
            asyncio.get_running_loop().create_task(self._watch(process))
        return process

    def crashed(self, process: Process) -> None:
        self.processes.remove(process)
        for lane in self.inside.values():
            lane.discard(process.number)
        asyncio.get_running_loop().call_later(2, self.process)

    def enters(self, lane: str, process: Process) -> None:
        if self.inside[lane]:
            self.wrong.append(f"two processes deliver in lane {lane} at once")
        self.inside[lane].add(process.number)

    def leaves(self, lane: str, process: Process) -> None:
        self.inside[lane].discard(process.number)

    async def _consume(self, process: Process) -> None:
        """The host's queue listener: at least once, in no order, sometimes the same message to two workers."""
        await asyncio.sleep(self.random.uniform(0, 1))
        while not process.dead:
            for queue, work in ((f"{NAME}-work", triggers.work_queue), (f"{NAME}-in", triggers.in_queue)):
                got = await self.twin.receive(queue, 30)
                self.random.shuffle(got)
                for message in got:
                    if self.random.random() < 0.2:
                        self.twin.queues[queue][message.ticket.id].visible = self.now()
                    asyncio.get_running_loop().create_task(self._handle(process, work, message.body, message.ticket))
            await asyncio.sleep(1)

    async def _handle(self, process: Process, work: Work, body: bytes, ticket: Ticket) -> None:
        self.attempts["by queue"] += work is triggers.in_queue
        try:
            await work(process.notes, body, process.hub)
        except (Away, Conflict, Crashed, Problem):
            return
        if not process.dead:
            await self.twin.settle(ticket)

    async def _watch(self, process: Process) -> None:
        await asyncio.sleep(15 + 7 * (process.number % 2))
        while not process.dead:
            if process is self.processes[0]:  # a timer runs on one instance
                try:
                    await watchdog.tick(process.hub)
                except Crashed:
                    return
            await asyncio.sleep(30)

    async def send(self, message: dict[str, Any]) -> None:
        """A sender: the same message until it is acknowledged, and then as often again as the scenario says."""
        for _ in range(self.scenario.resend):
            once = self._drop_once if message["id"] in self.scenario.drops else self._send_once
            while not await once(message):
                await asyncio.sleep(self.random.uniform(1, 4))

    async def _send_once(self, message: dict[str, Any]) -> bool:
        if not self.processes:
            return False
        process = self.random.choice(self.processes)
        self.attempts[message["id"]] += 1
        try:
            answer = await accept(process.notes, envelope(note(**message)), process.hub)
        except Crashed:
            return False
        if process.dead or answer.status in (500, 503):
            return False
        self.answered += 1
        self._acknowledge(message, answer.headers["X-Message-Id"])
        return True

    async def _drop_once(self, message: dict[str, Any]) -> bool:
        """A document and its sidecar as files, and an event of each, told until somebody listens; taken when both are gone."""
        files = {f"notes/{message['id']}.pdf": document(self.scenario.drops[message["id"]])}
        files[f"notes/{message['id']}.json"] = orjson.dumps({**orjson.loads(note(**message)), "document": {}})
        for name, body in files.items():
            await self.twin.write_blob(names.INBOX, name, body)
        told = [asyncio.ensure_future(self._tell(name)) for name in files if self.scenario.told]
        await asyncio.gather(*told)
        end = self.now() + GIVE_UP
        while self.twin.containers[names.INBOX].keys() & files.keys():
            if self.now() > end:
                self.wrong.append(f"a file of {message['id']} is left in the inbox")
                return True
            await asyncio.sleep(1)
        self.answered += 1
        self.acknowledged.setdefault(message["id"], self.now())
        return True

    async def _tell(self, name: str) -> None:
        told = {"type": "Microsoft.Storage.BlobCreated", "data": {"url": f"https://x/{names.INBOX}/{name}"}}
        while True:
            await asyncio.sleep(self.random.uniform(0, 3))
            process = self.random.choice(self.processes) if self.processes else None
            try:
                if process:
                    self.attempts[name] += 1
                    await triggers.event(process.notes, told, process.hub)
                    return
            except (Away, Conflict, Crashed, Problem):
                continue

    def _acknowledge(self, message: dict[str, Any], message_id: str) -> None:
        lane, _, key = message_id.partition(".")
        if f"r|{key}" not in self.twin.tables[names.tables(NAME).ledger][lane]:
            self.wrong.append(f"{message['id']} was acknowledged and is not in the ledger")
        self.acknowledged.setdefault(message["id"], self.now())

    async def live(self) -> "World":
        """The whole run: send, wait until all is quiet, let a person act, wait again."""
        self.process(), self.process()
        lanes: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for message in self.scenario.messages:
            lanes[message.get("sender_task", message["lane"])].append(message)
        await asyncio.gather(*(self._sender(messages) for messages in lanes.values()))
        await self._quiet()
        if self.scenario.person:
            await self.scenario.person(self)
            await self._quiet()
        return self

    async def _sender(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            await self.send({k: v for k, v in message.items() if k != "sender_task"})

    async def _quiet(self) -> None:
        end = self.now() + GIVE_UP
        while self.now() < end and (self.busy() or not self.processes):
            await asyncio.sleep(0.5)

    def busy(self) -> bool:
        """Whether anything is still to happen: messages that wait, claims, open rows."""
        tables = names.tables(NAME)
        held = {p for p, rows in self.twin.tables[tables.ledger].items() if names.HOLD in rows}
        if any(key.split(".")[0] not in held for rows in self.twin.tables[tables.open].values() for key in rows):
            return True
        return any(
            key == "claim" or (key.startswith("w|") and lane not in held)
            for lane, rows in self.twin.tables[tables.ledger].items()
            for key in rows
        )


def once(scenario: Scenario, seed: int, fault: tuple[int, str] = (0, "")) -> World:
    """One run in virtual time, with its invariants checked."""
    from tests.faults.invariants import broken

    world = World(scenario, seed, fault)

    async def whole() -> list[str]:
        await world.live()
        return [*world.wrong, *broken(world)]

    found = run(whole())
    if found:
        raise AssertionError(f"{scenario.name}, seed {seed}, fault {fault}: " + "; ".join(found))
    return world


def plans(scenario: Scenario, seed: int) -> Iterator[tuple[int, str]]:
    """Each fault at each effect of the undisturbed run; a conflict only where a write can have one."""
    steps = once(scenario, seed).steps
    for at, kind in enumerate(steps, 1):
        for fault in scenario.faults:
            if fault == "conflict" and kind not in ("write", "deliver"):
                continue
            if kind == "deliver" and not (scenario.knocks or scenario.watchdog):
                continue  # nothing would bring a retry
            yield at, fault


def explore(scenario: Scenario, seed: int, every: int = 1) -> int:
    """All faults at all effects (or each so-manieth of them); tells how many runs were made."""
    runs = 1
    for number, plan in enumerate(plans(scenario, seed)):
        if number % every == seed % every:
            once(scenario, seed, plan)
            runs += 1
    return runs
