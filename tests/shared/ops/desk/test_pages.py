"""The pages on which a person acts: what they show and do, who may, and what is kept out of addresses and caches."""

import dataclasses
from typing import Any

import orjson
import pytest

from shared.delivery import breaker, pause
from shared.delivery.dead import Person, dead_letters
from shared.ledger import audit
from shared.ops.desk import content_page
from shared.ops.desk.door import Call, ops
from shared.ops.words import WORDS
from shared.storage.store import Away
from tests.shared.ops.desk.morning import PATIENT, SECOND, TEST, Morning, refuse

WHY = {"why": "the receiver is well again", "confirm": "yes"}
ROUTES = (
    ("GET", "waiting"),
    ("GET", "waiting/data"),
    ("GET", "paused"),
    ("GET", "destination"),
    ("GET", "bulk"),
    ("GET", "content"),
)


@pytest.fixture
async def morning() -> Morning:
    return await Morning().happens()


async def acts(morning: Morning, name: str = TEST) -> list[tuple[str, str, str]]:
    return [(one.who, one.what, one.purpose) for one in await audit.acts(name, morning.hub)]


async def waiting(morning: Morning, **query: str) -> list[dict[str, Any]]:
    got = await morning.ask("GET", "waiting/data", query=query)
    return list(orjson.loads(got.body)["lines"])


def chosen(lines: list[dict[str, Any]], *controls: str) -> dict[str, str]:
    """The fields of the form for the messages with these control ids."""
    return {f"pick-{n}": f"{one['integration']} {one['id']}" for n, one in enumerate(lines) if one["control"] in controls}


async def test_what_waits_is_shown_with_its_reason_its_last_answer_and_its_next_attempt(morning: Morning) -> None:
    lines = await waiting(morning)
    assert [(one["control"], one["reason"], one["answer"], one["behind"]) for one in lines] == [
        ("W1", "failed", "ack-AE", 1),
        ("W3", "failed", "ack-AE", 0),
        ("W4", "failed", "http-503", 0),
    ]
    assert all(one["tries"] for one in lines)
    assert all(one["due"] > one["since"] for one in lines if one["due"])
    page = (await morning.ask("GET", "waiting")).body.decode()
    assert all(text in page for text in ("W1", "W3", "W4", "ack-AE", "http-503"))
    assert "Canary" not in page


@pytest.mark.parametrize(
    ("query", "controls"),
    [
        ({"integration": SECOND}, ["W4"]),
        ({"reason": "ack-AE"}, ["W1", "W3"]),
        ({"older": "1000"}, ["W1"]),
        ({"older": "1000", "reason": "http-503"}, []),
        ({"older": "soon"}, ["W1", "W3", "W4"]),
        ({"integration": "none"}, []),
    ],
)
async def test_the_list_is_filtered(morning: Morning, query: dict[str, str], controls: list[str]) -> None:
    assert [one["control"] for one in await waiting(morning, **query)] == controls


async def test_retry_now_delivers_what_was_chosen_and_nothing_else(morning: Morning) -> None:
    lines = await waiting(morning)
    for destination in morning.destinations.values():
        destination.behave = lambda read: None
    got = await morning.ask("POST", "waiting", act="retry", **chosen(lines, "W3"), **WHY)
    assert f"{WORDS['done_retry'][0]}: 1" in got.body.decode()
    due = {one["control"]: one["due"] for one in await waiting(morning)}
    assert due["W3"] == ""
    assert due["W1"] != ""
    assert await acts(morning) == [("sample-admin", "retry", WHY["why"])]


async def test_give_up_makes_dead_letters_and_what_was_behind_is_first(morning: Morning) -> None:
    lines = await waiting(morning)
    got = await morning.ask("POST", "waiting", act="give-up", role="operator", **chosen(lines, "W1", "W4"), **WHY)
    assert f"{WORDS['done_give-up'][0]}: 2" in got.body.decode()
    assert [one["control"] for one in await waiting(morning)] == ["W2", "W3"]
    letters = await dead_letters(TEST, morning.hub)
    assert [one["control"] for one in letters if one["code"] == "given-up"] == ["W1"]


