"""What a user can do wrong around a command ends in a line that says so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from campaigns.domain.identity import Role
from support.people import token_of
from support.running import Runner
from support.scripted_agent import ScriptedAgent
from support.serving import Clients, LiveServer


@pytest.fixture
def server(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> LiveServer:
    monkeypatch.setenv("CAMPAIGN_SERVER", live_server.url)
    monkeypatch.setenv("CAMPAIGN_TOKEN", token_of(Role.MANAGER))
    return live_server


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CAMPAIGN_SERVER", "nonsense"),
        ("CAMPAIGN_SERVER", "ftp://127.0.0.1"),
        ("CAMPAIGN_TOKEN", "é"),
        ("CAMPAIGN_TOKEN", "a\nb"),
    ],
)
@pytest.mark.usefixtures("server")
def test_settings_that_cannot_be(run: Runner, monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    problem = json.loads(run("list", "--json").err)
    assert (problem["code"], problem["where"]) == ("invalid_input", variable)
    assert problem["remedy"]


@pytest.mark.usefixtures("server")
def test_files_that_cannot_be_used(run: Runner, tmp_path: Path) -> None:
    letters, folder = tmp_path / "letters.yaml", tmp_path / "no" / "folder.csv"
    letters.write_bytes(b"name: \xff")
    for arguments, where in (
        (("define", str(letters)), f"{letters}, byte 6"),
        (("rerun", "C-1", "-m", "x", "--edit", str(letters)), f"{letters}, byte 6"),
        (("mark", "S-1", "failed", "-m", "x", "--counts", str(letters)), f"{letters}, byte 6"),
        (("export", "C-1", str(folder)), str(folder)),
        (("history", "--format", "csv", "--output", str(folder)), str(folder)),
    ):
        ran = run(*arguments)
        assert (ran.code, f"  where: {where}" in ran.err.splitlines()) == (1, True), ran.err
        assert "  remedy: " in ran.err
    letters.write_text("no JSON")
    assert "is not JSON" in run("mark", "S-1", "failed", "-m", "x", "--counts", str(letters)).err


def test_output_that_nobody_reads_or_that_has_no_space() -> None:
    command = [sys.executable, "-m", "campaigns.cli.main", "schema"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == ""
    assert process.wait() == 1
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert "No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_site_that_takes_long_goes_on_with_what_is_adopted(run: Runner, server: LiveServer) -> None:
    ScriptedAgent(Clients(server.app)).hello()
    told = ("adopt", "found", "--title", "Found", "-m", "x", "--site", "here", "--butler", "main", "--submit-dir", "/runs/1")
    ran = run(*told, "--wait", "0")
    assert (ran.code, ran.err) == (0, "")
    assert "The site here has not answered in 0 s; it still works on the order" in ran.out
    assert "`campaign show found`" in ran.out
    answer = json.loads(run(*(*told[:1], "other", *told[2:]), "--wait", "0", "--json").out)
    assert answer["campaign"] is None
    assert answer["order"]["status"] == "open"
