"""A delivery that fails keeps neither its body nor the message of its caller in memory."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from shared.destinations.event_grid import Topic
from shared.destinations.fhir_server import FhirServer
from shared.destinations.http import HttpEndpoint
from shared.destinations.mllp import Mllp
from shared.destinations.queue import QueueOf
from shared.destinations.soap import Soap
from shared.envelope import Outgoing
from shared.fhir import entry
from shared.fhir.resource import to_json
from shared.intake.triggers.http import accept_http
from shared.problems import Undelivered
from tests.circles import nothing_kept
from tests.ledger_world import hub, integration, note
from tests.peak import at_most

Settings = Callable[..., None]
SIZE = 600 * 1024
CLOSED = 1
"""A port on which nothing listens."""


def point(settings: Settings, port: int) -> dict[str, Any]:
    url = f"http://127.0.0.1:{port}"
    settings("A", URL=url, HOST="127.0.0.1", PORT=port, TIMEOUT=1, ENDPOINT=f"{url}/api/events", KEY="a2V5", QUEUE="out")
    account = f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;QueueEndpoint={url}/a"
    settings("B", CONNECTION=account, QUEUE="out")
    return {
        "http": HttpEndpoint("A"),
        "fhir": FhirServer("A"),
        "soap": Soap("A"),
        "mllp": Mllp("A"),
        "queue": QueueOf("B"),
        "topic": Topic("A"),
    }


NAMES = ("http", "fhir", "soap", "mllp", "queue", "topic")
REPEATED = ("queue", "topic")
"""Sent by the SDK of Azure, which keeps the errors of the attempts that it repeats."""


def written(name: str, read: dict[str, Any]) -> dict[str, Any]:
    if name == "fhir":
        binary = {"resource": {"resourceType": "Binary", "data": read["pad"]}, "request": {"method": "POST", "url": "Binary"}}
        return {"resourceType": "Bundle", "type": "transaction", "entry": [binary]}
    return {"id": read["id"]} if name in ("queue", "topic") else read  # these take small ones; what was received is large


async def attempt(name: str, destination: Any) -> None:
    """One message that was received, and one attempt at it; all that the hub and its storage had of it is gone afterwards."""
    one = integration(destination, transform=lambda read: written(name, read))
    made = hub(one)
    answer = await accept_http(one, {}, note("1", pad="A" * 2 * SIZE), made)
    assert answer.status == 202
    await made.drain()
    made.store.containers.clear()  # type: ignore[attr-defined]


@pytest.fixture
async def server() -> AsyncIterator[tuple[int, list[int]]]:
    """Answers the status in the list, with a body of text; 0 closes the connection."""
    status = [500]

    async def handle(request: web.BaseRequest) -> web.Response:
        async for _ in request.content.iter_any():
            pass  # nothing of it is kept here
        if not status[0]:
            assert request.transport
            request.transport.close()
        return web.Response(status=status[0] or 200, text="<no/>")

    runner = web.ServerRunner(web.Server(handle, client_max_size=SIZE * 8), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1], status
    await runner.cleanup()


@pytest.mark.parametrize("name", NAMES)
async def test_no_listener(settings: Settings, name: str) -> None:
    destination = point(settings, CLOSED)[name]
    await attempt(name, destination)  # what is imported and made once
    async with nothing_kept(SIZE, searched=name in REPEATED):
        await attempt(name, destination)
    await destination.close()


@pytest.mark.parametrize("status", [0, 200, 400, 401, 503])
@pytest.mark.parametrize("name", [name for name in NAMES if name != "mllp"])
async def test_an_answer(settings: Settings, server: tuple[int, list[int]], name: str, status: int) -> None:
    port, answers = server
    answers[0] = status
    destination = point(settings, port)[name]
    await attempt(name, destination)
    async with nothing_kept(SIZE, searched=name in REPEATED):
        await attempt(name, destination)
    await destination.close()


async def test_a_document_is_uploaded_with_no_copy_of_it(settings: Settings, server: tuple[int, list[int]]) -> None:
    """The transaction after it has no answer that can be read: what counts is the memory until then."""
    port, answers = server
    answers[0] = 201
    destination = point(settings, port)["fhir"]
    binary = {"resourceType": "Binary", "id": "1", "contentType": "application/pdf", "data": "TVNI" * 3_000_000}
    letter = {"resourceType": "DocumentReference", "id": "2", "status": "current"}
    body = to_json({"resourceType": "Bundle", "type": "transaction", "entry": [entry(binary), entry(letter)]})
    del binary
    with at_most(4_000_000), pytest.raises(Undelivered):
        await destination.deliver(Outgoing(content_type="application/fhir+json", body=body))
    await destination.close()
