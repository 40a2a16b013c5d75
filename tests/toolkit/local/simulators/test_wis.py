"""The simulated Welsh Immunisation System describes itself as its clients need it: zeep, and the envelope that the hub sends."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import requests
import zeep
from lxml import etree

from integrations import load
from shared.destinations.soap import Operation, Soap
from shared.envelope import Outgoing
from shared.formats.soap.envelope import V11, V12, Version, opened
from shared.xml.parse import parse
from tests.shared.formats.soap.wsdl_rules import assert_every_name_is_known, schemas
from tests.waiting import PATIENCE
from toolkit.local.simulators.wis import OPERATION, SoapService, Wis
from toolkit.local.simulators.wis_wsdl import wsdl

MESSAGE = "MSH|^~\\&|100|X|WIS|Y|20240501120000||ADT^A31^ADT_A05|A1|P|2.5||||||UNICODE UTF-8\rPID|1||||Siôn^<&>\r"
ROOT = etree.fromstring(wsdl(OPERATION, "http://wis.test/messages"))


@pytest.fixture
async def wis() -> AsyncIterator[Wis]:
    async with Wis() as running:
        yield running


def call(wis: Wis) -> Any:
    return zeep.Client(f"{wis.url}?wsdl").service.SendHL7Message(message=MESSAGE)


def test_every_name_in_the_wsdl_refers_to_something_in_it() -> None:
    assert_every_name_is_known(ROOT)


async def test_zeep_calls_the_service_from_its_wsdl(wis: Wis) -> None:
    answer = await asyncio.to_thread(call, wis)
    assert (answer.Status, answer.MessageControlId) == ("AA", "A1")
    assert wis.bodies == [MESSAGE.encode()]
    assert wis.requests[0]["soapaction"] == f'"{OPERATION.action}"'


async def test_zeep_reads_the_fault_of_the_service(wis: Wis) -> None:
    wis.script.will("fault-client")
    with pytest.raises(zeep.exceptions.Fault, match="the message is not valid"):
        await asyncio.to_thread(call, wis)


async def test_without_the_question_there_is_no_description(wis: Wis) -> None:
    assert (await asyncio.to_thread(requests.get, wis.url, timeout=PATIENCE)).status_code == 405


def test_what_the_hub_sends_and_the_answer_are_valid_by_the_wsdl() -> None:
    destination = load("mpi-to-wis").destination
    assert isinstance(destination, Soap)
    assert destination.operation.action == OPERATION.action
    sent = destination._envelope(Outgoing(content_type="x-application/hl7-v2+er7", body=MESSAGE.encode(), control_id="A1"))
    (schema,) = map(etree.XMLSchema, schemas(ROOT))
    schema.assertValid(opened(parse(sent)).payload)
    answer = f'<AckResponse xmlns="{OPERATION.namespace}"><Status>AB</Status><MessageControlId/></AckResponse>'
    assert not schema.validate(etree.fromstring(answer))
    assert schema.validate(etree.fromstring(answer.replace("AB", "AE")))


@pytest.mark.parametrize("version", [V11, V12])
async def test_any_operation_is_taken_where_an_integration_declares_its_own(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Soap("OWN", Operation(name="Put", namespace="urn:own", parameter="text"), version)
    async with SoapService() as running:
        monkeypatch.setenv("OWN__URL", running.url)
        await service.deliver(Outgoing(content_type="x-application/hl7-v2+er7", body=MESSAGE.encode(), control_id="A1"))
        await service.close()
        assert running.bodies == [MESSAGE.encode()]
