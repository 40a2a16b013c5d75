"""The HTTP destination: an HL7 acknowledgement is believed, a status alone is not."""

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from shared.destinations.http import HttpEndpoint
from shared.envelope import Outgoing, Receipt
from shared.problems import Undelivered
from toolkit.local.simulators.mpi import acknowledgement

BODY = b"MSH|^~\\&|252|X|100|Y|20240501120000||ADT^A31^ADT_A05|A1|P|2.5\rPID|1\r"
HL7 = Outgoing(content_type="x-application/hl7-v2+er7", body=BODY, control_id="A1")
JSON = Outgoing(content_type="application/json", body=b"{}", control_id="A1")


def said(code: str = "AA", names: str = "") -> bytes:
    return acknowledgement(BODY, code, names)[1:-2]


class Endpoint:
    """Answers with ``status`` and ``body``; keeps what it got."""

    def __init__(self) -> None:
        self.status, self.body, self.headers = 200, said(), {"Retry-After": "9"}
        self.received: list[tuple[bytes, str, str | None]] = []

    async def handle(self, request: web.BaseRequest) -> web.Response:
        self.received.append((await request.read(), request.headers["Content-Type"], request.headers.get("x-api-key")))
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@pytest.fixture
async def endpoint(settings: Callable[..., None]) -> AsyncIterator[Endpoint]:
    server = Endpoint()
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    settings("PHW", URL=f"http://127.0.0.1:{runner.addresses[0][1]}/messages", KEY_HEADER="x-api-key", KEY_VALUE="a key")
    yield server
    await HttpEndpoint("PHW").close()
    await runner.cleanup()


async def failure(outgoing: Outgoing = HL7) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        await HttpEndpoint("PHW").deliver(outgoing)
    return caught.value


async def test_an_acknowledgement_is_the_receipt_of_hl7_and_a_status_that_of_anything_else(endpoint: Endpoint) -> None:
    assert await HttpEndpoint("PHW").deliver(HL7) == Receipt("ack-AA")
    assert await HttpEndpoint("PHW").deliver(JSON) == Receipt("http-200")
    assert endpoint.received == [(BODY, HL7.content_type, "a key"), (b"{}", "application/json", "a key")]


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (said("AE"), "transient", "ack-AE"),
        (said("AR"), "permanent", "ack-AR"),
        (said(names="B2"), "transient", "ack-other"),
        (b"<html>fine</html>", "transient", "reply-odd"),
        (b"", "transient", "reply-odd"),
    ],
    ids=["error", "rejected", "of another message", "a page", "nothing"],  # the bodies hold the time, which ids must not
)
async def test_a_200_that_does_not_accept_is_a_failure(endpoint: Endpoint, body: bytes, kind: str, code: str) -> None:
    endpoint.body = body
    problem = await failure()
    assert (problem.kind, problem.code) == (kind, code)


@pytest.mark.parametrize(
    ("status", "kind", "wait"),
    [(503, "transient", 9), (429, "transient", 9), (400, "permanent", 0), (401, "misconfigured", 0), (302, "misconfigured", 0)],
)
async def test_other_statuses(endpoint: Endpoint, status: int, kind: str, wait: float) -> None:
    endpoint.status, endpoint.body = status, b""
    for outgoing in (HL7, JSON):
        problem = await failure(outgoing)
        assert (problem.kind, problem.code, problem.retry_after) == (kind, f"http-{status}", wait)
