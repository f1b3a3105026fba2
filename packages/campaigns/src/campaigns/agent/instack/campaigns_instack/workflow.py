"""What the workflow system says of a run, through whatever WMS service class the submission used."""

from __future__ import annotations

from typing import Any

from lsst.ctrl.bps import BaseWmsService, WmsStates
from lsst.utils import doImportType

from campaigns_instack.faults import StackError

__all__ = ("cancel", "report")


def _service(wms_class: str) -> BaseWmsService:
    try:
        found = doImportType(wms_class)
    except (ImportError, TypeError) as error:
        raise StackError(
            "wms_not_found",
            f"The WMS service class {wms_class} cannot be imported: {error}.",
            where="bps.wmsServiceClass",
            remedy="Name a class that the stack has, or take a stack with that plugin.",
        ) from error
    service: BaseWmsService = found({})
    return service


def report(wms_class: str, run_id: str) -> dict[str, Any]:
    """Ask how a run is.

    Parameters
    ----------
    wms_class : `str`
        The WMS service class by its full name.
    run_id : `str`
        What ``bps submit`` printed as the run's id, or the submit directory.

    Returns
    -------
    said : `dict`
        ``supported`` (whether the class can report at all), ``known`` (whether it knows the run), ``state`` (the name of a
        ``WmsStates`` member), ``run_id``, ``jobs`` (label to state to number) and ``message``.
    """
    nothing = {"supported": False, "known": False, "state": "UNKNOWN", "run_id": run_id, "jobs": {}, "message": ""}
    try:
        runs, message = _service(wms_class).report(wms_workflow_id=run_id, hist=2.0)
    except NotImplementedError:
        return {**nothing, "message": f"{wms_class} cannot report."}
    if not runs:
        return {**nothing, "supported": True, "message": message}
    run = runs[0]
    summary = run.job_summary if run.job_summary is not None else _summarise(run.jobs or [])
    return {
        "supported": True,
        "known": True,
        "state": run.state.name if run.state is not None else "UNKNOWN",
        "run_id": run.wms_id,
        "jobs": {label: {s.name: n for s, n in counts.items() if n} for label, counts in summary.items()},
        "message": message or (str(run.specific_info) if run.specific_info else ""),
    }


def _summarise(jobs: list[Any]) -> dict[str, dict[WmsStates, int]]:
    summary: dict[str, dict[WmsStates, int]] = {}
    for job in jobs:
        counts = summary.setdefault(job.label or "", {})
        counts[job.state] = counts.get(job.state, 0) + 1
    return summary


def cancel(wms_class: str, run_id: str) -> dict[str, Any]:
    """Take a run out of the workflow system.

    Parameters
    ----------
    wms_class : `str`
        The WMS service class by its full name.
    run_id : `str`
        The run's id.

    Returns
    -------
    outcome : `dict`
        ``cancelled`` and ``message``.
    """
    service = _service(wms_class)
    try:
        jobs = service.list_submitted_jobs(run_id)
        outcomes = [service.cancel(job) for job in sorted(jobs)]
    except NotImplementedError:
        return {"cancelled": False, "message": f"{wms_class} cannot cancel."}
    done = bool(outcomes) and all(outcome[0] for outcome in outcomes)
    return {"cancelled": done, "message": "; ".join(str(outcome[1]) for outcome in outcomes if outcome[1])}
