"""The order to look at what ran without the service. Doing it twice does no harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from campaigns.agent.results import find_truth
from campaigns.agent.site import Site
from campaigns.agent.smallorders import check_names, failed
from campaigns.agent.worker import StackRefused, StackWorker, Workers
from campaigns.domain.errors import CampaignError
from campaigns.wire.adopting import MAX_FAILURES_TOLD, InspectRunPayload
from campaigns.wire.agent import DoneReport, QuantaReport, Report

__all__ = ("carry_out_inspect_run",)

INSPECT_TIMEOUT_S = 1800.0
MAX_MESSAGE = 1000


def carry_out_inspect_run(payload: InspectRunPayload, site: Site, workers: Workers, directory: Path) -> Report:
    """Tell what is known of runs: what was meant, and what became of their quanta.

    Parameters
    ----------
    payload : `InspectRunPayload`
        Which runs.
    site : `Site`
        The site.
    workers : `Workers`
        The helpers in the stacks.
    directory : `pathlib.Path`
        Where reports and logs are written.
    """
    try:
        check_names(site, payload.repository)
        worker = workers.get(payload.stack)
        repository = site.repositories[payload.repository].uri
        found = worker.call(
            "inspect_run",
            repository=repository,
            submit_dir=payload.submit_dir,
            collections=payload.collections,
            timeout_s=INSPECT_TIMEOUT_S,
        )
        left = MAX_FAILURES_TOLD
        runs = []
        for run in found["runs"]:
            told = _with_truth(worker, run, repository=repository, directory=directory, max_failures=left)
            left -= len(told.get("failures", ()))
            runs.append(told)
    except StackRefused as error:
        return failed(error.fault)
    except CampaignError as error:
        return failed(*error.as_faults())
    return DoneReport(result={"runs": runs})


def _with_truth(
    worker: StackWorker, run: dict[str, Any], *, repository: str, directory: Path, max_failures: int
) -> dict[str, Any]:
    """Add what the quanta say, where there is a graph to ask them by."""
    graph = run.pop("graph", None)
    if graph is None:
        return run
    report = find_truth(worker, graph=Path(graph), repository=repository, directory=directory).report
    return {**run, **_told(report, max_failures)}


def _told(report: QuantaReport, max_failures: int) -> dict[str, Any]:
    failures = [
        # Their logs stay where they are.
        failure.model_copy(update={"message": failure.message[:MAX_MESSAGE], "log": ""}).model_dump(mode="json")
        for failure in report.failures[:max_failures]
    ]
    return {
        "tasks": [task.model_dump() for task in report.tasks],
        "failures": failures,
        "n_failures": report.n_failures,
        "registered": report.registered,
        "source": report.source,
        "spent": [one.model_dump() for one in report.spent],
    }
