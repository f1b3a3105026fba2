"""Takes the documentation's pictures of the pages anew, from the examples of the tests.

It serves the examples on this machine for as long as it takes; Debian's Chromium must be installed::

    make pictures                        # all
    make pictures ARGS="define rerun"    # some
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from playwright.sync_api import Page, expect, sync_playwright

from campaigns.api.app import create_app
from campaigns.config import Settings
from campaigns.domain.identity import Role
from campaigns.gateways.clock import FixedClock, SystemClock
from campaigns.storage.database import Database
from campaigns.storage.migration import upgrade
from support.chromium import ARGUMENTS, CHROMIUM
from support.people import add_people, token_of
from support.serving import Clients, serve
from web.examples import STEP1, STEP2, Examples, definition, make_examples
from web.fake_agent import FakeAgent

IMAGES: Final = Path(__file__).parent / "images"
EXAMPLES_TAKE_US: Final = 23 * 3_600_000_000
"""The examples are begun so long ago; they take a little less."""
SIZE: Final = {"width": 1280, "height": 860}
WEEKLY: Final = definition(
    "rc2-w_2026_45",
    title="RC2 with the weekly of 2026-45",
    stack="w_2026_45",
    output="LSSTCam/runs/RC2/w_2026_45/DM-51234",
    sets={"exclude": ["DM-51300/clouds@1"]},
)


def _campaign(page: Page, url: str) -> None:
    page.goto(f"{url}/campaigns/C-2")


def _define(page: Page, url: str) -> None:
    page.goto(f"{url}/campaigns/new")
    page.get_by_label("Short name").fill("psf-piff-1.4")
    page.get_by_label("Title", exact=True).first.fill("PSF with Piff 1.4 on two visits")
    page.get_by_label("Reason").fill("Does the new release of Piff keep the ellipticity residuals?")
    page.get_by_label("Ticket").fill("DM-51777")
    for field, text in (("site", "here"), ("stack", "w_2026_46"), ("butler", "main"), ("inputs", "LSSTCam/defaults")):
        page.locator(f"#g-{field}").fill(text)
    page.locator("#g-output").fill("u/mary/psf-piff-1.4")
    page.locator("#g-pipeline").fill("${DRP_PIPE_DIR}/pipelines/LSSTCam/DRP.yaml")
    page.locator("#add-step").click()
    expect(page.locator("#verdict")).to_contain_text("It has all it needs to begin.")
    page.evaluate("scrollTo(0, 0); document.activeElement.blur()")


def _find(page: Page, url: str) -> None:
    page.goto(f"{url}/campaigns?filter=status+in+(running,+paused)")
    page.locator("#builder > summary").click()
    page.locator("#build-field").select_option("kind")
    page.get_by_label("integration", exact=True).check()


def _compare(page: Page, url: str) -> None:
    page.goto(f"{url}/compare?of=rc2-w_2026_45&of=C-2")


def _rerun(page: Page, url: str) -> None:
    page.goto(f"{url}/campaigns/rc2-w_2026_45/rerun")
    page.locator("#reason").fill("The next weekly brings the new sky model.")
    page.locator("#g-name").fill("rc2-w_2026_47")
    page.locator("#g-title").fill("RC2 with the weekly of 2026-47")
    page.locator("#g-stack").fill("w_2026_47")
    page.locator("#g-output").fill("LSSTCam/runs/RC2/w_2026_47/DM-51234")
    expect(page.locator("#changes-h")).to_contain_text("4 changes")
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("document.activeElement.blur()")


PICTURES: Final[Mapping[str, Callable[[Page, str], None]]] = {
    "campaign": _campaign,
    "define": _define,
    "find": _find,
    "compare": _compare,
    "rerun": _rerun,
}


def _run_weekly(made: Examples) -> None:
    """Make a campaign that can be compared with the others, and run its first two steps."""
    made.start(made.define(WEEKLY))
    for order in made.agent.take():
        made.run(order, STEP1, 378, minutes=1)
    for order in made.agent.take():
        made.run(order, STEP2, 20, minutes=1)


@contextmanager
def _served() -> Iterator[str]:
    """Serve the examples and one more campaign; give the address."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        database = Database(f"sqlite:///{settings.data_dir / 'campaigns.sqlite'}")
        upgrade(database)
        add_people(database)
        clock = FixedClock(time.time_ns() // 1000 - EXAMPLES_TAKE_US)
        _run_weekly(make_examples(Clients(create_app(settings, database, clock=clock)), clock))
        app = create_app(settings, database)
        clients = Clients(app)
        FakeAgent(clients(Role.AGENT), SystemClock()).hello()
        with serve(app) as server:
            yield server.url
        database.close()


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(PICTURES)))
def main(names: tuple[str, ...]) -> None:
    """Take pictures anew; all, if none is named."""
    if CHROMIUM is None:
        raise click.ClickException("Debian's chromium is not installed.")
    with _served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for name in names or PICTURES:
            headers = {"Authorization": f"Bearer {token_of(Role.MANAGER)}"}
            page = browser.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce", extra_http_headers=headers)
            PICTURES[name](page, url)
            page.wait_for_timeout(300)
            path = IMAGES / f"{name}.png"
            page.screenshot(path=path)
            page.close()
            click.echo(f"{path.name}: {path.stat().st_size // 1000} kB")
        browser.close()


if __name__ == "__main__":
    main()
