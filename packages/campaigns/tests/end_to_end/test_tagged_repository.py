"""A campaign that is defined wholly in a tagged repository, to its first graph: with real git, agent, stack and Butler."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.making import agent_thread, write_site
from campaigns.client import CampaignClient
from campaigns.config import Settings
from campaigns.domain.errors import PreflightFailed
from campaigns.domain.identity import Role
from support.people import token_of
from support.repositories import Repository
from support.serving import LiveServer

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[4]
STACK = ROOT / ".stack"
DEMO = ROOT / "packages" / "demo-pipeline" / "src" / "demo_pipeline"
TRAILED = 903342
GOOD = 903334

CAMPAIGN = {
    "name": "dr2-exclusions",
    "title": "A release, defined in one repository",
    "reason": "To see that a tag is enough.",
    "kind": "data_release",
    "site": "here",
    "stack": "demo",
    "butler": "demo",
    "instrument": "HSC",
    "inputs": ["HSC/demo/defaults"],
    "output": "u/mary/dr2-exclusions",
    "pipeline": f"{DEMO}/pipelines/demo.yaml",
    "data_query": f"instrument = 'HSC' AND visit IN ({GOOD}, {TRAILED})",
    "data_spec": {"path": "exclusions"},
    "sets": {"exclude": ["exclusions/bad"]},
    "config_overrides": [{"label": "measureDetector", "file": "overrides/measure.py"}],
    "steps": [{"name": "step1"}],
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", git_local_roots=str(tmp_path / "shared"))


@pytest.fixture
def butler(tmp_path: Path) -> Path:
    """Make the demonstration's repository."""
    if not (STACK / "bin" / "bps").exists():
        pytest.skip("there is no demo stack: run `make setup`")
    place = tmp_path / "repo"
    env = {
        "PATH": f"{STACK}/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "CTRL_MPEXEC_DIR": str(STACK),
        "DAF_BUTLER_DIR": str(STACK),
    }
    subprocess.run([STACK / "bin" / "python", "-m", "demo_pipeline.repository", place], check=True, env=env, stdout=2)
    return place


def wait_for_site(client: CampaignClient) -> None:
    """Wait until the agent has said hello."""
    deadline = time.monotonic() + 30.0
    while not any(site["alive"] for site in client.items("sites")):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def wait_for_graph(client: CampaignClient, ref: str) -> dict[str, Any]:
    """Wait until it is known what the graph of the campaign's one submission was made with."""
    deadline = time.monotonic() + 240.0
    while True:
        for found in client.submissions(ref):
            submission = client.submission(found["id"])
            if all(use["outcome"] for use in submission["sets"]) and submission["tasks"]:
                return submission
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_tag_is_enough(live_server: LiveServer, butler: Path, tmp_path: Path) -> None:
    bps = {
        **yaml.safe_load((DEMO / "bps" / "demo.yaml").read_text()),
        "wmsServiceClass": "campaigns_instack.parsl_service.TrackedParslService",
        "computeSite": "local",
        "site": {"local": {"class": "campaigns_instack.parsl_sites.Threads", "cores": 2, "retries": 0}},
    }
    site = write_site(tmp_path / "site.yaml", prefix=STACK, repositories={"demo": {"uri": str(butler)}}, bps=bps)
    repository = Repository(tmp_path / "shared" / "dr2")
    lists = [{"instrument": "HSC", "visit": TRAILED, "reason": "trailed"}]
    wrong = [*lists, {"instrument": "HSC", "visit": 5}]
    first = {**CAMPAIGN, "name": "dr2-try", "output": "u/mary/dr2-try"}
    files = {"campaign.yaml": yaml.safe_dump(first), "overrides/measure.py": "config.threshold_sigma = 3.0\n"}
    repository.commit({**files, "exclusions/bad.json": json.dumps(wrong, indent=1)}, tag="v1.9")
    commit = repository.commit({"campaign.yaml": yaml.safe_dump(CAMPAIGN), "exclusions/bad.json": json.dumps(lists)}, tag="v2.0")
    with (
        CampaignClient(live_server.url, token=token_of(Role.MANAGER)) as client,
        agent_thread(site, live_server, tmp_path / "state", token=token_of(Role.AGENT), on_stop="cancel"),
    ):
        wait_for_site(client)
        ref = client.define_from(str(repository.path), "v1.9")["id"]
        with pytest.raises(PreflightFailed) as refused:
            client.act(ref, "start", reason="To see what is wrong.", wait_s=60.0)
        assert "exclusions/bad.json, line 7, instrument=HSC, visit=5" in [fault.where for fault in refused.value.faults]
        assert client.submissions(ref) == []
        assert list(client.items("dataid-sets")) == []
        ref = client.define_from(str(repository.path), "v2.0")["id"]
        assert client.look_at_specifications(ref)["lists"][0]["data_ids"] == lists
        client.act(ref, "start", reason="The list is mended.", wait_s=60.0)
        submission = wait_for_graph(client, ref)
        graph = client.graph(submission["id"])
        [made] = client.items("dataid-sets")
    expected = {task["label"]: task["expected"] for task in submission["tasks"]}
    assert expected["summarizeVisit"] == 1, "the other visit is left out"
    assert "HSC/demo/inputs" in [one["name"] for one in graph["collections"]]
    assert [(one["name"], one["version"], one["outcome"]) for one in submission["sets"]] == [("exclusions/bad", 1, "applied")]
    assert made["source"].startswith(f"{repository.path}@{commit}:exclusions/bad.json (order ")
