"""Whatever stands at any place of a JSON message, its sender hears a verdict with a path, and what is accepted can be sent.

``HUB_FUZZ_JSON`` (2000) is how many changed messages of each integration are tried.
"""

import json
import os
import random
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from integrations import CATALOGUE, load
from shared.check import transform
from shared.envelope import Envelope
from shared.intake.decide import decide
from shared.intake.triggers.http import accept_http
from tests.ledger_world import NOW, hub
from toolkit.samples import accepted, samples

TRIED = int(os.environ.get("HUB_FUZZ_JSON", "2000"))
KEYS = (
    *("meta", "identifier", "id", "extension", "contained", "text", "type", "entry", "fullUrl", "resource", "reference", "data"),
    *("resourceType", "timestamp", "test", "document", "patient", "system", "value", "code", "coding", "link", "_id", "file"),
)
ODD: tuple[Any, ...] = (
    *(
        "x",
        "",
        " ",
        "é" * 9,
        "=\n=",
        "A" * 5000,
        "2024-13-45",
        "urn:uuid:",
        "#",
        "\x00",
        "a\x0bb",
        "\u2028",
        "JVBERi0=é",
        "JVBERi0xLjQK=",
    ),
    *(0, 1, -1, 1.5, 1e308, 2**63, True, False, None),
    *([], {}, [None], [[]], ["x"], [1], [{}], {"a": 1}, {"": None}, {"system": 1, "value": ["x"]}),
)
Place = tuple[str | int, ...]


def places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Every place of a document, and in each object the places that known names would have."""
    yield here
    if isinstance(value, dict):
        yield from ((*here, key) for key in KEYS if key not in value)
        for key, inner in value.items():
            yield from places(inner, (*here, key))
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from places(inner, (*here, n))


def changed(value: Any, place: Place, new: Any) -> Any:
    """The document with another value at this place."""
    if not place:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = changed(copy[place[0]], place[1:], new) if len(place) > 1 else new
    return copy


def documents(name: str) -> list[Any]:
    return [orjson.loads(each.body) for each in accepted(load(name)) if each.body.lstrip()[:1] == b"{"]


def media(name: str) -> str:
    return "application/fhir+json" if load(name).source.format == "fhir" else "application/json"


JSON = [name for name in CATALOGUE if any(each.body.lstrip()[:1] == b"{" for each in samples(load(name)))]


@pytest.mark.parametrize("name", JSON)
def test_any_value_at_any_place(name):
    chance, one, samples = random.Random(name), load(name), documents(name)
    found = [(document, place) for document in samples for place in places(document)]
    for _ in range(TRIED):
        document, place = chance.choice(found)
        new = chance.choice(ODD)
        envelope = Envelope(
            integration=name,
            body=json.dumps(changed(document, place, new)).encode(),
            received_at="2026-05-01T09:30:00.000Z",
            content_type=media(name),
        )
        decision = decide(one, envelope)
        assert not decision.failed, (place, new, decision.verdict.issues)
        if decision.verdict.accepted:
            transform(one, envelope, decision.content)  # a Fault: it was accepted and cannot be sent
        else:
            assert decision.answer.status == 422, (place, new)


@pytest.mark.parametrize("meta", ["x", 1, True, [None], {"tag": 1}, {"tag": "x"}, {"security": {"a": 1}}, {"tag": [1, None, []]}])
async def test_meta_that_is_no_object(meta):
    one, document = load("referrals-to-pas"), documents("referrals-to-pas")[0]
    made = hub(one, now=lambda: NOW)
    headers = {"content-type": "application/fhir+json"}
    answer = await accept_http(one, headers, orjson.dumps(document | {"meta": meta}), made)
    assert answer.status == 422
    outcome = orjson.loads(answer.body)
    assert any("meta" in path for issue in outcome["issue"] for path in issue.get("expression", [])), outcome


def test_base64_that_is_not_ascii_is_found_where_it_is():
    one, document = load("referrals-to-pas"), documents("referrals-to-pas")
    place = next((d, p) for d in document for p in places(d) if p[-2:] == ("attachment", "data"))
    body = json.dumps(changed(*place, "é" * 8)).encode()
    decision = decide(
        one, Envelope(integration=one.name, body=body, received_at="2026-05-01T09:30:00.000Z", content_type=media(one.name))
    )
    assert decision.answer.status == 422
    assert any(issue.where.endswith("attachment.data") for issue in decision.verdict.issues)


@pytest.mark.parametrize("data", ["JVBERi0xLjQK=", "JVBERi0xLjQKé", "JVBERi0xLjQKJVBE\x00", "JVBERi0xLjQK====JVBE", "éééééééé"])
def test_a_document_that_is_cut_or_changed_is_refused(data):
    one = load("documents-to-cdr")
    document = next(each for each in documents(one.name))
    inner = {key: value for key, value in document["document"].items() if key != "file"}
    body = orjson.dumps(document | {"document": inner | {"data": data}})
    decision = decide(
        one, Envelope(integration=one.name, body=body, received_at="2026-05-01T09:30:00.000Z", content_type="application/json")
    )
    assert not decision.verdict.accepted
    assert "/document/data" in [issue.where for issue in decision.verdict.issues]


def test_the_source_of_a_stand_in_has_no_paths_and_is_limited_all_the_same():
    from shared.limits import too_long
    from tests.ledger_world import Notes

    (issue,) = too_long(Notes(), {}, replace_control("x" * 600))
    assert (issue.where, issue.rule) == ("", "identifier-too-long")


def replace_control(text: str) -> Any:
    from shared.limits import NO_PLACES

    return NO_PLACES._replace(control_id=text)
