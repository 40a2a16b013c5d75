"""The ops page without a browser: who may what, what is refused, what is audited, and that nothing is loaded from elsewhere."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from shared.envelope import Answer
from shared.ops.access import person
from shared.ops.page import Request, answer, sign
from shared.ops.render import FOLDER
from shared.ops.words import OUTCOMES, WORDS
from tests.shared.ops.sample_facts import DEAD, SampleFacts


@pytest.fixture(autouse=True)
def in_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ops app, with the platform's sign-in in front."""
    monkeypatch.setenv("WEBSITE_SITE_NAME", "hub-ops")
    monkeypatch.setenv("HUB_PLATFORM_AUTH", "principal")


PLACE = {"integration": DEAD.integration, "id": DEAD.id}


def principal(*roles: str) -> dict[str, str]:
    claims = [{"typ": "oid", "val": "someone"}, *({"typ": "roles", "val": role} for role in roles)]
    return {"x-ms-client-principal": base64.b64encode(json.dumps({"claims": claims}).encode()).decode()}


def request(method: str, path: str, *roles: str, **given: Any) -> Request:
    made = Request(
        method, path, given.pop("query", {}), principal(*roles) if roles else {}, secret=b"s", day="2026-03-02", **given
    )
    who = person(made.headers, on_developers_machine=False)
    form = {"token": sign(made, who), **made.form} if who and method == "POST" else made.form
    return Request(made.method, made.path, made.query, made.headers, form, secret=b"s", day="2026-03-02")


async def ask(facts: SampleFacts, *args: Any, **given: Any) -> Answer:
    return await answer(request(*args, **given), facts)


