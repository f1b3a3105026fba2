"""The site file, and what a command in a stack gets to see."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from agent.making import write_site
from campaigns.agent.bpsyaml import bps_document, submission_dir
from campaigns.agent.site import Site, SiteFileInvalid, load_site
from campaigns.agent.stack import INSTACK, Stack
from campaigns.domain.errors import InvalidInput
from campaigns.wire.agent import SubmitPayload

from .making import O1, submit_order


def load(tmp_path: Path, **changes: object) -> Site:
    return load_site(write_site(tmp_path / "site.yaml", prefix=tmp_path / "stack", **changes))


def payload(**changes: object) -> SubmitPayload:
    found = submit_order(O1, **changes).payload
    assert isinstance(found, SubmitPayload)
    return found


def test_document_keeps_paths_to_itself(tmp_path: Path) -> None:
    document = load(tmp_path, description="Ours", max_submissions=3).document()
    assert (document.description, document.max_submissions, document.workflow_system) == ("Ours", 3, "a.wms.Service")
    assert [stack.name for stack in document.stacks] == ["demo"]
    assert str(tmp_path) not in document.model_dump_json()
    assert "/a/repository" not in document.model_dump_json()


@pytest.mark.parametrize(
    ("change", "where", "said"),
    [
        ({"work_dir": "relative/path"}, "work_dir", "absolute"),
        ({"stacks": {"demo": {}}}, "stacks.demo", "needs `setup` or `prefix`"),
        ({"stacks": {"demo": {"prefix": "here"}}}, "stacks.demo.prefix", "absolute"),
        ({"stacks": {}}, "stacks", "at least 1"),
        ({"repositories": {"demo": {"url": "/x"}}}, "repositories.demo.url", "not permitted"),
        ({"environment": {"allow": ["CAMPAIGN_TOKEN"]}}, "environment.allow", "cannot be passed on"),
        ({"max_submission": 3}, "max_submission", "not permitted"),
        ({"max_submissions": 0}, "max_submissions", "greater than or equal"),
        ({"name": "a b"}, "name", "letters, digits"),
    ],
)
def test_mistakes_are_told_with_their_place(change: dict[str, object], where: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SiteFileInvalid) as caught:
        load(tmp_path, **change)
    assert any(fault.where is not None and fault.where.endswith(where) and said in fault.message for fault in caught.value.faults)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SiteFileInvalid) as caught:
        load(tmp_path, max_submissions=0, work_dir="x")
    assert len(caught.value.faults) == 2


def test_file_that_is_no_yaml(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("name: here\nstacks: [\n")
    with pytest.raises(SiteFileInvalid) as caught:
        load_site(path)
    assert caught.value.where == f"{path} line 3"


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SiteFileInvalid, match="No such file"):
        load_site(tmp_path / "none.yaml")


def test_environment_is_what_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CAMPAIGN_TOKEN", "AWS_SECRET_ACCESS_KEY", "SLURM_CONF", "HOME", "PYTHONDONTWRITEBYTECODE"):
        monkeypatch.setenv(name, f"the {name}")
    site = load(tmp_path, environment={"allow": ["SLURM_CONF"], "set": {"PYTHONPATH": "/more", "A": "b"}})
    env = Stack(site, "demo").environ({"PWD": "/work"})
    assert (env["HOME"], env["SLURM_CONF"], env["A"], env["PWD"]) == ("the HOME", "the SLURM_CONF", "b", "/work")
    assert not {"CAMPAIGN_TOKEN", "AWS_SECRET_ACCESS_KEY", "PYTHONDONTWRITEBYTECODE"} & set(env)
    prefix = str(tmp_path / "stack")
    assert (env["VIRTUAL_ENV"], env["CTRL_MPEXEC_DIR"], env["DAF_BUTLER_DIR"]) == (prefix, prefix, prefix)
    assert env["PATH"].split(":")[0] == f"{prefix}/bin"
    assert env["PYTHONPATH"] == f"{INSTACK}:/more"
    assert env["OMP_NUM_THREADS"] == "1"


def test_threads_are_the_sites_choice(tmp_path: Path) -> None:
    site = load(tmp_path, environment={"set": {"OMP_NUM_THREADS": "4"}})
    assert Stack(site, "demo").environ()["OMP_NUM_THREADS"] == "4"


def test_stack_that_is_set_up_by_a_script(tmp_path: Path) -> None:
    script = tmp_path / "setup.bash"
    script.write_text("export PYTHONPATH=/from/setup STACK=w_1\n")
    stack = Stack(load(tmp_path, stacks={"demo": {"setup": f"source {script}"}}), "demo")
    show = [sys.executable, "-S", "-c", "import json, os, sys; print(json.dumps([dict(os.environ), sys.argv[1:]]))", "a b", "$c"]
    shown = subprocess.run(stack.command(show), env=stack.environ(), capture_output=True, check=True, text=True)
    env, arguments = json.loads(shown.stdout)
    assert (env["STACK"], env["PYTHONPATH"]) == ("w_1", f"{INSTACK}:/from/setup")
    assert arguments == ["a b", "$c"]


def test_set_up_that_fails_starts_nothing(tmp_path: Path) -> None:
    stack = Stack(load(tmp_path, stacks={"demo": {"setup": "false"}}), "demo")
    assert subprocess.run(stack.command(["touch", str(tmp_path / "ran")]), env=stack.environ(), check=False).returncode != 0
    assert not (tmp_path / "ran").exists()


def test_unknown_stack(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        Stack(load(tmp_path), "w_99")
    assert caught.value.remedy == "Known there: demo."


def test_bps_settings_win_in_their_order(tmp_path: Path) -> None:
    site = load(tmp_path, bps={"requestMemory": 1, "requestCpus": 1, "finalJob": {"requestCpus": 2}, "project": "prompt"})
    wanted = {
        "requestMemory": 8,
        "finalJob": {"updateOutputChain": "--update-output-chain", "requestMemory": 3},
        "payload": {"output": "somewhere/else", "payloadName": "mine"},
        "submitPath": "/elsewhere",
    }
    document = bps_document(site, payload(bps=wanted, instrument="HSC", input_collections=["a", "b"]))
    assert (document["requestMemory"], document["requestCpus"], document["project"]) == (8, 1, "prompt")
    assert document["finalJob"] == {"requestCpus": 2, "updateOutputChain": "--no-update-output-chain", "requestMemory": 3}
    assert document["payload"]["output"] == "u/ann/trial"
    assert document["payload"]["inCollection"] == "a,b"
    assert document["payload"]["butlerConfig"] == "/a/repository"
    assert document["submitPath"] == str(tmp_path / "work" / "trial" / f"S-{O1}" / "submit")
    assert document["instrument"] == "HSC"


def test_directory_of_a_campaign_with_an_odd_name(tmp_path: Path) -> None:
    site = load(tmp_path)
    assert submission_dir(site, payload(campaign_name="../a b/ç")) == tmp_path / "work" / "a-b-" / f"S-{O1}"
    assert submission_dir(site, payload(campaign_name="...")) == tmp_path / "work" / "C-1" / f"S-{O1}"


@pytest.mark.parametrize("field", ["work_dir", "uri"])
def test_paths_with_blanks_are_refused(tmp_path: Path, field: str) -> None:
    """BPS puts them into command lines as they are."""
    document = {
        "name": "here",
        "work_dir": "/tmp/a b" if field == "work_dir" else "/tmp/a",
        "stacks": {"demo": {"prefix": "/opt/stack"}},
        "repositories": {"demo": {"uri": "/tmp/a b/repo" if field == "uri" else "/tmp/repo"}},
    }
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(SiteFileInvalid) as caught:
        load_site(path)
    assert any("blank" in fault.message for fault in caught.value.faults)


def test_link_templates_are_told_with_the_rest(tmp_path: Path) -> None:
    links = [{"kind": "plots", "title": "Plots", "url": "https://plots.example.org/{submission.output_run}"}]
    (link,) = load(tmp_path, links=links).document().links
    assert (link.kind.value, link.title, link.url) == ("plots", "Plots", "https://plots.example.org/{submission.output_run}")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://example.org/{submission.password}", "{submission.password} is not known"),
        ("https://{campaign.name}.example.org/", "the host cannot have names in braces"),
        ("https://example.org/{campaign.id", "a brace has no other"),
        ("javascript:alert({campaign.id})", "An address begins with https:// or http://"),
    ],
)
def test_link_templates_that_cannot_be(url: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SiteFileInvalid) as raised:
        load(tmp_path, links=[{"title": "x", "url": url}])
    assert said in raised.value.faults[0].message
