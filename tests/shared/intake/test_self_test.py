"""The self-test of a partner says what a message would be answered, and leaves nothing behind."""

import asyncio
import json
import threading
from hashlib import sha256

import pytest

from integrations import load, load_all
from shared import formats
from shared.check import check
from shared.envelope import Answer, Envelope
from shared.hub import Hub
from shared.intake.triggers import self_test as self_test_module
from shared.intake.triggers.http import accept_http
from shared.intake.triggers.self_test import A_MINUTE, LARGE, SelfTests, self_test
from shared.integration import Http, Integration
from shared.storage.memory import MemoryStore
from tests.waiting import PATIENCE
from toolkit.samples import Sample, samples

KEYS = {"a key": "one", "another key": "two"}
OPEN = [each for each in load_all() if any(isinstance(trigger, Http) for trigger in each.triggers)]
PHW = load("phw-to-mpi")
EACH = [pytest.param(one, sample, id=f"{one.name}-{sample.name}") for one in OPEN for sample in samples(one)]


@pytest.fixture(autouse=True)
def partners(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [
        {"name": name, "keys": [sha256(key.encode()).hexdigest()], "integrations": ["*"], "senders": ["*"]}
        for key, name in KEYS.items()
    ]
    monkeypatch.setenv("HUB_PARTNERS", json.dumps(known))


class Watched:
    """A hub whose time stands still, and what it reports."""

    def __init__(self, *integrations: Integration) -> None:
        self.now = 1_800_000_000.0
        self.events: list[str] = []
        self.store = MemoryStore(lambda: self.now)
        named = {each.name: each for each in integrations}
        self.hub = Hub(self.store, named, now=lambda: self.now, emit=lambda name, **_: self.events.append(name))


def is_empty(store: MemoryStore) -> bool:
    """Nothing was written; what was looked for leaves empty tables."""
    rows = [row for table in store.tables.values() for rows in table.values() for row in rows]
    return not (rows or any(store.queues.values()) or any(store.containers.values()))


def media(integration: Integration, body: bytes) -> str:
    form = next(
        (one for one in formats.of(integration.source) if formats.recognise(body) is one), formats.of(integration.source)[0]
    )
    return form.media_types[0]


def called(integration: Integration, body: bytes, key: str = "a key") -> dict[str, str]:
    return {"x-hub-key": key, "content-type": media(integration, body)}


async def asked(watched: Watched, integration: Integration, body: bytes, key: str = "a key") -> Answer:
    return await self_test(integration, called(integration, body, key), body, watched.hub)


@pytest.mark.parametrize(("integration", "sample"), EACH)
async def test_it_says_what_the_message_is_then_answered(integration: Integration, sample: Sample) -> None:
    watched = Watched(integration)
    seen = await asked(watched, integration, sample.body)
    sent = await accept_http(integration, called(integration, sample.body), sample.body, watched.hub)
    await watched.hub.drain(0)
    content = json.loads(seen.body)
    assert (seen.status, seen.headers["Cache-Control"]) == (200, "no-store")
    assert content["answer"] == {
        "status": sent.status,
        "content_type": sent.content_type,
        "body": sent.body.decode("utf-8", "replace"),
    }


@pytest.mark.parametrize("integration", OPEN, ids=lambda one: one.name)
async def test_nothing_is_stored_counted_or_reported(integration: Integration) -> None:
    watched = Watched(integration)
    for sample in samples(integration):
        await asked(watched, integration, sample.body)
    await watched.hub.drain(0)
    assert is_empty(watched.store)
    assert watched.events == []
    assert not watched.hub.counts


@pytest.mark.parametrize("integration", OPEN, ids=lambda one: one.name)
async def test_each_issue_says_which_rule_and_where(integration: Integration) -> None:
    """The same issues, in the same order, as the check of the declaration finds."""
    for sample in samples(integration):
        content = json.loads((await asked(Watched(integration), integration, sample.body)).body)
        if "members" not in content:
            body = Envelope(integration=integration.name, body=sample.body, received_at="2027-01-15T08:00:00.000Z")
            found = check(integration, body).verdict
            assert [(one["rule"], one["where"]) for one in content["issues"]] == [(one.rule, one.where) for one in found.issues]
            assert (content["acknowledgement"], content["accepted"]) == (found.acknowledgement, found.accepted)


async def test_the_next_self_test_of_a_minute_is_refused_for_this_partner_alone() -> None:
    watched, body = Watched(PHW), samples(PHW)[0].body
    for _ in range(A_MINUTE):
        assert (await asked(watched, PHW, body)).status == 200
    refused = await asked(watched, PHW, body)
    assert (refused.status, refused.headers["Retry-After"], refused.headers["Cache-Control"]) == (429, "60", "no-store")
    assert (await asked(watched, PHW, body, "another key")).status == 200
    watched.now += 59.9
    assert (await asked(watched, PHW, body)).status == 429
    watched.now += 0.1
    assert (await asked(watched, PHW, body)).status == 200


async def test_self_tests_shut_out_no_message() -> None:
    watched, body = Watched(PHW), samples(PHW)[0].body
    for _ in range(A_MINUTE + 1):
        await asked(watched, PHW, body)
    assert (await accept_http(PHW, called(PHW, body), body, watched.hub)).status == 200


async def test_large_bodies_are_tested_one_at_a_time_and_hold_up_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    watched, small = Watched(PHW), samples(PHW)[0].body
    large, release, begun = small + b"\r" * LARGE, threading.Event(), threading.Event()
    tested = self_test_module._tested

    def slow(integration: Integration, envelope: Envelope) -> Answer:
        if len(envelope.body) > LARGE:
            begun.set()
            release.wait(PATIENCE)
        return tested(integration, envelope)

    monkeypatch.setattr(self_test_module, "_tested", slow)
    first = asyncio.create_task(asked(watched, PHW, large))
    await asyncio.to_thread(begun.wait, 20)
    second = await asked(watched, PHW, large, "another key")
    assert (second.status, second.headers["Retry-After"]) == (429, "30")
    assert (await asked(watched, PHW, small)).status == 200
    first.cancel()  # its caller has gone, and its thread works on
    assert (await asyncio.gather(first, return_exceptions=True)) != [None]
    assert (await asked(watched, PHW, large)).status == 429
    release.set()
    while watched.hub.remembered(SelfTests).is_large:
        await asyncio.sleep(0)
    assert (await asked(watched, PHW, large)).status == 200


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"x-hub-key": "wrong"}, b"MSH|", 401),
        ({"content-type": "image/png"}, b"MSH|", 415),
        ({"content-encoding": "br"}, b"MSH|", 415),
        ({"content-encoding": "gzip"}, b"MSH|", 400),
        ({}, b"", 400),
        ({"accept": "image/png"}, b"MSH|", 200),
    ],
)
async def test_what_could_not_be_sent_cannot_be_tested(headers: dict[str, str], body: bytes, status: int) -> None:
    watched = Watched(PHW)
    answer = await self_test(PHW, {**called(PHW, b"MSH|"), **headers}, body, watched.hub)
    assert answer.status == status
    assert is_empty(watched.store)


