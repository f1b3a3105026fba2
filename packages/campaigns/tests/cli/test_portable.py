"""``campaign export``, ``import``, ``adopt`` and ``mark``."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from api.test_portable import run_a_campaign
from campaigns.domain.identity import Role
from support.people import token_of
from support.running import Runner
from support.serving import Clients, LiveServer


@pytest.fixture
def signed_in(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> LiveServer:
    monkeypatch.setenv("CAMPAIGN_SERVER", live_server.url)
    monkeypatch.setenv("CAMPAIGN_TOKEN", token_of(Role.MANAGER))
    return live_server


def test_export_and_import(run: Runner, signed_in: LiveServer, tmp_path: Path) -> None:
    ref = run_a_campaign(Clients(signed_in.app))["id"]
    file = tmp_path / "out" / "trial.zip"
    file.parent.mkdir()
    told = json.loads(run("export", ref, str(file), "--json").out)
    assert told == {"file": str(file), "size": file.stat().st_size}
    assert list(file.parent.iterdir()) == [file]
    again = run("export", ref, str(file))
    assert (again.code, "--force" in again.err) == (2, True)
    assert run("export", ref, str(file), "--force").code == 0
    crate = tmp_path / "crate.zip"
    assert run("export", ref, str(crate), "--crate").code == 0
    assert "ro-crate-metadata.json" in zipfile.ZipFile(crate).namelist()
    here = run("import", str(file))
    assert (here.code, f"is here already, as {ref}" in here.err) == (1, True)
    broken = run("import", str(crate))
    assert (broken.code, "manifest" in broken.err) == (1, True)
    missing = run("export", "C-99", str(tmp_path / "none.zip"))
    assert (missing.code, "There is no campaign C-99." in missing.err) == (1, True)
    assert not (tmp_path / "none.zip").exists()


def test_adopt_and_mark(run: Runner, signed_in: LiveServer, tmp_path: Path) -> None:
    made = run("adopt", "ap", "--title", "A night", "-m", "To watch it", "--step", "ingest")
    assert made.code == 0, made.err
    assert "S-1  ingest all" in made.out
    counts = tmp_path / "counts.json"
    counts.write_text(json.dumps([{"label": "isr", "expected": 4, "succeeded": 4}]))
    marked = run("mark", "S-1", "succeeded", "-m", "the night is over", "--counts", str(counts))
    assert marked.out == "S-1 is succeeded, 4/4\n"
    told = run("mark", "S-1", "--command", "make night", "--command", "make day")
    assert told.out == "S-1 is succeeded, 4/4\n  typed: make night\n  typed: make day\n"
    assert "  typed: make day\n" in run("show", "S-1").out
    refused = run("mark", "S-1", "failed", "-m", "the wrong night")
    assert (refused.code, "4 of 4 quanta succeeded" in refused.err, "--yes" in refused.err) == (1, True, True)
    assert run("mark", "S-1", "failed", "-m", "the wrong night", "--yes").out == "S-1 is failed, 4/4\n"
    counts.write_text("no")
    refused = run("mark", "S-1", "failed", "-m", "x", "--counts", str(counts))
    assert (refused.code, f"where: {counts}" in refused.err) == (1, True)
    nothing = run("adopt", "other", "--title", "x", "-m", "y")
    assert (nothing.code, "It is not said what ran." in nothing.err) == (1, True)
