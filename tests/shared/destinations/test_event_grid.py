"""The topic destination, with Microsoft's SDK, against the simulated topic."""

import socket
from collections.abc import AsyncIterator, Callable

import pytest

from shared.destinations.event_grid import Topic
from shared.envelope import Outgoing
from shared.problems import Undelivered
from toolkit.local.simulators.event_grid import EventGrid

Settings = Callable[..., None]
PROPERTIES = {"messagetype": "A31", "updatesources": "|110|252|", "deceased": False, "lane": "k1-9f", "number": "000017"}
OUTGOING = Outgoing(
    content_type="application/hl7-v2", body=b"MSH|^~\\&|100\rPID|||9990000018", control_id="A1", properties=PROPERTIES
)


@pytest.fixture
async def grid(settings: Settings) -> AsyncIterator[EventGrid]:
    async with EventGrid() as simulator:
        settings("EVENTS", ENDPOINT=simulator.endpoint, KEY=simulator.key)
        yield simulator
        await Topic("EVENTS").close()


async def failure() -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        await Topic("EVENTS").deliver(OUTGOING)
    return caught.value


async def test_the_event_carries_the_properties_and_nothing_of_the_body(grid: EventGrid) -> None:
    receipt = await Topic("EVENTS").deliver(OUTGOING)
    (event,) = grid.received
    assert event["data"] == PROPERTIES
    assert {key: event[key] for key in PROPERTIES} == PROPERTIES
    assert (event["subject"], event["type"], event["source"]) == ("k1-9f/000017", "wales.nhs.hub.message", "/hub/events")
    assert receipt == ("published", event["id"])
    assert "9990000018" not in str(event)


async def test_each_attempt_at_a_message_has_the_same_id_and_another_message_has_another(grid: EventGrid) -> None:
    for outgoing in (OUTGOING, OUTGOING, OUTGOING._replace(properties={**PROPERTIES, "number": "000018"})):
        await Topic("EVENTS").deliver(outgoing)
    first, again, other = (event["id"] for event in grid.received)
    assert first == again != other


@pytest.mark.parametrize(
    ("behaviour", "kind", "code", "ambiguous"),
    [
        ("refuse:503", "transient", "http-503", False),
        ("refuse:429", "transient", "http-429", False),
        ("refuse:400", "permanent", "http-400", False),
        ("refuse:413", "permanent", "http-413", False),
    ],
)
async def test_refused(grid: EventGrid, behaviour: str, kind: str, code: str, ambiguous: bool) -> None:
    grid.script.will(behaviour)
    problem = await failure()
    assert (problem.kind, problem.code, problem.ambiguous) == (kind, code, ambiguous)
    await Topic("EVENTS").deliver(OUTGOING)


async def test_a_cut_connection_leaves_it_open_whether_the_event_is_out(grid: EventGrid) -> None:
    grid.script.always("cut")
    assert (await failure()).ambiguous
    assert grid.received


async def test_a_wrong_key_is_our_fault(grid: EventGrid, settings: Settings) -> None:
    settings("EVENTS", KEY="d3Jvbmc=")
    problem = await failure()
    assert (problem.kind, problem.code) == ("misconfigured", "http-401")
    await Topic("EVENTS").close()


async def test_no_listener(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings("EVENTS", ENDPOINT=f"http://127.0.0.1:{taken.getsockname()[1]}/api/events", KEY="a2V5")
        problem = await failure()
    assert (problem.kind, problem.code, problem.ambiguous) == ("transient", "refused", False)
    await Topic("EVENTS").close()


@pytest.mark.parametrize("endpoint", ["", "http://topic.example.net/api/events", "ftp://127.0.0.1"])
async def test_a_key_is_never_sent_without_tls(settings: Settings, endpoint: str) -> None:
    settings("EVENTS", ENDPOINT=endpoint, KEY="a2V5")
    assert (await failure()).code == "no-address"
