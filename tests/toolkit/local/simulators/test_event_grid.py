"""The simulated topic: what the SDK publishes arrives where the subscriptions say, or behaves as configured."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from azure.core.credentials import AccessToken, AzureKeyCredential, AzureSasCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridEvent, generate_sas
from azure.eventgrid.aio import EventGridPublisherClient

from toolkit.local.simulators.event_grid import EventGrid
from toolkit.local.simulators.event_grid_delivery import HandshakeFailed, Subscription
from toolkit.local.simulators.event_grid_filters import check, selected


class Webhook:
    """A subscriber that shakes hands and keeps what it gets; ``answers`` are its next statuses."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[int] = []
        self.polite = True

    async def handle(self, request: web.BaseRequest) -> web.Response:
        if request.method == "OPTIONS":
            return web.Response(
                headers={"WebHook-Allowed-Origin": request.headers["WebHook-Request-Origin"]} if self.polite else {}
            )
        body = json.loads(await request.read())
        if request.headers["aeg-event-type"] == "SubscriptionValidation":
            code = body[0]["data"]["validationCode"]
            return web.json_response({"validationResponse": code if self.polite else "no"})
        status = self.answers.pop(0) if self.answers else 202
        self.headers.append(dict(request.headers))
        self.events += (body if isinstance(body, list) else [body]) if status < 300 else []
        return web.Response(status=status)

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]


@pytest.fixture
async def webhook() -> AsyncIterator[tuple[Webhook, str]]:
    hook = Webhook()
    runner = web.ServerRunner(web.Server(hook.handle), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield hook, f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


@pytest.fixture
async def grid() -> AsyncIterator[EventGrid]:
    async with EventGrid(speed=10_000) as simulator:
        yield simulator


def cloud(number: int = 1, **data: object) -> CloudEvent[Any]:
    return CloudEvent(source="/hub", type="t", id=f"e{number}", data=data, subject="s")


async def publish(grid: EventGrid, *events: Any, credential: Any = None, **options: Any) -> None:
    async with EventGridPublisherClient(grid.endpoint, credential or AzureKeyCredential(grid.key), retry_total=0) as client:
        await client.send(list(events), **options)
    await grid.idle()


async def test_both_schemas_arrive_as_the_service_would_deliver_them(grid: EventGrid, webhook: tuple[Webhook, str]) -> None:
    hook, url = webhook
    await grid.subscribe(Subscription("phw", url, headers={"x-own": "1"}))
    await publish(grid, cloud(1, a=1))
    await publish(grid, EventGridEvent(subject="s", event_type="t", data={"a": 1}, data_version="2.0", id="e2"))
    assert hook.ids == ["e1", "e2"]
    assert (hook.events[1]["topic"], hook.events[1]["metadataVersion"]) == (grid.topic, "1")
    first, second = hook.headers
    assert (first["aeg-event-type"], first["aeg-subscription-name"], first["aeg-delivery-count"]) == ("Notification", "PHW", "0")
    assert (second["aeg-data-version"], second["aeg-metadata-version"], second["x-own"]) == ("2.0", "1", "1")


class Token:
    """A credential that always has a token."""

    async def get_token(self, *_: str, **__: object) -> AccessToken:
        return AccessToken("token", 4_000_000_000)


async def test_key_signature_and_token_are_admitted(grid: EventGrid) -> None:
    signature = generate_sas(grid.endpoint, grid.key, datetime.now(UTC) + timedelta(minutes=5))
    await publish(grid, cloud(1), credential=AzureSasCredential(signature))
    await publish(grid, cloud(2), credential=Token(), enforce_https=False)
    assert len(grid.received) == 2


async def test_others_are_not(grid: EventGrid) -> None:
    late = generate_sas(grid.endpoint, grid.key, datetime.now(UTC) - timedelta(minutes=5))
    forged = generate_sas(grid.endpoint, "d3Jvbmc=", datetime.now(UTC) + timedelta(minutes=5))
    for credential in (AzureKeyCredential("wrong"), AzureSasCredential(late), AzureSasCredential(forged)):
        with pytest.raises(ClientAuthenticationError):
            await publish(grid, cloud(), credential=credential)
    assert not grid.received


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"[{}]"),
        ("application/json", b"{}"),
        ("application/json", b"no json"),
        ("application/cloudevents-batch+json", b'[{"id":"1","source":"/","type":"t"}]'),
        ("application/cloudevents+json", b'{"id":"","source":"/","type":"t","specversion":"1.0"}'),
    ],
)
async def test_required_fields(grid: EventGrid, content_type: str, body: bytes) -> None:
    headers = {"aeg-sas-key": grid.key, "Content-Type": content_type}
    async with aiohttp.ClientSession() as http:
        url = grid.endpoint + "?api-version=2018-01-01"
        assert (await http.post(url, data=body, headers=headers)).status == 400
        assert (await http.post(grid.endpoint, data=body, headers=headers)).status == 400
        assert (await http.post(url, data=b"[" + b" " * 1_100_000 + b"]", headers=headers)).status == 413


