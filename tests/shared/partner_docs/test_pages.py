"""The pages for partners: whose integrations they show, what they hold, in which language, and with which headers."""

import io
import json
import re
import time
import zipfile
from hashlib import sha256

import pytest

from integrations import load_all
from shared.envelope import Answer
from shared.hub import Hub
from shared.intake.admission import LIMIT
from shared.partner_docs.samples import samples
from shared.partner_docs.site.door import Call, partner_docs
from shared.partner_docs.site.guide import guides, shown
from shared.partner_docs.site.words import TITLES
from shared.storage.memory import MemoryStore

ALL = load_all()
PARTNERS = {"k": ["phw-to-mpi", "referrals-to-pas"], "other": ["wds-to-mpi"], "any": ["*"]}
HTML = {"accept": "text/html", "host": "hub.test"}


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    known = [
        {"name": key, "keys": [sha256(key.encode()).hexdigest()], "integrations": names, "senders": ["*"]}
        for key, names in PARTNERS.items()
    ]
    monkeypatch.setenv("HUB_PARTNERS", json.dumps(known))
    return Hub(MemoryStore(time.time), {each.name: each for each in ALL})


async def get(hub: Hub, path: str, key: str = "k", lang: str = "", **headers: str) -> Answer:
    query = {"lang": lang} if lang else {}
    return await partner_docs(Call(path, query, {**HTML, "x-hub-key": key, **headers}), hub)


async def test_a_partner_sees_its_own_integrations_alone(hub: Hub) -> None:
    text = (await get(hub, "")).body.decode()
    assert {each.name for each in ALL if f"{each.name}?" in text} == set(PARTNERS["k"])
    assert (await get(hub, "wds-to-mpi")).status == 403
    assert b"wds" not in (await get(hub, "wds-to-mpi")).body


async def test_an_app_shows_the_integrations_that_it_has(hub: Hub) -> None:
    hub.integrations = {"phw-to-mpi": next(each for each in ALL if each.name == "phw-to-mpi")}
    assert b"referrals-to-pas" not in (await get(hub, "")).body
    assert (await get(hub, "referrals-to-pas")).status == 404


async def test_a_caller_that_is_not_recognised_gets_a_page_in_a_browser_and_no_body_elsewhere(hub: Hub) -> None:
    page = await get(hub, "phw-to-mpi", key="wrong")
    assert (page.status, page.content_type) == (401, "text/html; charset=utf-8")
    assert b"phw-to-mpi" not in page.body
    plain = await get(hub, "phw-to-mpi", key="wrong", accept="*/*")
    assert (plain.status, plain.body) == (401, b"")
    seen = [(await get(hub, "phw-to-mpi", key="wrong")).status for _ in range(LIMIT)]
    assert seen[-1] == 429


async def test_a_name_that_is_not_an_integration_reaches_no_event(hub: Hub) -> None:
    events: list[str] = []
    hub.emit = lambda name, **keys: events.append(repr(keys))
    assert (await get(hub, "Mair-Prawf-9990000018", key="wrong")).status == 401
    assert (await get(hub, "Mair-Prawf-9990000018")).status == 404
    assert "Mair" not in "".join(events)


@pytest.mark.parametrize("lang", ["en", "cy"])
async def test_every_page_of_every_integration_is_made_in_each_language_with_safe_headers(hub: Hub, lang: str) -> None:
    for each in ALL:
        for path in ("", "/samples", "/rules", "/answers"):
            answer = await get(hub, f"{each.name}{path}", key="any", lang=lang)
            assert answer.status == 200, (each.name, path)
            assert f'<html lang="{lang}"' in answer.body.decode()
            assert (answer.headers["Cache-Control"], answer.headers["Content-Language"]) == ("no-store", lang)
            assert answer.headers["Vary"] == "Accept-Language"
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "note"),
    [
        ("", "Mae&#39;r daflen rhyngwyneb yn Saesneg."),
        ("/rules", "Mae rhai o&#39;r testunau ar y dudalen hon yn Saesneg."),
        ("/answers", "Mae rhai o&#39;r testunau ar y dudalen hon yn Saesneg."),
    ],
)
async def test_a_welsh_page_says_what_is_in_english_and_marks_it(hub: Hub, path: str, note: str) -> None:
    """WCAG 3.1.2: a part in another language says so, for a screen reader; the note is for everyone."""
    welsh = (await get(hub, f"phw-to-mpi{path}", lang="cy")).body.decode()
    assert f"<p>{note}</p>" in welsh
    assert 'lang="en"' in welsh.partition(note)[2]
    assert note not in (await get(hub, f"phw-to-mpi{path}", lang="en")).body.decode()


