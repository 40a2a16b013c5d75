"""Versions of one document, dropped at once: whichever is taken first, the repository ends with the newer one."""

import asyncio
from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path
from typing import Any

import orjson
import pytest

from integrations import load
from shared.hub import Hub, Timing
from shared.intake.triggers.queues import accept_event
from shared.ledger.reporting import search
from shared.storage import names
from tests.ledger_world import hub
from toolkit.local import drops
from toolkit.local.simulators.cdr import Cdr
from toolkit.samples import samples

DOCUMENTS = load("documents-to-cdr")
HALVES = drops.halves(next(each for each in samples(DOCUMENTS) if each.name == "clinic_letter").body, "json")
SEPARATE = Timing(inline=100)
RECORDED = {"first": "2026-04-20T14:05:00+01:00", "second": "2026-04-20T13:30:00Z"}  # half past one in Greenwich is later


@pytest.fixture
async def cdr(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cdr]:
    async with Cdr() as simulator:
        monkeypatch.setenv("CDR__URL", simulator.url)
        yield simulator
        await DOCUMENTS.destination.close()


def version(name: str, recorded: str) -> dict[str, bytes]:
    """Both files of one version, which says so in its title; the document's own id is the same in each."""
    sidecar = orjson.loads(HALVES["json"])
    sidecar |= {"id": f"EVT-{name}", "recorded": recorded, "document": {**sidecar["document"], "title": name}}
    return {f"documents-to-cdr/{name}.pdf": HALVES["pdf"] + name.encode(), f"documents-to-cdr/{name}.json": orjson.dumps(sidecar)}


async def taken(world: Hub, *versions: dict[str, bytes]) -> dict[str, str]:
    """All are in the inbox before the first is taken; then they are delivered. What the ledger says of each, by its own id."""
    for files in versions:
        for name, body in files.items():
            await world.store.write_blob(names.INBOX, name, body)
    for files in versions:
        await accept_event(DOCUMENTS, drops.created(next(iter(files))), world)
    while world.tasks:
        await asyncio.gather(*world.tasks)
    stories = await search.find(DOCUMENTS.name, "patient", "9990101000", world)
    assert {story["outcome"] for story in stories} == {"delivered"}
    return {story["control"]: story["code"] for story in stories}


def held(cdr: Cdr) -> tuple[str, int]:
    """The title of the one document that the repository holds, and the length of what it leads to."""
    (document,) = cdr.store.of_type("DocumentReference")
    attachment: dict[str, Any] = document["content"][0]["attachment"]
    binary = cdr.store.current("Binary", attachment["url"].removeprefix("Binary/"))
    return attachment["title"], len(binary["data"])


@pytest.mark.parametrize("timing", [Timing(), SEPARATE], ids=["inside", "separate"])
@pytest.mark.parametrize("order", [*permutations(RECORDED)], ids=" ".join)
async def test_the_newer_of_two_versions_stays(cdr: Cdr, order: tuple[str, ...], timing: Timing) -> None:
    codes = await taken(hub(DOCUMENTS, timing=timing), *(version(name, RECORDED[name]) for name in order))
    assert held(cdr)[0] == "second"
    assert codes == {"EVT-first": "stored" if order[0] == "first" else "newer-held", "EVT-second": "stored"}
    versions = [len(each) for (kind, _), each in cdr.store.versions.items() if kind == "DocumentReference"]
    assert versions == [2 if order[0] == "first" else 1]


async def test_of_two_versions_of_one_moment_the_later_taken_stays(cdr: Cdr) -> None:
    same = RECORDED["first"]
    assert await taken(hub(DOCUMENTS), version("one", same), version("other", same)) == dict.fromkeys(
        ("EVT-one", "EVT-other"), "stored"
    )
    assert held(cdr)[0] == "other"


def test_onboarding_says_which_version_stays() -> None:
    assert "`newer-held`" in Path("docs/onboarding.md").read_text()
