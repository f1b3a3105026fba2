"""The example campaigns, on SQLite: made once, and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from campaigns.api.app import create_app
from campaigns.config import Settings
from campaigns.domain.identity import Role
from campaigns.gateways.clock import FixedClock
from campaigns.storage.database import Database
from support.people import NOW_US
from support.serving import Clients, TestClient
from web.examples import make_examples


@dataclass(frozen=True)
class Made:
    """Where the examples lie, and when they end."""

    data_dir: Path
    ends_us: int


@pytest.fixture(scope="session")
def made_examples(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make the example campaigns once."""
    data_dir = tmp_path_factory.mktemp("examples")
    shutil.copy(sqlite_template, data_dir / "campaigns.sqlite")
    database = Database(f"sqlite:///{data_dir / 'campaigns.sqlite'}")
    clock = FixedClock(NOW_US)
    make_examples(Clients(create_app(Settings(data_dir=data_dir), database, clock=clock)), clock)
    database.close()
    return Made(data_dir, clock.now_us())


@pytest.fixture
def clients(made_examples: Made, tmp_path: Path) -> Iterator[Clients]:
    """Clients of an application in which there are the example campaigns."""
    data_dir = tmp_path / "data"
    shutil.copytree(made_examples.data_dir, data_dir)
    settings = Settings(data_dir=data_dir)
    database = Database(settings.database)
    clock = FixedClock(made_examples.ends_us)
    clients = Clients(create_app(settings, database, clock=clock))
    clients.clock = clock
    yield clients
    database.close()


def browser(clients: Clients, role: Role | None) -> TestClient:
    """Give a client that asks as a browser does."""
    client = clients(role)
    client.headers["Accept"] = "text/html"
    return client
