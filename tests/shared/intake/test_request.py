"""The HTTP door of every integration: media types, gzip, sizes, and the links of an answer 202."""

import csv
import gzip
import json
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from integrations import load, load_all
from shared import formats
from shared.envelope import Answer, Outgoing, Receipt
from shared.formats import encoding
from shared.formats.media import CSV, NOT_GIVEN, NOT_TAKEN, STATUS
from shared.hl7 import parse
from shared.hub import Hub
from shared.intake import request as door
from shared.intake.triggers.http import accept_http
from shared.integration import Http, Integration
from shared.ledger.reporting import conservation
from shared.ops.message_status import status
from shared.problems import Undelivered
from shared.storage.memory import MemoryStore
from toolkit.samples import Sample, accepted

KEY = "a key"
HL7, FHIR, JSON = "application/hl7-v2", "application/fhir+json", "application/json"
OPEN = [each for each in load_all() if any(isinstance(trigger, Http) for trigger in each.triggers)]
REFERRALS, PHW = load("referrals-to-pas"), load("phw-to-mpi")


@pytest.fixture(autouse=True)
def partner(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"name": "one", "keys": [sha256(KEY.encode()).hexdigest()], "integrations": ["*"], "senders": ["*"]}
    monkeypatch.setenv("HUB_PARTNERS", json.dumps([known]))


def hub_of(*integrations: Integration) -> Hub:
    return Hub(MemoryStore(time.time), {each.name: each for each in integrations})


def first(integration: Integration) -> Sample:
    return accepted(integration)[0]


def media(integration: Integration) -> str:
    return formats.of(integration.source)[0].media_types[0]


