"""Nothing but the keyboard: a filter is built, a campaign defined, run again and compared, and one always sees where one is."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Served

pytestmark = pytest.mark.browser

WHERE: Final = """() => {
  const now = document.activeElement;
  if (!now || now === document.body || now.id === "main") return { name: "", ringed: true, seen: true };
  const of = (one) => getComputedStyle(one);
  const ring = (one) => one && of(one).outlineStyle !== "none" && parseFloat(of(one).outlineWidth) >= 1.5;
  const frame = now.querySelector(".frame");
  const [box] = now.getClientRects();
  const inside = (at, most) => Math.min(Math.max(at, 1), most - 1);
  const top = box && document.elementFromPoint(
    inside(box.left + box.width / 2, innerWidth), inside(box.top + Math.min(box.height / 2, 40), innerHeight));
  return {
    name: `${now.localName}#${now.id}.${now.className.baseVal ?? now.className} ${now.textContent.trim().slice(0, 30)}`,
    ringed: [now, now.parentElement, now.closest(".editor")].some(ring) || (frame && parseFloat(of(frame).strokeWidth) > 2),
    seen: Boolean(top && (now.contains(top) || top.contains(now) || top.closest("label")?.control === now)),
  };
}"""
"""Tells what has the focus, whether it is marked, and whether it is in sight and nothing lies over it."""


class Keys:
    """Presses keys, and looks after each step of the focus whether one sees where one is."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.emulate_media(reduced_motion="reduce")

    def to(self, selector: str, key: str = "Tab", most: int = 150) -> None:
        """Go on until an element has the focus."""
        passed: list[str] = []
        for _ in range(most):
            self.press(key)
            where = self._page.evaluate(WHERE)
            assert where["ringed"], f"no mark of the focus on {where['name']}"
            assert where["seen"], f"the focus is on what cannot be seen: {where['name']}"
            if self._page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
                return
            passed.append(where["name"])
            assert len(passed) < 3 or len(set(passed[-3:])) > 1, f"the focus does not get away from {where['name']}"
        raise AssertionError(f"{selector} is not reached by {key}: {passed}")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self._page.keyboard.press(key)

    def follow(self, address: str) -> None:
        """Press Enter on what leads to another page."""
        with self._page.expect_navigation(url=lambda url: url.endswith(address)):
            self.press("Enter")

    def write(self, selector: str, text: str) -> None:
        """Go to a field and write into it, over what stands there."""
        self.to(selector)
        self.press("Control+a")
        self._page.keyboard.type(text)


def test_a_filter_is_built_and_what_it_finds_opened(served: Served) -> None:
    page = served.open("/campaigns", width=1280)
    keys = Keys(page)
    keys.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    keys.press("Enter")
    keys.to("#filter")
    keys.to("#builder > summary")
    keys.press("Enter")
    expect(page.locator("#build-field")).to_be_focused()
    page.keyboard.type("kind")
    keys.to("#build-sign")
    keys.to("#build-pick-commissioning")
    keys.press("Space")
    keys.to("#build-and")
    keys.press("Enter")
    expect(page.locator("#found")).to_have_text("1 campaign matches")
    keys.to("#row-C-3 a.row-link")
    keys.follow("/campaigns/C-3")


@pytest.mark.parametrize("width", [1280, 420])
def test_what_opens_closes_on_escape_and_gives_the_focus_back(served: Served, width: int) -> None:
    for path in ("/campaigns?filter=status+%3D+paused", "/campaigns/C-2?tab=notes"):
        page = served.open(path, width=width)
        keys = Keys(page)
        names = [part.get_attribute("id") for part in page.locator("details.act").all() if part.is_visible()]
        assert len(names) > 3
        for name in names:
            keys.to(f"details#{name} > summary")
            keys.press("Enter")
            expect(page.locator(f"details#{name}")).to_have_attribute("open", "")
            assert page.evaluate("(name) => document.getElementById(name).contains(document.activeElement)", name)
            keys.press("Escape")
            expect(page.locator(f"details#{name}")).not_to_have_attribute("open", "")
            expect(page.locator(f"details#{name} > summary")).to_be_focused()
        keys.to(f"details#{names[0]} > summary", "Shift+Tab")
        keys.press("Enter")
        keys.to(f"details#{names[1]} > summary")
        assert page.locator("details.act[open]").count() == 0, "what one tabs out of closes"


def test_a_campaign_is_defined_and_saved(served: Served) -> None:
    page = served.open("/campaigns", width=1280)
    keys = Keys(page)
    keys.to("#define")
    keys.follow("/campaigns/new")
    keys.write("#g-name", "by-keys")
    keys.press("Enter")
    keys.to("#g-kind")
    page.keyboard.type("integ")
    keys.write("#g-title", "By the keyboard alone")
    keys.write("#g-reason", "To see whether it can be done.")
    for field, text in (("site", "here"), ("stack", "w_2026_46"), ("butler", "main"), ("inputs", "LSSTCam/defaults")):
        keys.write(f"#g-{field}", text)
    keys.write("#g-output", "u/mary/by-keys")
    keys.write("#g-pipeline", "drp.yaml")
    keys.to(".g-step > summary")
    keys.press("Space")
    keys.write("#g-step-0-title", "all of it")
    keys.to("#add-step")
    keys.press("Enter")
    expect(page.locator("#g-step-1-name")).to_be_focused()
    expect(page.locator("#verdict")).to_contain_text("It has all it needs to begin.")
    keys.to("#save-below")
    keys.press("Enter")
    expect(page.locator("#flash")).to_contain_text("is saved as defined, revision 1.")


def test_a_campaign_is_run_again_with_a_change(served: Served) -> None:
    page = served.open("/campaigns/C-2", width=1280)
    keys = Keys(page)
    keys.to("#rerun")
    keys.follow("/campaigns/C-2/rerun")
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.type("The next weekly.")
    keys.write("#g-stack", "w_2026_47")
    # Name, output, stack, and the reason that was typed.
    expect(page.locator("#changes-h")).to_have_text("4 changes from C-2 revision 1")
    keys.to("#save-below")
    keys.press("Enter")
    expect(page.locator("#flash")).to_contain_text("derives from C-2 revision 1")


def test_two_are_compared_from_the_list(served: Served) -> None:
    page = served.open("/campaigns", width=1280)
    keys = Keys(page)
    keys.to("#pick-C-2")
    keys.press("Space")
    keys.to("#pick-C-1")
    keys.press("Space")
    # The list looks for news every few seconds; what is ticked stays.
    with page.expect_response(lambda answer: "block=live" in answer.url):
        pass
    page.wait_for_timeout(100)
    expect(page.locator("#pick-C-1")).to_be_focused()
    expect(page.locator("#compare-picked")).to_have_text("compare 2")
    keys.to("#compare-picked", "Shift+Tab")
    keys.follow("/compare?of=C-2&of=C-1")


def test_a_problem_leads_to_its_field(served: Served) -> None:
    page = served.open("/campaigns/new", width=1280)
    keys = Keys(page)
    expect(page.locator("#verdict-h")).to_contain_text("To be saved it still needs:")
    keys.write("#g-name", "two words")
    expect(page.locator("#g-name-problem")).to_contain_text("has not the form")
    expect(page.locator("#g-name")).to_have_attribute("aria-describedby", "g-name-problem")
    keys.to("#faults [data-where]")
    keys.press("Enter")
    expect(page.locator("#g-name")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("one-word")
    expect(page.locator("#g-name-problem")).to_have_count(0)
