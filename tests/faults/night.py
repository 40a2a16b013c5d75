"""Nights in the laboratory: three processes with the product's own times, killed, stopped and cut off, their clocks apart.

Messages come by HTTP, by queue and out of an outbox; some are refused for good, some fail for a while, one destination is away
now and then. Senders send again what they have heard nothing of, and sometimes what was taken. In the end a person looks at the
dead letters. Then every sentence of ``promises`` must hold. One seed is one night: the same again.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from shared.delivery import dead
from shared.delivery.dead import Person, Refused
from shared.delivery.upkeep import quick_look
from shared.destinations.wire import fence
from shared.envelope import Outgoing, Receipt
from shared.hub import Hub, Timing
from shared.intake.accept import accept
from shared.intake.triggers.knocks import answer_knock
from shared.intake.triggers.queues import accept_queue_message
from shared.intake.triggers.timer import tick_often
from shared.integration import EventGrid, Integration, Queue
from shared.ops.replay import replay
from shared.problems import Problem, Undelivered
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Conflict, Ticket
from tests.faults.process import Crashed, Seam
from tests.faults.world import Scenario
from tests.ledger_world import NOW, envelope, integration, note

NOTES, PUBLISHER = "notes-to-test", "notes-to-topic"
RATE = 4.0  # messages a second
HOSTS = 3
NO_ANSWER = 30.0  # seconds after which a sender posts again
LONGEST_STOP = 90  # seconds
ODD = "0" * 32  # a lane whose row no worker can read
BIG = "".join(chr(33 + (n * 7919 + n * n * 31) % 90) for n in range(3000))
TIMING = Timing(blob_from=1500)  # the product's own times; only large bodies are smaller
FAULTS: dict[str, tuple[str, ...]] = {  # how the deliveries of a message fail, one after the other
    "well": (),
    "refused": ("permanent ack-AR",) * 9999,
    "error": ("transient ack-AE",) * 9999,
    "busy": ("transient ack-AE", "transient ack-AE"),
    "hangs up": ("transient line-broken",),
}


@dataclass(frozen=True)
class Plan:
    """What kind of night it is.

    ``apart``: seconds by which the clocks of the hosts differ from the true one; ``calm``: nothing is killed, stopped or away;
    ``takes``: seconds that the destination takes for a message.
    """

    messages: int
    seed: int = 1
    apart: float = 3.0
    calm: bool = False
    takes: float = 0.0


@dataclass(eq=False)
class Message:
    id: str
    lane: str
    way: str  # ``http``, ``queue`` or ``outbox``
    kind: str  # a key of ``FAULTS``
    at: float
    resends: int
    body: bytes
    left: list[str]
    posts: int = 0
    acknowledged: float = 0.0
    answer: bytes = b""


@dataclass(eq=False)
class Host:
    """One process: its own memory and clock, and a way to everything else that can be cut or stand still."""

    world: "Night"
    number: int
    offset: float
    dead: bool = False
    stopped: float = 0.0  # until when nothing of it runs
    fault: str = ""

    def __post_init__(self) -> None:
        self.notes, self.publisher = integrations(Door(self, NOTES), Door(self, PUBLISHER))
        self.hub = Hub(
            store=Seam(self),  # type: ignore[arg-type]
            integrations={one.name: one for one in (self.notes, self.publisher)},
            now=lambda: self.world.now() + self.offset,
            random=random.Random(f"{self.world.plan.seed}-{self.number}"),
            emit=lambda name, **keys: None,
            timing=TIMING,
            instance=f"host{self.number}",
        )

    async def effect(self, kind: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """One step on the outside: it may come to nothing, or be done and its answer lost."""
        await self._stands()
        await asyncio.sleep(self.world.random.uniform(0.001, 0.03))
        await self._stands()
        trouble = self.world.trouble()
        if trouble == "not done":
            raise Away
        done = await work()
        await self._stands()
        if trouble == "done":
            raise Away
        return done

    async def _stands(self) -> None:
        while not self.dead and self.stopped > self.world.now():
            await asyncio.sleep(self.stopped - self.world.now())
        if self.dead:
            raise Crashed


def integrations(notes: Any, topic: Any) -> tuple[Integration, Integration]:
    """Notes by HTTP and queue, and those that another integration publishes for it. Both with the declarations' own times."""
    from shared.integration import Delivery

    subscribed = EventGrid(("published",), publisher=PUBLISHER)
    usual = {"delivery": Delivery()}
    return (
        integration(notes, NOTES, triggers=(Queue(), subscribed), **usual),
        integration(topic, PUBLISHER, subscribers=(NOTES,), **usual),
    )


