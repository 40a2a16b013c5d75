"""One process of the app: the store and the destination as it reaches them, each step numbered and one of them broken."""

import asyncio
import base64
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from shared.envelope import Outgoing, Receipt
from shared.hub import Hub, Timing
from shared.integration import Delivery, EventGrid, Integration
from shared.ledger.closing import _close
from shared.problems import Undelivered
from shared.storage import names
from shared.storage.store import Away, Blob, Change, Conflict, Row, Ticket, put
from tests.ledger_world import Remembering, integration

if TYPE_CHECKING:
    from tests.faults.world import World

TIMING = Timing(claim_margin=5, knock_delay=3, storage_patience=8, open_grace=30, blob_from=300, inline=400, turn_messages=3)
NAME = "notes-to-test"
FILES = EventGrid(
    ("Microsoft.Storage.BlobCreated",), f"/blobServices/default/containers/{names.INBOX}/blobs/notes/", pairs=("pdf", "json")
)


class Crashed(BaseException):
    """The process is gone: nothing of it runs any more, not even its clean-up."""


@dataclass
class Process:
    """One process of the app: memory of its own, and its own way to the store, which a crash cuts."""

    world: "World"
    number: int
    dead: bool = False
    fault: str = ""  # of the step that is being done
    observing: bool = False
    hub: Hub = field(init=False)
    notes: Integration = field(init=False)

    def __post_init__(self) -> None:
        world, scenario = self.world, self.world.scenario
        declared = {
            "delivery": Delivery(attempts=4, first_wait=1, longest_wait=8, timeout=5, breaker_failures=9)
        } | world.declared()
        if scenario.drops:
            declared["triggers"] = (FILES,)
        self.notes = integration(Door(self), **declared)
        self.hub = Hub(
            store=Seam(self),
            integrations={NAME: self.notes},
            now=world.now,
            random=random.Random(f"{world.seed}-{self.number}"),
            emit=lambda name, **keys: None,
            timing=TIMING,
            instance=f"process{self.number}",
        )
        self.observing = world.observing  # a process that starts reads the setting
        self.hub.is_observed = lambda name: self.observing
        if not scenario.starts:
            self.hub.start = self._start_no_attempt  # type: ignore[method-assign]

    def _start_no_attempt(self, work: Coroutine[Any, Any, None]) -> None:
        """Nothing that an acceptance starts is ever run; the open rows of what a worker has ended are deleted all the same."""
        if getattr(work, "__qualname__", "") == _close.__qualname__:
            Hub.start(self.hub, work)
        else:
            work.close()

    async def effect(self, kind: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """One numbered step on the outside, and what may go wrong with it."""
        self._alive()
        fault = self.world.next_fault(kind)
        await asyncio.sleep(self.world.random.uniform(0.001, 0.03))
        self._alive()
        if fault == "slow":  # the process stands still, for instance
            await asyncio.sleep(7)
            self._alive()
        if fault == "stopped":  # for so long that an open row counts as left behind
            await asyncio.sleep(2 * TIMING.open_grace)
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
        if kind == "write" and self.world.scenario.answers:
            await asyncio.sleep(self.world.random.uniform(0, self.world.scenario.answers))
            self._alive()
        if fault == "late-answer":  # done, and the process wakes up after its claim has ended
            await asyncio.sleep(12)
            self._alive()
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
            if self.process.fault == "conflict" and contended:  # another worker was faster
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
        note, world = orjson.loads(outgoing.body), self.process.world
        world.enters(note["lane"], self.process)
        try:
            for opened in outgoing.files:
                note["file"] = b"".join([piece async for piece in opened()])
            await self.process.effect("deliver", lambda: self._take(note))
        except Away:
            raise Undelivered(kind="transient", code="timeout", text="no answer", ambiguous=True) from None
        except Conflict:
            raise Undelivered(kind="transient", code="busy", text="busy") from None
        finally:
            world.leaves(note["lane"], self.process)
        return Receipt()

    async def _take(self, note: dict[str, Any]) -> None:
        world = self.process.world
        left = world.refusals[note["id"]]
        if failure := left.pop(0) if left else "":
            kind, _, code = failure.partition(" ")
            raise Undelivered(kind=kind, code=code, text="refused")  # type: ignore[arg-type]
        if note["id"] in world.scenario.drops and document_of(note) != document(world.scenario.drops[note["id"]]):
            world.wrong.append(f"{note['id']} arrived without its document")
        world.took.append((world.now(), note["lane"], note["id"]))
        world.bodies[note["id"]].append(note)


def document(size: int) -> bytes:
    return (b"%PDF-" * size)[:size]


def document_of(note: dict[str, Any]) -> bytes:
    """The document that a delivery brought: inside the message, or as a separate file."""
    return bytes(note["file"]) if "file" in note else base64.b64decode(note["document"]["data"])
