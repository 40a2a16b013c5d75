"""The stand-in of the hub, listening."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from tests.relay.stand_in import StandIn


@pytest.fixture
async def hub() -> AsyncIterator[StandIn]:
    stand_in = StandIn()
    runner = web.ServerRunner(web.Server(stand_in.handle), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stand_in.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1/phw-to-mpi"
    yield stand_in
    await runner.cleanup()
