"""The SOAP door: both versions, faults by the standard's codes, credentials, and the attacks that every XML body may carry."""

import gzip

import pytest

from shared.formats.soap.envelope import SECURITY, UTILITY, V12
from shared.formats.soap.source import Soap
from shared.formats.soap.token import token_of
from tests.shared.formats.soap.calls import (
    KEY,
    OTHER_KEY,
    SAMPLES,
    TOKEN,
    UPDATE,
    acknowledged,
    fault,
    post,
    set_partners,
    with_header,
)
from tests.shared.xml.test_attacks import REFUSED, SECRET

UPDATE_1_2 = SAMPLES["a31_update_soap_1_2"]
SOAP = "application/soap+xml"


@pytest.fixture(autouse=True)
def partners(monkeypatch: pytest.MonkeyPatch) -> None:
    set_partners(monkeypatch)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (UPDATE, {"soapaction": '"urn:wales:nhs:hub:lims-demographics/ADT_A05"'}),
        (UPDATE, {"soapaction": '""'}),
        (UPDATE, {}),
        (gzip.compress(UPDATE, mtime=0), {"content_encoding": "gzip"}),
        (UPDATE.decode().encode("utf-16"), {"content_type": "text/xml; charset=utf-16"}),
    ],
)
async def test_soap_1_1_is_acknowledged_in_the_body(body: bytes, headers: dict[str, str]) -> None:
    answer = await post(body, **headers)
    assert acknowledged(answer) == (200, "AA", "LIMS000003")
    assert answer.content_type.startswith("text/xml")
    assert answer.headers["Location"].startswith("/api/v1/lims-demographics-to-mpi/messages/")


@pytest.mark.parametrize("kind", [SOAP, f'{SOAP}; action="urn:wales:nhs:hub:lims-demographics/ADT_A05"', "text/xml"])
async def test_soap_1_2_is_answered_in_soap_1_2(kind: str) -> None:
    answer = await post(UPDATE_1_2, content_type=kind)
    assert acknowledged(answer) == (200, "AA", "LIMS000002")
    assert (answer.content_type.partition(";")[0], V12.namespace.encode() in answer.body) == (SOAP, True)


BODY, ENVELOPE = b"<soap:Body>", b"</soap:Envelope>"
MUST = with_header('<soap:Header><x:Y xmlns:x="urn:x" soap:mustUnderstand="1"/></soap:Header>')
SIGNED = SAMPLES["rejected_signature_must_be_understood"]
ADDRESSED = with_header('<soap:Header><x:Y xmlns:x="urn:x" soap:mustUnderstand="1" soap:actor="urn:next-hop"/></soap:Header>')


@pytest.mark.parametrize(
    ("body", "code", "acknowledgement"),
    [
        (SAMPLES["rejected_no_visit"], "Client.Validation", "AE"),
        (SAMPLES["rejected_version"], "Client.Validation", "AR"),
        (SAMPLES["rejected_merge_across_groups"], "Client.Validation", "AE"),
        (SAMPLES["rejected_text_between_elements"], "Client.Validation", "AR"),
        (SAMPLES["rejected_two_messages"], "Client", "AR"),
        (SAMPLES["rejected_unknown_namespace"], "Client", "AR"),
        (SAMPLES["rejected_no_body"], "Client", "AR"),
        (UPDATE.replace(BODY, BODY + b"text"), "Client", "AR"),
        (UPDATE.replace(ENVELOPE, b"<x/></soap:Envelope>"), "Client", "AR"),
        (UPDATE.replace(ENVELOPE, b"<soap:Body/></soap:Envelope>"), "Client", "AR"),
        (UPDATE.replace(BODY, b"<soap:Header/><soap:Header/><soap:Body>"), "Client", "AR"),
        (b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body/></soap:Envelope>', "Client", "AR"),
        (b"<a/>", "Client", "AR"),
        (b"MSH|^~\\&|328", "Client", "AR"),
        (UPDATE.replace(b"schemas.xmlsoap.org/soap/envelope/", b"example.com/soap"), "VersionMismatch", "AR"),
        (MUST, "MustUnderstand", "AR"),
        (SIGNED, "MustUnderstand", "AR"),
    ],
)
async def test_a_fault_has_the_code_of_the_standard_and_the_acknowledgement(body: bytes, code: str, acknowledgement: str) -> None:
    found = fault(await post(body))
    assert (found.status, found.code, found.acknowledgement) == (500, code, acknowledgement)
    assert found.text


@pytest.mark.parametrize(
    "body", [ADDRESSED, MUST.replace(b'mustUnderstand="1"', b'mustUnderstand="0"'), SIGNED.replace(b'"1"', b'"0"')]
)
async def test_a_header_for_another_receiver_or_that_may_be_ignored_changes_nothing(body: bytes) -> None:
    assert (await post(body)).status == 200


async def test_another_action_is_a_fault() -> None:
    assert fault(await post(UPDATE, soapaction='"urn:other"')).code == "Client"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (UPDATE_1_2.replace(b"<PV1>", b"<ZZ1/><PV1>"), 400, "Sender.Validation"),
        (UPDATE_1_2.replace(b"<env:Body>", b"<env:Body><x/>"), 400, "Sender"),
        (
            UPDATE_1_2.replace(b"<env:Body>", b'<env:Header><x env:mustUnderstand="true"/></env:Header><env:Body>'),
            500,
            "MustUnderstand",
        ),
    ],
)
async def test_faults_of_soap_1_2_have_subcodes(body: bytes, status: int, code: str) -> None:
    found = fault(await post(body, content_type=SOAP))
    assert (found.status, found.code) == (status, code)


