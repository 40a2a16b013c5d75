"""Dead letters over HTTP, route by route: which letters each request acts on, the status, the answer and its headers."""

from typing import Any

import orjson
import pytest

from shared.delivery import dead
from shared.envelope import Answer
from shared.hub import Hub
from shared.intake.accept import accept
from shared.integration import Integration
from shared.ledger import audit
from shared.ops.dead_letter_api import administer
from shared.problems import Undelivered
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Row
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
CODES = {"1": "ack-AR", "2": "ack-AE", "3": "ack-AR"}
NO_STORE = {"Cache-Control": "no-store"}
WHY = {"x-hub-purpose": "corrected"}


def refuse(read: dict[str, Any]) -> None:
    raise Undelivered(kind="permanent", code=CODES[read["id"]], text="refused")


async def three_letters() -> tuple[Hub, Integration, dict[str, str]]:
    """Three dead letters, each of a lane of its own, and their ids by control id."""
    world = hub(integration(Remembering(behave=refuse)))
    notes = world.integrations[NAME]
    for control in CODES:
        await accept(notes, envelope(note(control, lane=control)), world)
    while world.tasks:
        await next(iter(world.tasks))
    return world, notes, {letter["control"]: letter["id"] for letter in await dead.dead_letters(NAME, world)}


async def asked(request: str, query: dict[str, str], headers: dict[str, str]) -> tuple[Answer, list[tuple[str, str]], str]:
    """The answer, the acts in the audit as (act, control id), and the id of the first letter."""
    world, notes, ids = await three_letters()
    answer = await administer(notes, headers, request.format(**{f"id{n}": each for n, each in ids.items()}), query, world)
    control = {each: n for n, each in ids.items()}
    return answer, [(act.what, control[act.message_id]) for act in await audit.acts(NAME, world)], ids["1"]


@pytest.mark.parametrize(
    ("request_", "query", "status", "acts"),
    [
        ("POST replay", {}, 202, [("replay", "1"), ("replay", "2"), ("replay", "3")]),
        ("POST replay", {"rule": "ack-AR"}, 202, [("replay", "1"), ("replay", "3")]),
        ("POST replay", {"rule": "ack-AE"}, 202, [("replay", "2")]),
        ("POST replay", {"rule": "none-has-this"}, 202, []),
        ("POST {id2}/replay", {}, 202, [("replay", "2")]),
        ("POST {id2}/discard", {}, 200, [("discard", "2")]),
        ("POST /{id2}/discard/", {}, 200, [("discard", "2")]),
        ("GET /{id2}", {}, 200, []),
        ("POST {id2} x/discard", {}, 409, []),
        ("POST {id2}", {}, 404, []),
        ("POST {id2}/", {}, 404, []),
        ("POST {id2}/delete", {}, 404, []),
        ("POST", {}, 404, []),
        ("POST replay/other", {}, 404, []),
        ("POST replay/replay", {}, 409, []),
        ("POST nothing/replay", {}, 409, []),
        ("POST nothing/discard", {}, 409, []),
        ("GET", {}, 200, []),
        ("GET replay", {}, 404, []),
        ("GET {id2}", {}, 200, []),
        ("GET {id2}", {"content": "1"}, 200, [("content", "2")]),
        ("GET nothing", {"content": "1"}, 409, []),
    ],
)
async def test_each_route_acts_on_the_letters_it_names_and_on_no_other(
    request_: str, query: dict[str, str], status: int, acts: list[tuple[str, str]]
) -> None:
    answer, done, _ = await asked(request_, query, WHY)
    assert (answer.status, sorted(done)) == (status, acts)


@pytest.mark.parametrize(
    ("request_", "query", "media_type"),
    [
        ("POST replay", {}, "application/json"),
        ("POST {id1}/replay", {}, "application/json"),
        ("POST {id1}/discard", {}, "application/json"),
        ("POST nothing/replay", {}, "application/json"),
        ("GET", {}, "application/json"),
        ("GET {id1}", {}, "application/json"),
        ("GET {id1}", {"content": "1"}, "application/octet-stream"),
    ],
)
async def test_no_cache_keeps_an_answer(request_: str, query: dict[str, str], media_type: str) -> None:
    """An answer may hold a patient's message, or which patient's message failed."""
    answer, _, _ = await asked(request_, query, WHY)
    assert (answer.content_type, answer.headers) == (media_type, NO_STORE)


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        ("POST {id1}/replay", {"id": "ID"}),
        ("POST {id1}/discard", {"id": "ID", "outcome": "discarded"}),
        ("POST nothing/replay", {"error": "there is no such dead letter", "reason": "not-dead"}),
    ],
)
async def test_an_act_answers_with_what_it_did(request_: str, body: dict[str, str]) -> None:
    answer, _, first = await asked(request_, {}, WHY)
    assert orjson.loads(answer.body) == {key: first if value == "ID" else value for key, value in body.items()}


@pytest.mark.parametrize("request_", ["POST replay", "POST {id1}/replay", "POST {id1}/discard", "GET {id1}"])
async def test_without_a_purpose_nothing_is_done(request_: str) -> None:
    answer, acts, _ = await asked(request_, {"content": "1"}, {})
    assert (answer.status, acts, answer.headers) == (400, [], NO_STORE)


