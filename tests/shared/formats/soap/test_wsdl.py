"""The WSDL loads in a SOAP client of another maker (zeep), which makes calls from it that the hub accepts."""

import json
from io import BytesIO
from typing import Any

import pytest
import requests
import zeep
from lxml import etree

from integrations import load
from shared.formats.soap.envelope import opened
from shared.intake.triggers.http import describe
from shared.security import SETTING
from shared.xml.parse import parse
from tests.shared.formats.soap.calls import KEY, LIMS, SAMPLES, hub, partner, post, set_partners

ADDRESS = "http://hub.test/api/v1/lims-demographics-to-mpi"
PORTS = {"Soap11": "text/xml; charset=utf-8", "Soap12": "application/soap+xml; charset=utf-8"}
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"


@pytest.fixture(autouse=True)
def partners(monkeypatch: pytest.MonkeyPatch) -> None:
    set_partners(monkeypatch)


async def document() -> bytes:
    answer = await describe(LIMS, {"x-hub-key": KEY, "host": "hub.test"}, hub())
    assert (answer.status, answer.content_type) == (200, "text/xml; charset=utf-8")
    return answer.body


async def test_only_a_caller_of_the_service_gets_its_wsdl(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await describe(LIMS, {"host": "hub.test"}, hub())).status == 401
    monkeypatch.setenv(SETTING, "[]")
    assert (await describe(LIMS, {"x-hub-key": KEY, "host": "hub.test"}, hub())).status == 401


async def test_every_name_in_the_wsdl_refers_to_something_in_it() -> None:
    """What WSDL 1.1 section 2 requires of messages, port types, bindings and services, apart from a client's own reading."""
    root = etree.fromstring(await document())
    order = [etree.QName(child).localname for child in root]
    assert order == ["types", *["message"] * 4, "portType", "binding", "binding", "service"]
    names = {kind: {each.get("name") for each in root.iter(f"{WSDL}{kind}")} for kind in ("message", "portType", "binding")}
    used = {
        "message": {each.get("message") for each in root.iter(f"{WSDL}input", f"{WSDL}output", f"{WSDL}fault")} - {None},
        "portType": {each.get("type") for each in root.iter(f"{WSDL}binding")},
        "binding": {each.get("binding") for each in root.iter(f"{WSDL}port")},
    }
    assert {kind: {str(name).removeprefix("tns:") for name in found} for kind, found in used.items()} == names
    declared = {each.get("name") for each in root.iter("{http://www.w3.org/2001/XMLSchema}element")}
    assert {str(each.get("element")).partition(":")[2] for each in root.iter(f"{WSDL}part")} <= declared
    for schema in root.iter("{http://www.w3.org/2001/XMLSchema}schema"):
        etree.XMLSchema(etree.fromstring(etree.tostring(schema)))


async def client() -> Any:
    return zeep.Client(BytesIO(await document()))


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize(("operation", "sample"), [("ADT_A05", "a31_null"), ("ADT_A39", "a40_two_pairs")])
async def test_a_call_that_zeep_makes_is_accepted_and_its_answer_read(port: str, operation: str, sample: str) -> None:
    made = await client()
    service = made.bind("lims-demographics-to-mpi", port)
    payload = list(opened(parse(SAMPLES[sample])).payload)
    text = etree.tostring(made.create_message(service, operation, _value_1=payload))
    called = service._binding.get(operation)
    action = f'; action="{called.soapaction}"' if port == "Soap12" else ""
    answer = await post(text, content_type=PORTS[port] + action, soapaction=f'"{called.soapaction}"')
    read = service._binding.process_reply(made, called, response(answer.status, answer.content_type, answer.body))
    assert (answer.status, read.Status, read.Issue) == (200, "AA", [])
    assert read.MessageControlId.startswith("LIMS0000")


@pytest.mark.parametrize("port", PORTS)
async def test_zeep_reads_a_fault_with_its_detail(port: str) -> None:
    made = await client()
    service = made.bind("lims-demographics-to-mpi", port)
    payload = list(opened(parse(SAMPLES["rejected_no_visit"])).payload)
    text = etree.tostring(made.create_message(service, "ADT_A05", _value_1=payload))
    answer = await post(text, content_type=PORTS[port])
    with pytest.raises(zeep.exceptions.Fault, match="PV1 is missing") as raised:
        service._binding.process_reply(
            made, service._binding.get("ADT_A05"), response(answer.status, answer.content_type, answer.body)
        )
    assert raised.value.detail is not None
    assert raised.value.detail.findtext(".//{*}Status") == "AE"


def response(status: int, kind: str, body: bytes) -> requests.Response:
    """An answer as zeep gets it from its transport."""
    made = requests.Response()
    made.status_code, made._content = status, body
    made.headers["Content-Type"] = kind
    return made


async def test_a_service_without_a_description_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, json.dumps([{**partner("lims", KEY), "integrations": ["*"]}]))
    assert (await describe(load("phw-to-mpi"), {"x-hub-key": KEY}, hub())).status == 404
