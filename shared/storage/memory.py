"""The store in memory: the twin of Azure storage that tests and the fault laboratory run on.

It keeps to what the hub relies on: ETags, all-or-nothing changes of one partition, at most 100 of them and 4 MiB, a row of at
most 1 MiB and a property of at most 64 KiB, keys that Azure takes; queue messages of at most 64 KiB that come back when their
lease ends.
tests/shared/storage/test_store.py holds it against Azurite.
"""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from zlib import crc32

from shared.storage.store import Arrived, Blob, Change, Conflict, Row, Ticket

KIB = 1024
NO_KEY = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")


@dataclass
class Queued:
    body: bytes
    visible: float
    ends: float
    receipt: str
    put: float = 0.0
    dequeued: int = 0


@dataclass
class MemoryStore:
    """All of storage in dictionaries; ``now`` is its clock."""

    now: Callable[[], float]
    tables: dict[str, dict[str, dict[str, tuple[str, dict[str, Any]]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )
    queues: dict[str, dict[str, Queued]] = field(default_factory=lambda: defaultdict(dict))
    containers: dict[str, dict[str, tuple[bytes, float]]] = field(default_factory=lambda: defaultdict(dict))
    serial: Any = field(default_factory=lambda: count(1))

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        found = self.tables[table].get(partition, {}).get(key)
        return Row(partition, key, found[0], dict(found[1])) if found else None

    async def query(self, table: str, partition: str, first: str = "", last: str = "", limit: int = 0) -> list[Row]:
        rows = self.tables[table].get(partition)
        if not rows:
            return []
        keys = sorted(key for key in rows if first <= key and (not last or key < last))
        return [Row(partition, key, rows[key][0], dict(rows[key][1])) for key in keys[: limit or None]]

    async def scan(self, table: str, first: str = "", last: str = "") -> AsyncIterator[Row]:
        for partition in sorted(p for p in list(self.tables[table]) if first <= p and (not last or p < last)):
            for row in await self.query(table, partition):
                yield row

    async def commit(self, table: str, partition: str, *changes: Change) -> dict[str, str]:
        rows = self.tables[table][partition]
        check_limits(changes)
        check_keys(partition, *(change.key for change in changes))
        if len(changes) == 1 and changes[0].action == "delete" and changes[0].key not in rows:
            return {}
        for change in changes:
            self._permit(rows, change)
        return {
            change.key: self._apply(rows, change) for change in changes if change.action != "delete" or self._drop(rows, change)
        }

    def _permit(self, rows: dict[str, tuple[str, dict[str, Any]]], change: Change) -> None:
        there = rows.get(change.key)
        if change.action == "insert" and there:
            raise Conflict(change.key)
        if change.action in ("replace", "delete") and (not there or (change.etag and there[0] != change.etag)):
            raise Conflict(change.key)

    def _apply(self, rows: dict[str, tuple[str, dict[str, Any]]], change: Change) -> str:
        etag = f"{next(self.serial)}"
        rows[change.key] = (etag, dict(change.values))
        return etag

    def _drop(self, rows: dict[str, tuple[str, dict[str, Any]]], change: Change) -> bool:
        del rows[change.key]
        return False

    async def send(self, queue: str, body: bytes, delay: float = 0, lives: float = 0) -> Ticket:
        if len(body) > 64 * KIB:
            raise ValueError("a queue message is at most 64 KiB")
        ticket = Ticket(queue, f"{next(self.serial)}", f"{next(self.serial)}")
        now = self.now()
        self.queues[queue][ticket.id] = Queued(body, now + delay, now + (lives or 7 * 86400), ticket.receipt, now)
        return ticket

    async def receive(self, queue: str, lease: float, most: int = 16) -> list[Arrived]:
        due = [(id, m) for id, m in self.queues[queue].items() if m.visible <= self.now() < m.ends][:most]
        for _, message in due:
            message.visible, message.receipt = self.now() + lease, f"{next(self.serial)}"
            message.dequeued += 1
        return [Arrived(m.body, Ticket(queue, id, m.receipt), m.dequeued) for id, m in due]

    async def oldest(self, queue: str) -> float | None:
        return next((each.put for each in self.queues[queue].values() if each.visible <= self.now() < each.ends), None)

    async def settle(self, ticket: Ticket) -> None:
        message = self.queues[ticket.queue].get(ticket.id)
        if message and message.receipt == ticket.receipt:
            del self.queues[ticket.queue][ticket.id]

    async def write_blob(self, container: str, name: str, data: bytes) -> None:
        self.containers[container][name] = (data, self.now())

    async def read_blob(self, container: str, name: str) -> bytes | None:
        found = self.containers[container].get(name)
        return found[0] if found else None

    async def write_blob_pieces(self, container: str, name: str, pieces: AsyncIterator[bytes]) -> None:
        await self.write_blob(container, name, b"".join([piece async for piece in pieces]))

    async def blob_pieces(self, container: str, name: str) -> AsyncIterator[bytes]:
        data = await self.read_blob(container, name)
        if data is None:
            raise Conflict
        for start in range(0, len(data), 64 * KIB):
            yield data[start : start + 64 * KIB]

    async def blob(self, container: str, name: str) -> Blob | None:
        found = self.containers[container].get(name)
        return Blob(f"{crc32(found[0])}-{found[1]}", len(found[0])) if found else None

    async def delete_blob(self, container: str, name: str, etag: str = "") -> None:
        there = await self.blob(container, name)
        if there and etag in ("", there.etag):
            del self.containers[container][name]

    async def blobs(self, container: str, prefix: str = "") -> list[tuple[str, float]]:
        return sorted((name, at) for name, (_, at) in self.containers[container].items() if name.startswith(prefix))

    async def prepare(self, tables: list[str], queues: list[str], containers: list[str]) -> None:
        """Nothing to make: a dictionary makes its own."""

    async def close(self) -> None:
        """Nothing is held open."""


def check_keys(*keys: str) -> None:
    """Azure's limits on the keys of a row: ``ValueError`` when it would refuse one."""
    if any(NO_KEY.search(key) or 2 * len(key) > KIB for key in keys):
        raise ValueError("a key takes at most 1 KiB, without / \\ # ? and control characters")


def check_limits(changes: tuple[Change, ...]) -> None:
    """Azure's limits on one transaction; ``ValueError`` when it would refuse it."""
    if len(changes) > 100 or len({change.key for change in changes}) != len(changes):
        raise ValueError("a transaction takes at most 100 changes, each of another row")
    sizes = [sum(map(_size, change.values.values())) for change in changes]
    if sum(sizes) > 4 * KIB * KIB or max(sizes, default=0) > KIB * KIB:
        raise ValueError("a transaction takes at most 4 MiB, a row at most 1 MiB")


def _size(value: object) -> int:
    if isinstance(value, (int, float)):
        return 8
    if not isinstance(value, (bytes, str)):
        raise ValueError("a property is text, a number, a truth value or bytes")
    size = len(value) if isinstance(value, bytes) else 2 * len(value)
    if size > 64 * KIB:
        raise ValueError("a property takes at most 64 KiB")
    return size
