"""What definitions say of processing beyond pipeline and data, by the demo stack's own bps, pipetask and Butler."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from agent.fake_server import FakeServer
from agent.making import O1, agent_thread, submit_order
from agent.test_real_stack import INPUTS, PIPELINE, TWO_VISITS, _preflight, _steps, repository, site_file, worker
from campaigns.agent.worker import StackRefused, StackWorker

__all__ = ("repository", "site_file", "worker")  # fixtures


@pytest.fixture
def bps_file(tmp_path: Path) -> Path:
    """An existing BPS file that includes another."""
    (tmp_path / "more.yaml").write_text("requestMemory: 1024\n")
    path = tmp_path / "step1.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "includeConfigs": "more.yaml",
                "pipelineYaml": f"{PIPELINE}#step1",
                "payload": {"dataQuery": TWO_VISITS, "output": "u/x"},
            }
        )
    )
    return path


def test_preflight_looks_at_what_a_definition_configures(worker: StackWorker, repository: Path, bps_file: Path) -> None:
    good = [{"label": "measureDetector", "settings": {"saveLogOutput": False}}]
    found = _preflight(worker, repository, steps=_steps(config_overrides=good), skymap=None)
    assert found["faults"] == []
    wrong = {
        "task_label_not_found": [{"label": "nothing", "settings": {"a": 1}}],
        "pipeline_invalid": [{"label": "measureDetector", "settings": {"noSuchField": 1}}],
        "override_not_found": [{"label": "measureDetector", "file": "/nowhere.py"}],
    }
    for code, overrides in wrong.items():
        faults = _preflight(worker, repository, steps=_steps(config_overrides=overrides))["faults"]
        assert [fault["code"] for fault in faults] == [code]
    [fault] = _preflight(worker, repository, steps=_steps(shared_overrides=wrong["task_label_not_found"]))["faults"]
    assert (fault["code"], fault["where"]) == ("task_label_not_found", "config_overrides[0].label")
    [fault] = _preflight(worker, repository, skymap="nothing")["faults"]
    assert fault["code"] == "skymap_not_found"
    [step] = _preflight(worker, repository, steps=_steps(pipeline="", data_queries=[""], file=str(bps_file)))["steps"]
    assert step["groups"][0]["data_query"] == TWO_VISITS
    assert step["groups"][0]["quanta"]["measureDetector"] > 0
    [fault] = _preflight(worker, repository, steps=_steps(include_configs=["/nowhere.yaml"]))["faults"]
    assert (fault["code"], fault["where"]) == ("include_not_found", "steps[0].include_configs")
    with pytest.raises(StackRefused, match="There is no local package /nowhere"):
        _preflight(worker, repository, surroundings={"environment": {}, "local_packages": ["/nowhere"]})


def test_an_existing_bps_file_is_run_as_part_of_a_campaign(
    server: FakeServer, site_file: Path, state_dir: Path, bps_file: Path
) -> None:
    processing = {
        "file": str(bps_file),
        "config_overrides": [{"label": "measureDetector", "settings": {"saveLogOutput": True}}],
        "qgraph_options": ["--skip-existing"],
        "environment": {"CAMPAIGNLESS": "yes"},
    }
    order = submit_order(
        pipeline="", data_query="visit = 903334", input_collections=INPUTS, instrument="HSC", processing=processing
    )
    server.add(order)
    with agent_thread(site_file, server, state_dir):
        assert server.wait_for_report(O1, "done", "failed", timeout_s=120.0).kind == "done"
    [quanta] = server.reports(O1, "quanta")
    assert {task.label: (task.expected, task.succeeded) for task in quanta.tasks}["measureDetector"][0] > 0
    assert quanta.n_failures == 0
    rendered = server.files[f"S-{O1}"]["bps-rendered.yaml"].content.decode()
    assert "requestMemory: 1024" in rendered
