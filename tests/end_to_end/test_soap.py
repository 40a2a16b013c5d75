"""The SOAP service as its clients know it: zeep from the WSDL, and curl, against the local host; the MPI gets ER7."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import zeep
from lxml import etree

from integrations import load_all
from shared.formats.soap.envelope import opened
from shared.hl7 import parse
from shared.xml.parse import parse as parse_xml
from tests.waiting import LONGEST
from toolkit.local.stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
SAMPLES = Path(__file__).resolve().parent.parent.parent / "integrations/lims_demographics_to_mpi/samples"
NAME = "lims-demographics-to-mpi"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with Stack(load_all([NAME]), tmp_path_factory.mktemp("stack")) as running:
        yield running


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.in.soap").read_bytes()


async def arrived(stack: Stack, control_id: str) -> bytes:
    for _ in range(200):
        for got in stack.simulators.running["MPI"].received:
            if got.control_id == control_id:
                return bytes(got.body)
        await asyncio.sleep(0.05)
    raise AssertionError(f"{control_id} did not arrive")


def call(url: str, name: str, port: str) -> Any:
    service = zeep.Client(f"{url}/api/v1/{NAME}?wsdl").bind(NAME, port)
    payload = list(opened(parse_xml(sample(name))).payload)
    return service.ADT_A05(_value_1=payload)


@pytest.mark.parametrize(("name", "port"), [("a31_escapes", "Soap11"), ("a31_welsh_letters", "Soap12")])
async def test_zeep_calls_the_service_and_the_index_gets_the_message(stack: Stack, name: str, port: str) -> None:
    answer = await asyncio.to_thread(call, stack.url, name, port)
    assert answer.Status == "AA"
    body = await arrived(stack, answer.MessageControlId)
    assert body == (SAMPLES / f"{name}.out.hl7").read_bytes()


async def test_zeep_raises_the_fault_of_a_rejected_message(stack: Stack) -> None:
    with pytest.raises(zeep.exceptions.Fault, match="PID-5"):
        await asyncio.to_thread(call, stack.url, "rejected_no_name", "Soap11")


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
async def test_curl_sends_an_envelope_and_gets_the_acknowledgement(stack: Stack) -> None:
    options = ("-s", "-w", "\n%{http_code}", "-H", "Content-Type: text/xml", "-H", 'SOAPAction: ""', "--data-binary", "@-")
    url, pipe = f"{stack.url}/api/v1/{NAME}", asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec("curl", *options, url, stdin=pipe, stdout=pipe)
    out, _ = await asyncio.wait_for(process.communicate(sample("a40_merge")), LONGEST)
    body, _, status = out.rpartition(b"\n")
    assert (status, etree.fromstring(body).findtext(".//{*}Status")) == (b"200", "AA")
    assert [segment.name for segment in parse(await arrived(stack, "LIMS000010")).segments()] == ["MSH", "EVN", "PID", "MRG"]
