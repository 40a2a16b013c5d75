"""The page of unmapped codes and its JSON: what it shows, and to whom."""

import asyncio
from dataclasses import asdict

import orjson
import pytest

from shared.codes.table import CodeTable
from shared.delivery.upkeep import watchdog
from shared.intake.accept import accept
from shared.ops.figures.needs import needs
from shared.ops.ledger import LedgerFacts
from shared.ops.words import WORDS
from tests import ledger_world as world
from tests.shared.ops.sample_facts import CODES, SampleFacts
from tests.shared.ops.test_page import ask, in_azure  # noqa: F401 the fixture applies here too


async def test_the_page_says_for_each_code_what_to_do() -> None:
    page = (await ask(SampleFacts(), "GET", "codes", "Hub.Reader")).body.decode()
    assert CODES[0].place in page
    assert "NEW" in page
    assert page.index("pas-adt-to-cdr") < page.index("pims-to-mpi"), "those that lanes wait for come first"
    assert "&lt;b&gt;Sub&lt;/b&gt;" in page


async def test_the_same_as_json() -> None:
    got = await ask(SampleFacts(), "GET", "codes/data", "Hub.Reader")
    assert orjson.loads(got.body) == {"codes": [asdict(line) for line in CODES]}


@pytest.mark.parametrize("path", ["codes", "codes/data"])
async def test_only_for_people_with_a_role(path: str) -> None:
    assert (await ask(SampleFacts(), "GET", path)).status == 403
    assert (await ask(SampleFacts(), "GET", path, "Hub.Partner")).status == 403


@pytest.mark.parametrize("action", ["known", "wait", "add", "review", "others"])
def test_every_action_has_words(action: str) -> None:
    assert all(WORDS[f"action_{action}"])


async def test_from_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_HASH_KEY", "a key of this test")
    table = CodeTable("COLOURS", __name__, {}, met=lambda note: [("colour", note["colour"])], unmapped="wait")
    one = world.integration(world.Remembering(), codes=(table,))
    hub = world.hub(one)
    await accept(one, world.envelope(world.note("1", colour="G")), hub)
    while hub.tasks:
        await asyncio.gather(*hub.tasks)
    await watchdog.tick(hub)
    facts = LedgerFacts(hub)
    assert [(line.code, line.waiting) for line in await facts.codes()] == [("G", 1)]
    flow = (await facts.overview(60)).flows[0]
    assert (flow.codes_waiting, flow.waiting, [need.kind for need in needs([flow], 60)]) == (1, 1, ["codes"])