async def test_the_sheet_of_a_welsh_page_is_marked_as_english_from_end_to_end(hub: Hub) -> None:
    welsh = (await get(hub, "phw-to-mpi", lang="cy")).body.decode()
    sheet = welsh.partition("Mae&#39;r daflen rhyngwyneb yn Saesneg.")[2]
    sections = re.findall(r'<section><h2 class="nhsuk-heading-m">([^<]+)</h2><div lang="en">', sheet)
    assert sections
    assert len(sections) == sheet.count("<section>")
    assert set(sections) <= set(TITLES.values())


async def test_every_rule_has_its_severity_its_example_and_both_languages(hub: Hub) -> None:
    text = (await get(hub, "phw-to-mpi/rules")).body.decode()
    integration = next(each for each in ALL if each.name == "phw-to-mpi")
    for rule in integration.profile.listed():  # type: ignore[attr-defined]
        section = text.split(f'id="{rule.rule}"')[1].split("</section>")[0]
        assert f">{rule.severity}<" in section
        assert 'lang="cy"' in section
        assert 'lang="en"' in section


@pytest.mark.parametrize("integration", ALL, ids=lambda each: each.name.replace("-", "_"))
async def test_every_sample_and_every_file_of_the_sheet_can_be_downloaded(hub: Hub, integration) -> None:  # type: ignore[no-untyped-def]
    page = (await get(hub, f"{integration.name}/samples", key="any")).body.decode()
    for each in samples(integration):
        assert f"/samples/{each.file}" in page
        assert (await get(hub, f"{integration.name}/samples/{each.file}", key="any")).body == each.body
    sheet = (await get(hub, integration.name, key="any")).body.decode()
    for link in sheet.split('href="/api/docs/')[1:]:
        path = link.partition('"')[0].partition("?")[0]
        assert (await get(hub, path, key="any")).status == 200, path


@pytest.mark.parametrize("path", ["samples/../__init__.py", "samples/a31_null.out.hl7", "files/__init__.py", "static/../door.py"])
async def test_nothing_else_of_an_integration_is_a_file(hub: Hub, path: str) -> None:
    assert (await get(hub, f"phw-to-mpi/{path}")).status == 404


def test_each_guide_shows_a_real_answer_to_an_accepted_and_to_a_rejected_message() -> None:
    for each in ALL:
        for guide in guides(each):
            assert shown(each, guide).keys() == {"accepted", "rejected"}, (each.name, guide.title)


async def test_the_command_to_try_a_sample_has_the_address_and_the_usual_media_type(hub: Hub) -> None:
    text = (await get(hub, "phw-to-mpi/samples")).body.decode()
    assert "http://hub.test/api/v1/phw-to-mpi/check</pre>" in text
    assert "Content-Type: application/hl7-v2&#39;" in text or "Content-Type: application/hl7-v2'" in text


async def test_the_document_of_a_partner_names_this_hub_and_this_integration_alone(hub: Hub) -> None:
    made = json.loads((await get(hub, "phw-to-mpi/openapi.json")).body)
    assert [each["url"] for each in made["servers"]] == ["http://hub.test"]
    assert {each["name"] for each in made["tags"]} == {"phw-to-mpi"}
    assert "wds-to-mpi" not in json.dumps(made)


async def test_the_collections_of_a_partner_send_to_this_hub_and_hold_this_integration_alone(hub: Hub) -> None:
    made = json.loads((await get(hub, "phw-to-mpi/postman_collection.json")).body)
    assert [each["name"] for each in made["item"]] == ["hub", "phw-to-mpi"]
    assert {"key": "url", "value": "http://hub.test", "type": "string"} in made["variable"]
    with zipfile.ZipFile(io.BytesIO((await get(hub, "phw-to-mpi/bruno_collection.zip")).body)) as archive:
        assert archive.read("phw-to-mpi-bruno/environments/this-hub.bru").startswith(b"vars {\n  url: http://hub.test\n}")
        assert {path.split("/")[1] for path in archive.namelist() if "/" in path.removeprefix("phw-to-mpi-bruno/")} == {
            "environments",
            "bodies",
            "hub",
            "phw-to-mpi",
        }
