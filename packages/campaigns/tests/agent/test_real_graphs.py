"""What would run: quantum graphs really built by the demo stack, counted, and thrown away."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from agent.fake_server import FakeServer
from agent.making import P1, agent_thread, make_order
from agent.test_real_stack import INPUTS, LOCAL, PIPELINE, TWO_VISITS, _preflight, repository, site_file, worker
from campaigns.agent.worker import StackWorker
from campaigns.wire.agent import PreflightPayload, PreflightStep, TrialModel
from campaigns.wire.agentsets import NamedSetModel

__all__ = ("repository", "site_file", "worker")

pytestmark = pytest.mark.stack


def _known(place: Path) -> list[tuple[str]]:
    """Give all collections and dataset types of a repository, as its registry has them."""
    with sqlite3.connect(place / "gen3.sqlite3") as registry:
        return [row for table in ("collection", "dataset_type") for row in registry.execute(f"SELECT name FROM {table}")]


def _make_set(worker: StackWorker, place: Path, rows: Path) -> None:
    data_ids = [{"instrument": "HSC", "visit": 903342, "reason": "no stars"}]
    told = {"description": "", "source": "", "unknown": "error", "rows_file": str(rows), "mark": "order 1"}
    worker.call("upload_set", repository=str(place), name="t/starless", data_ids=data_ids, **told)


def _payload() -> PreflightPayload:
    queries = [TWO_VISITS, "instrument = 'HSC' AND visit = 903342", "instrument = 'HSC' AND visit = 903334"]
    first = PreflightStep(name="step1", pipeline=f"{PIPELINE}#step1", data_queries=queries, groups=["two", "starless", "late"])
    second = PreflightStep(
        name="step2", pipeline=f"{PIPELINE}#step2", data_queries=["instrument = 'HSC'"], groups=["all"], needs=["step1"]
    )
    return PreflightPayload(
        stack="demo",
        repository="demo",
        instrument="HSC",
        input_collections=INPUTS,
        output="u/ann/would",
        bps=LOCAL,
        steps=[second, first],
        sets=[NamedSetModel(where="sets.exclude[0]", reference="t/starless", role="exclude")],
        trial=TrialModel(campaign_id="C-1", campaign_name="would", revision=1, operator="ann"),
    )


@pytest.mark.timeout(400)
def test_graphs_are_built_counted_and_thrown_away(
    server: FakeServer, worker: StackWorker, site_file: Path, state_dir: Path, repository: Path, tmp_path: Path
) -> None:
    _make_set(worker, repository, tmp_path / "rows.json")
    site = site_file.read_text() + "would_run: {max_graphs: 2}\n"
    site_file.write_text(site)
    before = _known(repository)
    server.add(make_order(P1, _payload()))
    with agent_thread(site_file, server, state_dir):
        ended = server.wait_for_report(P1, "done", "failed", timeout_s=180.0)
    told: dict[str, Any] = {}
    for report in server.reports(P1, "findings"):
        told |= report.result
    second, first = told["steps"]
    two, starless, late = first["groups"]
    # The queries know nothing of the set; the graph does.
    assert two["quanta"] == {"simulateExposure": 7, "measureDetector": 7, "summarizeVisit": 2}
    assert two["graph"]["quanta"] == {"simulateExposure": 4, "measureDetector": 4, "summarizeVisit": 1}
    assert [(fault.code, fault.where) for fault in ended.faults] == [("empty_quantum_graph", "steps[1].data_queries[1]")]
    assert ended.faults[0].message.startswith("The quantum graph of step1 starless cannot be built: ")
    assert "QuantumGraph" in starless["graph"]["said"]
    assert "2 graphs at most" in late["graph"]["not_built"]
    assert second["groups"][0]["graph"]["not_built"].endswith(", which step1 makes")
    assert any(report.result.get("progress") for report in server.reports(P1, "findings"))
    assert _known(repository) == before, "nothing is registered"
    assert list((site_file.parent / "work" / "would").iterdir()) == [], "nothing is left"


def test_a_users_own_collection_is_found_within_chains(worker: StackWorker, repository: Path) -> None:
    for chain, children in (("u/ann/own", ["HSC/demo/inputs"]), ("HSC/mixed", ["HSC/demo/defaults", "u/ann/own"])):
        worker.call("chain", repository=str(repository), chain=chain, collections=children)
    asked = {"input_collections": [*INPUTS, "HSC/mixed"]}
    [fault] = _preflight(worker, repository, output="HSC/runs/RC2/w_2026_40/DM-1", **asked)["faults"]
    assert (fault["code"], fault["where"]) == ("user_input", "input_collections[1]")
    assert "u/ann/own, within HSC/mixed" in fault["message"]
    assert _preflight(worker, repository, output="u/bob/own", **asked)["faults"] == []
