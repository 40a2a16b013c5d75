"""Storage that is slow, throttled, broken or cut off in the middle of an answer, by turns and under load, seen from outside.

Every request of the hub to tables, queues and blobs goes through a proxy, which spoils one in three. Nothing acknowledged is lost
or overtaken, nothing is doubled without a word, and senders hear 503 in time and never a wrong verdict.
"""

import asyncio
import base64
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from integrations import load
from shared.delivery.upkeep import watchdog
from shared.hub import Hub, connect
from shared.intake.inbox import watching
from shared.storage import names
from tests.end_to_end.test_kill import LANES, NAME, Load, is_idle, judge, message
from tests.end_to_end.test_storage_trouble import QUICK, post
from tests.waiting import Timed, eventually
from toolkit.local.azurite import Azurite
from toolkit.local.simulators.fault_proxy import FaultProxy
from toolkit.local.stack import Stack

pytestmark = pytest.mark.slow
SECONDS = float(os.environ.get("HUB_TEST_TROUBLE", "1"))  # for each kind of trouble
TROUBLE = ("slow:0.4", "slow-answer:0.4", "throttle", "status:500", "status-after:500", "cut-before", "cut-after", "cut-body")
LARGE_LANE = 0  # its messages are too large for a row: their content goes to a blob
ONE_IN = 3
TOLD_WITHIN = 5.0  # seconds: the hub's patience with storage is 2 here


class Behind(Stack):
    """The stack with a proxy before each of the three services."""

    def __init__(self, folder: Path) -> None:
        super().__init__([load(NAME)], folder)
        self.proxies = [FaultProxy(f"http://127.0.0.1:{port}") for port in self.storage.ports]

    def settings(self) -> dict[str, str]:
        through = Azurite(self.folder, [proxy.port for proxy in self.proxies])
        return super().settings() | {"AzureWebJobsStorage": through.connection_string}

    def trouble(self, kind: str, one_in: int) -> None:
        for proxy in self.proxies:
            proxy.script.always(kind)
            proxy.only = lambda method, path: random.randrange(one_in) == 0

    async def met(self, kind: str) -> bool:
        """Whether a request has been spoilt in this way."""
        return self.spoilt()[kind.partition(":")[0]] > 0

    def spoilt(self) -> Counter[str]:
        met: Counter[str] = Counter()
        for request, count in sum((proxy.requests for proxy in self.proxies), Counter()).items():
            met[request.split()[1]] += count
        return met


class Reporting(Load):
    """Senders that note every status; the messages of one lane are large."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession) -> None:
        super().__init__([stack], session)
        self.statuses: Counter[int] = Counter()
        self.verdicts: Counter[bytes] = Counter()

    def message(self, lane: int, n: int) -> bytes:
        noise = base64.b64encode(os.urandom(700_000)) if lane == LARGE_LANE else b""
        more = b"OBX|1|ED|X^Y^L||^TEXT^^Base64^" + noise + b"||||||F\r"
        return message(lane, n).rstrip(b"\r\n") + b"\r" + (more if noise else b"")

    def heard(self, status: int, said: bytes) -> bool:
        self.statuses[status] += 1
        self.verdicts[said.split(b"MSA|")[1][:2] if b"MSA|" in said else b""] += 1
        return super().heard(status, said)


@pytest.fixture
async def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Behind]:
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HUB_OPEN_GRACE", "1")
    async with AsyncExitStack() as held:
        behind = Behind(tmp_path)
        for proxy in behind.proxies:
            await held.enter_async_context(proxy)
        yield await held.enter_async_context(behind)
        behind.trouble("ok", 1)


async def test_one_request_in_three_goes_wrong(stack: Behind) -> None:
    async with aiohttp.ClientSession() as session:
        load_on = Reporting(stack, session)
        senders = [asyncio.create_task(load_on.lane(lane)) for lane in range(LANES)]
        for kind in TROUBLE:
            stack.trouble(kind, ONE_IN)
            await asyncio.sleep(SECONDS)
            await eventually(partial(stack.met, kind))
        stack.trouble("ok", 1)
        load_on.is_over = True
        await asyncio.gather(*senders)
    hub = connect([load(NAME)])
    try:
        await eventually(lambda: looked_after(hub))
        arrived = [got.control_id for got in stack.simulators.running["MPI"].received if got.taken]
        sent, doubled = await judge(hub, load_on.acknowledged, arrived)
        met = stack.spoilt()
        print(  # noqa: T201
            f"\nstorage in trouble: {sum(met.values()) - met['ok']} of {sum(met.values())} requests spoilt, {sent} messages, "
            f"{doubled} sent again and marked ambiguous; senders heard {dict(load_on.statuses)}"
        )
        assert set(load_on.statuses) <= {200, 503}
        assert set(load_on.verdicts) <= {b"AA", b"AE"}
        assert all(met[kind.partition(":")[0]] for kind in TROUBLE)
        assert load_on.acknowledged[LARGE_LANE]
        assert not await kept(hub)
    finally:
        await hub.drain(0)


async def looked_after(hub: Hub) -> bool:
    """Whether nothing is left to do, after the watchdog of another instance has looked; the host's own comes every 30 seconds."""
    await watchdog.tick(hub, watching.look)
    return await is_idle(hub)


async def kept(hub: Hub) -> list[str]:
    """Rows that still hold content, or name a blob that does."""
    rows = [row async for row in hub.store.scan(names.tables(NAME).ledger)]
    return [row.key for row in rows if row.key.startswith("c|")]


async def test_senders_hear_in_time_that_storage_is_away(stack: Behind) -> None:
    for n, kind in enumerate(("throttle", "cut-before", "cut-body"), 1):
        stack.trouble(kind, 1)
        assert stack.host
        assert stack.storage.process
        timed = Timed(os.getpid(), stack.host.pid, stack.storage.process.pid)
        status, body, retry_after = await post(stack, message(1, n))
        assert (status, f"MSA|AE|L1N{n}".encode() in body, retry_after) == (503, True, "30")
        assert timed.seconds < TOLD_WITHIN
