"""What a campaign's page says of taking it along, and how a record of another server looks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.test_portable import bring, export, run_a_campaign, server
from campaigns.domain.identity import Role
from support.serving import Clients


@pytest.fixture
def other(tmp_path: Path) -> Iterator[FastAPI]:
    with server(f"sqlite:///{tmp_path / 'other.sqlite'}", tmp_path / "other", name="second") as app:
        yield app


def test_record_looks_like_one_and_has_no_buttons(client: Clients, other: FastAPI) -> None:
    there = Clients(other)
    campaign = run_a_campaign(client)
    page = client(Role.MANAGER).get(f"/campaigns/{campaign['id']}").text
    for link in ("print", "export", "crate"):
        assert f"/campaigns/{campaign['id']}/{link}" in page
    origin = bring(there, export(client, campaign["id"])).json()["origin"]
    page = there(Role.MANAGER).get("/campaigns/C-1").text
    assert f"A record of {origin}." in page
    assert f"a record of {origin}" in there(Role.VIEWER).get("/campaigns").text
    for button in ("act-cancel", "act-complete", "act-pause", "act-next", "edit"):
        assert f'id="{button}"' not in page
    page = there(Role.MANAGER).get("/submissions/S-2").text
    assert f"S-2 at {origin.partition(':')[0]}" in page
    for button in ("act-accept", "act-restart", "act-cancel", "act-mark", "exclude"):
        assert f'id="{button}"' not in page
