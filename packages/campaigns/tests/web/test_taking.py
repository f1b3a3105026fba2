"""What a campaign's page says of taking it along, and how a record of another server looks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.test_portable import bring, export, run_a_campaign, server
from campaigns.domain.identity import Role
from support.serving import Clients
from web.conftest import browser


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


def test_a_file_is_brought_in_by_a_form_and_once(client: Clients, other: FastAPI) -> None:
    manager = Clients(other)(Role.MANAGER)
    packed = export(client, run_a_campaign(client)["id"])
    assert 'id="import-file"' in manager.get("/campaigns/import").text
    told = {"rename": "theirs", "reason": "To compare with ours.", "once": "a-form"}
    answers = [manager.post("/campaigns/import", data=told, files={"file": ("a.zip", packed)}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert {answer.headers["location"].partition("?")[0] for answer in answers} == {"/campaigns/C-1"}
    assert manager.get("/api/v1/campaigns/theirs").json()["status"] == "imported"
    assert not list(other.state.settings.data_dir.glob(".passing-*"))


@pytest.mark.parametrize(
    ("packed", "said"), [(b"", "No file was chosen."), (b"no zip", "is no exported campaign"), (None, "is here already")]
)
def test_what_cannot_be_brought_in_is_said_in_the_form(client: Clients, other: FastAPI, packed: bytes | None, said: str) -> None:
    manager = browser(Clients(other), Role.MANAGER)
    if packed is None:
        packed = export(client, run_a_campaign(client)["id"])
        bring(Clients(other), packed)
    answer = manager.post("/campaigns/import", data={"reason": "Why <not>"}, files={"file": ("a.zip", packed)})
    assert answer.status_code in (409, 422)
    assert "Nothing was brought in." in answer.text
    assert "Why &lt;not&gt;" in answer.text
    assert said in answer.text


@pytest.mark.parametrize(("field", "length"), [("rename", 201), ("reason", 5001), ("reason", 100_000)])
def test_long_texts_are_refused(other: FastAPI, field: str, length: int) -> None:
    manager = browser(Clients(other), Role.MANAGER)
    answer = manager.post("/campaigns/import", data={field: "a" * length}, files={"file": ("a.zip", b"a")})
    assert answer.status_code in (400, 413, 422)


def test_viewers_bring_in_nothing(other: FastAPI) -> None:
    viewer = Clients(other)(Role.VIEWER)
    assert viewer.get("/campaigns/import").status_code == 403
    assert viewer.post("/campaigns/import", files={"file": ("a.zip", b"a")}).status_code == 403