async def post(integration: Integration, hub: Hub, body: bytes, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await accept_http(integration, {"x-hub-key": KEY, "host": "hub.test", **named}, body, hub)
    await hub.drain(0)
    return answer


TEXTS = {
    issue.text: issue.rule for issue in (NOT_GIVEN, NOT_TAKEN, door.EMPTY, encoding.UNKNOWN, encoding.BROKEN, encoding.TOO_LARGE)
}


def rule(answer: Answer) -> str:
    """The rule that an answer names, whatever its face."""
    if answer.content_type in (FHIR, JSON):
        return str(json.loads(answer.body)["issue"][0]["details"]["coding"][0]["code"])
    if answer.body.startswith(b"<?xml"):
        return etree.fromstring(answer.body).findtext(".//{*}Rule", "")
    if answer.content_type == CSV:
        return list(csv.reader(answer.body.decode().splitlines()))[1][3]
    message = parse(answer.body)
    assert message["MSA-1"] in ("AR", "CR")
    return TEXTS[message["MSA-3"]]


BAD = [
    ({"content_encoding": "br"}, 415, "content-encoding"),
    ({"content_encoding": "gzip"}, 400, "not-gzip"),
    ({"content_type": "application/zip"}, 415, "content-type"),
    ({"content_type": "image/png"}, 415, "content-type"),
    ({"accept": "application/pdf"}, 406, "not-acceptable"),
]


@pytest.mark.parametrize("integration", OPEN, ids=lambda each: each.name)
async def test_every_integration_takes_gzip_and_turns_away_the_rest_in_its_own_format(integration: Integration) -> None:
    hub, sample = hub_of(integration), first(integration)
    kind, form = sample.envelope.content_type, formats.recognise(sample.body)
    assert form
    for headers, expected, named in BAD:
        answer = await post(integration, hub, sample.body, **{"content_type": kind, **headers})
        assert (answer.status, rule(answer)) == (expected, named)
        echoed = form.answers_by_status and kind in form.answers  # JSON is answered in the type of JSON that was sent
        assert answer.content_type.partition(";")[0] == (kind if echoed else form.answers[0])
        assert (await status(integration, {"x-hub-key": KEY}, answer.headers["X-Message-Id"], hub)).status == 200
    plain = await post(integration, hub, sample.body, content_type=kind)
    packed = await post(integration, hub, gzip.compress(sample.body, mtime=0), content_type=kind, content_encoding="gzip")
    assert plain.status in (200, 202)
    assert (packed.status, packed.body) == (plain.status, plain.body)
    assert packed.headers["X-Message-Id"] == plain.headers["X-Message-Id"]  # the same message again, packed or not
    balance = await conservation.balance(integration, hub)
    assert balance.holds, balance.unexplained
    assert balance.outcomes["rejected"] == len(BAD)


@pytest.mark.parametrize("integration", [REFERRALS, PHW], ids=lambda each: each.name)
async def test_sizes(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "LARGEST", 100_000)
    hub, kind = hub_of(integration), media(integration)
    for body, headers, expected, named in (
        (b"", {}, 400, "empty"),
        (gzip.compress(b"", mtime=0), {"content_encoding": "gzip"}, 400, "empty"),
        (b"MSH|" + bytes(100_000), {}, 413, "too-large"),
        (gzip.compress(bytes(100_001), mtime=0), {"content_encoding": "gzip"}, 413, "too-large"),
    ):
        answer = await post(integration, hub, body, content_type=kind, **headers)
        assert (answer.status, rule(answer), answer.content_type) == (expected, named, kind)


async def test_a_refusal_of_the_door_names_the_message_it_answers() -> None:
    body = first(PHW).body
    answer = await post(PHW, hub_of(PHW), body, content_type="application/pdf")
    assert parse(answer.body)["MSA-2"] == parse(body)["MSH-10"]


async def test_storage_that_is_away_is_said_before_anything_else() -> None:
    class Nowhere(MemoryStore):
        async def commit(self, *_: Any) -> Any:
            from shared.storage.store import Away

            raise Away

    answer = await post(PHW, Hub(Nowhere(time.time), {PHW.name: PHW}), b"x", content_type="image/png")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")


@pytest.mark.parametrize("sent", ["", HL7, "application/hl7-v2+er7; charset=utf-8", "text/plain", "application/octet-stream"])
async def test_what_hl7_may_be_called(sent: str) -> None:
    assert (await post(PHW, hub_of(PHW), first(PHW).body, content_type=sent)).status == 200


@pytest.mark.parametrize(("prefer", "applied"), [("respond-async", "respond-async"), ("return=minimal", ""), ("", "")])
async def test_the_links_of_an_accepted_bundle(prefer: str, applied: str) -> None:
    answer = await post(REFERRALS, hub_of(REFERRALS), first(REFERRALS).body, content_type=FHIR, prefer=prefer)
    where = f"http://hub.test/api/v1/referrals-to-pas/messages/{answer.headers['X-Message-Id']}"
    assert (answer.status, answer.headers["Content-Location"]) == (202, where)
    assert answer.headers.get("Preference-Applied", "") == applied
    assert json.loads(answer.body)["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"host": "a.test", "x-forwarded-host": "b.test", "x-forwarded-proto": "https"}, "http://a.test"),
        ({"host": "[::1]:7071"}, "http://[::1]:7071"),
        ({"host": "a.test/evil?"}, ""),
        ({}, ""),
    ],
)
def test_the_address_is_the_caller_s_or_none(headers: dict[str, str], address: str) -> None:
    assert door.address(headers) == address


@pytest.mark.parametrize(
    ("checks", "headers", "address"),
    [
        ("principal", {"host": "a.test", "x-forwarded-host": "b.test", "x-forwarded-proto": "https"}, "https://b.test"),
        ("certificate", {"host": "a.test", "x-forwarded-host": "b.test"}, "https://b.test"),
        ("principal", {"host": "a.test", "x-forwarded-proto": "javascript"}, ""),
        ("", {"host": "a.test", "x-forwarded-host": "b.test", "x-forwarded-proto": "http"}, "https://a.test"),
    ],
)
def test_a_forwarded_host_counts_where_the_platform_is_in_front(
    monkeypatch: pytest.MonkeyPatch, checks: str, headers: dict[str, str], address: str
) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "an-app")
    monkeypatch.setenv("HUB_PLATFORM_AUTH", checks)
    assert door.address(headers) == address


class Slow:
    """A destination that is unavailable until the test changes it."""

    name, takes_synthetic, away = "SLOW", True, True

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        if self.away:
            raise Undelivered(kind="transient", code="refused", text="away", retry_after=45)
        return Receipt()

    async def close(self) -> None: ...


