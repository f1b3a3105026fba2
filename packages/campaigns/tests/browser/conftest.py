"""Debian's Chromium on the example campaigns, served with the machine's clock."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from campaigns.api.app import create_app
from campaigns.config import Settings
from campaigns.domain.identity import Role
from campaigns.gateways.clock import FixedClock, SystemClock
from campaigns.storage.database import Database
from support.chromium import ARGUMENTS, CHROMIUM
from support.people import token_of
from support.serving import Clients, serve
from web.examples import Examples, make_examples
from web.fake_agent import FakeAgent

EXAMPLES_TAKE_US = 23 * 3_600_000_000
"""The examples are begun so long ago; they take a little less."""


def _is_ours(message: ConsoleMessage) -> bool:
    """Tell whether a message is of a script's mistake; browsers also tell of every refused form."""
    return message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text


@dataclass(frozen=True)
class Served:
    """A server with the examples, and the means to let something happen on it."""

    url: str
    clients: Clients
    agent: FakeAgent
    open: Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own."""
    if CHROMIUM is None:
        pytest.skip("the pages in a browser: Debian's chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def examples(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the examples, made once, up to now."""
    data_dir = tmp_path_factory.mktemp("served")
    shutil.copy(sqlite_template, data_dir / "campaigns.sqlite")
    database = Database(f"sqlite:///{data_dir / 'campaigns.sqlite'}")
    clock = FixedClock(time.time_ns() // 1000 - EXAMPLES_TAKE_US)
    made: Examples = make_examples(Clients(create_app(Settings(data_dir=data_dir), database, clock=clock)), clock)
    assert made.agent is not None
    database.close()
    return data_dir


@pytest.fixture
def served(chromium: Browser, examples: Path, tmp_path: Path) -> Iterator[Served]:
    """Serve a copy of the examples; ``open`` opens a page as a role, and all errors of its scripts fail the test."""
    data_dir = tmp_path / "data"
    shutil.copytree(examples, data_dir)
    settings = Settings(data_dir=data_dir)
    app = create_app(settings, Database(settings.database))
    clients = Clients(app)
    agent = FakeAgent(clients(Role.AGENT), SystemClock())
    agent.hello()
    errors: list[str] = []
    contexts = []
    with serve(app) as server:

        def open_page(path: str, role: Role | None = Role.MANAGER, *, scripts: bool = True, width: int = 1440) -> Page:
            context = chromium.new_context(
                viewport={"width": width, "height": 900},
                java_script_enabled=scripts,
                extra_http_headers={"Authorization": f"Bearer {token_of(role)}"} if role else {},
            )
            contexts.append(context)
            page = context.new_page()
            page.set_default_timeout(10_000)
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda message: errors.append(message.text) if _is_ours(message) else None)
            page.goto(server.url + path)
            return page

        yield Served(url=server.url, clients=clients, agent=agent, open=open_page)
        for context in contexts:
            context.close()
    app.state.database.close()
    assert errors == []
