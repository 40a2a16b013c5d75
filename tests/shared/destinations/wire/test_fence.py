"""No destination sends a byte once the claim has ended, however far it has come before its first byte."""

from collections.abc import Callable

import pytest

from shared.destinations.event_grid import Topic
from shared.destinations.fhir_server import FhirServer
from shared.destinations.http import HttpEndpoint
from shared.destinations.mllp import Mllp
from shared.destinations.queue import QueueOf
from shared.destinations.wire import fence, lines
from shared.envelope import Outgoing
from tests.shared.destinations.transactions import admission, results
from toolkit.local.simulators.cdr import Cdr
from toolkit.local.simulators.mpi import Mpi

Settings = Callable[..., None]
A31 = Outgoing("application/hl7-v2", b"MSH|^~\\&|A|B|C|D|||ADT^A31|A1|P|2.5\r")


class Left:
    """So many looks find time left; then none is."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def __call__(self) -> float:
        self.looks -= 1
        return float(self.looks >= 0)


async def test_mllp_looks_again_once_it_is_connected(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Mpi() as mpi:
        settings("MPI", HOST="127.0.0.1", PORT=mpi.port, TIMEOUT=1)
        with fence.until(Left(0)), pytest.raises(fence.Late):
            await Mllp("MPI").deliver(A31)
        assert (mpi.connections, mpi.received) == (1, [])
        with fence.until(Left(1)):
            await Mllp("MPI").deliver(A31)
        assert len(mpi.received) == 1
        await lines.close("MPI")


@pytest.mark.parametrize("looks", [0, 1])
async def test_a_fhir_server_is_read_and_not_written_when_time_ran_out_between(settings: Settings, looks: int) -> None:
    async with Cdr() as cdr:
        settings("CDR", URL=cdr.url, TIMEOUT=1)
        with fence.until(Left(looks)), pytest.raises(fence.Late):
            await FhirServer("CDR").deliver(admission())
        assert len(cdr.requests) == looks  # the search
        assert not cdr.store.versions
        with fence.until(Left(9)):
            await FhirServer("CDR").deliver(results())
        await FhirServer("CDR").close()


async def test_http_sends_no_header(settings: Settings) -> None:
    async with Cdr() as cdr:
        settings("OUT", URL=cdr.url, TIMEOUT=1)
        for _ in range(2):  # a new connection, and one that was kept
            with fence.until(Left(0)), pytest.raises(fence.Late):
                await HttpEndpoint("OUT").deliver(Outgoing("application/json", b"{}"))
        assert not cdr.requests
        await HttpEndpoint("OUT").close()


@pytest.mark.parametrize("destination", [QueueOf("OUT"), Topic("OUT")], ids=["queue", "event-grid"])
async def test_what_goes_by_an_sdk_is_not_begun(settings: Settings, destination: QueueOf | Topic) -> None:
    account = "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=a2V5;EndpointSuffix=core.windows.net"
    settings("OUT", CONNECTION=account, QUEUE="q", ENDPOINT="https://127.0.0.1:1/", KEY="a2V5")
    with fence.until(Left(0)), pytest.raises(fence.Late):
        await destination.deliver(Outgoing(content_type="application/json", body=b"{}", control_id="A1"))
    await destination.close()


async def test_without_a_pipeline_a_send_may_begin() -> None:
    fence.check()
    with fence.until(Left(1)):
        fence.check()
        with pytest.raises(fence.Late):
            fence.check()
    fence.check()
