"""The tasks of an on-call engineer in a real browser: each starts at the first page and follows its links."""

from typing import Any

import pytest

from tests.shared.ops.browsing import IN_A_BROWSER, PHONE, WIDE

pytestmark = IN_A_BROWSER


async def first_page(base: str, browser: Any, size: dict[str, int] = WIDE, lang: str = "en") -> Any:
    page = await browser.new_page(viewport=size)
    await page.goto(f"{base}?lang={lang}")
    return page


async def follow(page: Any, text: str) -> None:
    """Follow the one link with this text."""
    links = page.get_by_role("link", name=text)
    assert await links.count() == 1, text
    await links.click()
    await page.wait_for_load_state()


async def text_of(page: Any) -> str:
    return " ".join((await page.locator("main").inner_text()).split())


@pytest.mark.parametrize(
    ("lang", "action", "words"),
    [
        ("en", "Destination not reachable", ("not reachable", "First failure in a row", "HTTP status 503", "Earlier outages")),
        ("cy", "Cyrchfan ddim ar gael", ("ddim ar gael", "Methiant cyntaf yn olynol", "HTTP status 503", "Toriadau blaenorol")),
    ],
)
async def test_a_destination_is_sick(base: str, browser: Any, lang: str, action: str, words: tuple[str, ...]) -> None:
    """Since when, why, what waits for it, and when it is tried again."""
    page = await first_page(base, browser, lang=lang)
    await follow(page, action)
    shown = await text_of(page)
    for word in (*words, "2026-03-02 08:49:58", "http-503", "2026-03-02 09:31:00"):
        assert word in shown
    assert page.url.endswith("#destination")
    assert f"lang={lang}" in page.url
    await follow(page, "LIMS0000042")
    assert "2026-03-02 09:31:20" in await page.locator(".hub-plan").inner_text()
    assert "09:31:20" not in await page.locator(".hub-steps").inner_text()
    await page.close()


async def test_what_happened_to_a_message(base: str, browser: Any) -> None:
    page = await first_page(base, browser, PHONE)
    await page.get_by_label("Value").fill("PIMS0000007")
    await page.get_by_role("button", name="Find").click()
    await follow(page, "PIMS0000007")
    shown = await text_of(page)
    for words in ("Message history", "timeout", "30.0 s", "not known: the process ended", "ack-AR", "112 ms"):
        assert words in shown
    assert "Attempts after the first one that are not listed: 7." in shown
    assert await page.locator(".hub-plan").count() == 0
    await page.close()


async def test_one_partner_floods_with_refusals(base: str, browser: Any) -> None:
    page = await first_page(base, browser)
    await follow(page, "Many messages rejected")
    rows = [" ".join(row.split()) for row in await page.locator("section:has(#refusals) tbody tr").all_inner_texts()]
    assert rows[:2] == ["PAS7A4 all rules together 208", "PAS7A4 patient-identifier 208"]
    shown = await text_of(page)
    assert "The sender must correct and resend these messages." in shown
    assert "Failed (hub or destination) 0 0.0 %" in shown
    await page.close()


async def test_a_code_is_unknown(base: str, browser: Any) -> None:
    page = await first_page(base, browser)
    await follow(page, "Lanes waiting for a code")
    shown = await text_of(page)
    assert "Add the code to the table and deploy" in shown
    assert "integrations/pas_adt_to_cdr/codes.py:36" in shown
    await page.close()


async def test_a_lane_is_held(base: str, browser: Any) -> None:
    page = await first_page(base, browser)
    await page.click("button[value=operator]")
    await follow(page, "Lanes that a dead letter holds")
    await follow(page, "PIMS0000008")
    assert "A dead letter holds the lane" in await page.locator(".hub-plan").inner_text()
    await follow(page, "open the dead letter")
    assert "PIMS0000007" in await text_of(page)
    assert await page.get_by_role("button", name="Replay").is_visible()
    await page.close()


async def test_the_way_back_keeps_the_language(base: str, browser: Any) -> None:
    page = await first_page(base, browser, lang="cy")
    await follow(page, "Llythyrau marw i'w hailchwarae")
    await follow(page, "Yn ôl i'r trosolwg")
    assert await page.get_attribute("html", "lang") == "cy"
    await page.close()