async def test_a_subscription_gets_only_what_its_filters_select(grid: EventGrid, webhook: tuple[Webhook, str]) -> None:
    hook, url = webhook
    filters = [("StringNotContains", "data.updatesources", ["|252|"]), ("StringContains", "data.authorities", ["|129|", "|140|"])]
    await grid.subscribe(Subscription("phw", url, filters=filters))
    await publish(
        grid, cloud(1, updatesources="|252|", authorities="|140|"), cloud(2, updatesources="|110|", authorities="|140|")
    )
    await publish(grid, cloud(3, updatesources="|110|", authorities="|100|"))
    assert hook.ids == ["e2"]


@pytest.mark.parametrize("cloud_schema", [True, False])
async def test_the_handshake_of_each_schema(grid: EventGrid, webhook: tuple[Webhook, str], cloud_schema: bool) -> None:
    hook, url = webhook
    await grid.subscribe(Subscription("a", url), cloud=cloud_schema)
    hook.polite = False
    with pytest.raises(HandshakeFailed):
        await grid.subscribe(Subscription("b", url), cloud=cloud_schema)
    assert list(grid.subscriptions) == ["a"]


async def test_retry_then_dead_letter(grid: EventGrid, webhook: tuple[Webhook, str]) -> None:
    hook, url = webhook
    await grid.subscribe(Subscription("phw", url, attempts=3))
    hook.answers = [500, 503]
    await publish(grid, cloud(1))
    assert hook.ids == ["e1"]
    assert [headers["aeg-delivery-count"] for headers in hook.headers] == ["0", "1", "2"]
    hook.answers = [500, 500, 500]
    await publish(grid, cloud(2))
    hook.answers = [400]
    await publish(grid, cloud(3))
    assert [(e["id"], e["deadLetterReason"]) for e in grid.dead] == [
        ("e2", "MaxDeliveryAttemptsExceeded"),
        ("e3", "UndeliverableDueToHttpStatus"),
    ]
    assert len(hook.headers) == 7


async def test_doubled_lost_and_reordered_on_command(grid: EventGrid, webhook: tuple[Webhook, str]) -> None:
    hook, url = webhook
    await grid.subscribe(Subscription("phw", url))
    grid.script.will("double", "lose", "hold", "ok", "late:0.01", "refuse:503")
    for number in range(1, 6):
        await publish(grid, cloud(number))
    with pytest.raises(HttpResponseError):
        await publish(grid, cloud(6))
    assert hook.ids == ["e1", "e1", "e4", "e3", "e5"]


SELECTED = [
    ({"data": {"n": 5}}, ("NumberIn", "data.n", [1, 5]), True),
    ({"data": {"n": 5}}, ("NumberNotIn", "data.n", [5]), False),
    ({"data": {"n": 5}}, ("NumberGreaterThanOrEquals", "data.n", [6]), False),
    ({"data": {"n": True}}, ("NumberIn", "data.n", [1]), False),
    ({"data": {"t": "Abc"}}, ("StringBeginsWith", "data.t", ["aB"]), True),
    ({"data": {"t": "Abc"}}, ("StringEndsWith", "data.t", ["aB"]), False),
    ({"data": {"t": "Abc"}}, ("StringNotIn", "data.t", ["ABC"]), False),
    ({"data": {}}, ("StringNotIn", "data.t", ["ABC"]), True),
    ({"data": {}}, ("StringIn", "data.t", ["ABC"]), False),
    ({"data": {}}, ("IsNullOrUndefined", "data.t", []), True),
    ({"data": {"t": 1}}, ("IsNotNull", "data.t", []), True),
    ({"data": {"b": False}}, ("BoolEquals", "data.b", ["true"]), False),
    ({"data": {"l": ["a", "b"]}}, ("StringIn", "data.l", ["b"]), True),
    ({"messagetype": "A40"}, ("StringIn", "messagetype", ["A40"]), True),
]


@pytest.mark.parametrize(("event", "one", "expected"), SELECTED)
def test_filters(event: dict[str, Any], one: Any, expected: bool) -> None:
    assert selected(event, [one]) is expected


def test_filters_that_the_service_refuses() -> None:
    with pytest.raises(ValueError, match="no such operator"):
        check([("StringMatches", "data.t", ["x"])])
    with pytest.raises(ValueError, match="more than 25"):
        Subscription("a", "http://x/", filters=[("StringIn", "data.t", ["x"] * 26)])
