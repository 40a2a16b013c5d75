"""A parallel run on real storage: an old engine that differs in planted ways, the page, the switch to live and back."""

import json
import os
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from integrations import load_all
from shared.hub import connect
from shared.ledger.reporting.conservation import balance
from shared.mode import setting_name
from tests.waiting import eventually
from toolkit.local.simulators.old_engine import OldEngine
from toolkit.local.stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
NAME = "phw-to-mpi"
PATH = f"/api/v1/{NAME}"
PLANTED = ["same", "value:PID-8", "value:PID-8", "lacks:PID-5", "adds:PID-39", "refused", "silent"]
FOUND = {("PID-8", "value"): 2, ("PID-5", "extra"): 1, ("PID-39", "missing"): 1, ("", "accepted"): 1}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    os.environ[setting_name(NAME)] = "observe"
    try:
        async with Stack(load_all([NAME]), tmp_path_factory.mktemp("parallel")) as running:
            yield running
    finally:
        os.environ.pop(setting_name(NAME), None)


async def switch(stack: Stack, mode: str) -> None:
    """The setting is changed, which restarts the app."""
    await stack.stop_host()
    os.environ[setting_name(NAME)] = mode
    await stack.start_host()


async def send(url: str, body: bytes) -> str:
    async with (
        aiohttp.ClientSession(url) as session,
        session.post(PATH, data=body, headers={"content-type": "x-application/hl7-v2+er7"}) as answer,
    ):
        assert b"|AA|" in await answer.read()
        return str(answer.headers["Location"])


async def outcome(stack: Stack, where: str) -> str:
    """What became of a message, once it has ended."""

    async def state() -> str:
        async with aiohttp.ClientSession(stack.url) as session, session.get(where) as answer:
            return str(json.loads(await answer.read())["outcome"])

    return await eventually(state, lambda found: found not in ("waiting", "sending"))


async def agreement(stack: Stack) -> dict[str, Any]:
    async with aiohttp.ClientSession(stack.url) as session, session.get(f"{PATH}/agreement") as answer:
        found: dict[str, Any] = json.loads(await answer.read())
        return found


async def settled(stack: Stack, *, pairs: int, waiting: int) -> dict[str, Any]:
    """The agreement when every message is in it: the hub's side of a message comes a moment after its answer."""
    return await eventually(lambda: agreement(stack), lambda face: face["pairs"] >= pairs and face["waiting"] >= waiting)


async def test_the_page_shows_the_planted_differences_and_the_switch_loses_and_doubles_nothing(
    stack: Stack, sample: Callable[..., bytes]
) -> None:
    mpi, name = stack.simulators.running["MPI"], "a31_date_of_death"
    async with OldEngine(stack.integrations[0], stack.url, PLANTED) as engine:
        places = [await send(engine.url, sample(name, f"OBS{n}")) for n in range(len(PLANTED))]
        face = await settled(stack, pairs=len(PLANTED) - 1, waiting=PLANTED.count("silent"))
    assert {await outcome(stack, where) for where in places} == {"observed"}
    assert {(each["path"], each["cause"]): each["pairs"] for each in face["differences"]} == FOUND
    assert (face["mode"], face["same"], face["different"], face["waiting"]) == ("observe", 1, 5, 1)
    async with aiohttp.ClientSession(stack.url) as session, session.get("/api/ops/parallel?minutes=60") as answer:
        page = await answer.text()
    assert all(text in page for text in (NAME, "PID-8", "PID-5", "PID-39", "accepted"))
    assert "OLDENGINE" not in page
    assert not mpi.received

    await switch(stack, "live")
    places = [await send(stack.url, sample(name, f"LIVE{n}")) for n in range(3)]
    assert {await outcome(stack, where) for where in places} == {"delivered"}
    await switch(stack, "observe")
    assert await outcome(stack, await send(stack.url, sample(name, "BACK"))) == "observed"
    assert await outcome(stack, await send(stack.url, sample(name, "LIVE0"))) == "delivered"  # a duplicate: as it was
    assert [got.control_id for got in mpi.received] == ["LIVE0", "LIVE1", "LIVE2"]

    hub = connect(stack.integrations)
    try:
        one = await balance(stack.integrations[0], hub)
    finally:
        await hub.drain(0)
    assert (one.holds, dict(one.outcomes)) == (True, {"observed": len(PLANTED) + 1, "delivered": 3, "duplicate": 1})
