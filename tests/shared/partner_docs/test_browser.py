"""The pages for partners in a real browser: accessible (axe), no wider than a phone, no other site, and opened with a key."""

import json
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from integrations import load
from shared.hub import Hub
from shared.partner_docs.site.door import Call, partner_docs
from shared.storage.memory import MemoryStore
from tests.shared.ops.browsing import IN_A_BROWSER, PHONE, WIDE, fits, violations
from tests.shared.ops.conftest import browser

__all__ = ["browser"]  # a fixture
pytestmark = IN_A_BROWSER
PAGES = ("", "/phw-to-mpi", "/phw-to-mpi/samples", "/phw-to-mpi/rules", "/phw-to-mpi/answers", "/no-such-page")


@pytest_asyncio.fixture(loop_scope="session")
async def address(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    known = {"name": "own", "keys": [sha256(b"a key").hexdigest()], "integrations": ["phw-to-mpi"], "senders": ["*"]}
    monkeypatch.setenv("HUB_PARTNERS", json.dumps([known]))
    hub = Hub(MemoryStore(time.time), {"phw-to-mpi": load("phw-to-mpi")})

    async def handle(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        got = await partner_docs(Call(request.path.removeprefix("/api/docs"), dict(request.query), headers), hub)
        return web.Response(status=got.status, body=got.body, headers={**got.headers, "Content-Type": got.content_type})

    app = web.Application()
    app.router.add_get("/api/docs", handle)
    app.router.add_get("/api/docs/{rest:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/api/docs"
    await runner.cleanup()


@pytest.mark.parametrize(("size", "lang"), [(PHONE, "cy"), (WIDE, "en")], ids=["phone", "wide"])
async def test_every_page_is_accessible_fits_and_calls_no_other_site(
    address: str, browser: Any, size: dict[str, int], lang: str
) -> None:
    page = await browser.new_page(viewport=size, extra_http_headers={"x-hub-key": "a key"})
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    found = {}
    for path in PAGES:
        await page.goto(f"{address}{path}?lang={lang}", wait_until="load")
        found[path] = (await violations(page), await fits(page), await page.get_attribute("html", "lang"))
    await page.close()
    assert found == dict.fromkeys(PAGES, ([], True, lang))
    assert not [url for url in requested if not url.startswith((address, "data:"))]


async def test_a_partner_with_a_key_opens_the_pages_and_downloads_a_file(address: str, browser: Any) -> None:
    page = await browser.new_page(viewport=PHONE)
    await page.goto(address)
    assert await violations(page) == []
    await page.fill("#key", "a key")
    await page.click(".hub-key button")
    await page.click("main a[href*='phw-to-mpi']")
    await page.wait_for_selector("a[href$='openapi.json']")
    async with page.expect_download() as download:
        await page.click("a[href$='openapi.json']")
    assert (await download.value).suggested_filename == "openapi.json"
    assert "a key" not in page.url
    await page.close()
