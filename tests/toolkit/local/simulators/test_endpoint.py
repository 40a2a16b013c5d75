"""The simulated HTTP endpoint and queue take what the hub sends, and each behaviour is the failure that it names."""

from collections.abc import Callable

import pytest

from shared.destinations.http import HttpEndpoint
from shared.destinations.queue import QueueOf
from shared.envelope import Outgoing
from shared.problems import Undelivered
from toolkit.local.simulators.endpoint import Endpoint
from toolkit.local.simulators.queue import Queue

HL7 = Outgoing(content_type="x-application/hl7-v2+er7", body=b"MSH|^~\\&|A|B|C|D|||ADT^A31|A1|P|2.5\r")
JSON = Outgoing(content_type="application/json", body=b'{"a": "\r\n"}')
ENDS = [(Endpoint, HttpEndpoint), (Queue, QueueOf)]
Settings = Callable[[Endpoint], None]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Points the destination END at a simulator."""

    def put(running: Endpoint) -> None:
        for key, value in running.settings.items():
            monkeypatch.setenv(f"END__{key}", value)

    return put


@pytest.mark.parametrize(("simulator", "destination"), ENDS)
async def test_every_byte_arrives(
    simulator: type[Endpoint], destination: type[HttpEndpoint | QueueOf], settings: Settings
) -> None:
    async with simulator() as running:
        settings(running)
        for outgoing in (HL7, JSON):
            await destination("END").deliver(outgoing)
        await destination("END").close()
        assert running.bodies == [HL7.body, JSON.body]
        assert running.state()["counts"] == {"A1": 1, "": 1}
        running.clear()
        assert running.bodies == []


@pytest.mark.parametrize(("simulator", "destination"), ENDS)
@pytest.mark.parametrize(
    ("behaviour", "code", "taken"),
    [("status:418", "http-418", 0), ("busy", "http-429", 0), ("drop", "line-broken", 0), ("reset", "line-broken", 1)],
)
async def test_a_behaviour_is_the_failure_that_it_names(
    simulator: type[Endpoint],
    destination: type[HttpEndpoint | QueueOf],
    behaviour: str,
    code: str,
    taken: int,
    settings: Settings,
) -> None:
    async with simulator() as running:
        settings(running)
        running.script.will(behaviour)
        with pytest.raises(Undelivered) as caught:
            await destination("END").deliver(JSON)
        await destination("END").close()
        assert (caught.value.code, len(running.bodies)) == (code, taken)


@pytest.mark.parametrize(("outgoing", "code"), [(HL7, "ack-AE"), (JSON, "http-422")])
async def test_an_endpoint_refuses_a_message(outgoing: Outgoing, code: str, settings: Settings) -> None:
    async with Endpoint() as running:
        settings(running)
        running.script.will("AE")
        with pytest.raises(Undelivered) as caught:
            await HttpEndpoint("END").deliver(outgoing)
        await HttpEndpoint("END").close()
        assert (caught.value.code, running.bodies) == (code, [])
