"""The SOAP destination against a service that misbehaves: each reply is read as XML, and is what it is."""

from collections.abc import AsyncIterator, Callable

import pytest

from shared.destinations.kinds.failures import owner
from shared.destinations.soap import KIND, Operation, Soap
from shared.destinations.soap_reply import Fault, read, refused
from shared.destinations.wire.https import Reply
from shared.envelope import Outgoing, Receipt
from shared.formats.soap.envelope import V12
from shared.problems import Undelivered
from tests.waiting import PATIENCE
from toolkit.local.simulators.wis import NAMESPACE, Wis

BODY = "MSH|^~\\&|100|X|WIS|Y|20240501120000||ADT^A31^ADT_A05|A1|P|2.5||||||UNICODE UTF-8\rPID|1||||Siôn^<&>\r".encode()
MESSAGE = Outgoing(content_type="x-application/hl7-v2+er7", body=BODY, control_id="A1")
OPERATION = Operation(name="SendHL7Message", namespace=NAMESPACE, parameter="message", action=f"{NAMESPACE}/SendHL7Message")
SERVICE = Soap("WIS", OPERATION)


@pytest.fixture
async def wis(settings: Callable[..., None]) -> AsyncIterator[Wis]:
    async with Wis(key="a key") as running:
        settings("WIS", URL=running.url, KEY_HEADER="x-api-key", KEY_VALUE="a key", TIMEOUT=PATIENCE)
        yield running
        await SERVICE.close()


async def failure(outgoing: Outgoing = MESSAGE) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        await SERVICE.deliver(outgoing)
    return caught.value


@pytest.mark.parametrize("behaviour", ["ok", "er7", "v2xml", "late:0.1"])
async def test_an_acknowledgement_in_any_form_and_namespace_is_the_receipt(wis: Wis, behaviour: str) -> None:
    wis.script.will(behaviour)
    assert await SERVICE.deliver(MESSAGE) == Receipt("ack-AA")
    assert wis.bodies == [BODY]
    headers = wis.requests[0]
    assert (headers["content-type"], headers["soapaction"]) == ("text/xml; charset=utf-8", f'"{OPERATION.action}"')


TABLE = [  # behaviour, kind, code, whether the service may have taken the message
    ("AE", "transient", "ack-AE", False),
    ("AR", "permanent", "ack-AR", False),
    ("other", "transient", "ack-other", True),
    ("words", "transient", "reply-odd", True),
    ("fault", "transient", "fault-server", True),
    ("fault-200", "transient", "fault-server", True),
    ("fault-client", "permanent", "fault-client", False),
    ("fault-access", "misconfigured", "fault-access", False),
    ("page", "misconfigured", "reply-page", True),
    ("empty", "transient", "reply-empty", True),
    ("one-way", "transient", "reply-empty", True),
    ("attack", "transient", "reply-not-soap", True),
    ("status:404", "misconfigured", "http-404", False),
    ("status:500", "transient", "http-500", True),
    ("status:400", "permanent", "http-400", False),
    ("busy", "transient", "http-503", False),
    ("redirect", "misconfigured", "http-302", False),
    ("cut", "transient", "line-broken", True),
    ("reset", "transient", "line-broken", True),
    ("never", "transient", "timeout", True),
]


@pytest.mark.parametrize(("behaviour", "kind", "code", "ambiguous"), TABLE)
async def test_what_each_reply_means(
    wis: Wis, behaviour: str, kind: str, code: str, ambiguous: bool, settings: Callable[..., None]
) -> None:
    settings("WIS", TIMEOUT=1 if code == "timeout" else PATIENCE)
    wis.script.will(behaviour)
    problem = await failure()
    assert (problem.kind, problem.code, problem.ambiguous) == (kind, code, ambiguous)
    assert len(wis.received) == 1


async def test_a_busy_service_is_left_alone_as_long_as_it_asks(wis: Wis) -> None:
    wis.script.will("busy:7")
    assert (await failure()).retry_after == 7


async def test_the_text_of_a_fault_is_detail_and_not_the_text_of_the_problem(wis: Wis) -> None:
    wis.script.will("fault-client")
    problem = await failure()
    assert problem.detail == "the message is not valid"
    assert problem.detail not in str(problem.issues)


