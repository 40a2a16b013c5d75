"""What one message costs the hub in operations, counted while the real pipeline runs it; and what an idle round costs."""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from shared import telemetry
from shared.delivery.upkeep import watchdog
from shared.hub import Hub
from shared.intake.accept import accept
from shared.integration import Integration
from shared.storage.memory import MemoryStore
from shared.storage.store import Arrived, Change, Row, Ticket
from toolkit.samples import REJECTED, samples


class Counted(NamedTuple):
    """For one message, and for one round of the watchdog. CPU is of this machine, in milliseconds."""

    executions: float
    table_operations: float
    table_reads: float
    queue_operations: float
    blob_writes: float
    blob_reads: float
    log_bytes: float
    cpu_ms: float
    stored_bytes: float


@dataclass
class CountingStore(MemoryStore):
    """The store in memory, counting each call that would be one request to Azure."""

    seen: Counter[str] = field(default_factory=Counter)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        self.seen["table"] += 1
        self.seen["table_read"] += 1
        return await super().get(table, partition, key)

    async def query(self, table: str, partition: str, first: str = "", last: str = "", limit: int = 0) -> list[Row]:
        self.seen["table"] += 1
        self.seen["table_read"] += 1
        return await super().query(table, partition, first, last, limit)

    async def scan(self, table: str, first: str = "", last: str = "") -> AsyncIterator[Row]:
        self.seen["table"] += 1
        self.seen["table_read"] += 1
        async for row in super().scan(table, first, last):
            yield row

    async def commit(self, table: str, partition: str, *changes: Change) -> dict[str, str]:
        self.seen["table"] += 1
        self.seen["stored"] += sum(len(str(change.values)) for change in changes)
        return await super().commit(table, partition, *changes)

    async def send(self, queue: str, body: bytes, delay: float = 0, lives: float = 0) -> Ticket:
        self.seen["queue"] += 1
        return await super().send(queue, body, delay, lives)

    async def receive(self, queue: str, lease: float, most: int = 16) -> list[Arrived]:
        self.seen["queue"] += 1
        return await super().receive(queue, lease, most)

    async def oldest(self, queue: str) -> float | None:
        self.seen["queue"] += 1
        return await super().oldest(queue)

    async def settle(self, ticket: Ticket) -> None:
        self.seen["queue"] += 1
        await super().settle(ticket)

    async def write_blob(self, container: str, name: str, data: bytes) -> None:
        self.seen["blob_write"] += 1
        await super().write_blob(container, name, data)

    async def read_blob(self, container: str, name: str) -> bytes | None:
        self.seen["blob_read"] += 1
        return await super().read_blob(container, name)

    async def delete_blob(self, container: str, name: str, etag: str = "") -> None:
        self.seen["blob_read"] += 1
        await super().delete_blob(container, name, etag)


class Logs:
    """The endpoint of Application Insights in small, for as long as the counting takes."""

    def __enter__(self) -> "Logs":
        from toolkit.local.simulators.ingestion import Ingestion

        self.endpoint = Ingestion()
        os.environ["APPLICATIONINSIGHTS_CONNECTION_STRING"] = self.endpoint.connection_string
        os.environ.setdefault("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
        telemetry.emit("hub.heartbeat", integration="counting")
        telemetry.flush()
        return self

    def bytes_so_far(self) -> int:
        telemetry.flush()
        return sum(len(body) for body in self.endpoint.bodies)

    def __exit__(self, *_: Any) -> None:
        del os.environ["APPLICATIONINSIGHTS_CONNECTION_STRING"]
        self.endpoint.stop()


async def count(integration: Integration, messages: int = 40) -> tuple[Counted, Counted]:
    """For one message and for one idle round, as averages over some; the destination takes everything."""
    from shared.destinations.memory import Memory

    clock = time.time
    own = replace(integration, destination=Memory(integration.destination.name), subscribers=())
    store = CountingStore(clock)
    hub = Hub(store, {own.name: own}, clock, random.Random(1))
    with Logs() as logs:
        await _accept(own, hub, 3)  # what is made once is not counted
        busy = await _measured(hub, store, logs, _accept(own, hub, messages), messages, 1)
        idle = await _measured(hub, store, logs, _rounds(hub, 10), 10, 1)
    return busy, idle


async def _accept(integration: Integration, hub: Hub, messages: int) -> None:
    """Accepted samples, each under its own lane and control id as far as the source's sample allows."""
    taken = [each for each in samples(integration) if not each.name.startswith((REJECTED, "waits"))]
    for number in range(messages):
        envelope = taken[number % len(taken)].envelope
        await accept(integration, replace(envelope, received_at=hub.stamp(), body=_fresh(envelope.body, hub)), hub)
        while hub.tasks:
            await asyncio.gather(*hub.tasks)


def _fresh(body: bytes, hub: Hub) -> bytes:
    """The same message under a new control id, so that it is not a duplicate."""
    if not body.startswith(b"MSH"):
        return body
    first, end, rest = body.partition(b"\r")
    fields = first.split(first[3:4])
    fields[9] = hub.token().encode()
    return first[3:4].join(fields) + end + rest


async def _rounds(hub: Hub, rounds: int) -> None:
    for _ in range(rounds):
        await watchdog.tick(hub)


async def _measured(hub: Hub, store: CountingStore, logs: Logs, work: Any, times: int, calls: int) -> Counted:
    store.seen.clear()
    logged, cpu = logs.bytes_so_far(), time.process_time()
    await work
    cpu = time.process_time() - cpu
    logged = logs.bytes_so_far() - logged
    left = sum(len(queue) for name, queue in store.queues.items() if name.endswith("-work"))
    seen = store.seen
    return Counted(
        executions=calls + left / times,
        table_operations=seen["table"] / times,
        table_reads=seen["table_read"] / times,
        queue_operations=seen["queue"] / times,
        blob_writes=seen["blob_write"] / times,
        blob_reads=seen["blob_read"] / times,
        log_bytes=logged / times,
        cpu_ms=1000 * cpu / times,
        stored_bytes=seen["stored"] / times,
    )
