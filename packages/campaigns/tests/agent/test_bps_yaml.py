"""What a definition says of processing, in the BPS configuration that is submitted."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from agent.fake_server import FakeServer
from agent.making import O1, StubStack, agent_thread, submit_order, write_site
from campaigns.agent.bpsyaml import bps_document, write_bps_yaml
from campaigns.agent.checkout import unpack
from campaigns.agent.site import load_site
from campaigns.agent.stack import Stack
from campaigns.domain.definition import Definition, Step
from campaigns.domain.document import read_definition
from campaigns.domain.errors import InvalidInput
from campaigns.domain.processing import bps_settings
from campaigns.wire.agent import SubmitPayload
from campaigns.wire.processing import PinnedSpecification, ProcessingModel

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SPEC = PinnedSpecification(repository="/git/drp", reference="v1", commit=COMMIT)


def defined(**fields: Any) -> tuple[Definition, Step]:
    document = {"name": "a", "title": "t", "reason": "r", "kind": "development", "pipeline": "/a/p.yaml", **fields}
    if "commands" not in fields:
        document.setdefault("steps", [{"name": "step1"}])
    definition = read_definition(document)
    return definition, definition.steps[0]


def payload_of(definition: Definition, step: Step, spec: PinnedSpecification | None = None, **changes: Any) -> SubmitPayload:
    told = {
        "bps": bps_settings(definition, step),
        "pipeline": definition.pipeline_of(step),
        "processing": ProcessingModel.of(definition, step, spec).model_dump(),
        **changes,
    }
    payload = submit_order(**told).payload
    assert isinstance(payload, SubmitPayload)
    return payload


def rendered(
    tmp_path: Path, *, bps: dict[str, Any] | None = None, spec: Any = None, labels: Any = (), **fields: Any
) -> dict[str, Any]:
    site = load_site(write_site(tmp_path / "site.yaml", prefix=tmp_path / "stack", bps=bps or {}))
    return bps_document(site, payload_of(*defined(**fields), spec), labels=labels)


def test_what_tasks_need_is_under_bps_own_names(tmp_path: Path) -> None:
    document = rendered(
        tmp_path,
        tasks={"isr": {"memory_mb": 4096, "walltime_min": 30, "retries": 2}, "warp": {"cpus": 4}},
        steps=[{"name": "step1", "tasks": {"isr": {"memory_mb": 9000}}, "bps": {"pipetask": {"warp": {"requestDisk": 5}}}}],
        bps={"requestMemory": 1},
    )
    assert document["pipetask"] == {
        "isr": {"requestMemory": 9000, "requestWalltime": 30, "numberOfRetries": 2},
        "warp": {"requestCpus": 4, "requestDisk": 5},
    }


def test_clusters_are_made_by_dimensions(tmp_path: Path) -> None:
    clusters = {"visit": {"tasks": ["isr", "calibrate"], "dimensions": ["visit", "detector"], "memory_mb": 8000}}
    document = rendered(tmp_path, clusters=clusters)
    assert document["clusterAlgorithm"].endswith(".dimension_clustering")
    told = {"pipetasks": "isr,calibrate", "dimensions": "visit,detector", "requestMemory": 8000}
    assert document["cluster"] == {"visit": told}


def test_configuration_reaches_the_graph_in_its_order(tmp_path: Path) -> None:
    document = rendered(
        tmp_path,
        bps={"extraQgraphOptions": "--skip-existing"},
        config_overrides=[
            {"label": "isr", "file": "$MY_DIR/isr.py"},
            {"label": "isr", "settings": {"doBias": False, "name": "it's", "levels": [1, "a"]}},
            {"label": "other", "settings": {"x": 1}},
        ],
        qgraph_options=["--skip-existing-in u/mary/run"],
        run_options=["--timeout 3600"],
        steps=[{"name": "step1", "config_overrides": [{"label": "isr", "settings": {"doBias": True}}]}],
        labels=["isr"],
    )
    words = shlex.split(document["extraQgraphOptions"])
    assert words == [
        "--skip-existing", "-C", "isr:$MY_DIR/isr.py", "-c", "isr:doBias=False", "-c", "isr:name=\"it's\"", "-c",
        "isr:levels=[1, 'a']", "-c", "isr:doBias=True", "--skip-existing-in", "u/mary/run",
    ]  # fmt: skip
    assert document["extraRunQuantumOptions"] == "--timeout 3600"


def test_options_that_a_command_would_ignore_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="--timeout 3600 would be ignored"):
        rendered(tmp_path, run_options=["--timeout 3600"], bps={"runQuantumCommand": "pipetask run-qbb"})


def test_files_in_the_repository_are_found_where_they_were_laid_out(tmp_path: Path) -> None:
    document = rendered(
        tmp_path,
        pipeline="pipelines/drp.yaml",
        processing_spec={"repository": "/git/drp", "reference": "v1"},
        config_overrides=[{"label": "isr", "file": "config/isr.py"}, {"label": "isr", "file": "/abs/isr.py"}],
        include_configs=["bps/memory.yaml"],
        bps={"requestMemory": 1, "includeConfigs": ["/site/more.yaml"]},
        spec=SPEC,
        labels=["isr"],
    )
    there = tmp_path / "work" / "specifications" / COMMIT
    assert document["pipelineYaml"] == f"{there}/pipelines/drp.yaml#step1"
    assert document["extraQgraphOptions"] == f"-C isr:{there}/config/isr.py -C isr:/abs/isr.py"
    assert document["includeConfigs"][-1] == f"{there}/bps/memory.yaml"


def test_the_sites_settings_lie_under_included_files(tmp_path: Path) -> None:
    site = load_site(write_site(tmp_path / "site.yaml", prefix=tmp_path / "stack", bps={"requestMemory": 1}))
    payload = payload_of(*defined(include_configs=["/abs/a.yaml"], bps={"requestCpus": 2}))
    path, _ = write_bps_yaml(site, payload, included={"requestMemory": 7})
    document = bps_document(site, payload, included={"requestMemory": 7})
    assert "requestMemory" not in document, "what stands here would win over the file"
    assert document["requestCpus"] == 2
    assert document["includeConfigs"] == [str(path.parent / "site.yaml"), "/abs/a.yaml"]
    assert "requestMemory: 1" in (path.parent / "site.yaml").read_text()


def test_an_existing_bps_file_keeps_its_pipeline_and_query_but_not_its_collections(tmp_path: Path) -> None:
    site = load_site(write_site(tmp_path / "site.yaml", prefix=tmp_path / "stack"))
    definition, step = defined(commands=["/abs/step1.yaml"], pipeline=None, data_query="visit = 1")
    payload = payload_of(definition, step, pipeline="", data_query="visit = 1")
    included = {"pipelineYaml": "x.yaml", "extraQgraphOptions": "--a", "payload": {"dataQuery": "detector = 2", "output": "u/x"}}
    document = bps_document(site, payload, included=included)
    assert "pipelineYaml" not in document
    assert document["payload"]["dataQuery"] == "(detector = 2) AND (visit = 1)"
    assert (document["payload"]["output"], document["payload"]["inCollection"]) == ("u/ann/trial", "HSC/defaults")
    assert document["includeConfigs"][-1] == "/abs/step1.yaml"


def test_variables_and_packages_are_set_over_the_stack(tmp_path: Path) -> None:
    package = tmp_path / "my_tasks"
    (package / "python").mkdir(parents=True)
    (package / "bin").mkdir()
    script = tmp_path / "setup.bash"
    script.write_text("export PYTHONPATH=/from/setup MODE=stack\n")
    site = load_site(
        write_site(
            tmp_path / "site.yaml", prefix=tmp_path, stacks={"demo": {"setup": f"source {script}"}, "bare": {"prefix": "/opt"}}
        )
    )
    show = [sys.executable, "-S", "-c", "import json, os; print(json.dumps(dict(os.environ)))"]
    for name in ("demo", "bare"):
        stack = Stack(site, name)
        command = stack.command(show, packages=[str(package)], variables={"MODE": "it's mine"})
        env = json.loads(subprocess.run(command, env=stack.environ(), capture_output=True, check=True, text=True).stdout)
        assert (env["MODE"], env["MY_TASKS_DIR"]) == ("it's mine", str(package))
        assert f"{package}/python" in env["PYTHONPATH"].split(":")
        assert env["PATH"].startswith(f"{package}/bin:")
    missing = stack.command(["true"], packages=[str(tmp_path / "none")])
    failed = subprocess.run(missing, env=stack.environ(), capture_output=True, check=False, text=True)
    assert failed.returncode != 0
    assert "There is no local package" in failed.stderr


def test_the_environment_is_also_told_to_bps(tmp_path: Path) -> None:
    assert rendered(tmp_path, environment={"OMP_NUM_THREADS": "2"})["environment"] == {"OMP_NUM_THREADS": "2"}


def test_archives_stay_within_their_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.add(tmp_path / "a.txt", "sub/a.txt")
        tar.add(tmp_path / "a.txt", "../outside.txt")
        for name, target in (("in", "sub/a.txt"), ("out", "../../etc/passwd")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
    unpack(tmp_path / "a.tar", tmp_path / "files")
    assert (tmp_path / "files" / "in").read_text() == "a"
    assert not (tmp_path / "outside.txt").exists()
    assert not (tmp_path / "files" / "out").is_symlink()


def test_the_agent_asks_for_what_included_files_say(
    server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path
) -> None:
    stack.go()
    stack.answer(read_bps={"pipelineYaml": "x.yaml", "extraQgraphOptions": "--b"}, task_labels=["isr"])
    processing = {
        "file": "/abs/step1.yaml",
        "shared_overrides": [{"label": "isr", "settings": {"doBias": False}}, {"label": "x", "settings": {"a": 1}}],
        "environment": {"MODE": "mine"},
    }
    server.add(submit_order(pipeline="", processing=processing))
    with agent_thread(site_file, server, state_dir):
        server.wait_for_report(O1, "done", "failed")
    [prepared] = server.reports(O1, "prepared")
    assert "extraQgraphOptions: --b -c isr:doBias=False\n" in prepared.bps_yaml
    [asked] = stack.calls("read_bps")
    assert (asked["files"], asked["own"]) == (["/abs/step1.yaml"], "/abs/step1.yaml")
    assert asked["surroundings"] == {"environment": {"MODE": "mine"}, "local_packages": []}
    assert stack.calls("task_labels")[0]["pipeline"] == "x.yaml"
