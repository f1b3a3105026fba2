"""The page in a real browser: when the list is seen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping

from playwright.sync_api import sync_playwright

from notebook_bench.serving import percentile

__all__ = ("LIMIT_MS", "measure_pages")

LIMIT_MS = 300.0
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync")
PAGES = {
    "all": "/campaigns",
    "filter, order and text": '/campaigns?filter=status+%3D+completed+and+"coadd"&sort=title',
}


def measure_pages(url: str, token: str, *, saved: Mapping[str, str], n: int) -> Iterator[tuple[str, float, float]]:
    """Give for each page p50 and p95 of the time from the request to the first row's being painted, in ms.

    Saved queries are given by their names, with their UUIDs.
    """
    pages = PAGES | {f"saved query: {name}": f"/campaigns?query={uuid}" for name, uuid in saved.items()}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        page = browser.new_page(extra_http_headers={"Authorization": f"Bearer {token}"})
        for what, path in pages.items():
            took = []
            for _ in range(n + 1):
                page.goto(url.rstrip("/") + path, wait_until="load")
                took.append(page.wait_for_function(SEEN).json_value())
            # The first fills the browser's caches.
            yield what, percentile(took[1:], 50), percentile(took[1:], 95)
        browser.close()


SEEN = """() => {
  if (!document.querySelector('#campaigns tbody tr')) throw new Error('no list');
  return performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
}"""
