"""What identifies a message and is longer than a row can hold is refused at the door, with a record, by every way in."""

from dataclasses import replace

import orjson
import pytest

from integrations import CATALOGUE, load
from shared.bounds import IDENTIFIER
from shared.envelope import Envelope, Receipt
from shared.intake.triggers.http import accept_http
from shared.intake.triggers.queues import accept_queue_message
from shared.ledger.reporting import conservation
from shared.storage import names
from tests.ledger_world import NOW, hub
from toolkit.samples import accepted

LONG = {"just": IDENTIFIER, "one more": IDENTIFIER + 1, "a property": 33_000, "two properties": 70_000}


class Taking:
    name, takes_synthetic = "TEST", True

    async def deliver(self, outgoing):
        return Receipt()

    async def close(self):
        pass


def longer(body: bytes, size: int) -> dict[str, bytes]:
    """A sample with each part of its identity that long, by the place of that part."""
    text = "X" * size
    if body.lstrip()[:3] == b"MSH":
        header, _, rest = body.partition(b"\r")
        fields = header.split(b"|")
        parts = {"MSH-4": 3, "MSH-10": 9}
        return {place: b"|".join([*fields[:n], text.encode(), *fields[n + 1 :]]) + b"\r" + rest for place, n in parts.items()}
    if body.lstrip()[:1] != b"{":
        return {}
    read = orjson.loads(body)
    if read.get("resourceType") == "Bundle":
        named = {"system": "urn:x", "value": "1", **read.get("identifier", {})}
        return {
            "Bundle.identifier.value": orjson.dumps(read | {"identifier": named | {"value": text}}),
            "Bundle.identifier.system": orjson.dumps(read | {"identifier": named | {"system": f"urn:{text}"}}),
        }
    return {"/id": orjson.dumps(read | {"id": text}), "/source": orjson.dumps(read | {"source": text})}


def sample(name: str) -> bytes:
    return next(each.body for each in accepted(load(name)) if longer(each.body, 1))


@pytest.mark.parametrize("size", LONG.values(), ids=LONG)
@pytest.mark.parametrize("name", [name for name in CATALOGUE if any(longer(s.body, 1) for s in accepted(load(name)))])
async def test_a_part_of_the_identity_that_no_row_can_hold(name, size):
    for place, body in longer(sample(name), size).items():
        one = replace(load(name), destination=Taking())
        made = hub(one, now=lambda: NOW)
        answer = await accept_http(one, {"content-type": media(body)}, body, made)
        await made.drain(5)
        balance = await conservation.balance(one, made)
        assert (balance.holds, balance.received) == (True, 1), (place, answer.status)
        assert answer.status in (200, 202, 422), place
        if size > IDENTIFIER:
            assert balance.outcomes == {"rejected": 1}, place
            assert b"MSA|A" not in answer.body or b"MSA|AA" not in answer.body


def media(body: bytes) -> str:
    if body.lstrip()[:1] != b"{":
        return "x-application/hl7-v2+er7"
    return "application/fhir+json" if b"resourceType" in body else "application/json"


@pytest.mark.parametrize("header", ["content-type", "traceparent", "tracestate", "x-correlation-id", "prefer", "accept"])
@pytest.mark.parametrize("size", LONG.values(), ids=LONG)
async def test_a_header_that_no_row_can_hold(header, size):
    name = "phw-to-mpi"
    one = replace(load(name), destination=Taking())
    made = hub(one, now=lambda: NOW)
    headers = {"content-type": "x-application/hl7-v2+er7", header: "x-application/hl7-v2+er7;" + "x" * size}
    answer = await accept_http(one, headers, sample(name), made)
    await made.drain(5)
    assert answer.status in (200, 406, 415)
    assert (await conservation.balance(one, made)).received == 1


async def test_by_queue_it_is_kept_for_a_person():
    name = "phw-to-mpi"
    one = replace(load(name), destination=Taking())
    made = hub(one, now=lambda: NOW)
    await accept_queue_message(one, longer(sample(name), 33_000)["MSH-10"], made)
    assert (await conservation.balance(one, made)).outcomes == {"rejected": 1}
    assert len(made.store.tables[names.tables(name).find][names.DEAD]) == 1


def test_the_finding_says_where():
    from shared.intake.decide import decide

    name = "phw-to-mpi"
    body = longer(sample(name), 600)["MSH-10"]
    (issue,) = decide(load(name), Envelope(integration=name, body=body, received_at="2026-05-01T09:30:00.000Z")).verdict.issues
    assert (issue.where, issue.code, issue.rule) == ("MSH-10", "too-long", "identifier-too-long")
