"""The agent with the demo stack: real ``bps``, real Butler, real failures, real kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.fake_server import FakeServer
from agent.making import C1, E1, K1, O1, O2, P1, P2, R1, X1, agent_thread, cancel_order, make_order, submit_order, write_site
from campaigns.agent import shim
from campaigns.agent.site import load_site
from campaigns.agent.worker import StackRefused, StackWorker, Workers
from campaigns.wire.adopting import FoundRuns, InspectRunPayload
from campaigns.wire.agent import ChainPayload, PreflightPayload, PreflightStep

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[4]
STACK = ROOT / ".stack"
DEMO = ROOT / "packages" / "demo-pipeline" / "src" / "demo_pipeline"
PIPELINE = f"{DEMO}/pipelines/demo.yaml"
INPUTS = ["HSC/demo/defaults"]

TWO_VISITS = "instrument = 'HSC' AND visit IN (903334, 903342)"
"""A visit that can be measured and one whose images show no star."""

LABELS = ("simulateExposure", "measureDetector", "summarizeVisit")

LOCAL = {
    "wmsServiceClass": "campaigns_instack.parsl_service.TrackedParslService",
    "computeSite": "local",
    "site": {"local": {"class": "campaigns_instack.parsl_sites.Threads", "cores": 2, "retries": 0}},
}


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the demonstration's repository."""
    if not (STACK / "bin" / "bps").exists():
        pytest.skip("there is no demo stack: run `make setup`")
    place = tmp_path_factory.mktemp("demo") / "repo"
    subprocess.run([STACK / "bin" / "python", "-m", "demo_pipeline.repository", place], check=True, env=_clean(), stdout=2)
    return place


@pytest.fixture
def site_file(tmp_path: Path, repository: Path) -> Path:
    bps = {**yaml.safe_load((DEMO / "bps" / "demo.yaml").read_text()), **LOCAL}
    repositories = {"demo": {"uri": str(repository)}}
    return write_site(tmp_path / "site.yaml", prefix=STACK, repositories=repositories, bps=bps, max_submissions=3)


@pytest.fixture
def worker(site_file: Path, tmp_path: Path) -> Iterator[StackWorker]:
    workers = Workers(load_site(site_file), tmp_path / "workers")
    yield workers.get("demo")
    workers.stop()


def _clean() -> dict[str, str]:
    prefix = str(STACK)
    return {"PATH": f"{prefix}/bin:/usr/bin:/bin", "HOME": "/nonexistent", "CTRL_MPEXEC_DIR": prefix, "DAF_BUTLER_DIR": prefix}


def _preflight(worker: StackWorker, place: Path, **changes: Any) -> dict[str, Any]:
    step = {"name": "step1", "pipeline": f"{PIPELINE}#step1", "data_queries": [TWO_VISITS]}
    arguments = {
        "repository": str(place), "input_collections": INPUTS, "output": "u/ann/never", "instrument": "HSC", "bps": LOCAL,
        "steps": [step],
    }  # fmt: skip
    found: dict[str, Any] = worker.call("preflight", **{**arguments, **changes})
    return found


def _steps(**changes: Any) -> list[dict[str, Any]]:
    return [{"name": "step1", "pipeline": f"{PIPELINE}#step1", "data_queries": [TWO_VISITS], **changes}]


def test_preflight_in_the_stack(worker: StackWorker, repository: Path) -> None:
    found = _preflight(worker, repository)
    assert found["faults"] == []
    [group] = found["steps"][0]["groups"]
    assert group["quanta"] == {"simulateExposure": 7, "measureDetector": 7, "summarizeVisit": 2}
    for change, code, where in (
        ({"input_collections": [*INPUTS, "no/such"]}, "collection_not_found", "input_collections[1]"),
        ({"output": "HSC/demo/inputs"}, "not_chained", "output"),
        ({"instrument": "LSSTCam"}, "instrument_not_found", "instrument"),
        ({"bps": {**LOCAL, "wmsServiceClass": "a.b.C"}}, "wms_not_found", "bps.wmsServiceClass"),
        ({"bps": {**LOCAL, "computeSite": "moon"}}, "compute_site_not_found", "bps.computeSite"),
        ({"steps": _steps(pipeline="/no/such.yaml#step1")}, "pipeline_not_found", "steps[0].pipeline"),
        ({"steps": _steps(pipeline=f"{PIPELINE}#step9")}, "pipeline_invalid", "steps[0].pipeline"),
        ({"steps": _steps(data_queries=["visit = "])}, "data_query_invalid", "steps[0].data_queries[0]"),
        ({"steps": _steps(data_queries=[TWO_VISITS, "instrument = 'HSC' AND visit = 5"])}, "no_data", "steps[0].data_queries[1]"),
        ({"repository": "/no/such"}, "butler_unreachable", "repository"),
    ):
        faults = _preflight(worker, repository, **change)["faults"]
        assert [(fault["code"], fault["where"]) for fault in faults] == [(code, where)], faults
        assert faults[0]["remedy"]
    with pytest.raises(StackRefused) as caught:
        _preflight(worker, repository, timeout_s=0.01)
    assert caught.value.fault.code == "timeout"
    # One that was killed has not harmed the others.
    assert worker.call("ping")["pid"]


