"""The page of a report: it holds all of the report, loads nothing, is accessible (axe), fits a phone, and can be printed."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from integrations import load
from tests.shared.ops.browsing import IN_A_BROWSER, PHONE, WIDE, fits, started_browser, violations
from tests.toolkit.conformance.served import NOW
from toolkit.conformance import judges, page
from toolkit.conformance.report import report
from toolkit.conformance.tally import tally
from toolkit.samples import ROOT

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """A report with everything that can be missing, as a file."""
    folder, pims = tmp_path_factory.mktemp("report"), load("pims-to-mpi")
    (folder / "loop").symlink_to(folder / "loop")
    for path in sorted((ROOT / pims.package / "samples").glob("*.in.hl7"))[::5]:
        (folder / f"x{path.name}").write_bytes(path.read_bytes())
    with judges.local(pims, lambda: NOW) as judge:
        found = report(tally(pims, folder, judge), "1.2.3")
    file = folder / "report.html"
    file.write_text(page.page(found, "2026-05-01", "this machine"), "utf-8")
    return found, file


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def browser() -> AsyncIterator[Any]:
    async with started_browser() as started:
        yield started


async def test_the_page_is_whole_accessible_and_calls_no_site(made: tuple[dict[str, Any], Path], browser: Any) -> None:
    found, file = made
    requested: list[str] = []
    for size in (PHONE, WIDE):
        shown = await browser.new_page(viewport=size)
        shown.on("request", lambda r: requested.append(r.url))
        await shown.goto(file.as_uri(), wait_until="load")
        assert await violations(shown) == []
        assert await fits(shown)
        text = await shown.inner_text("body")
    assert set(requested) == {file.as_uri()}
    for words in (
        *found["missing"],
        *(each["rule"] for each in found["rules"]),
        *(each["cy"]["wrong"] for each in found["rules"]),
    ):
        assert words in text, words
    assert all(words in text for words in ("Sign-off", "Signature", found["digest"], found["messages_digest"], "1.2.3"))
    assert await shown.locator("[lang=cy]").count() == len(found["rules"])
    printed = await shown.pdf()
    assert printed.startswith(b"%PDF")