@pytest.mark.parametrize("attack", REFUSED)
async def test_an_attack_is_a_fault_without_a_value_of_the_body(attack: str) -> None:
    body, rule = REFUSED[attack]
    answer = await post(body)
    assert answer.status in (400, 500)
    assert fault(answer).code == "Client"
    assert SECRET.encode() not in answer.body
    assert (f"<Rule>{rule}</Rule>".encode() in answer.body) is bool(body)


@pytest.mark.parametrize("attack", [each for each in REFUSED if each not in ("JSON", "nothing")])  # these two are values
async def test_an_attack_inside_the_body_is_a_fault(attack: str) -> None:
    body, _ = REFUSED[attack]
    answer = await post(UPDATE.replace(b"<PID.8>F</PID.8>", b"<PID.8>" + body + b"</PID.8>"))
    assert (answer.status, fault(answer).code.split(".")[0]) == (500, "Client")
    assert SECRET.encode() not in answer.body


async def test_a_username_token_authenticates_its_partner() -> None:
    answer = await post(with_header(TOKEN.format("lims", "", KEY)), key="")
    assert acknowledged(answer)[:2] == (200, "AA")


DIGEST = ' Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"'


@pytest.mark.parametrize(
    "token",
    [
        TOKEN.format("lims", "", "wrong"),
        TOKEN.format("lims", "", OTHER_KEY),
        TOKEN.format("other", "", KEY),
        TOKEN.format("", "", KEY),
        TOKEN.format("lims", "", ""),
        TOKEN.format("lims", DIGEST, KEY),
        TOKEN.format("lims", "", f"<b>{KEY}</b>"),
        TOKEN.format("lims", "", f"{KEY}</w:Password><w:Password>x"),
    ],
)
@pytest.mark.parametrize("key", ["", KEY])
async def test_a_wrong_token_is_a_fault_even_with_a_right_key(token: str, key: str) -> None:
    answer = await post(with_header(token), key=key)
    found = fault(answer)
    assert (found.status, found.code) == (401, "Client.Authorization")
    assert KEY.encode() not in answer.body


@pytest.mark.parametrize(
    "body",
    [
        UPDATE,
        b"",
        UPDATE.replace(ENVELOPE, TOKEN.format("lims", "", KEY).encode() + ENVELOPE),
        UPDATE.replace(b"<PID.8>F</PID.8>", b"<PID.8>" + TOKEN.format("lims", "", KEY).encode() + b"</PID.8>"),
        with_header("<!--" + " " * 70_000 + "-->" + TOKEN.format("lims", "", KEY)),
        b"<!DOCTYPE a>" + with_header(TOKEN.format("lims", "", KEY)),
        b'<!DOCTYPE a [<!ENTITY k "a key">]>' + with_header(TOKEN.format("lims", "", "&k;")),
    ],
)
async def test_a_caller_without_a_token_in_the_header_is_not_recognised(body: bytes) -> None:
    found = fault(await post(body, key=""))
    assert (found.status, found.code) == (401, "Client.Authorization")


async def test_a_message_for_another_sender_is_not_authorised() -> None:
    found = fault(await post(UPDATE, key=OTHER_KEY))
    assert (found.status, found.code, found.acknowledgement) == (500, "Client.Authorization", "AR")


@pytest.mark.parametrize(
    ("expires", "code"), [("2020-01-01T00:00:00Z", "Client.Authorization"), ("soon", "Client.Authorization")]
)
async def test_a_call_that_has_expired_is_a_fault(expires: str, code: str) -> None:
    stamp = f'<u:Timestamp xmlns:u="{UTILITY}"><u:Expires>{expires}</u:Expires></u:Timestamp>'
    header = f'<soap:Header><w:Security xmlns:w="{SECURITY}">{stamp}</w:Security></soap:Header>'
    assert fault(await post(with_header(header))).code == code


async def test_a_failure_of_the_hub_is_a_server_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Soap, "identity", lambda *_: 1 / 0)
    found = fault(await post(UPDATE))
    assert (found.status, found.code) == (500, "Server")


async def test_the_media_type_and_the_accepted_answers_are_those_of_soap() -> None:
    assert fault(await post(UPDATE, content_type="application/json"))[:2] == (415, "Client")
    assert fault(await post(UPDATE, accept="application/fhir+json"))[:2] == (406, "Client")


@pytest.mark.parametrize("outer", ["{}", "<outer>{}</outer>"], ids=["the envelope", "an envelope inside another element"])
def test_only_the_header_of_the_envelope_carries_a_token(outer: str) -> None:
    envelope = with_header(TOKEN.format("lims", "", KEY)).decode()
    body = outer.format(envelope[envelope.index("<soap:Envelope") :]).encode()
    assert (token_of(body) is not None) == (outer == "{}")
