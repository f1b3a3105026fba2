"""The truth about a submission's quanta after its end, from ``pipetask report`` and from the datasets that are there.

``pipetask report`` asks the registry, which learns of outputs in the last job. When that job did not come to its end, the
datasets are in the datastore all the same, and what they tell is reported instead, with ``registered`` false: such outputs cannot
be chained. No data ID is counted that is not in the graph; the counts of each task add up to what it expected.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from campaigns.agent.worker import StackRefused, StackWorker
from campaigns.domain.quanta import QuantumFailure, TaskCounts, TaskSpent
from campaigns.wire.agent import QuantaReport

__all__ = ("MAX_LOGS", "QuantumLog", "Truth", "find_truth", "scan_counts")

MAX_FAILURES = 2000
MAX_LOGS = 50
MAX_LOG_BYTES = 200_000
MAX_MESSAGE = 4000

MAX_SPENT = 200
"""Of how many quanta of each task it is read what they took: a file for each."""

MAX_SPENT_S = 120.0
"""How long is read at most: a campaign waits for it."""

SCAN_TIMEOUT_S = 3600.0
SPENT_TIMEOUT_S = 300.0

REPORT_TIMEOUT_S = 6 * 3600.0
"""``pipetask report`` may read a log for each failure of a very large run."""

FROM_REPORT = "pipetask report"
FROM_DATASETS = "datasets in the datastore"

log = structlog.get_logger("campaigns.agent")


@dataclass(frozen=True, slots=True)
class QuantumLog:
    """The end of a failed quantum's log, as a file of text."""

    path: Path
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What became of the quanta, and the files that tell more."""

    report: QuantaReport
    logs: tuple[QuantumLog, ...]
    report_file: Path | None
    scan: dict[str, Any]

    @property
    def n_unknown(self) -> int:
        """How many quanta are not accounted for (`int`)."""
        return sum(task.unknown for task in self.report.tasks)


def scan_counts(scan: dict[str, Any]) -> list[TaskCounts]:
    """Give the counts of a scan as they are reported."""
    return [TaskCounts(**task) for task in scan["tasks"]]


def find_truth(worker: StackWorker, *, graph: Path, repository: str, directory: Path) -> Truth:
    """Find out what became of each quantum.

    Parameters
    ----------
    worker : `StackWorker`
        The helper in the submission's stack.
    graph : `pathlib.Path`
        The predicted quantum graph.
    repository : `str`
        The Butler repository.
    directory : `pathlib.Path`
        Where reports and logs are written.

    Returns
    -------
    truth : `Truth`
        What is known.

    Raises
    ------
    StackRefused
        If the datasets cannot be looked at.
    """
    scan = worker.call(
        "scan",
        graph=str(graph),
        repository=repository,
        max_unfinished=MAX_FAILURES,
        max_succeeded=MAX_SPENT,
        timeout_s=SCAN_TIMEOUT_S,
    )
    spent = _find_spent(worker, graph=graph, repository=repository, quanta=scan.get("succeeded", []))
    registered = _is_registered(worker, scan, repository)
    report_file = directory / "pipetask-report.json"
    summary = _run_report(worker, graph=graph, repository=repository, report_file=report_file) if registered else None
    failed = [entry for entry in scan["unfinished"] if entry["status"] == "failed"]
    logs = _fetch_logs(worker, graph=graph, repository=repository, directory=directory, failed=failed[:MAX_LOGS])
    tasks = [_counts_of_report(summary, task) for task in scan["tasks"]] if summary is not None else scan_counts(scan)
    failures = [_failure(entry, summary or {}, logs) for entry in scan["unfinished"]]
    report = QuantaReport(
        source=FROM_REPORT if summary is not None else FROM_DATASETS,
        tasks=tasks,
        failures=failures,
        n_failures=sum(task.failed + task.blocked + task.unknown for task in tasks),
        registered=registered,
        spent=spent,
    )
    files = tuple(
        QuantumLog(Path(logs[e["quantum_id"]]["path"]), _log_name(e), _title(e)) for e in failed if e["quantum_id"] in logs
    )
    return Truth(report, files, report_file if summary is not None else None, scan)


def _find_spent(worker: StackWorker, *, graph: Path, repository: str, quanta: list[str]) -> list[TaskSpent]:
    if not quanta:
        return []
    try:
        told = worker.call(
            "spent", graph=str(graph), repository=repository, quanta=quanta, max_s=MAX_SPENT_S, timeout_s=SPENT_TIMEOUT_S
        )
        return [TaskSpent.model_validate(one) for one in told]
    except (StackRefused, ValueError) as error:
        # What became of the quanta does not depend on it, and must not wait for it.
        log.warning("what quanta took cannot be seen", graph=str(graph), reason=str(error)[:200])
        return []


def _is_registered(worker: StackWorker, scan: dict[str, Any], repository: str) -> bool:
    """Tell whether the registry has the outputs of all successes; a last job that was cut short leaves some out."""
    labels = [task["label"] for task in scan["tasks"]]
    found = worker.call("registered", repository=repository, run=scan["output_run"], labels=labels, timeout_s=SCAN_TIMEOUT_S)
    return found is not None and all(found[task["label"]] >= task["succeeded"] for task in scan["tasks"])


def _run_report(worker: StackWorker, *, graph: Path, repository: str, report_file: Path) -> dict[str, Any] | None:
    arguments = ["report", "--force-v2", "--full-output-filename", str(report_file), repository, str(graph)]
    try:
        worker.call("pipetask", arguments=arguments, timeout_s=REPORT_TIMEOUT_S)
    except StackRefused as error:
        # The datasets tell the same, less the caveats; a fault of the report must not hold a submission up.
        log.warning("pipetask report failed", graph=str(graph), reason=error.fault.message)
        return None
    tasks: dict[str, Any] = json.loads(report_file.read_text())["tasks"]
    return tasks


def _counts_of_report(summary: dict[str, Any], task: dict[str, Any]) -> TaskCounts:
    found = summary[task["label"]]
    succeeded, failed, blocked = found["n_successful"], found["n_failed"], found["n_blocked"]
    return TaskCounts(
        label=task["label"],
        expected=found["n_expected"],
        succeeded=succeeded,
        caveats=sum(len(data_ids) for data_ids in found["caveats"].values()),
        failed=failed,
        blocked=blocked,
        # With those that are contradictory in themselves, which pipetask calls wonky.
        unknown=found["n_expected"] - succeeded - failed - blocked,
    )


def _fetch_logs(
    worker: StackWorker, *, graph: Path, repository: str, directory: Path, failed: list[dict[str, Any]]
) -> dict[str, Any]:
    if not failed:
        return {}
    logs: dict[str, Any] = worker.call(
        "failed_logs",
        graph=str(graph),
        repository=repository,
        quanta=[entry["quantum_id"] for entry in failed],
        directory=str(directory / "logs"),
        max_bytes=MAX_LOG_BYTES,
        timeout_s=600.0,
    )
    return logs


def _failure(entry: dict[str, Any], summary: dict[str, Any], logs: dict[str, Any]) -> QuantumFailure:
    log = logs.get(entry["quantum_id"], {})
    message = _own_words(log.get("message") or _reported_message(entry, summary))
    return QuantumFailure(
        task=entry["task"],
        status=entry["status"],
        data_id=entry["data_id"],
        message=message[:MAX_MESSAGE],
        exception=log.get("exception", ""),
        quantum_id=entry["quantum_id"],
        log=_log_name(entry) if log else "",
    )


def _own_words(message: str) -> str:
    """Take away what pipetask puts before each error: the task, the data ID and the exception are told beside it."""
    return re.sub(r"\AExecution of task '[^']*' on quantum \{[^}]*\} failed\. Exception \S+: ", "", message)


def _reported_message(entry: dict[str, Any], summary: dict[str, Any]) -> str:
    found = summary.get(entry["task"], {})
    for kind in ("failed_quanta", "wonky_quanta"):
        for quantum in found.get(kind, ()):
            if quantum["data_id"] == entry["data_id"]:
                return "\n".join(quantum["messages"])
    return ""


def _title(entry: dict[str, Any]) -> str:
    return f"{entry['task']}: {', '.join(f'{key} {value}' for key, value in entry['data_id'].items())}"


def _log_name(entry: dict[str, Any]) -> str:
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', entry['task'])}-{entry['quantum_id']}.txt"
