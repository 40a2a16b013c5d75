"""Storage failures: senders get the right answer at once, nothing is half done, and work continues on its own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from integrations import load
from shared.hub import connect
from shared.ledger.reporting import conservation
from tests.end_to_end.test_kill import NAME, message
from tests.waiting import eventually
from toolkit.local.stack import Stack

pytestmark = pytest.mark.slow
QUICK = {"HUB_STORAGE_PATIENCE": "2", "HUB_KNOCK_DELAY": "0.5", "HUB_CLAIM_MARGIN": "0.5", "HUB_LONGEST_DELIVERY": "2"}


@pytest.fixture
async def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stack]:
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)
    async with Stack([load(NAME)], tmp_path) as running:
        yield running


async def post(stack: Stack, body: bytes) -> tuple[int, bytes, str]:
    async with aiohttp.ClientSession() as session, session.post(f"{stack.url}/api/v1/{NAME}", data=body) as answer:
        return answer.status, await answer.read(), answer.headers.get("Retry-After", "")


async def arrives(stack: Stack, control_id: str, seconds: float = 60) -> int:
    """How often, once it has."""
    for _ in range(int(seconds / 0.1)):
        found = [got for got in stack.simulators.running["MPI"].received if got.control_id == control_id and got.taken]
        if found:
            return len(found)
        await asyncio.sleep(0.1)
    raise AssertionError(f"{control_id} did not arrive")


async def test_storage_is_stopped_and_comes_back(stack: Stack) -> None:
    assert (await post(stack, message(1, 1)))[0] == 200
    assert await arrives(stack, "L1N1") == 1
    await asyncio.to_thread(stack.storage.stop)
    status, body, retry_after = await post(stack, message(1, 2))
    assert status == 503
    assert b"MSA|AE|L1N2" in body
    assert retry_after
    await asyncio.to_thread(stack.storage.start)
    _, body, _ = await eventually(lambda: post(stack, message(1, 2)), lambda answer: answer[0] == 200)
    assert b"MSA|AA|L1N2" in body
    assert await arrives(stack, "L1N2") == 1
    hub = connect([load(NAME)])
    try:  # the index has the second message before the ledger says so
        balance = await eventually(lambda: conservation.balance(load(NAME), hub), lambda found: found.outcomes["delivered"] == 2)
    finally:
        await hub.drain(0)
    assert balance.holds, balance.unexplained
    assert balance.outcomes["delivered"] == 2
