"""Graphs that are built to tell what would run, by a stack that is a script: in time or not, with nothing left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.fake_server import FakeServer
from agent.making import P1, StubStack, agent_thread, make_order
from campaigns.wire.agent import PreflightPayload, PreflightStep, TrialModel

STEP = {"name": "step1", "pipeline": "/a/pipeline.yaml#step1", "data_queries": ["visit = 1", "visit = 2"], "groups": ["g1", "g2"]}


def _payload() -> PreflightPayload:
    return PreflightPayload(
        stack="demo",
        repository="demo",
        input_collections=["HSC/defaults"],
        output="u/ann/trial",
        steps=[PreflightStep.model_validate({**STEP, "bps": {"requestMemory": 77}})],
        trial=TrialModel(campaign_id="C-1", campaign_name="trial", revision=1, operator="ann"),
    )


def _found() -> dict[str, Any]:
    groups = [{"data_query": query, "quanta": {"measure": 2}} for query in STEP["data_queries"]]
    return {"faults": [], "sets": [], "steps": [{"name": "step1", "tasks": ["measure"], "awaits": {}, "groups": groups}]}


def _ask(
    server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path, *, site: str = "", found: dict[str, Any] | None = None
) -> Any:
    stack.answer(preflight=found or _found(), count_quanta={"quanta": {"measure": 1}, "sets": []})
    site_file.write_text(site_file.read_text() + site)
    server.add(make_order(P1, _payload()))
    with agent_thread(site_file, server, state_dir):
        return server.wait_for_report(P1, "done", "failed", timeout_s=30.0)


def _told(server: FakeServer) -> list[dict[str, Any]]:
    """Give what is told of the graphs of the groups."""
    told = [*server.reports(P1, "findings"), *server.reports(P1, "done")]
    steps = [report.result["steps"] for report in told if "steps" in report.result]
    return [group.get("graph") for group in steps[-1][0]["groups"]]


def test_graphs_are_built_as_submissions_would(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    stack.write("bps", (stack.bin / "bps").read_text().replace("mkdir", f"cp $3 {site_file.parent}/seen.yaml\nmkdir", 1))
    stack.go()
    done = _ask(server, stack, site_file, state_dir)
    groups = done.result["steps"][0]["groups"]
    assert [group["graph"]["quanta"] for group in groups] == [{"measure": 1}, {"measure": 1}]
    assert done.result["progress"] is None
    assert stack.n_starts == 2
    configured = (site_file.parent / "seen.yaml").read_text()
    assert "requestMemory: 77" in configured
    assert "dataQuery: visit = 2" in configured
    assert list((site_file.parent / "work" / "trial").iterdir()) == []


def test_graphs_that_take_too_long_are_left(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    done = _ask(server, stack, site_file, state_dir, site="would_run: {timeout_s: 1.5}\n")
    assert done.kind == "done"
    why = "the 1.5 s were over that the site takes to tell what would run"
    assert [graph["not_built"] for graph in _told(server)] == [why, why]
    assert stack.n_starts == 1
    assert not Path(f"/proc/{(stack.bin / 'starts').read_text().strip()}").exists()
    assert list((site_file.parent / "work" / "trial").iterdir()) == []


def test_a_site_may_build_none(server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path) -> None:
    _ask(server, stack, site_file, state_dir, site="would_run: {max_graphs: 0}\n")
    assert all("0 graphs at most" in graph["not_built"] for graph in _told(server))
    assert stack.n_starts == 0


def test_graphs_of_what_is_not_there_yet_are_not_built(
    server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path
) -> None:
    found = _found()
    found["steps"][0]["awaits"] = {"a": "step0", "b": "step0", "c": "other"}
    _ask(server, stack, site_file, state_dir, found=found)
    assert [graph["not_built"] for graph in _told(server)] == ["reads a, b, which step0 makes, and c, which other makes"] * 2
    assert stack.n_starts == 0


def test_graphs_that_cannot_be_built_are_problems_of_their_steps(
    server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path
) -> None:
    stack.write("bps", "#!/bin/bash\necho 'ModuleNotFoundError: Unable to import a.b.C'\nexit 1\n")
    failed = _ask(server, stack, site_file, state_dir)
    assert [fault.where for fault in failed.faults] == ["steps[0].data_queries[0]", "steps[0].data_queries[1]"]
    assert failed.faults[0].message.startswith("The quantum graph of step1 g1 cannot be built: ModuleNotFoundError")
    assert [("a.b.C" in graph["failed"], "a.b.C" in graph["said"]) for graph in _told(server)] == [(True, True)] * 2


def test_an_agent_that_ends_leaves_no_graph_behind(
    server: FakeServer, stack: StubStack, site_file: Path, state_dir: Path
) -> None:
    stack.answer(preflight=_found(), count_quanta={"quanta": {"measure": 1}, "sets": []})
    server.add(make_order(P1, _payload()))
    with agent_thread(site_file, server, state_dir):
        stack.wait_for("submitting")
    assert [report.kind for report in server.reports(P1)] == ["findings", "findings"]
    stack.go()
    with agent_thread(site_file, server, state_dir):
        done = server.wait_for_report(P1, "done", "failed", timeout_s=30.0)
    assert done.result["steps"][0]["groups"][1]["graph"]["quanta"] == {"measure": 1}
