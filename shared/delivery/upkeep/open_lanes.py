"""A walk over all open lanes of an integration: in pages, several lanes at once, and on from where the last one stopped."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import groupby

from shared.hub import Hub, together
from shared.storage import names
from shared.storage.store import Row

PAGE = 200  # open rows in one request
Visit = Callable[[str, list[Row]], Awaitable[None]]
PARTITIONS = (*names.SHARDS, *(names.outbox(shard) for shard in names.SHARDS))


@dataclass(eq=False, repr=False)
class Walk:
    """One walk. ``cursors``: by partition the first key that was not visited; a partition that is not in it is done."""

    table: str
    hub: Hub
    at_once: asyncio.Semaphore
    until: float  # when the walk stops, in seconds of the hub's clock
    cursors: dict[str, str] = field(default_factory=lambda: dict.fromkeys(PARTITIONS, ""))

    @property
    def is_done(self) -> bool:
        return not self.cursors

    async def run(self, visit: Visit) -> None:
        """Visit each lane with all its open rows, until the end or until the time is over. Raises ``Away``."""
        await together(*(self._partition(name, visit) for name in list(self.cursors)))

    async def _partition(self, partition: str, visit: Visit) -> None:
        while partition in self.cursors and self.hub.now() < self.until:
            lanes, after = await self._page(partition, self.cursors[partition])
            if lanes:  # most pages of a quiet hub are empty
                await together(*(self._visit(visit, lane, rows) for lane, rows in lanes))
            if after:
                self.cursors[partition] = after
            else:
                del self.cursors[partition]

    async def _visit(self, visit: Visit, lane: str, rows: list[Row]) -> None:
        async with self.at_once:
            await visit(lane, rows)

    async def _page(self, partition: str, first: str) -> tuple[list[tuple[str, list[Row]]], str]:
        """Whole lanes, and the key to go on from, empty at the end. A page ends between two lanes."""
        rows: list[Row] = []
        while True:
            page = await self._read(partition, first)
            rows += page
            lanes = [(lane, list(group)) for lane, group in groupby(rows, lane_of)]
            if len(page) < PAGE:
                return lanes, ""
            if len(lanes) > 1:
                return lanes[:-1], lanes[-1][1][0].key
            first = f"{page[-1].key}!"  # one lane fills the page: read on, so that all of it is counted

    async def _read(self, partition: str, first: str) -> list[Row]:
        async with self.at_once:
            return await self.hub.store.query(self.table, partition, first, limit=PAGE)


def lane_of(row: Row) -> str:
    """The lane of an open row."""
    return names.lane_of(row.key)
