"""The ops page in a real browser: it draws, it is accessible (axe), it calls no other site, it fits a phone, it can act."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from shared.ops.page import Request, answer
from tests.shared.ops.sample_facts import SampleFacts

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ROOT = Path(__file__).resolve().parents[3]
AXE = next((p for p in (ROOT / ".hub" / "node_modules", ROOT / "node_modules") if (p / "axe-core").is_dir()), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
PHONE, WIDE = {"width": 375, "height": 740}, {"width": 1280, "height": 900}

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")]


def served(facts: SampleFacts) -> web.Application:
    async def handle(request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        headers = {key.lower(): value for key, value in request.headers.items()}
        path = request.path.removeprefix("/api/ops").strip("/")
        made = Request(request.method, path, dict(request.query), headers, form, secret=b"s", day="d", on_developers_machine=True)
        got = await answer(made, facts)
        return web.Response(status=got.status, body=got.body, headers={**got.headers, "Content-Type": got.content_type})

    app = web.Application()
    app.router.add_route("*", "/api/ops", handle)
    app.router.add_route("*", "/api/ops/{rest:.*}", handle)
    return app


@pytest.fixture
async def base() -> AsyncIterator[str]:
    runner = web.AppRunner(served(SampleFacts()))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/api/ops"
    await runner.cleanup()


@pytest.fixture
async def browser() -> AsyncIterator[Any]:
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
    found = await page.evaluate("axe.run()")
    return [f"{v['id']}: {node['html'][:120]}" for v in found["violations"] for node in v["nodes"]]


@pytest.mark.parametrize("lang", ["en", "cy"])
@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
async def test_the_first_page_is_accessible_drawn_and_alone(base: str, browser: Any, lang: str, size: dict[str, int]) -> None:
    page = await browser.new_page(viewport=size)
    asked: list[str] = []
    trouble: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.on("console", lambda m: trouble.append(m.text) if m.type == "error" else None)
    await page.goto(f"{base}?lang={lang}", wait_until="networkidle")
    assert await page.locator(".hub-chart canvas").count() == 2
    assert not [url for url in asked if not url.startswith((base, "data:"))]
    assert not trouble
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert await violations(page) == []


async def test_an_operator_finds_a_dead_letter_and_replays_it(base: str, browser: Any) -> None:
    page = await browser.new_page(viewport=WIDE)
    await page.goto(base)
    await page.click("button[value=operator]")
    await page.fill("#value", "PIMS0000007")
    await page.click("text=Find >> nth=-1")
    await page.click("a:has-text('PIMS0000007')")
    assert await violations(page) == []
    await page.click("button[value=replay]")
    assert await page.locator(".nhsuk-error-summary").is_visible()
    assert await violations(page) == []
    await page.fill("#why", "mapping fixed")
    await page.check("#confirm", force=True)
    await page.click("button[value=replay]")
    assert await page.locator("[role=status]").is_visible()
    assert "PIMS0000007" not in page.url


@pytest.mark.parametrize("lang", ["en", "cy"])
async def test_an_operator_sets_a_threshold(base: str, browser: Any, lang: str) -> None:
    page = await browser.new_page(viewport=PHONE)
    await page.goto(f"{base}/thresholds?lang={lang}")
    await page.click("button[value=operator]")
    await page.goto(f"{base}/thresholds?lang={lang}")
    await page.click("button[value=set]")
    assert await page.locator(".nhsuk-error-summary li").count() == 2
    await page.fill("#limit", "2.5")
    await page.fill("#why", "winter")
    await page.click("button[value=set]")
    assert await page.locator("[role=status]").is_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert await violations(page) == []


async def test_a_reader_is_offered_nothing_to_change(base: str, browser: Any) -> None:
    page = await browser.new_page(viewport=WIDE)
    await page.goto(f"{base}/message?integration=pims-to-mpi&id=1-ab12cd34.0f")
    assert await page.locator("button[value=replay]").count() == 0