class Outside(HTMLParser):
    """Addresses that a page would load or post to."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for key, value in attrs if key in ("src", "href", "action")]
        self.inline += [key for key, _ in attrs if key.startswith("on") or key == "style"]


async def test_the_first_page_shows_every_integration_and_loads_nothing_from_elsewhere() -> None:
    got = await ask(SampleFacts(), "GET", "", "Hub.Reader")
    page = got.body.decode()
    assert got.status == 200
    for name in ("phw-to-mpi", "pims-to-mpi", "lims-results-to-cdr", "wds-to-mpi", DEAD.control_id):
        assert name in page
    seen = Outside()
    seen.feed(page)
    assert not [a for a in seen.addresses if not a.startswith(("/api/ops", "#", "data:,"))]
    assert not seen.inline
    assert "'unsafe-inline'" not in got.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("lang", "heading"), [("en", "Service status"), ("cy", "Statws y gwasanaeth")])
async def test_in_two_languages(lang: str, heading: str) -> None:
    page = (await ask(SampleFacts(), "GET", "", "Hub.Reader", query={"lang": lang})).body.decode()
    assert f'lang="{lang}"' in page
    assert heading in page


def test_every_phrase_is_translated() -> None:
    same = {key for key, (en, cy) in (WORDS | OUTCOMES).items() if en == cy}
    assert same == set()


@pytest.mark.parametrize("headers", [{}, {"x-ms-client-principal": "not base64"}, principal("Someone.Else")])
async def test_a_person_without_a_role_sees_nothing(headers: dict[str, str]) -> None:
    got = await answer(Request("GET", "", {}, headers), SampleFacts())
    assert got.status == 403
    assert b"phw-to-mpi" not in got.body


async def test_a_sample_role_counts_on_a_developers_machine_only() -> None:
    cookie = {"cookie": "hub-sample-role=admin"}
    assert person(cookie, on_developers_machine=False) is None
    sample = person(cookie, on_developers_machine=True)
    assert sample is not None
    assert sample.role == "admin"


ACTS = [
    ("replay", "Hub.Reader", 403),
    ("replay", "Hub.Operator", 200),
    ("discard", "Hub.Operator", 403),
    ("discard", "Hub.Admin", 200),
]


@pytest.mark.parametrize(("act", "role", "status"), ACTS)
async def test_who_may_act(act: str, role: str, status: int) -> None:
    facts = SampleFacts()
    got = await ask(facts, "POST", "act", role, form=PLACE | {"act": act, "why": "mapping fixed", "confirm": "yes"})
    assert got.status == status
    assert [name for name, _ in facts.audited] == ([act] if status == 200 else [])


@pytest.mark.parametrize("missing", ["why", "confirm"])
async def test_an_act_needs_a_reason_and_a_confirmation(missing: str) -> None:
    facts = SampleFacts()
    form = PLACE | {"act": "replay", "why": "fixed", "confirm": "yes", missing: ""}
    got = await ask(facts, "POST", "act", "Hub.Operator", form=form)
    assert got.status == 422
    assert f'href="#{missing}"'.encode() in got.body
    assert not facts.audited


@pytest.mark.parametrize(
    ("why", "text"), [("overtaken", "Later messages of its lane were delivered"), ("busy", "It is being worked on")]
)
async def test_an_act_that_was_not_possible_says_why_and_shows_no_success(
    why: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = SampleFacts()
    monkeypatch.setattr(facts, "_settle", lambda *_: why)
    form = PLACE | {"act": "replay", "why": "fixed", "confirm": "yes"}
    shown = (await ask(facts, "POST", "act", "Hub.Operator", form=form)).body.decode()
    assert text in shown
    assert 'role="alert"' in shown
    assert 'role="status"' not in shown


async def test_a_reason_is_kept_to_its_longest() -> None:
    facts = SampleFacts()
    form = PLACE | {"act": "replay", "why": "a" * 3000, "confirm": "yes"}
    await ask(facts, "POST", "act", "Hub.Operator", form=form)
    await ask(facts, "POST", "thresholds", "Hub.Operator", form={**LIMIT, "why": "a" * 3000})
    assert [len(actor.why) for _, actor in facts.audited] == [200, 200]


async def test_a_post_from_another_site_is_refused() -> None:
    facts = SampleFacts()
    form = PLACE | {"act": "replay", "why": "x", "confirm": "yes", "token": "guessed"}
    made = Request("POST", "act", {}, principal("Hub.Admin"), form, secret=b"s", day="2026-03-02")
    assert (await answer(made, facts)).status == 403
    assert not facts.audited


async def test_a_search_is_audited_and_its_value_is_not_shown_again() -> None:
    facts = SampleFacts()
    got = await ask(facts, "POST", "search", "Hub.Reader", form={"kind": "nhs_number", "value": "9990000018"})
    assert got.status == 200
    assert b"9990000018" not in got.body
    assert facts.audited[0][0] == "find nhs_number"
    assert facts.audited[0][1].name == "someone"


async def test_the_journey_of_a_message_and_of_none() -> None:
    got = await ask(SampleFacts(), "GET", "message", "Hub.Reader", query=PLACE)
    assert b"ack-AR" in got.body
    for wrong in (PLACE | {"id": "8"}, PLACE | {"integration": "x"}, {}):
        assert (await ask(SampleFacts(), "GET", "message", "Hub.Reader", query=wrong)).status == 404


LIMIT = {"integration": "phw-to-mpi", "rule": "error-rate", "limit": "2.5", "why": "winter", "act": "set"}


@pytest.mark.parametrize(("role", "status"), [("Hub.Reader", 403), ("Hub.Operator", 200), ("Hub.Admin", 200)])
async def test_who_may_set_a_threshold(role: str, status: int) -> None:
    facts = SampleFacts()
    assert (await ask(facts, "POST", "thresholds", role, form=LIMIT)).status == status
    assert [(name, actor.name, actor.why) for name, actor in facts.audited] == (
        [("threshold error-rate=2.5", "someone", "winter")] if status == 200 else []
    )


async def test_a_threshold_is_shown_with_who_and_why_and_taken_away() -> None:
    facts = SampleFacts()
    assert b"winter" not in (await ask(facts, "GET", "thresholds", "Hub.Reader")).body
    await ask(facts, "POST", "thresholds", "Hub.Operator", form=LIMIT)
    shown = (await ask(facts, "GET", "thresholds", "Hub.Reader", query={"lang": "cy"})).body.decode()
    assert all(word in shown for word in ("2.5 %", "someone", "winter", "Trothwyon", "/api/ops/thresholds?lang=en"))
    assert "<form" not in shown
    await ask(facts, "POST", "thresholds", "Hub.Operator", form={**LIMIT, "act": "remove", "limit": ""})
    assert facts.audited[-1][0] == "threshold error-rate=-1"


@pytest.mark.parametrize("wrong", [{"limit": ""}, {"limit": "-5"}, {"limit": "nan"}, {"limit": "1e9"}, {"why": " "}])
async def test_a_threshold_needs_a_number_and_a_reason(wrong: dict[str, str]) -> None:
    facts = SampleFacts()
    assert (await ask(facts, "POST", "thresholds", "Hub.Operator", form=LIMIT | wrong)).status == 422
    assert not facts.audited


async def test_what_is_asked_is_escaped() -> None:
    got = await ask(SampleFacts(), "GET", "message", "Hub.Reader", query=PLACE | {"id": '"><script>alert(1)</script>'})
    assert b"<script>alert" not in got.body


async def test_the_data_is_the_page_as_json() -> None:
    got = await ask(SampleFacts(), "GET", "data", "Hub.Reader", query={"minutes": "15"})
    document = json.loads(got.body)
    assert document["flows"][0]["integration"] == "phw-to-mpi"
    assert len(document["points"]) == 60


def test_vendored_files_are_those_of_the_list() -> None:
    listed = json.loads((FOLDER / "static" / "vendored.json").read_text())
    for name, entry in listed.items():
        text = (FOLDER / "static" / name).read_bytes()
        assert hashlib.sha256(text).hexdigest() == entry["sha256"], name
        assert not re.search(rb"url\((?!data:)|@import|@font-face", text)


@pytest.mark.parametrize("name", ["../page.py", "..%2fpage.py", "nothing.css", ""])
async def test_static_names_one_of_its_files_and_no_other(name: str) -> None:
    assert (await ask(SampleFacts(), "GET", f"static/{name}")).status == 404


@pytest.mark.parametrize(
    ("cookie", "name", "role"),
    [
        ("", "sample-reader", "reader"),
        ("hub-sample-role=reader", "sample-reader", "reader"),
        ("hub-sample-role=operator", "sample-operator", "operator"),
        ("a=b; hub-sample-role=admin; c=d", "sample-admin", "admin"),
        ("hub-sample-role=owner", "sample-reader", "reader"),
        ("hub-sample-role", "sample-reader", "reader"),
    ],
)
def test_who_a_sample_person_is(cookie: str, name: str, role: str) -> None:
    sample = person({"cookie": cookie}, on_developers_machine=True)
    assert sample is not None
    assert (sample.name, sample.role, sample.is_sample) == (name, role, True)


@pytest.mark.parametrize("on_developers_machine", [True, False])
@pytest.mark.parametrize(
    ("headers", "known"),
    [
        (principal("Hub.Reader"), ("someone", "reader", False)),
        (principal("Hub.Operator", "Hub.Reader"), ("someone", "operator", False)),
        (principal("Someone.Else"), None),
        (principal(), None),
        ({"x-ms-client-principal": "not base64"}, None),
    ],
)
def test_a_sign_in_that_the_platform_states_counts_before_a_sample(
    headers: dict[str, str], known: tuple[str, str, bool] | None, on_developers_machine: bool
) -> None:
    """Its person is never treated as the sample person, who may have a higher role."""
    found = person({**headers, "cookie": "hub-sample-role=admin"}, on_developers_machine=on_developers_machine)
    assert (found and (found.name, found.role, found.is_sample)) == known


async def test_a_parallel_run_is_shown_with_its_differences() -> None:
    shown = (await ask(SampleFacts(), "GET", "parallel", "Hub.Reader", query={"lang": "cy", "minutes": "1440"})).body.decode()
    assert all(word in shown for word in ("Rhediadau cyfochrog", "phw-to-mpi", "97.5 %", "PID-8", "value", "arsylwi"))
    assert "/api/ops/parallel?minutes=1440&amp;lang=en" in shown


async def test_no_parallel_run_is_said() -> None:
    class NoRun(SampleFacts):
        async def parallel(self, minutes: int) -> list[Any]:  # type: ignore[override]
            return []

    assert b"No integration runs in parallel." in (await ask(NoRun(), "GET", "parallel", "Hub.Reader")).body
