"""The ops page in a real browser: it draws, it is accessible (axe), it calls no other site, it fits a phone, it can act."""

from typing import Any

import pytest

from tests.shared.ops.browsing import IN_A_BROWSER, PHONE, WIDE, fits, violations

pytestmark = IN_A_BROWSER
PAGES = {
    "overview": "?minutes=60",
    "destination not reachable": "/integration?integration=lims-results-to-cdr",
    "lane held": "/integration?integration=pims-to-mpi",
    "many rejected": "/integration?integration=pas-adt-to-cdr",
    "no message yet": "/integration?integration=wds-to-mpi",
    "parallel run of one": "/integration?integration=phw-to-mpi&minutes=1440",
    "dead letter": "/message?integration=pims-to-mpi&id=1-ab12cd34.0f",
    "message that waits": "/message?integration=lims-results-to-cdr&id=1-77aa.0e",
    "message behind it": "/message?integration=pims-to-mpi&id=1-ab12cd34.10",
    "codes": "/codes?",
    "parallel": "/parallel?minutes=1440",
    "thresholds": "/thresholds?",
}


@pytest.mark.parametrize(("size", "lang"), [(PHONE, "cy"), (WIDE, "en")], ids=["phone", "wide"])
async def test_every_page_is_accessible_fits_and_calls_no_other_site(
    base: str, browser: Any, size: dict[str, int], lang: str
) -> None:
    """In each language once, and on each screen: axe takes most of a second for a page."""
    page = await browser.new_page(viewport=size)
    requested: list[str] = []
    trouble: list[str] = []
    page.on("request", lambda r: requested.append(r.url))
    page.on("console", lambda m: trouble.append(m.text) if m.type == "error" else None)
    found: dict[str, Any] = {}
    for name, address in PAGES.items():
        await page.goto(f"{base}{address}&lang={lang}", wait_until="load")
        found[name] = (await violations(page), await fits(page), await page.get_attribute("html", "lang"))
    await page.close()
    assert found == dict.fromkeys(PAGES, ([], True, lang))
    assert not [url for url in requested if not url.startswith((base, "data:"))]
    assert not trouble


@pytest.mark.parametrize(("size", "lang"), [(PHONE, "en"), (WIDE, "cy")], ids=["phone", "wide"])
async def test_every_page_fits_in_the_other_language_too(base: str, browser: Any, size: dict[str, int], lang: str) -> None:
    page = await browser.new_page(viewport=size)
    for name, address in PAGES.items():
        await page.goto(f"{base}{address}&lang={lang}", wait_until="load")
        assert await fits(page), name
    await page.close()


@pytest.mark.parametrize("address", ["?minutes=60", "/integration?integration=wds-to-mpi"], ids=["data", "no data yet"])
async def test_charts_have_axes_with_units_also_before_the_first_data(base: str, browser: Any, address: str) -> None:
    page = await browser.new_page(viewport=WIDE)
    await page.goto(f"{base}{address}", wait_until="networkidle")
    charts = page.locator(".hub-chart")
    assert await charts.locator("canvas").count() == 2
    assert [await charts.nth(n).get_attribute("data-unit") for n in (0, 1)] == ["Messages per minute", "Milliseconds"]
    assert [await charts.nth(n).get_attribute("data-time") for n in (0, 1)] == ["Time (UTC)", "Time (UTC)"]
    assert await charts.nth(0).locator(".u-series").count() == 3
    empty = await page.locator(".hub-empty").all_inner_texts()
    assert ("No messages in this time range. The chart fills in as messages arrive." in empty) == ("wds" in address)
    await page.close()


async def test_a_chart_that_cannot_be_loaded_refers_to_the_table(base: str, browser: Any) -> None:
    page = await browser.new_page(viewport=WIDE)
    await page.route("**/data?*", lambda route: route.fulfill(status=503))
    await page.goto(f"{base}?minutes=60", wait_until="networkidle")
    shown = await page.locator(".hub-chart").all_inner_texts()
    assert shown == ["The chart could not be loaded. The table below has the same figures."] * 2
    await page.close()


async def test_the_keyboard_reaches_the_first_action_and_opens_it(base: str, browser: Any) -> None:
    page = await browser.new_page(viewport=WIDE)
    await page.goto(base)
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.getAttribute('href')") == "#maincontent"
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert "lims-results-to-cdr" in await page.evaluate("document.activeElement.innerText")
    assert await page.evaluate("getComputedStyle(document.activeElement).backgroundColor") != "rgba(0, 0, 0, 0)"
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/integration?*#destination")
    for _ in range(80):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.innerText") == "LIMS0000042":
            break
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/message?*")
    await page.close()


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
    await page.close()


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
    assert await fits(page)
    assert await violations(page) == []
    await page.close()


async def test_a_reader_is_offered_nothing_to_change(base: str, browser: Any) -> None:
    page = await browser.new_page(viewport=WIDE)
    await page.goto(f"{base}/message?integration=pims-to-mpi&id=1-ab12cd34.0f")
    assert await page.locator("button[value=replay]").count() == 0
    await page.close()
