"""The WSDL loads in a SOAP client of another maker (zeep), which makes calls from it that the hub accepts."""

import json
from io import BytesIO
from typing import Any

import pytest
import requests
import zeep
from lxml import etree

from integrations import load
from shared.formats.hl7_xml.names import NAMESPACE
from shared.formats.soap.envelope import opened
from shared.intake.triggers.http import describe
from shared.security import SETTING
from shared.xml.parse import parse
from tests.shared.formats.soap.calls import KEY, LIMS, SAMPLES, hub, partner, post, set_partners
from tests.shared.formats.soap.wsdl_rules import assert_every_name_is_known, schemas

ADDRESS = "http://hub.test/api/v1/lims-demographics-to-mpi"
PORTS = {"Soap11": "text/xml; charset=utf-8", "Soap12": "application/soap+xml; charset=utf-8"}


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
    root = etree.fromstring(await document())
    order = [etree.QName(child).localname for child in root]
    assert order == ["types", *["message"] * 4, "portType", "binding", "binding", "service"]
    assert_every_name_is_known(root)


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


async def schema() -> etree.XMLSchema:
    """The schema of the messages in the WSDL."""
    found = next(each for each in schemas(etree.fromstring(await document())) if each.get("targetNamespace") == NAMESPACE)
    return etree.XMLSchema(found)


@pytest.mark.parametrize("name", [name for name in SAMPLES if not name.startswith("rejected") and "escapes" not in name])
async def test_an_accepted_message_is_valid_by_the_schema(name: str) -> None:
    (await schema()).assertValid(opened(parse(SAMPLES[name])).payload)


@pytest.mark.parametrize(
    ("sent", "broken"), [(b"<CX.1>", b"<CX.99>"), (b"<PID.5>", b"<PID.5><ZZZ/>"), (b"<MSH.10>", b"<MSH.10 a='1'>")]
)
async def test_a_segment_that_the_standard_does_not_have_so_is_not_valid(sent: bytes, broken: bytes) -> None:
    body = SAMPLES["a31_null"]
    assert sent in body
    changed = (
        body.replace(sent, broken).replace(sent.replace(b"<", b"</"), broken.replace(b"<", b"</")) if b"99" in broken else None
    )
    with pytest.raises(etree.DocumentInvalid):
        (await schema()).assertValid(opened(parse(changed or body.replace(sent, broken))).payload)


async def test_zeep_makes_a_segment_from_its_type() -> None:
    made = await client()
    service = made.bind("lims-demographics-to-mpi", "Soap11")
    payload = list(opened(parse(SAMPLES["a31_null"])).payload)
    patient = made.get_element(f"{{{NAMESPACE}}}PID")
    typed = patient(
        **{
            "PID.3": [
                {"CX.1": "9990400008", "CX.4": {"HD.1": "NHS"}, "CX.5": "NH"},
                {"CX.1": "A1", "CX.4": {"HD.1": "328"}, "CX.5": "PI"},
            ],
            "PID.5": [{"XPN.1": {"FN.1": "Prawf"}, "XPN.2": "Ann"}],
            "PID.7": {"TS.1": "19610409"},
            "PID.8": "F",
        }
    )
    values = [zeep.xsd.AnyObject(patient, typed) if each.tag == f"{{{NAMESPACE}}}PID" else each for each in payload]
    text = etree.tostring(made.create_message(service, "ADT_A05", _value_1=values))
    answer = await post(text, content_type=PORTS["Soap11"])
    assert (answer.status, b"9990400008" in text) == (200, True)
