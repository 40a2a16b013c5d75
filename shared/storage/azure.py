"""The store in Azure: tables, queues and blobs of one account, through the SDK, which is imported when first needed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cached_property
from typing import Any, TypeVar

from shared.storage.accounts import Account
from shared.storage.azure_errors import NotMade, translated
from shared.storage.azure_rows import (
    MOST_CHANGES,
    commit_all,
    commit_one,
    condition_of,
    entity_of,
    etags_of,
    filter_of,
    quoted,
    row_of,
)
from shared.storage.store import Arrived, Away, Blob, Change, Conflict, Row, Ticket

T = TypeVar("T")
OPTIONS: dict[str, Any] = {"retry_total": 0, "connection_timeout": 3, "read_timeout": 15, "logging_enable": False}
PIECE = 4 * 1024 * 1024  # bytes of a blob that are in memory at once, up and down
PIECES: dict[str, Any] = {
    "max_single_get_size": PIECE,
    "max_chunk_get_size": PIECE,
    "max_single_put_size": PIECE,
    "max_block_size": PIECE,
}


class AzureStore:
    """One storage account. Connections are made when first used and kept."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._clients: dict[str, Any] = {}

    @cached_property
    def _tables(self) -> Any:
        from azure.data.tables.aio import TableServiceClient

        return self.account.client(TableServiceClient, self.account.table, **OPTIONS)

    @cached_property
    def _queues(self) -> Any:
        from azure.storage.queue.aio import QueueServiceClient

        return self.account.client(QueueServiceClient, self.account.queue, **OPTIONS)

    @cached_property
    def _blobs(self) -> Any:
        from azure.storage.blob.aio import BlobServiceClient

        return self.account.client(BlobServiceClient, self.account.blob, **PIECES, **OPTIONS)

    def _table(self, name: str) -> Any:
        return self._client(f"t|{name}", lambda: self._tables.get_table_client(name))

    def _queue(self, name: str) -> Any:
        return self._client(f"q|{name}", lambda: self._queues.get_queue_client(name))

    def _container(self, name: str) -> Any:
        return self._client(f"b|{name}", lambda: self._blobs.get_container_client(name))

    def _client(self, key: str, make: Callable[[], Any]) -> Any:
        return self._clients[key] if key in self._clients else self._clients.setdefault(key, make())

    async def _do(self, work: Callable[[], Awaitable[T]], make: Callable[[], Awaitable[Any]]) -> T:
        """The work; what it works on is made when it is not there."""
        for _ in range(2):
            try:
                async with translated():
                    return await work()
            except NotMade:
                await _make(make)
        raise Away

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        async def read() -> Row:
            return row_of(await self._table(table).get_entity(partition, key))

        try:
            return await self._do(read, self._table(table).create_table)
        except Conflict:
            return None

    async def query(self, table: str, partition: str, first: str = "", last: str = "", limit: int = 0) -> list[Row]:
        async def read() -> list[Row]:
            pages = self._table(table).query_entities(filter_of(partition, first, last), results_per_page=limit or None)
            rows: list[Row] = []
            async for entity in pages:
                rows.append(row_of(entity))
                if limit and len(rows) == limit:
                    break
            return rows

        return await self._do(read, self._table(table).create_table)

    async def scan(self, table: str, first: str = "", last: str = "") -> AsyncIterator[Row]:
        bounds = [f"PartitionKey ge '{quoted(first)}'", *([f"PartitionKey lt '{quoted(last)}'"] if last else [])]
        try:
            async with translated():
                async for entity in self._table(table).query_entities(" and ".join(bounds)):
                    yield row_of(entity)
        except NotMade:
            return

    async def commit(self, table: str, partition: str, *changes: Change) -> dict[str, str]:
        if len(changes) > MOST_CHANGES:
            raise ValueError("a transaction takes at most 100 changes")
        client, made = self._table(table), [(c, entity_of(partition, c), condition_of(c)) for c in changes]

        async def write() -> dict[str, str]:
            return etags_of(changes, [await commit_one(client, *made[0])] if len(made) == 1 else await commit_all(client, made))

        return await self._do(write, client.create_table)

    async def send(self, queue: str, body: bytes, delay: float = 0, lives: float = 0) -> Ticket:
        async def put() -> Ticket:
            options = {"visibility_timeout": int(delay + 0.5) or None, "time_to_live": int(lives) or None}
            sent = await self._queue(queue).send_message(body.decode(), **options)
            return Ticket(queue, sent.id, sent.pop_receipt)

        return await self._do(put, self._queue(queue).create_queue)

    async def receive(self, queue: str, lease: float, most: int = 16) -> list[Arrived]:
        async def take() -> list[Arrived]:
            messages = self._queue(queue).receive_messages(
                messages_per_page=most, max_messages=most, visibility_timeout=int(lease)
            )
            return [_arrived(queue, message) async for message in messages]

        return await self._do(take, self._queue(queue).create_queue)

    async def oldest(self, queue: str) -> float | None:
        async def peek() -> float | None:
            found = await self._queue(queue).peek_messages()
            return float(found[0].inserted_on.timestamp()) if found else None

        return await self._do(peek, self._queue(queue).create_queue)

    async def settle(self, ticket: Ticket) -> None:
        try:
            async with translated():
                await self._queue(ticket.queue).delete_message(ticket.id, ticket.receipt)
        except (Conflict, NotMade):
            return

    async def write_blob(self, container: str, name: str, data: bytes) -> None:
        client = self._container(container)
        await self._do(lambda: client.upload_blob(name, data, overwrite=True, max_concurrency=2), client.create_container)

    async def read_blob(self, container: str, name: str) -> bytes | None:
        client = self._container(container)

        async def read() -> bytes:
            download = await client.download_blob(name, max_concurrency=2)
            data = bytes(await download.readall())
            if len(data) != download.size:
                raise Away
            return data

        try:
            return await self._do(read, client.create_container)
        except Conflict:
            return None

    async def write_blob_pieces(self, container: str, name: str, pieces: AsyncIterator[bytes]) -> None:
        client = self._container(container)
        await _make(client.create_container)  # the pieces can be had once: there is no second try
        async with translated():
            await client.upload_blob(name, pieces, overwrite=True)

    async def blob_pieces(self, container: str, name: str) -> AsyncIterator[bytes]:
        try:
            async with translated():
                download = await self._container(container).download_blob(name)
                left = download.size
                async for piece in download.chunks():
                    left -= len(piece)
                    yield piece
            if left:
                raise Away
        except NotMade:
            raise Conflict from None

    async def blob(self, container: str, name: str) -> Blob | None:
        try:
            async with translated():
                found = await self._container(container).get_blob_client(name).get_blob_properties()
            return Blob(str(found.etag), int(found.size))
        except (Conflict, NotMade):
            return None

    async def delete_blob(self, container: str, name: str, etag: str = "") -> None:
        from azure.core import MatchConditions

        version = {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
        try:
            async with translated():
                await self._container(container).delete_blob(name, **version)
        except (Conflict, NotMade):
            return

    async def blobs(self, container: str, prefix: str = "") -> list[tuple[str, float]]:
        client = self._container(container)

        async def walk() -> list[tuple[str, float]]:
            listed = client.list_blobs(name_starts_with=prefix or None)
            return [(blob.name, blob.last_modified.timestamp()) async for blob in listed]

        return await self._do(walk, client.create_container)

    async def prepare(self, tables: list[str], queues: list[str], containers: list[str]) -> None:
        makes = [
            *(self._table(name).create_table for name in tables),
            *(self._queue(name).create_queue for name in queues),
            *(self._container(name).create_container for name in containers),
        ]
        for some in range(0, len(makes), 16):
            await asyncio.gather(*(_make(make) for make in makes[some : some + 16]))

    async def close(self) -> None:
        for service in ("_tables", "_queues", "_blobs"):
            if service in self.__dict__:
                await self.__dict__.pop(service).close()
        self._clients.clear()


def _arrived(queue: str, message: Any) -> Arrived:
    return Arrived((message.content or "").encode(), Ticket(queue, message.id, message.pop_receipt), message.dequeue_count)


async def _make(make: Callable[[], Awaitable[Any]]) -> None:
    try:
        async with translated():
            await make()
    except Conflict:
        return
