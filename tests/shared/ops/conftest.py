"""One server and one browser for all tests in a real browser; each test has facts, a page and cookies of its own."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from tests.shared.ops.browsing import Served, started_browser
from tests.shared.ops.sample_facts import SampleFacts


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def served() -> AsyncIterator[tuple[Served, str]]:
    one = Served()
    app = web.Application()
    app.router.add_route("*", "/api/ops", one.handle)
    app.router.add_route("*", "/api/ops/{rest:.*}", one.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield one, f"http://{host}:{port}/api/ops"
    await runner.cleanup()


@pytest.fixture
def base(served: tuple[Served, str]) -> str:
    """The address of the page, on facts of this test's own."""
    one, address = served
    one.facts, one.answers = SampleFacts(), None
    return address


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Any]:
    async with started_browser() as started:
        yield started
