"""The truth about quanta: the report where it can answer, the datasets where it cannot, and sums that add up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from campaigns.agent.results import find_truth
from campaigns.agent.worker import StackRefused
from campaigns.domain.errors import Fault

SCAN = {
    "tasks": [
        {"label": "isr", "expected": 4, "succeeded": 2, "caveats": 0, "failed": 1, "blocked": 0, "unknown": 1},
        {"label": "sum", "expected": 1, "succeeded": 0, "caveats": 0, "failed": 0, "blocked": 1, "unknown": 0},
    ],
    "unfinished": [
        {"task": "isr", "status": "failed", "data_id": {"visit": 1}, "quantum_id": "q1"},
        {"task": "isr", "status": "unknown", "data_id": {"visit": 2}, "quantum_id": "q2"},
        {"task": "sum", "status": "blocked", "data_id": {"tract": 3}, "quantum_id": "q3"},
    ],
    "succeeded": ["q4", "q5"],
    "output_run": "u/a/run",
}
SPENT = [{"label": "isr", "n_read": 2, "cpu_us": 2_600_000, "run_us": 4_000_000, "max_memory_bytes": None}]
REPORT = {
    "isr": {
        "n_expected": 4, "n_successful": 2, "n_failed": 1, "n_blocked": 0, "caveats": {"*N": [{"visit": 7}]},
        "failed_quanta": [{"data_id": {"visit": 1}, "messages": ["from the report"]}],
        "wonky_quanta": [{"data_id": {"visit": 2}, "messages": ["it contradicts itself"]}],
    },
    "sum": {
        "n_expected": 1, "n_successful": 0, "n_failed": 0, "n_blocked": 1, "caveats": {}, "failed_quanta": [], "wonky_quanta": [],
    },
}  # fmt: skip
LOGS = {"q1": {"path": "/logs/q1.txt", "message": "no stars", "exception": "demo.NoStarsError"}}


class FakeWorker:
    """Answers as the helper in the stack does; `test_real_stack` holds the helper itself to the same form."""

    def __init__(self, **answers: Any) -> None:
        told = {"scan": SCAN, "registered": {"isr": 2, "sum": 0}, "failed_logs": LOGS, "pipetask": {}, "spent": SPENT}
        self.answers: dict[str, Any] = {**told, **answers}
        self.asked: dict[str, Any] = {}

    def call(self, verb: str, *, timeout_s: float = 0.0, **args: Any) -> Any:
        self.asked[verb] = args
        if verb == "pipetask" and self.answers["pipetask"] is not None:
            Path(args["arguments"][3]).write_text(json.dumps({"tasks": REPORT}))
        if self.answers[verb] is None and verb != "registered":
            raise StackRefused(Fault("no", "No."))
        return self.answers[verb]


def truth_of(worker: FakeWorker, tmp_path: Path) -> Any:
    return find_truth(worker, graph=Path("/a/x.qg"), repository="/r", directory=tmp_path)  # type: ignore[arg-type]


def test_from_the_report(tmp_path: Path) -> None:
    truth = truth_of(FakeWorker(), tmp_path)
    report = truth.report
    assert (report.source, report.registered, report.n_failures) == ("pipetask report", True, 3)
    isr, total = report.tasks
    assert isr.model_dump() == {
        "label": "isr", "expected": 4, "succeeded": 2, "caveats": 1, "failed": 1, "blocked": 0, "unknown": 1,
    }  # fmt: skip
    assert total.blocked == 1
    failed, unknown, blocked = report.failures
    assert (failed.message, failed.exception, failed.log) == ("no stars", "demo.NoStarsError", "isr-q1.txt")
    assert (unknown.status, unknown.message, unknown.log) == ("unknown", "it contradicts itself", "")
    assert blocked.status == "blocked"
    assert [(log.name, log.title) for log in truth.logs] == [("isr-q1.txt", "isr: visit 1")]
    assert truth.n_unknown == 1


@pytest.mark.parametrize("registered", [None, {"isr": 1, "sum": 0}])
def test_outputs_that_did_not_reach_the_registry(registered: dict[str, int] | None, tmp_path: Path) -> None:
    truth = truth_of(FakeWorker(registered=registered, pipetask=None), tmp_path)
    assert (truth.report.source, truth.report.registered) == ("datasets in the datastore", False)
    assert [task.model_dump() for task in truth.report.tasks] == SCAN["tasks"]
    assert truth.report_file is None


def test_report_that_fails_does_not_hide_that_outputs_are_registered(tmp_path: Path) -> None:
    truth = truth_of(FakeWorker(pipetask=None), tmp_path)
    assert (truth.report.source, truth.report.registered) == ("datasets in the datastore", True)


@pytest.mark.parametrize("answers", [{}, {"registered": None}])
def test_counts_add_up(answers: dict[str, Any], tmp_path: Path) -> None:
    for task in truth_of(FakeWorker(**answers), tmp_path).report.tasks:
        assert task.expected == task.succeeded + task.failed + task.blocked + task.unknown
        assert task.caveats <= task.succeeded


def test_datasets_that_cannot_be_looked_at(tmp_path: Path) -> None:
    with pytest.raises(StackRefused):
        truth_of(FakeWorker(scan=None), tmp_path)


def test_what_quanta_took_is_asked_of_those_that_succeeded(tmp_path: Path) -> None:
    worker = FakeWorker()
    [took] = truth_of(worker, tmp_path).report.spent
    assert worker.asked["spent"]["quanta"] == ["q4", "q5"]
    assert (took.label, took.cpu_each_us, took.run_each_us, took.max_memory_bytes) == ("isr", 1_300_000, 2_000_000, None)


@pytest.mark.parametrize("answer", [None, [{"label": "isr", "n_read": 0, "cpu_us": 0, "run_us": 0}], [{"label": "isr"}]])
def test_what_quanta_took_holds_up_nothing(answer: Any, tmp_path: Path) -> None:
    report = truth_of(FakeWorker(spent=answer), tmp_path).report
    assert (report.spent, report.source, report.registered) == ([], "pipetask report", True)


def test_nothing_is_asked_where_nothing_succeeded(tmp_path: Path) -> None:
    worker = FakeWorker(scan={**SCAN, "succeeded": []}, spent=None)
    assert truth_of(worker, tmp_path).report.spent == []
    assert "spent" not in worker.asked
