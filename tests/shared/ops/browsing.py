"""What the tests in a real browser share: the ops page on facts in memory, the sizes of a screen, and what axe finds."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from shared.envelope import Answer
from shared.ops.page import Request, answer
from tests.shared.ops.sample_facts import SampleFacts

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ROOT = Path(__file__).resolve().parents[3]
AXE = next((p for p in (ROOT / ".hub" / "node_modules", ROOT / "node_modules") if (p / "axe-core").is_dir()), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
PHONE, WIDE = {"width": 375, "height": 740}, {"width": 1280, "height": 900}
IN_A_BROWSER = [
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]


class Served:
    """The ops page on these facts, which each test replaces. ``answers``: what answers in place of it."""

    def __init__(self) -> None:
        self.facts = SampleFacts()
        self.answers: Callable[[Request], Awaitable[Answer]] | None = None

    async def handle(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        headers = {key.lower(): value for key, value in request.headers.items()}
        path = request.path.removeprefix("/api/ops").strip("/")
        made = Request(request.method, path, dict(request.query), headers, form, secret=b"s", day="d", on_developers_machine=True)
        got = await (self.answers(made) if self.answers else answer(made, self.facts))
        return web.Response(status=got.status, body=got.body, headers={**got.headers, "Content-Type": got.content_type})


@asynccontextmanager
async def started_browser() -> AsyncIterator[Any]:
    """A browser without a window, until the end."""
    playwright = pytest.importorskip("playwright.async_api")
    async with playwright.async_playwright() as p:
        started = await p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        await started.close()


async def violations(page: Any) -> list[str]:
    """What axe finds, by rule and place."""
    if AXE is None:
        pytest.skip("axe-core is not installed: ./hub setup --all")
    # evaluated through the debugger, which the page's own policy does not govern
    await page.evaluate((AXE / "axe-core" / "axe.min.js").read_text("utf-8"))
    found = await page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [f"{v['id']}: {node['html'][:120]}" for v in found["violations"] for node in v["nodes"]]


async def fits(page: Any) -> bool:
    """Whether nothing is wider than the screen."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
