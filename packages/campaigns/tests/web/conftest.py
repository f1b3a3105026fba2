"""The example campaigns, on SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaigns.api.app import create_app
from campaigns.config import Settings
from campaigns.domain.identity import Role
from campaigns.gateways.clock import FixedClock
from campaigns.storage.database import Database
from support.serving import Clients, TestClient
from web.examples import make_examples


@pytest.fixture
def clients(settings: Settings, sqlite_database: Database, clock: FixedClock, tmp_path: Path) -> Clients:
    """Clients of an application in which there are the example campaigns."""
    found = Clients(create_app(settings, sqlite_database, clock=clock))
    make_examples(found, clock)
    return found


def browser(clients: Clients, role: Role | None) -> TestClient:
    """Give a client that asks as a browser does."""
    client = clients(role)
    client.headers["Accept"] = "text/html"
    return client
