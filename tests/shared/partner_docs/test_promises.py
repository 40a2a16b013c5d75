"""What an interface sheet promises is what the hub does: the limits are tried at the figure that the sheet shows, and past it."""

import json
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from integrations import load, load_all
from shared import bounds
from shared.budget import Budget, Hold, Memory
from shared.envelope import Envelope
from shared.hub import Hub, Timing
from shared.intake import request as door
from shared.intake.triggers.http import accept_http
from shared.intake.triggers.self_test import self_test
from shared.integration import Delivery, Http, Integration, Service
from shared.partner_docs import promises
from shared.problems import Unsupported
from shared.storage.memory import MemoryStore
from toolkit.generate.generated_docs import interface
from toolkit.samples import samples

ROOT = Path(__file__).resolve().parents[3]
PHW = load("phw-to-mpi")
OPEN = [each for each in load_all() if any(isinstance(trigger, Http) for trigger in each.triggers)]


def shown(integration: Integration, what: str) -> str:
    """The value of a row of the sheet."""
    found = re.search(rf"^\| {re.escape(what)} \| (.*) \|$", interface(integration), re.M)
    assert found, what
    return found[1]


def figure(text: str) -> int:
    """The exact number of a value: in brackets if it has some, otherwise the first."""
    found = re.search(r"\(([\d,]+) bytes\)", text) or re.search(r"([\d,]+)", text)
    assert found
    return int(found[1].replace(",", ""))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    one = {"name": "one", "keys": [sha256(b"a key").hexdigest()], "integrations": ["*"], "senders": ["*"]}
    monkeypatch.setenv("HUB_PARTNERS", json.dumps([one]))
    return Hub(MemoryStore(lambda: 1_800_000_000.0), {each.name: each for each in OPEN}, now=lambda: 1_800_000_000.0)


@pytest.mark.parametrize("integration", OPEN, ids=lambda each: each.name)
async def test_a_body_of_the_size_on_the_sheet_is_read_and_a_larger_one_is_413(integration: Integration, hub: Hub) -> None:
    largest = figure(shown(integration, "body or file"))
    headers = {"x-hub-key": "a key", "content-type": samples(integration)[0].envelope.content_type}
    at_limit = Envelope(integration=integration.name, body=bytes(largest), received_at="", headers=headers)
    at_limit = replace(at_limit, content_type=headers["content-type"])
    assert len((await door.entered(integration, at_limit, Hold(Budget(0)))).body) == largest
    with pytest.raises(Unsupported):
        await door.entered(integration, replace(at_limit, body=bytes(largest + 1)), Hold(Budget(0)))
    assert (await accept_http(integration, headers, bytes(largest + 1), hub)).status == 413


async def test_refused_calls_are_429_after_the_number_on_the_sheet(hub: Hub) -> None:
    allowed = figure(shown(PHW, "refused calls (401, 403)"))
    answers = [(await accept_http(PHW, {"x-hub-key": "wrong"}, b"MSH|", hub)).status for _ in range(allowed + 1)]
    assert answers == [401] * allowed + [429]


async def test_a_large_message_is_429_above_the_size_on_the_sheet_while_smaller_ones_are_accepted(hub: Hub) -> None:
    """The sender keeps the order of a patient's messages, and the sheet says so."""
    row = next(line for line in interface(PHW).splitlines() if line.startswith("| messages of more than "))
    small = figure(row)
    hub.remembered(Memory).budget = given = Budget(1)
    assert given.try_take(1)
    headers = {"x-hub-key": "a key", "content-type": "application/hl7-v2"}
    body = samples(PHW)[0].body.rstrip(b"\r") + b"\rNTE|1||"
    answers = [await accept_http(PHW, headers, body.ljust(length, b"x"), hub) for length in (small + 1, small)]
    assert [(answer.status, answer.headers.get("Retry-After")) for answer in answers] == [(429, "5"), (200, None)]
    assert "only then the patient's next one" in shown(PHW, "order")


async def test_self_tests_are_429_after_the_number_on_the_sheet(hub: Hub) -> None:
    allowed, body = figure(shown(PHW, "self-tests")), samples(PHW)[0].body
    headers = {"x-hub-key": "a key", "content-type": "application/hl7-v2"}
    assert {(await self_test(PHW, headers, body, hub)).status for _ in range(allowed)} == {200}
    refused = await self_test(PHW, headers, body, hub)
    assert (refused.status, int(refused.headers["Retry-After"])) == (429, 60)


def test_the_longest_time_to_an_answer_is_the_patience_with_storage() -> None:
    assert figure(shown(PHW, "longest time to an answer").partition("after about")[2]) == Timing().storage_patience


def test_the_rows_of_a_table_are_those_that_its_reader_allows() -> None:
    assert figure(shown(load("clinic-appointments-to-cdr"), "rows of a file")) == bounds.ROWS


def test_the_time_of_delivery_is_that_of_the_alert() -> None:
    """Another time in a declaration needs another alert."""
    limit = re.search(r"p95 > (\d+)", (ROOT / "infra" / "alerts" / "slow.kql").read_text("utf-8"))
    assert limit
    assert {each.service.within * 1000 for each in load_all()} == {int(limit[1])}


def test_the_times_are_those_of_the_declaration() -> None:
    service = Service(within=2, support="Day and night")
    delivery = Delivery(attempts=3, expires=5400, per_minute=60, on_dead="hold")
    rows = dict(promises.service(replace(PHW, service=service, delivery=delivery)))
    assert rows["support"] == f"Day and night: {PHW.owner}"
    assert rows["delivery"].startswith("95 of 100 messages within 2 seconds")
    assert rows["pace of the destination"].startswith("60 messages a minute")
    assert "for 1:30:00 at most; after 3 attempts" in rows["a destination that is unavailable"]
    assert rows["a dead letter"].endswith("later messages wait")


@pytest.mark.parametrize("integration", load_all(), ids=lambda each: each.name)
def test_every_sheet_has_times_limits_and_support(integration: Integration) -> None:
    for what in ("support", "content", "status and history, without content", "body or file"):
        assert shown(integration, what)
