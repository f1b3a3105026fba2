"""Every page, in the light, in the dark and in a narrow window: nothing that axe calls serious, nothing wider than the window."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page

from browser.conftest import Served
from browser.every_page import Shown, every_page, open_shown, page_routes
from campaigns.config import Settings

pytestmark = pytest.mark.browser

AXE: Final = Path(__file__).parents[2] / "pages/node_modules/axe-core/axe.min.js"

UNFOLD: Final = """() => {
  for (const part of document.querySelectorAll("details")) { part.removeAttribute("name"); part.open = true; }
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(".popover { position: static !important; }");
  document.adoptedStyleSheets = [sheet];
}"""
"""Shows all that is folded, at once, so that it is looked at too."""

RUN: Final = """async (only) => {
  const rules = only ? { runOnly: { type: "rule", values: only } } : {};
  const { violations } = await axe.run(document, { ...rules, resultTypes: ["violations"], elementRef: false });
  const how = `${innerWidth} px, ${matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"}: `;
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical").flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) =>
      `${how}${id} (${help}) at ${target.join(" ")}: ${failureSummary.split("\\n")[1]?.trim()}`));
}"""
"""Tells what is serious or critical; of the rules that are named, or of all."""

WIDER: Final = """async () => {
  // The page's own scripts hear of the new width with the next picture.
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const over = () => document.documentElement.scrollWidth - innerWidth;
  const found = over() > 0 ? [`${innerWidth} px: the page is ${over()} px wider than the window`] : [];
  for (const part of document.querySelectorAll("details.act")) {
    part.open = true;
    const popover = part.querySelector(".popover");
    if (popover?.checkVisibility()) {
      popover.scrollIntoView({ block: "center" });
      const { left, right, top, height } = popover.getBoundingClientRect();
      const there = document.elementFromPoint((left + right) / 2, top + height / 2);
      if (over() > 0) found.push(`${innerWidth} px: with ${part.id} open the page is ${over()} px wider than the window`);
      if (left < 0 || right > innerWidth || !popover.contains(there))
        found.push(`${innerWidth} px: ${part.id} opens where it cannot be seen whole`);
    }
    part.open = false;
  }
  return found;
}"""
"""Tells what makes the page wider than the window: as it stands, and with each popover."""

OTHERWISE: Final = ("color-contrast", "scrollable-region-focusable", "target-size", "aria-hidden-focus", "nested-interactive")
"""What may be otherwise in the dark and in a narrow window; these two are looked at together."""


def test_each_route_that_shows_a_page_has_an_example(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "git_roots", property(lambda _: (tmp_path,)))
    shown = every_page(served.clients, served.agent, tmp_path)
    assert set(page_routes(served.clients.app)) == set(shown) - {"refused"}


def test_nobody_is_shut_out_of_any_page(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "git_roots", property(lambda _: (tmp_path,)))
    pages = [one for several in every_page(served.clients, served.agent, tmp_path).values() for one in several]
    looks = {role: served.open("/static/mark.svg", role, width=1280) for role in {one.role for one in pages}}
    for page in looks.values():
        page.add_init_script(path=AXE)
        # The form of a definition asks before what was typed is left; colours that fade into each other are none of these.
        page.on("dialog", lambda dialog: dialog.accept())
        page.emulate_media(reduced_motion="reduce", color_scheme="light")
    found = {one.name: told for one in pages if (told := _findings(looks[one.role], served.url, one))}
    assert found == {}, json.dumps(found, indent=1)


def _findings(page: Page, url: str, shown: Shown) -> list[str]:
    open_shown(page, url, shown)
    found: list[str] = []
    for width in (360, 420):
        page.set_viewport_size({"width": width, "height": 900})
        found += page.evaluate(WIDER)
    page.emulate_media(color_scheme="dark")
    found += page.evaluate(RUN, list(OTHERWISE))
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    page.evaluate(UNFOLD)
    found += page.evaluate(RUN, None)
    return found
