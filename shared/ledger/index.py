"""The rows of the index: where a message is, which messages are dead letters, and which files of the inbox were taken.

All rows of one message are written in one transaction, in one of eight partitions (``names.index``). Each is under a *finder*:
the hash of a value that the message is searched by, or the hour of its acceptance. A search therefore reads all eight partitions.
An earlier version had a partition for each finder, with the id of the message as key; its rows are found and purged too. The row
of a file still is in such a partition: an earlier version that runs again would delete a file of which it finds no message there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar
from zlib import crc32

from shared.hub import Hub, together
from shared.storage import names
from shared.storage.store import Change
from shared.storage.stored import Stored, always, row_type


@row_type(frozen=True, kw_only=True, repr=False)
class Found(Stored):
    """A message under one of its finders.

    ``of_lane`` and ``identity``: where it is. ``finders``: the keys of its other rows, in the row of its hour only; of its files,
    and in a row of an earlier version of all, the partitions.
    """

    STORED_AS: ClassVar[dict[str, str]] = {"of_lane": "lane", "identity": "key"}
    of_lane: str = always("")
    identity: str = always("")
    digest: str = always("")
    at: float = always(0.0)
    finders: str = ""

    @property
    def id(self) -> str:
        """The id of the message."""
        return names.message_id(self.of_lane, self.identity)

    @property
    def is_earlier(self) -> bool:
        """Whether an earlier version wrote it, in a partition of its finder."""
        return self.row.partition not in names.INDEX

    @property
    def hour(self) -> str:
        """The hour of its acceptance, of a row that is under it."""
        return self.row.partition if self.is_earlier else "|".join(self.row.key.split("|")[:2])


@row_type(frozen=True, kw_only=True, repr=False)
class Listed(Stored):
    """``dead``: a dead letter in the list of them, under its id, and since when it is there."""

    at: float


@row_type(frozen=True, kw_only=True, repr=False)
class Taken(Stored):
    """``b|name``: a file of the inbox that was taken, and its version."""

    at: float
    etag: str = always("")


def ways(finders: Iterable[str], id: str) -> list[str]:
    """What the row of the hour names for each finder: the key of a row, or the partition of that of a file."""
    return [finder if names.is_of_file(finder) else names.listed(finder, id) for finder in finders]


def rows_of(found: Found, named: Sequence[str]) -> list[Change]:
    """The rows of a message: one with each key, and one under its hour that names them, and its files.

    A second copy in the same hour may have other finders: it has a row of its own under the hour, that names them.
    """
    finders = " ".join(named)
    of_hour = names.listed(names.listed(names.hour(found.at), found.id), f"{crc32(finders.encode()):08x}")
    return [*(found.put(key) for key in named if not names.is_of_file(key)), replace(found, finders=finders).put(of_hour)]


def rows_with(found: Found) -> dict[str, list[str]]:
    """The keys of the rows that a row of an hour names, by partition; the row itself is the last.

    An earlier version wrote the row of a control id with the identity as key, or, where that was there, identity and lane.
    """
    named, own = found.finders.split(), found.row
    if found.is_earlier:
        keys = [own.key, found.identity, found.identity.partition("-")[0], f"{found.identity}.{found.of_lane}"]
        return {**{finder: list(dict.fromkeys(keys)) for finder in named}, own.partition: [own.key]}
    files = {each: [found.id] for each in named if names.is_of_file(each)}
    return {**files, own.partition: [*(each for each in named if not names.is_of_file(each)), own.key]}


async def write_files(found: Found, finders: Iterable[str], integration: str, hub: Hub) -> None:
    """The row of each file of a message. Raises ``Away``."""
    table = names.tables(integration).find
    await together(*(hub.store.commit(table, each, found.put(found.id)) for each in finders if names.is_of_file(each)))


async def under(finder: str, integration: str, hub: Hub, limit: int = 0) -> list[Found]:
    """The messages under a finder, in no order; of each partition ``limit`` at most, 0 for all. Raises ``Away``."""
    table, (first, last) = names.tables(integration).find, names.of_finder(finder)
    found = await together(
        hub.store.query(table, finder, limit=limit),  # of an earlier version
        *(hub.store.query(table, partition, first, last, limit) for partition in names.INDEX),
    )
    return [Found.of(row) for rows in found for row in rows]