async def test_what_is_not_possible_is_said_in_words(morning: Morning) -> None:
    lines = await waiting(morning)
    await pause.pause(morning.hub.integrations[TEST], Person("ann", "upgrade"), morning.hub)
    for lang, index in (("en", 0), ("cy", 1)):
        form = chosen(lines, "W1") | {"pick-9": "none 1-a.b"}
        got = await morning.ask("POST", "waiting", query={"lang": lang}, act="retry", **form, **WHY)
        page = got.body.decode().replace("&#39;", "'")
        assert WORDS["refused_paused"][index] in page
        assert WORDS["refused_not-waiting"][index] in page
    assert all(one["reason"] == "paused" and one["due"] == "" for one in await waiting(morning, integration=TEST))


@pytest.mark.parametrize(
    ("path", "form", "missing"),
    [
        ("waiting", {"act": "retry"}, ["pick-0", "why", "confirm"]),
        ("waiting", {"act": "retry", "pick-0": "a b", "why": " "}, ["why", "confirm"]),
        ("paused", {"act": "pause", "integration": TEST}, ["why"]),
        ("destination", {"act": "try", "integration": TEST}, ["why"]),
        ("bulk", {"act": "replay", "plan": "x"}, ["why", "confirm"]),
        ("content", {"integration": TEST, "id": "x"}, ["why"]),
    ],
)
async def test_nothing_is_done_without_a_reason(morning: Morning, path: str, form: dict[str, str], missing: list[str]) -> None:
    got = await morning.ask("POST", path, **form)
    page = got.body.decode()
    assert got.status == 422
    assert [name for name in ("pick-0", "why", "confirm") if f'href="#{name}"' in page] == missing
    assert await acts(morning) == []


async def test_a_delivery_is_paused_and_resumed(morning: Morning) -> None:
    await morning.ask("POST", "paused", act="pause", integration=TEST, why="upgrade", role="operator")
    page = (await morning.ask("GET", "paused", role="reader")).body.decode()
    assert "upgrade" in page
    again = (await morning.ask("POST", "paused", act="pause", integration=TEST, why="upgrade")).body.decode()
    assert WORDS["refused_paused-already"][0] in again
    await morning.ask("POST", "paused", act="resume", integration=TEST, why="done")
    assert [what for _, what, _ in await acts(morning)] == ["pause", "pause", "resume"]
    assert await pause.paused(TEST, morning.hub) is None


async def test_an_operator_tries_a_destination_that_is_not_reachable(morning: Morning) -> None:
    """The lanes that waited for it are delivered, the act is in the audit, and a second one says that there is nothing to do."""
    sick = dataclasses.replace(morning.hub.integrations[TEST], delivery=dataclasses.replace(PATIENT, breaker_failures=1))
    morning.hub.integrations = {TEST: sick}  # type: ignore[assignment]
    morning.destinations[TEST].behave = refuse("transient", "http-503")
    await morning.send(TEST, "W5", "E")
    await morning.send(TEST, "W6", "F")
    query = {"integration": TEST}
    page = (await morning.ask("GET", "destination", query=query, role="reader")).body.decode()
    assert WORDS["breaker_open"][0] in page
    assert '/destination?lang=en" novalidate' not in page
    linked = (await morning.ask("GET", "integration", query=query)).body.decode()
    assert f"/destination?integration={TEST}" in linked
    assert (await morning.ask("POST", "destination", act="try", integration=TEST, why="x", role="reader")).status == 403
    morning.destinations[TEST].behave = lambda read: None
    page = (
        await morning.ask("POST", "destination", act="try", integration=TEST, why="it is back", role="operator")
    ).body.decode()
    assert WORDS["done_try"][0] in page
    assert await acts(morning) == [("sample-operator", "close-breaker", "it is back")]
    assert await breaker.is_closed("TEST", morning.hub)
    again = (await morning.ask("POST", "destination", act="try", integration=TEST, why="it is back")).body.decode()
    assert WORDS["refused_breaker-closed"][0].replace("'", "&#39;") in again


