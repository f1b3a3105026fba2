"""``campaign rerun`` and ``campaign diff``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.test_rerun import DOCUMENT
from campaigns.client import CampaignClient
from campaigns.domain.identity import Role
from support.people import token_of
from support.running import Runner
from support.serving import LiveServer


@pytest.fixture
def server(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> LiveServer:
    monkeypatch.setenv("CAMPAIGN_SERVER", live_server.url)
    monkeypatch.setenv("CAMPAIGN_TOKEN", token_of(Role.MANAGER))
    with CampaignClient() as client:
        client.define(DOCUMENT)
    return live_server


@pytest.mark.usefixtures("server")
def test_rerun_shows_what_changes(run: Runner, tmp_path: Path) -> None:
    edit = tmp_path / "edit.yaml"
    edit.write_text("stack: w_2026_47\nlinks: null\n")
    told = ("rerun", "C-1", "-m", "again", "--edit", str(edit), "--set", "steps[step2].gate.accept=person")
    ran = run(*told, "--dry-run")
    assert ran.code == 0, ran.err
    assert "from C-1 revision 1: same data, other processing" in ran.out
    assert "  stack: w_2026_46 → w_2026_47" in ran.out
    assert "  steps[step2].gate.accept: thresholds → person" in ran.out
    assert "C-2" not in run("list").out
    made = json.loads(run(*told, "--json").out)
    assert made["campaign"]["id"] == "C-2"
    assert run("rerun", "C-1", "-m", "again").out.startswith("made C-3 rc2-w46-r3 from C-1 revision 1, defined")


@pytest.mark.usefixtures("server")
def test_diff_tells_only_what_differs(run: Runner) -> None:
    run("rerun", "C-1", "-m", "again", "--set", "bps.requestMemory=8192")
    ran = run("diff", "C-1", "C-2")
    assert ran.code == 0, ran.err
    assert "C-2 to C-1: same data, other processing" in ran.out
    assert "bps.requestMemory  2048" in ran.out
    assert "instrument" not in ran.out
    assert "instrument" in run("diff", "C-1", "C-2", "--all").out
    assert json.loads(run("diff", "C-1", "C-2", "C-1@1", "--json").out)["relations"] == ["same", "other_processing", "same"]


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (("rerun", "C-1", "-m", "x", "--set", "nonsense"), "--set"),
        (("rerun", "C-1", "-m", "x", "--set", "steps[9].title=x"), "set.steps[9].title"),
        (("diff", "C-1"), "CAMPAIGN"),
        (("diff", "C-1", "C-9"), "C-9"),
    ],
)
def test_mistakes_are_told_with_their_places(run: Runner, arguments: tuple[str, ...], where: str) -> None:
    ran = run(*arguments)
    assert ran.code == 1
    assert f"where: {where}" in ran.err
    assert "remedy: " in ran.err