async def test_a_wrong_key_means_that_the_hub_is_set_up_wrong(wis: Wis, settings: Callable[..., None]) -> None:
    settings("WIS", KEY_VALUE="another")
    problem = await failure()
    assert (problem.kind, problem.code, wis.received) == ("misconfigured", "http-401", [])


async def test_no_answer_and_nothing_sent_is_not_ambiguous(settings: Callable[..., None]) -> None:
    settings("WIS", URL="http://127.0.0.1:1/messages")
    problem = await failure()
    assert (problem.code, problem.ambiguous) == ("refused", False)


@pytest.mark.parametrize("body", [b"MSH|^~\\&|A\rPID|1||\x01\r", b"no message", b"MSH|^~\\&|A\rPID|1||\x00\r"])
async def test_what_xml_cannot_have_is_not_sent(wis: Wis, body: bytes) -> None:
    problem = await failure(Outgoing(content_type="", body=body))
    assert (problem.kind, problem.code, wis.received) == ("permanent", "not-xml", [])


async def test_soap_1_2_has_its_own_media_type_and_envelope(wis: Wis) -> None:
    with pytest.raises(Undelivered) as caught:
        await Soap("WIS", OPERATION, V12).deliver(MESSAGE)
    assert caught.value.code == "fault-client"  # this service knows SOAP 1.1 alone
    assert wis.requests[0]["content-type"] == f'application/soap+xml; charset=utf-8; action="{OPERATION.action}"'
    await SERVICE.close()


def reply(content: str, namespace: str = "http://schemas.xmlsoap.org/soap/envelope/", kind: str = "text/xml") -> Reply:
    text = f'<s:Envelope xmlns:s="{namespace}"><s:Body>{content}</s:Body></s:Envelope>'
    return Reply(200, {"content-type": kind}, text.encode())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("<a><Status>AA</Status></a>", "AA"),
        ('<a xmlns="urn:any"><b><AcknowledgmentCode> CA </AcknowledgmentCode></b></a>', "CA"),
        ("<a><Status>OK</Status><MSA.1>AR</MSA.1></a>", "AR"),
        ("<a>MSH|^~\\&amp;|A&#13;MSA|AE|1&#13;</a>", "AE"),
        ("<a>MSH|^~\\&amp;|A\nMSA|AA|1\n</a>", "AA"),
        ("<a>MSH|^~\\&amp;|A</a>", ""),
        ("<a><Status>AA</Status><Status>AE</Status></a>", ""),
        ("<a><Status>AAA</Status></a>", ""),
        ("<a><Other>AA</Other></a>", ""),
        ("<a><Status>AA<b/></Status></a>", ""),
    ],
)
def test_the_code_is_that_of_an_element(content: str, code: str) -> None:
    if not code:
        with pytest.raises(Undelivered, match="reply-odd"):
            read(reply(content))
        return
    found = read(reply(content))
    assert not isinstance(found, Fault)
    assert found.code == code


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        (("Client",), "fault-client"),
        (("Client.Validation",), "fault-client"),
        (("Client.Authorization",), "fault-access"),
        (("Sender", "Authorization"), "fault-access"),
        (("Sender", "FailedAuthentication"), "fault-access"),
        (("Sender",), "fault-client"),
        (("Receiver", "Busy"), "fault-server"),
        (("VersionMismatch",), "fault-version"),
        (("MustUnderstand",), "fault-version"),
        (("InternalServiceFault",), "fault-other"),
        ((), "fault-other"),
    ],
)
def test_a_fault_is_judged_by_its_codes(codes: tuple[str, ...], code: str) -> None:
    assert refused(Fault(codes, "")).code == code


def test_a_fault_of_soap_1_2_is_read_with_its_subcodes() -> None:
    value = "<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:FailedCheck</s:Value></s:Subcode></s:Code>"
    text = "<s:Reason><s:Text>no</s:Text></s:Reason>"
    assert read(reply(f"<s:Fault>{value}{text}</s:Fault>", V12.namespace)) == Fault(("Sender", "FailedCheck"), "no")


def test_a_failure_of_the_message_never_opens_the_breaker() -> None:
    owners = {row.code: row.owner for row in KIND.failures}
    assert {owners["fault-client"], owners["not-xml"], owners["ack-AR"]} == {"message"}
    assert owner(refused(Fault(("Server",), ""))) == "unclear"
