"""The proxy passes everything on as it is, and fails as configured."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from toolkit.local.simulators.fault_proxy import FaultProxy


class Behind:
    """A server that keeps what it gets."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str | None, int]] = []

    async def handle(self, request: web.BaseRequest) -> web.Response:
        body = await request.content.read()
        self.seen.append((request.method, request.raw_path, request.headers.get("Content-Type"), len(body)))
        return web.Response(status=201, body=b"0123456789", headers={"ETag": 'W/"1"'})


@pytest.fixture
async def behind() -> AsyncIterator[tuple[Behind, FaultProxy]]:
    server = Behind()
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with FaultProxy(f"http://127.0.0.1:{runner.addresses[0][1]}") as proxy:
        yield server, proxy
    await runner.cleanup()


PATH = "/account/Table(PartitionKey='a%2Fb',RowKey='r%7C1')?$filter=x%20eq%201"


async def ask(proxy: FaultProxy) -> tuple[int, bytes]:
    timeout = aiohttp.ClientTimeout(total=1)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(proxy.url + "/x", data=b"body", headers={"Authorization": "SharedKey a:b"}) as answer,
    ):
        return answer.status, await answer.read()


async def test_the_request_and_the_answer_pass_as_they_are(behind: tuple[Behind, FaultProxy]) -> None:
    server, proxy = behind
    url = URL(proxy.url + PATH, encoded=True)
    async with aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as session:
        for body in (b"x" * 3_000_000, None):
            async with session.put(url, data=body) as answer:
                assert (answer.status, answer.headers["ETag"], await answer.read()) == (201, 'W/"1"', b"0123456789")
    assert server.seen == [("PUT", PATH, None, 3_000_000), ("PUT", PATH, None, 0)]


@pytest.mark.parametrize(
    ("behaviour", "status", "passed"),
    [
        ("status:500", 500, 0),
        ("throttle", 503, 0),
        ("status-after:500", 500, 1),
        ("slow:0.05", 201, 1),
        ("slow-answer:0.05", 201, 1),
    ],
)
async def test_an_answer_that_is_wrong_or_late(
    behind: tuple[Behind, FaultProxy], behaviour: str, status: int, passed: int
) -> None:
    server, proxy = behind
    proxy.script.will(behaviour)
    assert (await ask(proxy))[0] == status
    assert len(server.seen) == passed
    assert (await ask(proxy))[0] == 201


@pytest.mark.parametrize(("behaviour", "passed"), [("cut-before", 0), ("cut-after", 1), ("cut-body", 1), ("hang", 0)])
async def test_an_answer_that_does_not_come(behind: tuple[Behind, FaultProxy], behaviour: str, passed: int) -> None:
    server, proxy = behind
    proxy.script.will(behaviour)
    with pytest.raises((aiohttp.ClientError, asyncio.TimeoutError)):
        await ask(proxy)
    assert len(server.seen) == passed
    assert (await ask(proxy))[0] == 201


async def test_down_refuses_and_up_takes_again_on_the_same_port(behind: tuple[Behind, FaultProxy]) -> None:
    _, proxy = behind
    await proxy.down()
    with pytest.raises(aiohttp.ClientConnectorError):
        await ask(proxy)
    await proxy.up()
    assert (await ask(proxy))[0] == 201


async def test_trouble_can_be_narrowed(behind: tuple[Behind, FaultProxy]) -> None:
    _, proxy = behind
    proxy.only = lambda method, path: path.startswith("/claims")
    proxy.script.will("status:500")
    assert (await ask(proxy))[0] == 201
    assert proxy.script.next() == ("status", 500)


def test_an_unknown_behaviour_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no such behaviour"):
        FaultProxy("http://127.0.0.1:1").script.will("sulk")
