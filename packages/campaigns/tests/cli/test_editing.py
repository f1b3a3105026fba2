"""``campaign edit``: whose changes it may lay a file over, and what is shown where it may not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.test_rerun import DOCUMENT
from campaigns.client import CampaignClient
from campaigns.domain.errors import LostUpdate
from campaigns.domain.identity import Role
from support.people import token_of
from support.running import Runner
from support.serving import LiveServer


@pytest.fixture
def file(run: Runner, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The definition of C-1, as `show --yaml` prints it."""
    monkeypatch.setenv("CAMPAIGN_SERVER", live_server.url)
    monkeypatch.setenv("CAMPAIGN_TOKEN", token_of(Role.MANAGER))
    with CampaignClient() as client:
        client.define(DOCUMENT)
    path = tmp_path / "campaign.yaml"
    path.write_text(run("show", "C-1", "--yaml").out)
    return path


def change(file: Path, title: str) -> None:
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(f"title: {title}\n" if line.startswith("title:") else line for line in lines))


def test_the_file_says_which_revision_it_is_of(run: Runner, file: Path) -> None:
    assert file.read_text().startswith("# C-1, revision 1\nname: ")
    for number, title in ((2, "Second"), (3, "Third")):
        change(file, title)
        edited = run("edit", "C-1", str(file), "-m", "better")
        assert edited.out.startswith(f"C-1 is at revision {number}, defined"), edited.err
        assert file.read_text().startswith(f"# C-1, revision {number}\n")


def test_changes_of_others_are_shown_and_kept(run: Runner, file: Path) -> None:
    with CampaignClient() as client:
        client.revise("C-1", {**DOCUMENT, "title": "Theirs"}, revision=1, reason="theirs")
        with pytest.raises(LostUpdate) as caught:
            client.revise("C-1", {**DOCUMENT, "title": "Mine"}, revision=1, reason="mine")
    assert (caught.value.newest_revision, [one["where"] for one in caught.value.differences]) == (2, ["title"])
    change(file, "Mine")
    refused = run("edit", "C-1", str(file), "-m", "mine")
    assert refused.code == 1
    assert "`--revision 2` of `campaign edit`" in refused.err
    shown = [line.split(maxsplit=2) for line in refused.err.splitlines()[-3:]]
    assert shown[1:] == [["revision", "2", "Theirs"], ["yours", "Mine"]]
    assert "title  (both changed it)" in refused.err
    problem = json.loads(run("edit", "C-1", str(file), "-m", "mine", "--json").err)
    assert problem["differences"][0]["newest"] == "Theirs"
    assert run("edit", "C-1", str(file), "-m", "mine", "--revision", "2").code == 0


@pytest.mark.parametrize("head", ["", "# C-7, revision 1\n"])
def test_a_file_of_unknown_origin_is_refused(run: Runner, file: Path, head: str) -> None:
    file.write_text(head + "".join(file.read_text().splitlines(keepends=True)[1:]))
    refused = run("edit", "C-1", str(file), "-m", "mine")
    assert refused.code == 1
    assert "`--revision 1`" in refused.err
    assert "`campaign show C-1 --yaml`" in refused.err
    assert run("edit", "C-1", str(file), "-m", "mine", "--revision", "1").code == 0


def test_a_byte_order_mark_hides_no_revision(run: Runner, file: Path) -> None:
    file.write_text("\ufeff" + file.read_text())
    edited = run("edit", "C-1", str(file), "-m", "as some editors save it")
    assert edited.code == 0, edited.err
    assert file.read_text().startswith("# C-1, revision 2\n")
