"""The ops page on a thousand and on a million ledger rows: the same reads of storage, bounded answers, no scan, at once."""

import gc
import time
import tracemalloc
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.hub import Hub
from shared.ledger.reporting.search import LOOKED_AT
from shared.ops.ledger import LedgerFacts
from shared.ops.page import RANGES, Request, answer, sign
from shared.privacy import keyed
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Row
from tests import ledger_world as world

pytestmark = pytest.mark.slow
NAME = "notes-to-test"
IN_A_LANE = 25
SECRET = b"s"
WHO = {"cookie": "hub-sample-role=admin"}
SETTLED = {"control": "C7", "attempts": 1, "at": world.NOW - 100, "ended": world.NOW - 99, "correlation_id": "corr", "replays": 0}
DELIVERED, DEAD = {**SETTLED, "outcome": "delivered"}, {**SETTLED, "outcome": "dead", "code": "ack-AR"}
RECEIPTS = [{"n": n, "at": world.NOW - 100, "digest": ""} for n in range(IN_A_LANE + 1)]


@dataclass
class Counting(MemoryStore):
    """How often it was asked, and the longest answer; refuses a scan."""

    asked: Counter[str] = field(default_factory=Counter)
    longest: int = 0

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        self.asked["get"] += 1
        return await super().get(table, partition, key)

    async def query(self, table: str, partition: str, first: str = "", last: str = "", limit: int = 0) -> list[Row]:
        self.asked["query"] += 1
        rows = await super().query(table, partition, first, last, limit)
        self.longest = max(self.longest, len(rows))
        return rows

    def scan(self, table: str, first: str = "", last: str = "") -> Any:
        raise AssertionError("the page scans a table")


def filled(rows: int) -> Hub:
    """A ledger of so many rows: half of them receipts, one message in ten dead, all of one correlation id."""
    store = Counting(lambda: world.NOW)
    tables = names.tables(NAME)
    index = store.tables[tables.find]
    for i in range(rows // 2):
        lane, n = f"1-{i // IN_A_LANE:08x}", i % IN_A_LANE + 1
        ledger, key, is_dead = store.tables[tables.ledger][lane], f"{i:08x}", i % 10 == 0
        ledger[f"r|{key}"] = ("1", RECEIPTS[n])
        ledger[names.row("d", n)] = ("1", DEAD if is_dead else DELIVERED)
        if is_dead:
            index[names.DEAD][names.message_id(lane, key)] = ("1", {"at": world.NOW - i})
            index[f"x|{keyed('correlation', 'corr')}"][key] = ("1", {"lane": lane, "key": key, "at": world.NOW - i})
    index[f"c|{keyed('control', 'C7')}"]["7"] = ("1", {"lane": "1-00000000", "key": "00000007", "at": world.NOW})
    return world.hub(world.integration(world.Remembering()), store=store)


def request(path: str = "", query: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None) -> Request:
    made = Request("POST" if form else "GET", path, query or {}, WHO, form or {}, secret=SECRET, on_developers_machine=True)
    if not form:
        return made
    from shared.ops.access import person

    who = person(WHO, on_developers_machine=True)
    assert who
    return Request(made.method, path, {}, WHO, {**form, "token": sign(made, who)}, secret=SECRET, on_developers_machine=True)


PAGES = {
    **{f"overview of {minutes} minutes": request(query={"minutes": str(minutes)}) for minutes in RANGES},
    "thresholds": request("thresholds"),
    **{f"integration over {m} minutes": request("integration", {"integration": NAME, "minutes": str(m)}) for m in RANGES},
    "data": request("data", {"minutes": "1440"}),
    "journey": request("message", {"integration": NAME, "id": "1-00000000.00000000"}),
    "control id": request("search", form={"kind": "control_id", "value": "C7"}),
    "correlation id": request("search", form={"kind": "correlation_id", "value": "corr"}),
    "NHS Number": request("search", form={"kind": "nhs_number", "value": "9990000018"}),
}


@pytest.fixture(scope="module")
def hubs() -> tuple[Hub, Hub]:
    made = filled(2_000), filled(1_000_000)
    gc.freeze()  # a search for garbage in a million rows is no part of a page
    return made


async def looked_at(hub: Hub, asked: Request) -> tuple[Counter[str], int, bytes]:
    store = hub.store
    assert isinstance(store, Counting)
    store.asked, store.longest = Counter(), 0
    got = await answer(asked, LedgerFacts(hub))
    assert got.status == 200
    return store.asked, store.longest, got.body


@pytest.mark.parametrize("page", PAGES)
async def test_a_million_rows_cost_what_a_thousand_do(hubs: tuple[Hub, Hub], page: str) -> None:
    small, large = hubs
    few, _, short = await looked_at(small, PAGES[page])
    began = time.process_time()
    many, longest, long = await looked_at(large, PAGES[page])
    took = time.process_time() - began
    assert many == few
    assert longest <= LOOKED_AT
    assert len(long) < 2 * len(short)
    assert took < 1


async def test_memory_is_that_of_the_answer(hubs: tuple[Hub, Hub]) -> None:
    tracemalloc.start()
    try:
        for page in PAGES.values():
            await looked_at(hubs[1], page)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * 1024 * 1024


async def test_what_is_not_shown_is_said(hubs: tuple[Hub, Hub]) -> None:
    _, _, page = await looked_at(hubs[1], PAGES["overview of 60 minutes"])
    assert b"<dd>1,000+</dd>" in page
    assert b"./hub dead list" in page
    _, _, found = await looked_at(hubs[1], PAGES["correlation id"])
    assert b"Only the newest are shown" in found
