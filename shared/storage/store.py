"""The seam to storage: tables with ETags and atomic changes of one partition, queues, blobs.

Everything that the hub does to the world outside passes through here or through a destination, so that the fault laboratory
(tests/faults) can break each step in turn. ``azure.py`` is the real one, ``memory.py`` its twin.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol

from shared.problems import Interrupted

Values = Mapping[str, Any]


class Conflict(Interrupted):
    """A row is there already, is gone, or is not what it was: nothing was changed. ``key`` names the row where known."""

    def __init__(self, key: str = "") -> None:
        super().__init__("conflict")
        self.key = key


class Away(Interrupted):
    """Storage did not answer, or answered that it is busy. The request may have been carried out even so."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table as it was read; ``row["name"]`` is a property, empty text when it has none.

    The rows of a lane have types of their own: ``shared/ledger/rows.py``.
    """

    partition: str
    key: str
    etag: str
    values: Values

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name, "")


class Change(NamedTuple):
    """One change of a transaction. ``etag`` empty: the row in any state."""

    action: Literal["insert", "replace", "put", "delete"]
    key: str
    values: Mapping[str, Any] = MappingProxyType({})
    etag: str = ""


class Ticket(NamedTuple):
    """A queue message that was put, so that it can be taken back."""

    queue: str
    id: str
    receipt: str


class Blob(NamedTuple):
    """A blob as it is now: its version and its length in bytes."""

    etag: str
    size: int


class Arrived(NamedTuple):
    """A queue message as it was received, leased to the reader."""

    body: bytes
    ticket: Ticket
    dequeued: int = 1


def insert(key: str, values: Values) -> Change:
    """A new row; ``Conflict`` when it is there already."""
    return Change("insert", key, values)


def replace(row: Row, **values: Any) -> Change:
    """The row with these values changed, if it is still what was read."""
    return Change("replace", row.key, {**row.values, **values}, row.etag)


def put(key: str, values: Values) -> Change:
    """The row, in place of any other."""
    return Change("put", key, values)


def delete(row: Row) -> Change:
    """The row is taken out, if it is still what was read."""
    return Change("delete", row.key, {}, row.etag)


def remove(key: str) -> Change:
    """The row is deleted, in any state."""
    return Change("delete", key)


class Store(Protocol):
    """Tables, queues and blobs. Raises ``Conflict`` and ``Away``, nothing else; what is absent is ``None``."""

    async def get(self, table: str, partition: str, key: str) -> Row | None: ...

    async def query(self, table: str, partition: str, first: str = "", last: str = "", limit: int = 0) -> list[Row]:
        """Rows of one partition in order of their keys, ``first <= key < last``."""

    def scan(self, table: str, first: str = "", last: str = "") -> AsyncIterator[Row]:
        """Rows of all partitions, ``first <= partition < last``, in order of partition and key."""

    async def commit(self, table: str, partition: str, *changes: Change) -> dict[str, str]:
        """All changes or none of them; the new ETag of each row that stays.

        A deletion on its own succeeds when its row is gone already; within a transaction that is a ``Conflict``.
        """

    async def send(self, queue: str, body: bytes, delay: float = 0, lives: float = 0) -> Ticket: ...

    async def receive(self, queue: str, lease: float, most: int = 16) -> list[Arrived]: ...

    async def oldest(self, queue: str) -> float | None:
        """When the first message that no one has leased was put, in seconds since 1970; ``None`` when there is none."""

    async def settle(self, ticket: Ticket) -> None:
        """The queue message is done with: delete it; nothing happens when it is gone."""

    async def write_blob(self, container: str, name: str, data: bytes) -> None: ...

    async def read_blob(self, container: str, name: str) -> bytes | None: ...

    async def write_blob_pieces(self, container: str, name: str, pieces: AsyncIterator[bytes]) -> None:
        """A blob from its pieces, never the whole of it in memory; it is there when the last piece is."""

    def blob_pieces(self, container: str, name: str) -> AsyncIterator[bytes]:
        """A blob piece by piece, the same version of it throughout. ``Conflict`` when it is not there."""

    async def blob(self, container: str, name: str) -> Blob | None: ...

    async def delete_blob(self, container: str, name: str, etag: str = "") -> None:
        """With an ETag only that version: one that was written meanwhile stays."""

    async def blobs(self, container: str, prefix: str = "") -> list[tuple[str, float]]:
        """Name and time of the last change of each blob."""

    async def prepare(self, tables: list[str], queues: list[str], containers: list[str]) -> None:
        """Make what is not there yet."""

    async def close(self) -> None: ...
