"""What a caller may write anywhere in a call: headers, parameters, paths and forms are answered, and never fail the hub."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from shared.envelope import Answer
from shared.intake.admission import Refusals
from shared.ops.access import person as person_of
from shared.ops.access import token
from shared.ops.dead_letter_api import administer
from shared.ops.desk.door import Call, ops
from shared.ops.message_status import status
from shared.privacy import keyed
from tests.callers.kinds import KINDS, Kind, key, person
from tests.callers.matrix import API, DOCS, PAGE, rows
from tests.callers.world import INTEGRATIONS, World
from tests.ledger_world import NOW

PHW = "phw-to-mpi"
ADMIN = key("key-admin")
HEADERS = (
    *("accept", "accept-language", "content-type", "content-encoding", "prefer", "host", "cookie", "authorization", "x-hub-key"),
    *("x-correlation-id", "traceparent", "tracestate", "x-arr-clientcert", "x-ms-client-principal"),
    *("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"),
)
TEXTS = [
    *("\udcff", "\ud800", "\0", "é", "²", "٣", "\x1b[31m", "\r\nX: y", '"', "'", "|", "%00", "-1", "1e999", "nan", "inf", "../x"),
    *("x/y?#\\", "0-" + "f" * 32 + ".0", "none.0", ".", "a.b.c", "; q=", "a" * 40_000, "a," * 5_000),
]
FORMS = {
    "search": {"kind": "nhs_number", "value": "x"},
    "act": {"act": "replay", "why": "w", "confirm": "y", "integration": PHW, "id": "none"},
    "thresholds": {"rule": "slow", "limit": "5", "why": "w", "integration": PHW},
    "as": {"role": "admin"},
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World("in Azure behind the platform", monkeypatch)


@pytest.mark.parametrize("name", HEADERS)
async def test_any_header(world: World, name: str) -> None:
    known = {} if name == "x-hub-key" else ADMIN
    for text in TEXTS:
        for route, _ in [*rows(API), *rows(PAGE), *rows(DOCS)]:
            assert (await world.ask(PHW, route, Kind({**known, name: text}))).status < 500, (route, text[:9])


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:9]))
async def test_any_path_and_parameter(world: World, text: str) -> None:
    one, letter = INTEGRATIONS[PHW], await world.object(PHW, "queue's")
    answers: list[Answer] = [await status(one, ADMIN, text, world.hub)]
    for call in ("GET", f"GET {text}", f"POST {text}/replay", f"POST {text}/discard", "POST replay", f"POST {letter}/replay"):
        queries = [{"purpose": "p", parameter: text} for parameter in ("purpose", "rule", "content", "out_of_order")]
        answers += [await administer(one, ADMIN, call, query, world.hub) for query in queries]
    signed_in = person("Hub.Admin")
    for path in ("", "data", "message", "thresholds", text, f"static/{text}"):
        calls = [Call("GET", path, {parameter: text}, signed_in, b"") for parameter in ("minutes", "integration", "id", "lang")]
        answers += [await ops(each, world.hub) for each in calls]
    assert [answer.status for answer in answers if answer.status >= 500] == []


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:9]))
async def test_any_field_of_a_form(world: World, text: str) -> None:
    headers = {**person("Hub.Admin"), "content-type": "application/x-www-form-urlencoded"}
    who = person_of(headers, on_developers_machine=False)
    assert who
    right = token(keyed("ops-form", "").encode(), who, f"{datetime.fromtimestamp(NOW, UTC):%Y-%m-%d}")
    for path, form in FORMS.items():
        for name in (*form, "token"):
            world.hub.remembered(Refusals).forget()
            body = urlencode({**form, "token": right, name: text}, errors="surrogatepass").encode()
            assert (await ops(Call("POST", path, {}, headers, body), world.hub)).status < 500, (path, name)


async def test_a_long_form_is_refused_before_it_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.ops.desk.door.parse_qsl", lambda text: pytest.fail("it was read"))
    call = Call("POST", "act", {}, {"content-type": "application/x-www-form-urlencoded"}, b"a" * (16 * 1024 + 1))
    assert (await ops(call, world.hub)).status == 413


async def test_a_refusal_says_the_same_whatever_is_there(world: World) -> None:
    """A caller that is not recognised cannot find out which messages are there."""
    route = next(route for route, _ in rows(API) if route.function == "status")
    there = await world.ask(PHW, route, KINDS["noone"])
    absent = await world.ask(PHW, route._replace(object="none"), KINDS["noone"])
    assert there == absent
