"""A night on call in a real browser, on a hub in memory: the pages on which a person acts, with the keyboard too."""

from typing import Any

import pytest

from tests.shared.ops.browsing import IN_A_BROWSER, PHONE, WIDE, Served, fits, violations
from tests.shared.ops.desk.morning import TEST, Morning

pytestmark = IN_A_BROWSER


async def sound(page: Any) -> None:
    """Nothing that axe finds, and no wider than the screen."""
    assert await fits(page)
    assert await violations(page) == []


@pytest.mark.parametrize(("size", "lang"), [(PHONE, "cy"), (WIDE, "en")], ids=["phone", "wide"])
async def test_a_night_on_call(served: tuple[Served, str], browser: Any, lang: str, size: dict[str, int]) -> None:
    """Pause a delivery, see that a retry is not possible, resume it, give one message up, discard many, read one."""
    morning = await Morning().happens()
    one, address = served
    one.answers = morning.answer
    page = await (await browser.new_context(viewport=size)).new_page()
    await page.goto(address)
    await page.click("button[value=admin]")
    await page.goto(f"{address}/paused?lang={lang}&integration={TEST}")
    await page.fill("#why", "upgrade")
    await page.click("button[value=pause]")
    await sound(page)
    await page.goto(f"{address}/waiting?lang={lang}")
    await page.focus("#pick-0")
    await page.keyboard.press("Space")
    await page.fill("#why", "it is well again")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.locator("[role=alert]").wait_for()
    await sound(page)
    await page.goto(f"{address}/paused?lang={lang}&integration={TEST}")
    await page.fill("#why", "upgraded")
    await page.click("button[value=resume]")
    await page.goto(f"{address}/waiting?lang={lang}&integration={TEST}")
    await page.check("#pick-0")
    await page.click("button[value=give-up]")
    assert await page.locator(".nhsuk-error-summary li").count() == 2
    await page.check("#pick-0")
    await page.fill("#why", "the sender withdraws it")
    await page.check("#confirm", force=True)
    await page.click("button[value=give-up]")
    assert await page.locator("[role=status]").is_visible()
    await page.goto(f"{address}/content?lang={lang}&integration={TEST}&id={(await morning.dead())['D1']}")
    await sound(page)
    await page.fill("#why", "the sender asks")
    await page.click("form[action*=content] button")
    assert "<b>Canary</b>" in await page.locator("pre").inner_text()
    assert "Canary" not in page.url
    await sound(page)
    await page.goto(f"{address}/destination?lang={lang}&integration={TEST}")
    await sound(page)
    await page.fill("#why", "it is well again")
    await page.click("button[value=try]")
    await page.locator("[role=alert]").wait_for()  # it was reachable all the time
    await sound(page)
    await page.goto(f"{address}/bulk?lang={lang}")
    await page.fill("#rule", "ack-AR")
    await page.click("form[action*=preview] button")
    await sound(page)
    await page.fill("#why", "not needed")
    await page.check("#confirm", force=True)
    await page.click("button[value=discard]")
    assert await page.locator("[role=status]").is_visible()
    await sound(page)
    assert list(await morning.dead()) == ["W1"]