@dataclass(eq=False)
class Door:
    """The destination as one host reaches it; what it took is the night's."""

    host: Host
    integration: str
    takes_synthetic: bool = False

    @property
    def name(self) -> str:
        return "TEST" if self.integration == NOTES else "TOPIC"

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        id = orjson.loads(outgoing.body)["id"]
        self.host.world.answered.discard((self.integration, id))
        await asyncio.sleep(self.host.world.plan.takes)
        try:
            await self.host.effect("deliver", lambda: self._take(id))
        except Away:
            raise Undelivered(kind="transient", code="timeout", text="no answer", ambiguous=True) from None
        finally:
            self.host.world.answered.add((self.integration, id))
        return Receipt()

    async def _take(self, id: str) -> None:
        fence.check()  # as a destination does right before its first byte
        night = self.host.world
        night.tried[self.integration, id] += 1
        if self.integration == NOTES:
            if night.is_away():
                raise Undelivered(kind="transient", code="refused", text="away")
            if left := night.messages[id].left:
                kind, code = left.pop(0).split()
                raise Undelivered(kind=kind, code=code, text="refused", ambiguous=code == "line-broken")  # type: ignore[arg-type]
        night.took.append((self.integration, id, night.now()))

    async def close(self) -> None:
        """Nothing is open."""