async def ask(integration: Integration, hub: Hub, message_id: str, accept: str) -> tuple[Answer, Any]:
    answer = await status(integration, {"x-hub-key": KEY, "accept": accept}, message_id, hub)
    return answer, json.loads(answer.body) if answer.body else None


@pytest.mark.parametrize(
    ("first_face", "then", "face"), [("", FHIR, FHIR), (JSON, HL7, HL7), ("", "*/*", HL7), (JSON, "*/*", JSON)]
)
async def test_the_same_message_again_is_answered_in_a_face_that_is_taken_now(first_face: str, then: str, face: str) -> None:
    hub, body = hub_of(PHW), first(PHW).body
    before = await post(PHW, hub, body, accept=first_face)
    again = await post(PHW, hub, body, accept=then)
    assert again.content_type == face
    assert again.headers["X-Message-Id"] == before.headers["X-Message-Id"]
    assert (again.body == before.body) is (then == "*/*")
    assert (await conservation.balance(PHW, hub)).outcomes["duplicate"] == 1


async def test_a_fhir_client_polls_until_it_is_done() -> None:
    from dataclasses import replace

    from shared import fhir
    from shared.delivery.process import process

    destination = Slow()
    integration = replace(REFERRALS, destination=destination)
    now = [1_800_000_000.0]
    hub = Hub(MemoryStore(lambda: now[0]), {integration.name: integration}, now=lambda: now[0])
    sent = await accept_http(integration, {"x-hub-key": KEY, "content-type": FHIR}, first(REFERRALS).body, hub)
    for task in tuple(hub.tasks):
        await task
    message_id = sent.headers["X-Message-Id"]
    answer, body = await ask(integration, hub, message_id, FHIR)
    assert (answer.status, answer.content_type, answer.headers["Retry-After"]) == (202, FHIR, "45")
    assert answer.headers["X-Progress"] == "waiting, 1 attempt made"
    assert (body["resourceType"], body["issue"][0]["severity"]) == ("OperationOutcome", "information")
    answer, body = await ask(integration, hub, message_id, "*/*")
    assert (answer.status, answer.content_type, body["outcome"]) == (202, JSON, "waiting")
    destination.away, now[0] = False, now[0] + 60
    await process(integration, message_id.split(".")[0], hub)
    answer, body = await ask(integration, hub, message_id, FHIR)
    assert (answer.status, body["type"], "Retry-After" in answer.headers) == (200, "batch-response", False)
    assert [issue for issue in fhir.check(body) if issue.is_error] == []
    assert body["entry"][0]["response"]["status"] == "200"
    answer, body = await ask(integration, hub, message_id, JSON)
    assert (answer.status, body["outcome"]) == (200, "delivered")


async def test_a_refused_bundle_and_one_that_is_not_there() -> None:
    hub = hub_of(REFERRALS)
    refused = await post(REFERRALS, hub, b"{}", content_type=FHIR)
    answer, body = await ask(REFERRALS, hub, refused.headers["X-Message-Id"], FHIR)
    response = body["entry"][0]["response"]
    assert (answer.status, response["status"]) == (200, "422")
    assert response["outcome"]["issue"][0]["details"]["coding"][0]["code"] == "not-fhir"
    answer, body = await ask(REFERRALS, hub, "x.y", FHIR)
    assert (answer.status, body["resourceType"]) == (404, "OperationOutcome")
    assert (await ask(REFERRALS, hub, "x.y", "text/html"))[0].status == 406


async def test_an_hl7_client_hears_200_and_how_long_to_wait() -> None:
    hub = hub_of(PHW)
    sent = await accept_http(PHW, {"x-hub-key": KEY}, first(PHW).body, hub)
    answer, body = await ask(PHW, hub, sent.headers["X-Message-Id"], "")
    assert (answer.status, body["outcome"]) in ((200, "waiting"), (200, "sending"))
    assert answer.headers["Retry-After"]
    await hub.drain(0)


def test_docs_name_every_status_of_the_door() -> None:
    from shared.partner_docs.statuses import ANSWERS

    assert {str(one) for one in STATUS.values()} <= set(ANSWERS)
    assert Path("docs/onboarding.md").read_text().count("Content-Encoding") > 0