async def test_a_sender_that_is_not_the_partners_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"name": "one", "keys": [sha256(b"a key").hexdigest()], "integrations": ["*"], "senders": ["someone else"]}
    monkeypatch.setenv("HUB_PARTNERS", json.dumps([known]))
    content = json.loads((await asked(Watched(PHW), PHW, samples(PHW)[0].body)).body)
    assert (content["acknowledgement"], content["accepted"]) == ("AR", False)


@pytest.mark.parametrize(("names", "accepted_members"), [("AA", 2), ("AR", 1), ("RR", 0)])
async def test_the_members_of_a_batch_are_counted(names: str, accepted_members: int) -> None:
    """A clinic's list of two rows; A is one that is accepted, R one that is refused."""
    clinic = load("clinic-appointments-to-cdr")
    rows = {"A": body_of(clinic, "attended"), "R": body_of(clinic, "rejected_birth_after_appointment")}
    header = rows["A"].splitlines()[0]
    assert rows["R"].splitlines()[0] == header
    list_of_two = b"\r\n".join([header, *(rows[name].splitlines()[1] for name in names), b""])
    watched = Watched(clinic)
    answer = await asked(watched, clinic, list_of_two)
    content = json.loads(answer.body)
    assert answer.status == 200
    counted = (content["members"], content["accepted_members"], content["accepted"])
    assert counted == (2, accepted_members, accepted_members == 2)
    assert content["answer"]["body"].startswith("row,")
    assert is_empty(watched.store)


def body_of(integration: Integration, name: str) -> bytes:
    return next(sample.body for sample in samples(integration) if sample.name == name)


@pytest.mark.parametrize(("accept", "language"), [("", "en"), ("en-GB", "en"), ("cy, en;q=0.8", "cy"), ("en, cy;q=0.1", "en")])
async def test_an_issue_is_explained_in_the_language_of_the_caller(accept: str, language: str) -> None:
    body = next(sample.body for sample in samples(PHW) if sample.name.startswith("rejected"))
    answer = await self_test(PHW, {**called(PHW, body), "accept-language": accept}, body, Watched(PHW).hub)
    issues = json.loads(answer.body)["issues"]
    assert issues
    assert {one["language"] for one in issues} == {language}
    assert all(one["wrong"] and one["expected"] and one["action"] for one in issues)


async def test_both_languages_say_it_in_their_own_words() -> None:
    body = next(sample.body for sample in samples(PHW) if sample.name.startswith("rejected"))
    said = [
        json.loads((await self_test(PHW, {**called(PHW, body), "accept-language": each}, body, Watched(PHW).hub)).body)
        for each in ("en", "cy")
    ]
    for english, welsh in zip(*(one["issues"] for one in said), strict=True):
        assert english["rule"] == welsh["rule"]
        assert english["wrong"] != welsh["wrong"]
