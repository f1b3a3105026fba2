"""What tests of the interface share."""

from __future__ import annotations

import pytest

from api.test_portable import export, run_a_campaign, server
from support.serving import Clients


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A campaign ``trial`` that a server ``origin`` has exported, with two submissions, a file, a note and a link."""
    folder = tmp_path_factory.mktemp("origin")
    with server(f"sqlite:///{folder / 'origin.sqlite'}", folder, name="origin") as app:
        clients = Clients(app)
        return export(clients, run_a_campaign(clients)["id"])
