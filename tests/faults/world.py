"""A scenario and a run of it: processes, senders, queues and the watchdog around the core, and what came of it all."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from shared.delivery.upkeep import quick_look, watchdog
from shared.intake.accept import accept
from shared.intake.inbox import watching
from shared.intake.triggers.knocks import answer_knock
from shared.intake.triggers.legacy import accept_legacy_message
from shared.intake.triggers.queues import accept_event, accept_queue_message
from shared.mode import OBSERVE
from shared.problems import Problem
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Conflict, Ticket
from tests.faults.process import NAME, Crashed, Process, document
from tests.ledger_world import NOW, envelope, note

FAULTS = (
    "crash-before",
    "crash-after",
    "timeout-done",
    "timeout-not-done",
    "throttled",
    "slow",
    "stopped",
    "late-answer",
    "conflict",
)
Work = Callable[..., Awaitable[None]]
QUEUES: tuple[tuple[str, Work], ...] = (
    (f"{NAME}-work", answer_knock),
    (f"{NAME}-in", accept_queue_message),
    (f"{NAME}-legacy", accept_legacy_message),
)
GIVE_UP = 900.0  # virtual seconds
TABLES = names.tables(NAME)


@dataclass(frozen=True)
class Scenario:
    """What is sent, what the destination does, and what works at all."""

    name: str
    messages: tuple[dict[str, Any], ...]
    refusals: dict[str, tuple[str, ...]] = field(default_factory=dict)  # id -> how its deliveries fail, in order; "": taken
    declared: dict[str, Any] = field(default_factory=dict)
    resend: int = 1  # how often each message is sent although it was acknowledged
    starts: bool = True  # whether the accepting process makes the first attempt
    knocks: bool = True
    watchdog: bool = True
    spread: float = 0.0  # seconds in which the senders begin, each at a time of its own
    answers: float = 0.0  # seconds that the answer to a write is on its way at most, while others see it done
    looks: bool = True  # whether an app looks at the open rows between two rounds of the watchdog
    faults: tuple[str, ...] = FAULTS
    person: Callable[["World"], Awaitable[None]] | None = None  # what a person does once all is quiet
    held: tuple[str, ...] = ()  # ids that a held lane keeps back
    dead: tuple[str, ...] = ()  # ids that end as dead letters
    drops: dict[str, int] = field(default_factory=dict)  # id -> bytes of the document that is dropped with the message as a file
    has_events: bool = True  # whether an event announces each file
    queued: bool = False  # whether messages come by the queue, which brings some of them again
    observed: bool = False  # a parallel run at the start; a message with "switch" is sent after the mode has changed
    after: tuple[tuple[str, str], ...] = ()  # (earlier, later): later must not be delivered before earlier

    def world(self, seed: int, fault: tuple[int, str]) -> "World":
        return World(self, seed, fault)


@dataclass
class World:
    """One run."""

    scenario: Scenario
    seed: int
    fault: tuple[int, str] = (0, "")
    steps: list[str] = field(default_factory=list)
    took: list[tuple[float, str, str]] = field(default_factory=list)
    bodies: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    acknowledged: dict[str, float] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    inside: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    wrong: list[str] = field(default_factory=list)
    modes: dict[str, set[bool]] = field(default_factory=lambda: defaultdict(set))  # in which a message may have been accepted

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.observing = self.scenario.observed
        self.twin = MemoryStore(self.now)
        self.refusals = {m["id"]: list(self.scenario.refusals.get(m["id"], ())) for m in self.scenario.messages}
        self.number = 0
        self.processes: list[Process] = []

    def declared(self) -> dict[str, Any]:
        """What the integration declares in place of the usual."""
        return self.scenario.declared

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
        if self.scenario.looks:
            asyncio.get_running_loop().create_task(self._look(process))
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
            for queue, work in QUEUES:
                if not self.twin.queues[queue]:
                    continue
                got = await self.twin.receive(queue, 30)
                self.random.shuffle(got)
                for message in got:
                    if self.random.random() < 0.2:
                        self.twin.queues[queue][message.ticket.id].visible = self.now()
                    asyncio.get_running_loop().create_task(self._handle(process, work, message.body, message.ticket))
            await asyncio.sleep(1)

    async def _handle(self, process: Process, work: Work, body: bytes, ticket: Ticket) -> None:
        self.attempts["by queue"] += work is accept_queue_message
        try:
            more = (ticket.id,) if work is accept_queue_message else ()
            await work(process.notes, body, process.hub, *more)
        except (Away, Conflict, Crashed, Problem):
            return
        if not process.dead:
            await self.twin.settle(ticket)

    async def _watch(self, process: Process) -> None:
        await asyncio.sleep(15 + 7 * (process.number % 2))
        while not process.dead:
            if process is self.processes[0]:  # a timer runs on one instance
                try:
                    await watchdog.tick(process.hub, watching.look)
                except Crashed:
                    return
            await asyncio.sleep(30)

    async def _look(self, process: Process) -> None:
        await asyncio.sleep(5 + process.number % 2)
        while not process.dead:
            if process is self.processes[0]:
                try:
                    await quick_look.look(process.hub)
                except Crashed:
                    return
            await asyncio.sleep(quick_look.EVERY)

    async def send(self, message: dict[str, Any]) -> None:
        """A sender: the same message until it is acknowledged, and then as often again as the scenario says."""
        if mode := message.pop("switch", ""):
            await self._switch(mode == OBSERVE)
        if self.scenario.observed:
            await self.twin.send(f"{NAME}-legacy", orjson.dumps({"control_id": message["id"], "out": note(**message).decode()}))
        for _ in range(self.scenario.resend):
            once = self._drop_once if message["id"] in self.scenario.drops else self._send_once
            once = self._queue_once if self.scenario.queued else once
            while not await once(message):
                await asyncio.sleep(self.random.uniform(1, 4))

    async def _switch(self, observing: bool) -> None:
        """The setting is changed; the processes take it up one after the other, while nothing is sent."""
        self.observing = observing
        for process in list(self.processes):
            await asyncio.sleep(self.random.uniform(0, 2))
            process.observing = observing

    async def _send_once(self, message: dict[str, Any]) -> bool:
        if not self.processes:
            return False
        process = self.random.choice(self.processes)
        self.attempts[message["id"]] += 1
        self.modes[message["id"]].add(process.observing)
        try:
            answer = await accept(process.notes, envelope(note(**message)), process.hub)
        except Crashed:
            return False
        if process.dead or answer.status in (500, 503):
            return False
        self.answered += 1
        self._acknowledge(message, answer.headers["X-Message-Id"])
        return True

    async def _queue_once(self, message: dict[str, Any]) -> bool:
        """By queue: no one is answered; it is taken when the ledger knows it."""
        await self.twin.send(f"{NAME}-in", note(**message))
        end = self.now() + GIVE_UP
        while not self._is_known(message["id"]):
            if self.now() > end:
                self.wrong.append(f"{message['id']} was never taken out of its queue")
                return True
            await asyncio.sleep(1)
        self.answered += 1
        self.acknowledged.setdefault(message["id"], self.now())
        return True

    def _is_known(self, id: str) -> bool:
        ledger = self.twin.tables[TABLES.ledger].values()
        return any(row.get("control") == id for rows in ledger for _, row in rows.values())

    async def _drop_once(self, message: dict[str, Any]) -> bool:
        """A document and its sidecar as files, and an event of each, repeated until it is received; read when both are gone."""
        files = {f"notes/{message['id']}.pdf": document(self.scenario.drops[message["id"]])}
        files[f"notes/{message['id']}.json"] = orjson.dumps({**orjson.loads(note(**message)), "document": {}})
        for name, body in files.items():
            await self.twin.write_blob(names.INBOX, name, body)
        announced = [asyncio.ensure_future(self._tell(name)) for name in files if self.scenario.has_events]
        await asyncio.gather(*announced)
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
        event = {"type": "Microsoft.Storage.BlobCreated", "data": {"url": f"https://x/{names.INBOX}/{name}"}}
        while True:
            await asyncio.sleep(self.random.uniform(0, 3))
            process = self.random.choice(self.processes) if self.processes else None
            try:
                if process:
                    self.attempts[name] += 1
                    await accept_event(process.notes, event, process.hub)
                    return
            except (Away, Conflict, Crashed, Problem):
                continue

    def _acknowledge(self, message: dict[str, Any], message_id: str) -> None:
        lane, _, key = message_id.partition(".")
        if f"r|{key}" not in self.twin.tables[TABLES.ledger][lane]:
            self.wrong.append(f"{message['id']} was acknowledged and is not in the ledger")
        self.acknowledged.setdefault(message["id"], self.now())

    def broken(self) -> list[str]:
        """Every promise that did not hold."""
        from tests.faults.invariants import broken

        return broken(self)

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
        if self.scenario.spread:
            await asyncio.sleep(self.random.uniform(0, self.scenario.spread))
        for message in messages:
            await self.send({k: v for k, v in message.items() if k != "sender_task"})

    async def _quiet(self) -> None:
        end = self.now() + GIVE_UP
        while self.now() < end and (self.busy() or not self.processes):
            await asyncio.sleep(0.5)

    def busy(self) -> bool:
        """Whether anything is still to happen: messages that wait, claims, open rows."""
        if self.twin.queues[f"{NAME}-legacy"]:
            return True
        ledger = self.twin.tables[TABLES.ledger]
        held = {lane for lane, rows in ledger.items() if names.HOLD in rows}
        if any(key.split(".")[0] not in held for rows in self.twin.tables[TABLES.open].values() for key in rows):
            return True
        if any("claim" in rows for rows in ledger.values()):
            return True
        return any(key.startswith("w|") for lane, rows in ledger.items() if lane not in held for key in rows)
