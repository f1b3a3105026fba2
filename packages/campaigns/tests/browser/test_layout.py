"""What stays in sight while one reads, and what narrow windows show."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.conftest import Served
from campaigns.domain.identity import Role

pytestmark = pytest.mark.browser


def test_sections_change_where_one_is(served: Served) -> None:
    page = served.open("/campaigns/C-2", Role.VIEWER, width=420)
    page.evaluate("window.sameLoad = true; document.getElementById('sections').scrollIntoView()")
    page.locator("#tab-failures").click()
    expect(page.locator("#pattern-1")).to_be_visible()
    expect(page).to_have_url(f"{served.url}/campaigns/C-2?tab=failures")
    assert page.evaluate("scrollY") > 100
    expect(page.locator("#sections")).to_be_in_viewport()
    # What is refreshed later is what is shown now.
    page.evaluate("document.getElementById('live').dispatchEvent(new Event('refresh'))")
    page.wait_for_timeout(500)
    expect(page.locator("#pattern-1")).to_be_visible()
    page.go_back()
    expect(page.locator("#row-S-5")).to_be_visible()
    expect(page.locator("#tab-submissions")).to_have_attribute("aria-current", "page")
    assert page.evaluate("window.sameLoad")


def test_sections_without_scripts_begin_at_the_sections(served: Served) -> None:
    page = served.open("/campaigns/C-2", Role.VIEWER, scripts=False)
    page.locator("#tab-history").click()
    expect(page).to_have_url(f"{served.url}/campaigns/C-2?tab=history#sections")


def test_heads_of_long_tables_stay_in_sight(served: Served) -> None:
    page = served.open("/dataid-sets/here/main/DM-51300/clouds@1", Role.VIEWER, width=1280)
    head = page.locator("main table thead th").first
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert page.evaluate("scrollY") > 300
    assert head.evaluate("(one) => Math.abs(one.getBoundingClientRect().top) < 2")


@pytest.mark.parametrize("width", [360, 420, 1280])
def test_judgements_and_operators_are_seen_without_scrolling(served: Served, width: int) -> None:
    page = served.open("/campaigns/C-2", Role.VIEWER, width=width)
    for row, told in (("#row-S-2", "accepted"), ("#row-S-5", "mary")):
        cell = page.locator(f"{row} td").filter(has_text=told).first
        assert cell.evaluate("(one) => one.getBoundingClientRect().right") <= width
    if width < 640:
        expect(page.locator("#row-S-5 .cell-bad").first).to_contain_text("assembleDeepCoadd 117/120 3✕")
        expect(page.locator("#row-S-5 .cell-good").first).to_be_hidden()
