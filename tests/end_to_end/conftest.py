"""The hub as it runs on a developer's machine: Azurite, a Master Patient Index over MLLP, the host in its own process."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from integrations import load_all
from toolkit.local.stack import Stack

SAMPLES = Path(__file__).resolve().parent.parent.parent / "integrations" / "phw_to_mpi" / "samples"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with Stack(load_all(["phw-to-mpi"]), tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def session(stack: Stack) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(stack.url) as session:
        yield session


@pytest.fixture
def sample() -> Callable[..., bytes]:
    """A sample's bytes, with a control id of the test's own."""

    def read(name: str, control_id: str = "") -> bytes:
        body = (SAMPLES / f"{name}.in.hl7").read_bytes()
        own = body.split(b"|")[9]
        return body.replace(own, control_id.encode(), 1) if control_id else body

    return read