@pytest.mark.parametrize(
    ("headers", "query", "kept"),
    [
        ({"X-HUB-Purpose": " header "}, {}, "header"),
        ({}, {"purpose": " query "}, "query"),
        ({"x-hub-purpose": "header"}, {"purpose": "query"}, "header"),
        ({"x-hub-purpose": " "}, {"purpose": "query"}, "query"),
        ({"x-hub-purpose": "x" * 201}, {}, "x" * 200),
    ],
)
async def test_the_purpose_that_is_kept(headers: dict[str, str], query: dict[str, str], kept: str) -> None:
    world, notes, ids = await three_letters()
    await administer(notes, headers, f"POST {ids['1']}/discard", query, world)
    assert [act.purpose for act in await audit.acts(NAME, world)] == [kept]


@pytest.mark.parametrize(
    ("query", "status", "left"),
    [
        ({}, 409, 1),
        ({"out_of_order": ""}, 409, 1),
        ({"out_of_order": "0"}, 409, 1),
        ({"out_of_order": "true"}, 409, 1),
        ({"out_of_order": "1"}, 202, 0),
    ],
)
async def test_a_letter_that_was_overtaken_is_replayed_on_request_alone(query: dict[str, str], status: int, left: int) -> None:
    """``out_of_order=1`` and nothing else: a newer message of the same patient was delivered, and would be undone."""
    world = hub(integration(Remembering(behave=lambda read: refuse(read) if read["id"] == "1" else None)))
    notes = world.integrations[NAME]
    for control in ("1", "9"):
        await accept(notes, envelope(note(control, lane="A")), world)
        while world.tasks:
            await next(iter(world.tasks))
    (letter,) = await dead.dead_letters(NAME, world)
    answer = await administer(notes, WHY, f"POST {letter['id']}/replay", query, world)
    assert (answer.status, len(await dead.dead_letters(NAME, world))) == (status, left)


async def letters_of(times: tuple[int, ...]) -> tuple[Hub, Integration]:
    """Dead letters that came at these seconds, each of a lane of its own."""
    clock = [NOW]
    world = hub(integration(Remembering(behave=lambda read: refuse({"id": "1"}))), now=lambda: clock[0])
    for second in times:
        clock[0] = NOW + second
        await accept(world.integrations[NAME], envelope(note(f"at-{second}", lane=f"{second}")), world)
        while world.tasks:
            await next(iter(world.tasks))
    return world, world.integrations[NAME]


async def test_letters_are_listed_and_replayed_oldest_first() -> None:
    """The list is kept by id, a hash: with so many letters its own order is another one."""
    times = (50, 10, 40, 0, 30, 20, 60)
    world, notes = await letters_of(times)
    page = orjson.loads((await administer(notes, {}, "GET", {}, world)).body)
    assert [letter["control"] for letter in page["dead"]] == [f"at-{second}" for second in sorted(times)]
    assert set(page) == {"dead"}
    replayed = orjson.loads((await administer(notes, WHY, "POST replay", {}, world)).body)["replayed"]
    assert replayed == [letter["id"] for letter in page["dead"]]


async def test_a_long_list_has_a_next_page_which_begins_where_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    world, notes = await letters_of((0, 1, 2, 3))
    whole = {letter["id"] for letter in await dead.dead_letters(NAME, world)}
    read = dead.dead_page
    monkeypatch.setattr(dead, "dead_page", lambda *which, **more: read(*which, **more, most=3))
    first = orjson.loads((await administer(notes, {}, "GET", {}, world)).body)
    last = orjson.loads((await administer(notes, {}, "GET", {"after": first["after"]}, world)).body)
    assert (len(first["dead"]), len(last["dead"]), "after" in last) == (3, 1, False)
    assert {letter["id"] for letter in (*first["dead"], *last["dead"])} == whole


@pytest.mark.parametrize(
    ("rule", "controls"), [("", ["1", "2", "3"]), ("ack-AR", ["1", "3"]), ("ack-AE", ["2"]), ("ack", []), ("none", [])]
)
async def test_the_list_is_narrowed_by_a_rule_or_code(rule: str, controls: list[str]) -> None:
    answer, _, _ = await asked("GET", {"rule": rule}, {})
    assert sorted(letter["control"] for letter in orjson.loads(answer.body)["dead"]) == controls


class NoTables(MemoryStore):
    async def query(self, table: str, partition: str, first: str = "", last: str = "", limit: int = 0) -> list[Row]:
        raise Away


async def test_while_storage_is_away_the_caller_is_to_come_back_in_30_seconds() -> None:
    world = hub(integration(Remembering()), store=NoTables(lambda: NOW))
    answer = await administer(world.integrations[NAME], {}, "GET", {}, world)
    assert answer == Answer(status=503, content_type="text/plain", body=b"", headers={"Retry-After": "30"})


async def test_a_request_without_a_purpose_is_answered_with_how_to_give_one() -> None:
    answer, _, _ = await asked("POST replay", {}, {"x-hub-purpose": "  "})
    assert orjson.loads(answer.body) == {"error": "a purpose is required, which is kept in the audit: the header x-hub-purpose"}


async def test_what_is_not_there_has_no_body() -> None:
    for request in ("GET nothing", "POST {id1}/delete"):
        answer, _, _ = await asked(request, {}, WHY)
        assert (answer.status, answer.content_type, answer.body) == (404, "text/plain", b"")