@dataclass(eq=False)
class Night:
    """One run and what it came to."""

    plan: Plan
    tried: Counter[tuple[str, str]] = field(default_factory=Counter)  # by integration and id: how often it was at the door
    took: list[tuple[str, str, float]] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    away: list[tuple[float, float]] = field(default_factory=list)  # when the destination was away
    hosts: list[Host] = field(default_factory=list)
    troubled: float = 0.0  # until when storage fails now and then
    over: bool = False
    sending: int = 0  # most messages that were marked at one moment and not answered by the destination yet
    answered: set[tuple[str, str]] = field(default_factory=set)  # by it, in their last attempt: the row may say so a moment later

    def __post_init__(self) -> None:
        self.random = random.Random(self.plan.seed)
        self.twin = MemoryStore(self.now)
        self.scenario = Scenario("night", ())
        self.length = self.plan.messages / RATE
        for name in (NOTES, PUBLISHER):
            self.twin.tables[names.tables(name).open][ODD[-1]][f"{ODD}.odd"] = ("1", {"at": "odd"})
        self.messages = {one.id: one for one in map(self._message, range(self.plan.messages))}

    def now(self) -> float:
        return NOW + asyncio.get_running_loop().time()

    def _message(self, number: int) -> Message:
        chance = self.random
        kind = chance.choices([*FAULTS], (90, 3, 1, 4, 2))[0]
        lane = f"L{chance.randrange(max(4, self.plan.messages // 6))}"
        name = BIG if chance.random() < 0.03 else "n"
        way = chance.choices(("http", "queue", "outbox"), (70, 15, 15))[0]
        body = note(f"{number}", lane, name=name)
        again = 1 if chance.random() < 0.06 else 0
        return Message(f"{number}", lane, way, kind, chance.uniform(0, self.length), again, body, list(FAULTS[kind][:40]))

    def trouble(self) -> str:
        """What storage or the line does with the next step."""
        if self.plan.calm or self.over or self.random.random() > (0.2 if self.troubled > self.now() else 0.001):
            return ""
        self.figures["faults"] += 1
        return self.random.choice(("done", "not done"))

    def is_away(self) -> bool:
        return bool(self.away) and self.away[-1][0] <= self.now() < self.away[-1][1]

    def start(self, work: Any) -> None:
        asyncio.get_running_loop().create_task(work)

    def host(self) -> None:
        self.figures["hosts"] += 1
        number = self.figures["hosts"]
        host = Host(self, number, (number % 3 - 1) * self.plan.apart)
        self.hosts.append(host)
        for one in host.hub.integrations.values():
            self.start(self._listen(host, one))
        self.start(self._watch(host))

    async def _listen(self, host: Host, one: Integration) -> None:
        await asyncio.sleep(self.random.uniform(0, 1))
        while not host.dead:
            for queue, work in ((f"{one.name}-work", answer_knock), (f"{one.name}-in", accept_queue_message)):
                for message in await self.twin.receive(queue, 30, 32):
                    self.start(self._handle(host, one, work, message.body, message.ticket))
            await asyncio.sleep(1)

    async def _handle(self, host: Host, one: Integration, work: Any, body: bytes, ticket: Ticket) -> None:
        more = (ticket.id,) if work is accept_queue_message else ()
        self.figures["brought by queue"] += bool(more)
        try:
            await work(one, body, host.hub, *more)
            await host.effect("queue", lambda: self.twin.settle(ticket))
        except (Away, Conflict, Crashed, Problem):
            return  # the queue brings it again

    async def _watch(self, host: Host) -> None:
        while not host.dead:
            await asyncio.sleep(quick_look.EVERY)
            if host is self.hosts[0]:
                try:
                    await tick_often(host.hub)
                except Crashed:
                    return

    async def _chaos(self) -> None:
        """Kills, stops, storage in trouble, a destination that is away; each now and then until the last message is sent."""
        while self.now() < NOW + self.length:
            await asyncio.sleep(self.random.expovariate(1 / 15))
            what, host = self.random.choice(("kill", "stop", "stop", "storage", "away")), self.random.choice(self.hosts)
            if what == "kill" and len(self.hosts) > 1:
                host.dead = True
                self.hosts.remove(host)
                self.figures["kills"] += 1
                asyncio.get_running_loop().call_later(self.random.uniform(1, 40), self.host)
            elif what == "stop":
                host.stopped = self.now() + self.random.choice((2, 20, 50, LONGEST_STOP))
                self.figures["stops"] += 1
            elif what == "storage" and self.troubled < self.now():
                self.troubled = self.now() + self.random.uniform(1, 15)
                self.figures["storage in trouble"] += 1
            elif what == "away" and (not self.away or self.away[-1][1] + 200 < self.now()):
                self.away.append((self.now(), self.now() + self.random.choice((10, 60, 180))))
                self.figures["outages"] += 1

    async def _look(self) -> None:
        """How many messages are marked and not at the destination: no more than there are places.

        One that it has taken left its place a moment before it is settled, and the next one may be marked meanwhile.
        """
        while True:
            rows = self.twin.tables[names.tables(NOTES).ledger].values()
            waiting = [row for lane in rows for key, (_, row) in lane.items() if key.startswith("w|0")]
            marked = {row["control"] for row in waiting if row["state"] == "sending"}
            self.sending = max(self.sending, len(marked - {id for name, id in self.answered if name == NOTES}))
            await asyncio.sleep(5)

    async def live(self) -> "Night":
        for _ in range(HOSTS):
            self.host()
        if self.plan.takes:
            self.start(self._look())
        chaos = [] if self.plan.calm else [self._chaos()]
        await asyncio.gather(*chaos, *(self._lane(lane) for lane in sorted({one.lane for one in self.messages.values()})))
        self.over = True
        await self._quiet()
        for patience in (0.7, 0.5, 0.0, 0.0, 0.0):
            await self._person(patience)
            await self._quiet()
        return self

    async def _lane(self, lane: str) -> None:
        for one in sorted((m for m in self.messages.values() if m.lane == lane), key=lambda m: m.at):
            await asyncio.sleep(max(0.0, NOW + one.at - self.now()))
            for _ in range(1 + one.resends):
                await self._send(one)

    async def _send(self, one: Message) -> None:
        if one.way == "queue":
            one.posts += 1
            await self.twin.send(f"{NOTES}-in", one.body)
            return
        while not await self._post(one):
            await asyncio.sleep(self.random.uniform(1, 10))

    async def _post(self, one: Message) -> bool:
        """One post. A sender without an answer for half a minute posts again, although the first may be stored."""
        if not self.hosts:
            return False
        host, name = self.random.choice(self.hosts), PUBLISHER if one.way == "outbox" else NOTES
        one.posts += 1
        posted = asyncio.ensure_future(accept(host.hub.integrations[name], envelope(one.body, name), host.hub))
        await asyncio.wait({posted}, timeout=NO_ANSWER)
        if not posted.done() or host.dead or posted.exception() or posted.result().status in (500, 503):
            posted.add_done_callback(lambda done: done.cancelled() or done.exception())
            return False
        answer = posted.result()
        lane, _, key = answer.headers["X-Message-Id"].partition(".")
        if f"r|{key}" not in self.twin.tables[names.tables(name).ledger][lane]:
            self.wrong.append(f"{one.id} was acknowledged and is not in the ledger")
        if one.answer and answer.body != one.answer:
            self.wrong.append(f"{one.id} was answered in two ways")
        one.answer, one.acknowledged = answer.body, one.acknowledged or self.now()
        return True

    async def _person(self, patience: float) -> None:
        """That share of the dead letters is tried again, half of them without success; the others are given up."""
        host = self.hosts[0]
        for name, one in host.hub.integrations.items():
            for letter in await dead.dead_letters(name, host.hub):
                self.figures["dead letters"] += 1
                with suppress(Refused):  # the lane is busy: once more in the next round
                    if self.random.random() >= patience:
                        await dead.discard(one, letter["id"], Person("p"), host.hub)
                        continue
                    if self.random.random() < 0.5:
                        self.messages[letter["control"]].left.clear()
                    await replay(one, letter["id"], Person("p"), host.hub, out_of_order=True)
                    self.figures["replays"] += 1

    async def _quiet(self) -> None:
        end = self.now() + 4 * 3600
        while self.now() < end and (self.hosts == [] or self._is_busy()):
            await asyncio.sleep(20)

    def _is_busy(self) -> bool:
        if any(self.twin.queues[f"{NOTES}-in"].values()):
            return True
        for name in (NOTES, PUBLISHER):
            tables = names.tables(name)
            if any(not key.startswith(ODD) for part in self.twin.tables[tables.open].values() for key in part):
                return True
            rows = self.twin.tables[tables.ledger].values()
            if any(key == "claim" or key.startswith("w|") for lane in rows for key in lane):
                return True
        return False