async def test_many_dead_letters_from_the_preview_to_the_end(morning: Morning) -> None:
    got = await morning.ask("POST", "bulk/preview", rule="ack-AR", integration=TEST, younger="86400")
    page = got.body.decode()
    assert "ack-AR" in page
    plan = page.partition('name="plan" value="')[2].partition('"')[0]
    assert len(await dead_letters(TEST, morning.hub)) == 3
    done = (await morning.ask("POST", "bulk", act="discard", plan=plan, **WHY)).body.decode()
    assert f"{WORDS['bulk_done_discard'][0]}: 3" in done
    assert [what for _, what, _ in await acts(morning)] == ["bulk-discard", *["discard"] * 3]
    again = (await morning.ask("POST", "bulk", act="replay", plan=plan, **WHY)).body.decode()
    assert WORDS["refused_no-plan"][0] in again


async def test_the_content_is_shown_to_whom_may_and_is_kept_nowhere(morning: Morning) -> None:
    id = (await morning.dead())["D1"]
    assert (await morning.ask("GET", "content", query={"integration": TEST, "id": id})).status == 200
    got = await morning.ask("POST", "content", integration=TEST, id=id, why="the sender asks")
    assert b"&lt;b&gt;Canary&lt;/b&gt;" in got.body
    assert b"<b>Canary" not in got.body
    assert (got.headers["Cache-Control"], got.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert await acts(morning) == [("sample-admin", "content", "the sender asks")]
    gone = await morning.ask("POST", "content", integration=TEST, id="1-a.b", why="the sender asks")
    assert WORDS["refused_not-dead"][0] in gone.body.decode()
    assert WORDS["refused_not-dead"][0] in (await morning.ask("POST", "content", integration="x", id=id, why="y")).body.decode()


def test_the_page_does_not_promise_that_every_lane_goes_on() -> None:
    """Of an integration that holds a lane behind a dead letter, it does not."""
    english, welsh = WORDS["act_on_chosen_hint"]
    assert "unless the integration holds" in english
    assert "oni bai bod yr integreiddiad yn dal" in welsh


async def test_of_a_large_content_only_what_is_shown_becomes_text(morning: Morning, monkeypatch: pytest.MonkeyPatch) -> None:
    id = (await morning.dead())["D1"]

    async def large(*_: object) -> bytes:
        return "ŷ".encode() * 5_000_000

    made, text_of = list[int](), content_page.text_of
    monkeypatch.setattr(content_page, "text_of", lambda body: made.append(len(body)) or text_of(body))
    monkeypatch.setattr(content_page.dead, "content", large)
    shown = (await morning.ask("POST", "content", integration=TEST, id=id, why="the sender asks")).body.decode()
    assert made[0] <= 5 * content_page.LARGEST
    assert shown.count("ŷ") == content_page.LARGEST
    assert WORDS["content_cut"][0] in shown


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_no_answer_is_kept(morning: Morning, method: str, path: str) -> None:
    assert (await morning.ask(method, path)).headers["Cache-Control"] == "no-store"


async def test_a_form_without_the_token_of_its_page_is_refused(morning: Morning) -> None:
    for path in ("waiting", "paused", "destination", "bulk", "bulk/preview", "content"):
        assert (await morning.ask("POST", path, token="wrong", act="retry", **WHY)).status == 403


async def test_an_act_that_no_page_has_is_refused(morning: Morning) -> None:
    assert (await morning.ask("POST", "waiting", act="delete", **WHY)).status == 403
    assert (await morning.ask("POST", "paused", act="stop", integration=TEST, **WHY)).status == 403
    assert (await morning.ask("POST", "destination", act="close", integration=TEST, **WHY)).status == 403
    assert (await morning.ask("POST", "destination", act="try", integration="none", **WHY)).status == 403
    assert (await morning.ask("POST", "bulk", act="delete", plan="x", **WHY)).status == 403
    assert (await morning.ask("POST", "bulk", act="discard", plan="x", role="operator", **WHY)).status == 403


@pytest.mark.parametrize("path", ["", "data", "integration", "message", "codes", "waiting/data", "paused", "destination"])
async def test_while_storage_is_away_a_page_says_when_to_come_back(
    morning: Morning, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise Away

    for call in ("get", "query"):
        monkeypatch.setattr(morning.hub.store, call, away)
    query = {"integration": TEST, "id": "1-ab.cd"}
    answer = await ops(Call("GET", path, query, {"cookie": "hub-sample-role=reader"}, b""), morning.hub)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
