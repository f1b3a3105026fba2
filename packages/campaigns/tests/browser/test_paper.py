"""The printable notebook in a browser: it fits narrow screens, and becomes a PDF of several sheets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from browser.conftest import Served
from campaigns.domain.identity import Role


@pytest.mark.parametrize("width", [1280, 420, 360])
def test_fits_the_screen(served: Served, width: int) -> None:
    page = served.open("/campaigns/C-2/print", Role.VIEWER, scripts=False, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#history li").count() > 10
    cut = "(parts) => parts.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.id)"
    assert page.locator("section").evaluate_all(cut) == []
    assert "DM-51300/clouds@1" in page.locator("#data").inner_text()


def test_becomes_a_pdf(served: Served, tmp_path: Path) -> None:
    page = served.open("/campaigns/C-2/print", Role.VIEWER, scripts=False)
    content = page.pdf(path=tmp_path / "notebook.pdf", format="A4")
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) > 1
