"""Orders about DataId sets, and submissions under sets, with a stack of scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.fake_server import FakeServer
from agent.making import O1, P1, StubStack, agent_thread, make_order, submit_order, write_site
from campaigns.agent.bpsoptions import CREATE_GRAPH
from campaigns.agent.bpsyaml import bps_document
from campaigns.agent.site import load_site
from campaigns.domain.dataidsets import SetRole
from campaigns.domain.definition.parts import SetRule
from campaigns.domain.errors import InvalidInput
from campaigns.wire.agent import SubmitPayload
from campaigns.wire.agentoutputs import CompareOutputsPayload
from campaigns.wire.agentsets import FindOutputsPayload, ListSetsPayload, PinnedSet, SubmittedRun, UploadSetPayload
from campaigns.wire.processing import ProcessingModel

BAD = PinnedSet(role=SetRole.EXCLUDE, name="demo/bad", version=1, digest="d1")
DEEP = PinnedSet(role=SetRole.INCLUDE, name="deep", version=3, digest="d2")
UPLOAD = UploadSetPayload(stack="demo", repository="demo", name="demo/bad", data_ids=[{"visit": 1}], source="a test")
HEADER = {"name": "demo/bad", "version": 1, "digest": "d1", "role": "exclude", "outcome": "applied", "detail": ""}


def _document(tmp_path: Path, *sets: PinnedSet, processing: ProcessingModel | None = None, **bps: Any) -> dict[str, Any]:
    site = load_site(write_site(tmp_path / "site.yaml", prefix=tmp_path / "stack", bps=bps))
    payload = submit_order(processing=processing or ProcessingModel()).payload
    assert isinstance(payload, SubmitPayload)
    return bps_document(site, payload, sets=sets)


def test_graphs_are_made_by_pipetask_sets(tmp_path: Path) -> None:
    document = _document(tmp_path, BAD, DEEP, extraQgraphOptions="--skip-existing")
    assert document["extraQgraphOptions"] == "--skip-existing --exclude-set demo/bad@1 --include-set deep@3"
    assert document["createQuantumGraph"] == CREATE_GRAPH.replace("pipetask ", "pipetask-sets ", 1)
    assert "{pipetaskDataQuery}" in document["createQuantumGraph"]


def test_how_sets_are_translated_is_passed_on_with_them(tmp_path: Path) -> None:
    processing = ProcessingModel(set_rule=SetRule.ALL, set_visit_system=0)
    document = _document(tmp_path, BAD, processing=processing)
    assert document["extraQgraphOptions"] == "--exclude-set demo/bad@1 --set-rule all --set-visit-system 0"
    assert "extraQgraphOptions" not in _document(tmp_path, processing=processing), "plain pipetask has no such options"


def test_a_sites_own_command_is_kept_but_for_pipetask(tmp_path: Path) -> None:
    own = "time ${CTRL_MPEXEC_DIR}/bin/pipetask {qgraphPreCmdOpts} qgraph -p x"
    document = _document(tmp_path, BAD, createQuantumGraph=f"{own} {{extraQgraphOptions}}")
    assert document["createQuantumGraph"] == "time pipetask-sets {qgraphPreCmdOpts} qgraph -p x {extraQgraphOptions}"
    with pytest.raises(InvalidInput, match="--exclude-set demo/bad@1 would be ignored"):
        _document(tmp_path, BAD, createQuantumGraph=own)
    with pytest.raises(InvalidInput, match="no DataId sets can be applied"):
        _document(tmp_path, BAD, createQuantumGraph="my-builder --pipetask-like")


def test_without_sets_nothing_is_changed(tmp_path: Path) -> None:
    assert "createQuantumGraph" not in _document(tmp_path)


def test_only_sets_that_have_to_do_with_the_pipeline_are_applied(
    server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path
) -> None:
    stack.go()
    fits = [{"outcome": "applied", "detail": ""}, {"outcome": "not_applicable", "detail": "no task"}]
    stack.answer(fit_sets={"fits": fits, "faults": []}, scan=_scan())
    server.add(submit_order(sets=[BAD.model_dump(), DEEP.model_dump()]))
    with agent_thread(site_file, server, state_dir):
        server.wait_for_report(O1, "done", "failed")
    [prepared] = server.reports(O1, "prepared")
    assert yaml.safe_load(prepared.bps_yaml)["extraQgraphOptions"] == "--exclude-set demo/bad@1"
    [graph] = server.reports(O1, "graph")
    assert [(one.name, one.outcome) for one in graph.sets] == [("demo/bad", "applied"), ("deep", "not_applicable")]
    [asked] = stack.calls("fit_sets")
    assert [one["digest"] for one in asked["sets"]] == ["d1", "d2"]
    assert asked["translation"] == {}


def test_what_the_graph_was_made_from_is_told_once(
    server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path
) -> None:
    stack.go()
    pins = {"collections": [{"name": "r", "type": "RUN"}], "read": {"r": 3}, "universe": "daf_butler@7", "skymaps": []}
    stack.answer(scan=_scan(), graph_pins=pins)
    server.add(submit_order())
    with agent_thread(site_file, server, state_dir):
        server.wait_for_report(O1, "done", "failed")
    [graph] = server.reports(O1, "graph")
    assert graph.pins is not None
    assert graph.pins.model_dump() == pins
    [asked] = stack.calls("graph_pins")
    assert asked["graph"].endswith("run.qg")


def test_a_set_that_is_another_now_starts_nothing(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    fault = {"code": "set_changed", "message": "Its digest is another.", "where": "demo/bad@1", "remedy": None}
    stack.answer(fit_sets={"fits": [], "faults": [fault]})
    server.add(submit_order(sets=[BAD.model_dump()]))
    with agent_thread(site_file, server, state_dir):
        failed = server.wait_for_report(O1, "done", "failed")
    assert failed.faults[0].code == "set_changed"
    assert stack.n_starts == 0


def test_a_set_is_made_and_its_data_ids_are_brought(
    server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path
) -> None:
    rows = {"dimensions": ["visit"], "reasons": [], "rows": [[1, None]]}
    stack.answer(upload_set={"set": {"name": "demo/bad", "version": 1}}, rows=rows)
    server.add(make_order(P1, UPLOAD))
    with agent_thread(site_file, server, state_dir):
        done = server.wait_for_report(P1, "done", "failed")
    assert done.result == {"set": {"name": "demo/bad", "version": 1}}
    assert json.loads(server.files[P1]["rows.json"].content) == rows
    [asked] = stack.calls("upload_set")
    assert asked["mark"] == f"order {P1}", "by it the set is known again, if this has to be tried once more"
    assert asked["unknown"] == "error"


@pytest.mark.parametrize("status", [409, 413, 422])
def test_a_set_is_made_though_its_data_ids_are_refused(
    server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path, status: int
) -> None:
    server.refuse_rows = status
    stack.answer(upload_set={"set": {"name": "demo/bad", "version": 1}}, rows={"dimensions": [], "reasons": [], "rows": []})
    server.add(make_order(P1, UPLOAD))
    with agent_thread(site_file, server, state_dir):
        assert server.wait_for_report(P1, "done", "failed").kind == "done"
    assert "rows.json" not in server.files[P1]


@pytest.mark.parametrize(
    ("payload", "verb", "answer"),
    [
        (ListSetsPayload(stack="demo", repository="demo"), "list_sets", {"sets": [], "n_sets": 0}),
        (
            FindOutputsPayload(
                stack="demo",
                repository="demo",
                collections=["r"],
                data_ids=[{"visit": 1}],
                submissions=[SubmittedRun(run="r", submit_dir="/s")],
            ),
            "find_outputs",
            {"outputs": [], "n_graphs": 1, "unread": []},
        ),
        (
            CompareOutputsPayload(stack="demo", repository="demo", before=["r"], after=["s"]),
            "compare_outputs",
            {"types": []},
        ),
    ],
)
def test_what_the_stack_says_is_the_result(
    server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path, payload: Any, verb: str, answer: dict[str, Any]
) -> None:
    stack.answer(**{verb: answer})
    server.add(make_order(P1, payload))
    with agent_thread(site_file, server, state_dir):
        assert server.wait_for_report(P1, "done", "failed").result == answer


def test_what_the_stack_refuses_is_told(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    stack.refuse("upload_set", "sets_not_usable", "The registry has no tables.")
    server.add(make_order(P1, UPLOAD))
    with agent_thread(site_file, server, state_dir):
        assert server.wait_for_report(P1, "failed").faults[0].message == "The registry has no tables."


def _scan() -> dict[str, Any]:
    task = {"label": "measure", "expected": 2, "succeeded": 2, "caveats": 0, "failed": 0, "blocked": 0, "unknown": 0}
    return {"tasks": [task], "unfinished": [], "output_run": "u/ann/trial/run", "sets": [HEADER]}
