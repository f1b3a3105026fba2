"""What is decided from the pages: how much it is about stands on the button."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.conftest import Served

pytestmark = pytest.mark.browser


def test_how_much_is_excluded_stands_on_the_button(served: Served) -> None:
    page = served.open("/submissions/S-5/exclude")
    button = page.locator("#exclude-do")
    expect(button).to_have_text("exclude 5 data IDs")
    page.locator("#pick-1").uncheck()
    expect(button).to_have_text("exclude 4 data IDs")
    page.get_by_role("link", name="tract", exact=True).click()
    expect(button).to_have_text("exclude 0 tracts")
    expect(button).to_be_disabled()
    page.locator("#pick-1").check()
    expect(button).to_have_text("exclude 1 tract; only 5 of its quanta failed")