def _submit(order_id: str, **changes: Any) -> Any:
    told = {"pipeline": f"{PIPELINE}#step1", "input_collections": INPUTS, "data_query": TWO_VISITS, "output": f"u/ann/{order_id}"}
    return submit_order(order_id, **{**told, "output_run": f"u/ann/{order_id}/run", "instrument": "HSC", **changes})


def _collections(repository: Path) -> set[str]:
    shown = subprocess.run(
        [STACK / "bin" / "butler", "query-collections", repository, "u/ann/*"],
        capture_output=True, check=True, env=_clean(), text=True,
    )  # fmt: skip
    return set(shown.stdout.split())


def _launch(state_dir: Path, order_id: str, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((state_dir / "orders" / order_id / "launch" / name).read_text())
    return content


def _look_at_what_ran(server: FakeServer, order_id: str) -> None:
    """Look at a run as if nobody had ordered it: by its submit directory, and by its output collection."""
    place = server.reports(order_id, "prepared")[0].submit_dir
    where: list[dict[str, Any]] = [
        {"submit_dir": place},
        {"collections": [f"u/ann/{order_id}"]},
        {"collections": ["HSC/raw/all"]},
    ]
    told = []
    for number, looked in zip((P2, O1, O2), where, strict=True):
        server.add(make_order(number, InspectRunPayload(stack="demo", repository="demo", **looked)))
        told.append(server.wait_for_report(number, "done", "failed", timeout_s=60.0))
    [by_graph], [by_chain] = (FoundRuns.model_validate(one.result).runs for one in told[:2])
    assert by_graph.run == by_chain.run == f"u/ann/{order_id}/run"
    assert (by_graph.source, by_graph.registered, by_graph.n_failures) == ("pipetask report", True, 4)
    assert by_graph.pipeline.endswith("demo.yaml#step1")
    assert by_graph.data_query == TWO_VISITS
    assert by_graph.inputs == INPUTS
    assert "no stars" in by_graph.failures[0].message
    assert by_graph.started_us is not None
    assert [one.n_read for one in by_graph.spent] == [7, 4, 1]
    # Quanta that never ran have left nothing in the registry.
    counts = {task.label: (task.expected, task.succeeded, task.failed) for task in by_chain.tasks}
    assert counts == {"simulateExposure": (7, 7, 0), "measureDetector": (7, 4, 3), "summarizeVisit": (1, 1, 0)}
    assert told[2].faults[0].code in ("nothing_ran", "collection_not_found")


def _look_at_what_it_took(worker: StackWorker, place: Path, submit_dir: str, quanta: Any) -> None:
    """Look at what was told that quanta took, then ask for less: fewer, and such as have no record that could be read."""
    took = {one.label: one for one in quanta.spent}
    assert [(label, one.n_read) for label, one in took.items()] == list(zip(LABELS, (7, 4, 1), strict=True))
    assert all(one.cpu_us > 0 and 0 < one.run_us < 600_000_000 for one in took.values())
    # In bytes: less than a process of Python with Butler needs would be another unit.
    assert all(30_000_000 < (one.max_memory_bytes or 0) < 10**11 for one in took.values())
    [graph] = map(str, Path(submit_dir).glob("*.qg"))
    asked = {"graph": graph, "repository": str(place)}
    few = worker.call("scan", **asked, max_succeeded=3)["succeeded"]
    assert len(few) == 3 + 3 + 1
    assert few == worker.call("scan", **asked, max_succeeded=3)["succeeded"]
    assert worker.call("scan", **asked)["succeeded"] == []
    told = worker.call("spent", **asked, quanta=few, max_s=60.0)
    assert [(one["label"], one["n_read"]) for one in told] == list(zip(LABELS, (3, 3, 1), strict=True))
    assert worker.call("spent", **asked, quanta=few, max_s=-1.0) == []
    failed = [one.quantum_id for one in quanta.failures]
    assert worker.call("spent", **asked, quanta=failed, max_s=60.0) == []
    records = sorted(place.glob(f"u/ann/{R1}/run/measureDetector_metadata/**/*measureDetector_metadata*"))
    assert len(records) == 4
    before = [path.read_bytes() for path in records]
    wrong = (b"{", b"[]", b'{"metadata": {"quantum": {"scalars": {"prepCpuTime": 1.0}}}}', b"")
    for path, content in zip(records, wrong, strict=True):
        path.write_bytes(content)
    all_of_them = worker.call("scan", **asked, max_succeeded=200)["succeeded"]
    told = worker.call("spent", **asked, quanta=all_of_them, max_s=60.0)
    assert {one["label"]: one["n_read"] for one in told} == {"simulateExposure": 7, "summarizeVisit": 1}
    for path, content in zip(records, before, strict=True):
        path.write_bytes(content)


def test_run_with_failures_is_told_truly(
    server: FakeServer, worker: StackWorker, site_file: Path, state_dir: Path, repository: Path
) -> None:
    steps = [PreflightStep(name="step1", pipeline=f"{PIPELINE}#step1", data_queries=[TWO_VISITS])]
    look = PreflightPayload(stack="demo", repository="demo", input_collections=INPUTS, output=f"u/ann/{R1}", steps=steps)
    with agent_thread(site_file, server, state_dir):
        server.add(_submit(R1))
        server.add(make_order(P1, look))
        assert server.wait_for_report(P1, "done", "failed", timeout_s=60.0).kind == "done"
        assert server.wait_for_report(R1, "done", "failed", timeout_s=120.0).kind == "done"
        assert shim.session_members(_launch(state_dir, R1, "started.json")["pid"]) == []
        assert f"u/ann/{R1}" not in _collections(repository)
        server.add(
            make_order(C1, ChainPayload(stack="demo", repository="demo", chain=f"u/ann/{R1}", collections=[f"u/ann/{R1}/run"]))
        )
        assert server.wait_for_report(C1, "done", "failed").kind == "done"
        _look_at_what_ran(server, R1)
    [quanta] = server.reports(R1, "quanta")
    assert (quanta.source, quanta.registered, quanta.n_failures) == ("pipetask report", True, 4)
    counts = {task.label: (task.expected, task.succeeded, task.failed, task.blocked, task.unknown) for task in quanta.tasks}
    assert counts == {"simulateExposure": (7, 7, 0, 0, 0), "measureDetector": (7, 4, 3, 0, 0), "summarizeVisit": (2, 1, 0, 1, 0)}
    [graph] = server.reports(R1, "graph")
    assert graph.pins is not None
    assert ("HSC/demo/inputs", "RUN") in [(one.name, one.type) for one in graph.pins.collections]
    assert "HSC/demo/inputs" in graph.pins.read
    assert graph.pins.universe.startswith("daf_butler@")
    failed = [failure for failure in quanta.failures if failure.status == "failed"]
    assert {failure.data_id["visit"] for failure in failed} == {903342}
    assert all(failure.exception.endswith("NoStarsError") and "no stars" in failure.message for failure in failed)
    files = server.files[f"S-{R1}"]
    assert all(b"no stars" in files[failure.log].content for failure in failed)
    assert {"bps.yaml", "bps-rendered.yaml", "launcher.log", "pipetask-report.json"} <= set(files)
    assert not [name for name in files if "env" in name]
    assert server.reports(R1, "phase")[-1].n_quanta == 16
    [last] = server.reports(R1, "workflow")[-1:]
    assert (last.state, last.jobs["finalJob"]) == ("FAILED", {"SUCCEEDED": 1})
    assert {f"u/ann/{R1}", f"u/ann/{R1}/run"} <= _collections(repository)
    asked = ["status", "--wms-service-class", LOCAL["wmsServiceClass"], "--id", server.reports(R1, "prepared")[0].submit_dir]
    env = {**_clean(), "PYTHONPATH": str(ROOT / "packages/campaigns/src/campaigns/agent/instack")}
    assert subprocess.run([STACK / "bin" / "bps", *asked], capture_output=True, check=False, env=env).returncode == 19
    _look_at_what_it_took(worker, repository, server.reports(R1, "prepared")[0].submit_dir, quanta)


def test_sets_in_the_stack(worker: StackWorker, repository: Path, tmp_path: Path) -> None:
    place, rows = str(repository), tmp_path / "rows.json"
    data_ids = {"constants": {"instrument": "HSC"}, "data_ids": [{"visit": 903334, "reason": "a"}, {"visit": 903342}]}
    asked = {
        "name": "t/two",
        "data_ids": data_ids,
        "description": "",
        "source": "a test",
        "unknown": "error",
        "rows_file": str(rows),
    }
    made = worker.call("upload_set", repository=place, mark="order 1", **asked)["set"]
    again = worker.call("upload_set", repository=place, mark="order 1", **asked)["set"]
    assert (made["version"], again["version"], again["digest"]) == (1, 1, made["digest"])
    assert worker.call("upload_set", repository=place, mark="order 2", **asked)["set"]["version"] == 2
    assert json.loads(rows.read_text())["rows"] == [["HSC", 903334, 0], ["HSC", 903342, None]]
    wrong = {**asked, "data_ids": [{"instrument": "HSC", "visit": 5}]}
    assert "unknown_data_id" in {
        f["code"] for f in worker.call("upload_set", repository=place, mark="order 3", **wrong)["faults"]
    }
    listed = worker.call("list_sets", repository=place)
    assert [(one["name"], one["version"]) for one in listed["sets"] if one["name"] == "t/two"] == [("t/two", 2), ("t/two", 1)]
    assert (
        worker.call("show_set", repository=place, name="t/two", version=9, rows_file=str(rows))["faults"][0]["code"]
        == "no_such_set"
    )

    named = {"where": "sets.exclude[0]", "reference": "t/two", "role": "exclude", "step": None}
    found = _preflight(worker, repository, sets=[named, {**named, "where": "sets.exclude[1]", "reference": "nope"}])
    assert [(fault["code"], fault["where"]) for fault in found["faults"]] == [("unknown_set", "sets.exclude[1]")]
    assert [(one["reference"], one["set"]["version"]) for one in found["sets"]] == [("t/two", 2)]
    by_step = {one["step"]: (one["outcome"], one["tasks"]) for one in found["fits"]}
    assert by_step["step1"][0] == "applied"
    assert by_step["step1"][1]["measureDetector"] == "applied"

    pinned = {"role": "exclude", "name": "t/two", "version": 1, "digest": made["digest"]}
    fitted = worker.call("fit_sets", repository=place, pipeline=f"{PIPELINE}#step1", sets=[pinned])
    assert [one["outcome"] for one in fitted["fits"]] == ["applied"]
    changed = worker.call("fit_sets", repository=place, pipeline=f"{PIPELINE}#step1", sets=[{**pinned, "digest": "0"}])
    assert changed["faults"][0]["code"] == "set_changed"

    outputs = worker.call(
        "find_outputs", repository=place, collections=["HSC/demo/inputs"], data_ids=[{"instrument": "HSC", "visit": 903334}]
    )["outputs"]
    assert [one["dataset_type"] for one in outputs] == ["demo_conditions"], "by the visit's exposures"
    [other] = _find_outputs(worker, place, [{"instrument": "HSC", "visit": 903342}])["outputs"]
    [both] = _find_outputs(worker, place, [{"instrument": "HSC", "visit": [903334, 903342]}])["outputs"]
    assert both["datasets"] == outputs[0]["datasets"] + other["datasets"], "a list stands for its values"
    assert _find_outputs(worker, place, [{"instrument": "x' OR visit>0 OR 'x'='x", "visit": 1}])["outputs"] == []
    for wrong in ([{"instrument": "HSC", "visit": 1}, {"instrument": "HSC", "exposure": 1}], [{"instrument": "HSC", "nope": 1}]):
        fault = _find_outputs(worker, place, wrong)["faults"][0]
        assert fault["message"]
        assert fault["where"].startswith("data_ids["), fault
        assert fault["remedy"], fault
    assert worker.call("show_set", repository=place, name="t/two", version=1, rows_file=str(rows))["set"]["access"] == "everyone"


def test_what_is_private_stays_at_the_site(worker: StackWorker, repository: Path, tmp_path: Path) -> None:
    place, rows = str(repository), tmp_path / "rows.json"
    script = (
        "import sys; from dataid_sets import DataIdSets; from lsst.daf.butler import Butler; "
        "rows = [{'instrument': 'HSC', 'visit': 903334, 'reason': 'nobody knows'}]; "
        "DataIdSets(Butler.from_config(sys.argv[1], writeable=True)).create('t/private', rows, access='private')"
    )
    subprocess.run([STACK / "bin" / "python", "-c", script, place], check=True, env=_clean())
    assert "t/private" not in json.dumps(worker.call("list_sets", repository=place))
    shown = worker.call("show_set", repository=place, name="t/private", version=1, rows_file=str(rows))
    assert shown["set"]["access"] == "private"
    assert "nobody knows" not in json.dumps(shown)
    assert not rows.exists()


def test_a_set_that_fits_no_pipeline_is_not_made(worker: StackWorker, repository: Path, tmp_path: Path) -> None:
    place = str(repository)
    made = {"description": "", "source": "", "unknown": "error", "rows_file": str(tmp_path / "rows.json"), "repository": place}
    data_ids = [{"instrument": "HSC", "visit": 903334, "detector": 0}]
    pipelines = [{"step": "step1", "pipeline": f"{PIPELINE}#step1"}, {"step": "gone", "pipeline": "/no/such.yaml"}]
    found = worker.call("upload_set", name="t/fits", data_ids=data_ids, mark="order 8", pipelines=pipelines, **made)
    assert [(fit["step"], fit["outcome"]) for fit in found["fits"]] == [("step1", "applied"), ("gone", "not_known")]
    known = [[found["set"]["name"], 1, found["set"]["digest"]]]
    listed = worker.call("list_sets", repository=place, known=known)["sets"]
    assert "n_reasons" not in next(one for one in listed if one["name"] == "t/fits"), "what is known is not read again"
    assert "n_reasons" in next(one for one in worker.call("list_sets", repository=place)["sets"] if one["name"] == "t/fits")


def test_outputs_of_two_campaigns_are_compared(worker: StackWorker, repository: Path) -> None:
    place, run = str(repository), "HSC/demo/inputs"
    [same] = worker.call("compare_outputs", repository=place, before=[run], after=[run], dataset_types=[])["types"]
    assert (same["dataset_type"], same["only_before"], same["only_after"]) == ("demo_conditions", 0, 0)
    assert same["both"] > 0
    [gone] = worker.call("compare_outputs", repository=place, before=[run], after=[], dataset_types=["demo_conditions"])["types"]
    assert (gone["only_before"], gone["both"]) == (same["both"], 0)
    assert gone["first_before"][0]["instrument"] == "HSC"
    assert worker.call("compare_outputs", repository=place, before=[run], after=[], dataset_types=["nope"]) == {"types": []}
    with pytest.raises(StackRefused, match="does not exist"):
        worker.call("compare_outputs", repository=place, before=["u/no/such"], after=[], dataset_types=[])


def _find_outputs(worker: StackWorker, place: str, data_ids: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = worker.call("find_outputs", repository=place, collections=["HSC/demo/inputs"], data_ids=data_ids)
    return found


def test_killed_cancelled_and_empty(server: FakeServer, site_file: Path, state_dir: Path, repository: Path) -> None:
    for order in (_submit(K1), _submit(X1), _submit(E1, data_query="instrument = 'HSC' AND visit = 5")):
        server.add(order)
    with agent_thread(site_file, server, state_dir):
        for order_id in (K1, X1):
            server.wait_for_report(order_id, "progress", timeout_s=90.0)
        os.kill(_launch(state_dir, K1, "child.json")["pid"], signal.SIGKILL)
        server.add(cancel_order(C1, X1))
        for order_id in (K1, X1, E1):
            server.wait_for_report(order_id, "done", "failed", timeout_s=90.0)
            assert shim.session_members(_launch(state_dir, order_id, "started.json")["pid"]) == []
    assert server.reports(K1, "launcher")[0].signal == signal.SIGKILL
    assert server.reports(X1, "done")[0].cancelled
    for order_id in (K1, X1):
        [quanta] = server.reports(order_id, "quanta")
        assert (quanta.source, quanta.registered) == ("datasets in the datastore", False)
        assert sum(task.expected for task in quanta.tasks) == 16
        assert all(t.expected == t.succeeded + t.failed + t.blocked + t.unknown for t in quanta.tasks)
    assert server.reports(X1, "workflow")[-1].state == "DELETED"
    assert server.reports(E1, "failed")[0].faults[0].code == "empty_quantum_graph"
    # Nothing half-made is in the registry.
    assert not [name for name in _collections(repository) if name.startswith((f"u/ann/{K1}", f"u/ann/{X1}", f"u/ann/{E1}"))]
