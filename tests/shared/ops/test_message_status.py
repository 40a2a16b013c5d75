"""What a caller can see of one message."""

import json
import time
from pathlib import Path
from typing import get_args

import pytest

from integrations import load
from shared.delivery.process import process
from shared.fhir import check
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.triggers.http import accept_http
from shared.ledger.rows import Ended
from shared.ops.message_status import find, status
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Row, replace
from tests import ledger_world

PHW = load("phw-to-mpi")
SAMPLES = Path("integrations/phw_to_mpi/samples")
KEYS = {"one": "k1", "two": "k2"}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    from hashlib import sha256

    partners = [
        {"name": name, "keys": [sha256(key.encode()).hexdigest()], "integrations": ["*"], "senders": ["*"]}
        for name, key in KEYS.items()
    ]
    monkeypatch.setenv("HUB_PARTNERS", json.dumps(partners))
    return Hub(MemoryStore(time.time), {PHW.name: PHW})


async def send(hub: Hub, sample: str) -> str:
    body = (SAMPLES / sample).read_bytes()
    answer = await accept_http(PHW, {"x-hub-key": "k1"}, body, hub)
    return answer.headers["X-Message-Id"]


@pytest.mark.parametrize(
    ("sample", "outcome"), [("a31_null.in.hl7", ("waiting", "sending")), ("rejected_no_pid.in.hl7", ("rejected",))]
)
async def test_a_partner_sees_its_own_and_no_content(hub: Hub, sample: str, outcome: tuple[str, ...]) -> None:
    message_id = await send(hub, sample)
    own = await status(PHW, {"x-hub-key": "k1"}, message_id, hub)
    payload = json.loads(own.body)
    assert (own.status, payload["id"], payload["outcome"] in outcome) == (200, message_id, True)
    assert (await status(PHW, {"x-hub-key": "k2"}, message_id, hub)).status == 404
    assert (await status(PHW, {}, message_id, hub)).status == 401
    await hub.drain(0)


@pytest.mark.parametrize("outcome", get_args(names.EndedAs))
async def test_whatever_became_of_a_message_has_its_answer_for_a_fhir_client(hub: Hub, outcome: str) -> None:
    message_id = await send(hub, "rejected_no_pid.in.hl7")
    ledger, lane = names.tables(PHW.name).ledger, message_id.partition(".")[0]
    row = await hub.store.get(ledger, lane, names.row("d", 0))
    assert row
    await hub.store.commit(ledger, lane, replace(row, outcome=outcome))
    answer = await status(PHW, {"x-hub-key": "k1", "accept": "application/fhir+json"}, message_id, hub)
    payload = json.loads(answer.body)
    assert (answer.status, payload["type"]) == (200, "batch-response")
    assert (payload["entry"][0]["response"]["status"] == "200") is (outcome in ("delivered", "observed"))
    assert [issue for issue in check(payload) if issue.is_error] == []


@pytest.mark.parametrize("message_id", ["", "x", "x.y", "0-x.0", "../.."])
async def test_what_is_not_there(hub: Hub, message_id: str) -> None:
    assert (await status(PHW, {"x-hub-key": "k1"}, message_id, hub)).status == 404


@pytest.mark.parametrize("accept", ["application/json", "application/fhir+json"])
async def test_a_sender_asks_again_while_storage_is_away(hub: Hub, accept: str) -> None:
    message_id = await send(hub, "rejected_no_pid.in.hl7")

    async def away(*_: str) -> Row | None:
        raise Away

    hub.store.get = away  # type: ignore[method-assign]
    answer = await status(PHW, {"x-hub-key": "k1", "accept": accept}, message_id, hub)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")


async def test_a_message_that_is_settled_between_two_reads_is_never_unknown() -> None:
    """What became of it is not there yet, and a moment later it no longer waits: it is looked for once more."""
    destination = ledger_world.Remembering()
    one = ledger_world.integration(destination)
    hub = ledger_world.hub(one)
    message_id = (await accept(one, ledger_world.envelope(ledger_world.note("N1")), hub)).headers["X-Message-Id"]
    lane, get = message_id.partition(".")[0], hub.store.get

    async def get_then_settle(table: str, partition: str, key: str) -> Row | None:
        row = await get(table, partition, key)
        if key.startswith("d|") and not destination.took:
            await process(one, lane, hub)
        return row

    hub.store.get = get_then_settle  # type: ignore[method-assign]
    found = await find(one.name, message_id, hub)
    assert destination.took
    assert found
    assert isinstance(found.message, Ended)
    assert found.message.outcome == "delivered"


async def test_a_message_that_was_sent_again_says_how_often(hub: Hub) -> None:
    for times in (0, 1, 2):
        message_id = await send(hub, "a31_null.in.hl7")
        answer = await status(PHW, {"x-hub-key": "k1"}, message_id, hub)
        assert json.loads(answer.body)["sent_again"] == times
