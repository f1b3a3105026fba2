# ruff: noqa: ARG002, FBT001, FBT002 - the methods' parameters are those of BPS's own interface
"""A Parsl service for BPS that can be asked how a run is, and be told to stop.

The stock service knows neither ``report`` nor ``status``, ``cancel`` and ``ping``. This one writes, beside the workflow, a small
file with the process that runs it and the states of its jobs by label. It is read by ``bps report --id``, ``bps status --id`` and
``bps cancel --id`` in any other process on the machine; the id is the submit directory.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from lsst.ctrl.bps import WmsRunReport, WmsStates
from lsst.ctrl.bps.parsl import ParslService
from lsst.ctrl.bps.parsl.workflow import ParslWorkflow
from parsl.executors import ThreadPoolExecutor

from campaigns_instack.processes import boot_id, is_alive, start_ticks

__all__ = ("STATE_FILE", "TrackedParslService")

STATE_FILE = "tracked_parsl.json"
"""The name of the state file in the submit directory."""

FINAL_LABEL = "finalJob"

PARSL_STATES = {
    "pending": WmsStates.UNREADY,
    "launched": WmsStates.PENDING,
    "running": WmsStates.RUNNING,
    "joining": WmsStates.RUNNING,
    "running_ended": WmsStates.RUNNING,
    "fail_retryable": WmsStates.PENDING,
    "exec_done": WmsStates.SUCCEEDED,
    "memo_done": WmsStates.SUCCEEDED,
    "failed": WmsStates.FAILED,
    "dep_fail": WmsStates.PRUNED,
}
"""Parsl's word for a task and BPS's; an unheard-of one is MISFIT."""


class Stopped(BaseException):
    """The process was told to end."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by signal {signum}")
        self.signum = signum


class TrackedParslService(ParslService):
    """Parsl with a memory; see the module."""

    def submit(self, workflow: Any, **kwargs: Any) -> None:
        """Run a workflow to its end, telling how it is, and stop it in order when told to.

        Parameters
        ----------
        workflow : `ParslWorkflow`
            What was prepared.
        **kwargs : `typing.Any`
            Not used.
        """
        workflow.run_id = str(workflow.path)
        _run(workflow, workflow.start)

    def restart(self, out_prefix: str) -> tuple[str, str, str]:
        """Run again what did not succeed.

        Parameters
        ----------
        out_prefix : `str`
            The submit directory.
        """
        workflow = ParslWorkflow.read(out_prefix)
        _run(workflow, workflow.restart)
        return str(workflow.path), workflow.name, ""

    def report(
        self,
        wms_workflow_id: str | None = None,
        user: str | None = None,
        hist: float = 0,
        pass_thru: str | None = None,
        is_global: bool = False,
        return_exit_codes: bool = False,
    ) -> tuple[list[WmsRunReport], str]:
        """Tell how a run is; the other parameters have no meaning here."""
        if not wms_workflow_id:
            return [], "Parsl keeps no list of runs: give the submit directory with --id."
        state = read_state(wms_workflow_id)
        if state is None:
            return [], f"No run of this service in {wms_workflow_id}."
        jobs = {label: {WmsStates[n]: count for n, count in counts.items()} for label, counts in state["jobs"].items()}
        summary = {label: {s: counts.get(s, 0) for s in WmsStates} for label, counts in jobs.items()}
        totals = {s: sum(counts[s] for counts in summary.values()) for s in WmsStates}
        run = WmsRunReport(
            wms_id=wms_workflow_id,
            global_wms_id=wms_workflow_id,
            path=wms_workflow_id,
            label=state["payload"],
            run=state["name"],
            project=state["project"],
            campaign=state["campaign"],
            payload=state["payload"],
            operator=state["operator"],
            run_summary=";".join(f"{label}:{sum(counts.values())}" for label, counts in summary.items()),
            state=_run_state(state),
            jobs=[],
            total_number_jobs=sum(totals.values()),
            job_state_counts=totals,
            job_summary=summary,
            exit_code_summary={},
        )
        return [run], ""

    def get_status(self, wms_workflow_id: str, hist: float = 1, is_global: bool = False) -> tuple[WmsStates, str]:
        """Give the state of a run alone."""
        state = read_state(wms_workflow_id)
        if state is None:
            return WmsStates.UNKNOWN, f"No run of this service in {wms_workflow_id}."
        return _run_state(state), ""

    def list_submitted_jobs(
        self,
        wms_id: str | None = None,
        user: str | None = None,
        require_bps: bool = True,
        pass_thru: str | None = None,
        is_global: bool = False,
    ) -> list[str]:
        """Give the run itself if it can still be stopped from here."""
        state = read_state(wms_id) if wms_id else None
        return [str(wms_id)] if state is not None and _is_live(state) else []

    def cancel(self, wms_id: str, pass_thru: str | None = None) -> tuple[bool, str]:
        """Tell the process that runs a workflow to stop it."""
        state = read_state(wms_id)
        if state is None or not _is_live(state):
            return False, "It does not run on this machine."
        os.kill(state["pid"], signal.SIGTERM)
        return True, ""

    def ping(self, pass_thru: str | None = None) -> tuple[int, str]:
        """Parsl is a library: it is always there."""
        return 0, ""


def read_state(submit_dir: str) -> dict[str, Any] | None:
    """Read what a run last wrote of itself.

    Parameters
    ----------
    submit_dir : `str`
        The submit directory.
    """
    try:
        state: dict[str, Any] = json.loads(Path(submit_dir, STATE_FILE).read_text())
    except FileNotFoundError:
        return None
    return state


def _is_live(state: dict[str, Any]) -> bool:
    return state["ended"] is None and is_alive(state["pid"], start=state["start_ticks"], boot=state["boot_id"])


def _run_state(state: dict[str, Any]) -> WmsStates:
    if state["ended"] is not None:
        return WmsStates[state["ended"]]
    # The process went without a word: whatever it had not finished will never be.
    return WmsStates.RUNNING if _is_live(state) else WmsStates.FAILED


class Tracker:
    """Write the state file whenever something has changed, once a second at most.

    Parameters
    ----------
    workflow : `ParslWorkflow`
        The workflow that runs.
    """

    def __init__(self, workflow: ParslWorkflow) -> None:
        self._workflow = workflow
        self._path = Path(workflow.path, STATE_FILE)
        self._written = ""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="campaigns-tracker", daemon=True)
        self._final = WmsStates.UNREADY
        config = workflow.bps_config
        self._fixed = {
            "pid": os.getpid(),
            "start_ticks": start_ticks(os.getpid()),
            "boot_id": boot_id(),
            "host": socket.gethostname(),
            "name": workflow.name,
            **{key: str(config[key]) if key in config else "" for key in ("project", "campaign", "operator")},
            "payload": str(config[".payload.payloadName"]) if ".payload.payloadName" in config else "",
        }

    def start(self) -> None:
        """Write the first state and begin to watch the jobs."""
        self.write(None)
        self._thread.start()

    def final(self, state: WmsStates) -> None:
        """Note how the final job is."""
        self._final = state
        self.write(None)

    def write(self, ended: WmsStates | None) -> None:
        """Write the state file if it would say something new."""
        text = json.dumps({**self._fixed, "jobs": self._jobs(), "ended": ended.name if ended is not None else None})
        if text == self._written:
            return
        new = self._path.with_suffix(".new")
        new.write_text(text)
        new.replace(self._path)
        self._written = text

    def finish(self, ended: WmsStates) -> None:
        """Write the last state and stop watching."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()
        self.write(ended)

    def outcome(self) -> WmsStates:
        """Sum the jobs up."""
        bad = (WmsStates.FAILED.name, WmsStates.PRUNED.name)
        failed = any(counts.get(name) for counts in self._jobs().values() for name in bad)
        return WmsStates.FAILED if failed else WmsStates.SUCCEEDED

    def _jobs(self) -> dict[str, dict[str, int]]:
        jobs: dict[str, dict[str, int]] = {}
        for job in self._workflow.jobs.values():
            _count(jobs, job.generic.label, _job_state(job))
        if self._workflow.final is not None:
            _count(jobs, FINAL_LABEL, self._final)
        return jobs

    def _watch(self) -> None:
        while not self._end.is_set():
            # Jobs that begin say nothing, so that it has to be looked whether any did.
            self._end.wait(timeout=1.0)
            if not self._end.is_set():
                self.write(None)


def _count(jobs: dict[str, dict[str, int]], label: str, state: WmsStates) -> None:
    counts = jobs.setdefault(label, {})
    counts[state.name] = counts.get(state.name, 0) + 1


def _job_state(job: Any) -> WmsStates:
    if job.done:
        return WmsStates.SUCCEEDED
    if job.future is None:
        return WmsStates.UNREADY
    state = PARSL_STATES.get(str(job.future.task_status()).rpartition(".")[2], WmsStates.MISFIT)
    if state is WmsStates.PENDING and Path(job.stdout).exists():
        # To Parsl a job that was handed over is handed over; that it has begun shows in its output file.
        return WmsStates.RUNNING
    return state


@contextmanager
def _stoppable() -> Iterator[None]:
    """Turn SIGTERM and SIGINT into an exception; the latter may have been inherited as ignored."""

    def stop(signum: int, _frame: FrameType | None) -> None:
        raise Stopped(signum)

    before = {signum: signal.signal(signum, stop) for signum in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _run(workflow: ParslWorkflow, start: Any) -> None:
    tracker = Tracker(workflow)
    try:
        with _stoppable():
            start()
            futures = workflow.run(block=False)
            tracker.start()
            for future in futures:
                if future is not None:
                    future.exception()
            workflow.shutdown()
            tracker.final(WmsStates.RUNNING)
            workflow.finalize_jobs()
            tracker.final(WmsStates.SUCCEEDED)
    except Stopped as stopped:
        _stop(workflow)
        tracker.finish(WmsStates.DELETED)
        # As a shell would put it; the name of the signal is in the launcher's log already.
        raise SystemExit(128 + stopped.signum) from None
    except BaseException:
        tracker.final(WmsStates.FAILED)
        tracker.finish(WmsStates.FAILED)
        raise
    tracker.finish(tracker.outcome())


def _stop(workflow: ParslWorkflow) -> None:
    """Stop what runs: nothing new begins, running jobs get SIGTERM, pilots are taken out of their queues."""
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, signal.SIG_IGN)
    if workflow.dfk is None:
        return
    # Parsl has a pool of its own besides, whose end must not take the others' processes along: hence the configured ones only.
    for executor in workflow.parsl_config.executors:
        if isinstance(executor, ThreadPoolExecutor):
            # It would wait for its jobs for as long as they take, so that they have to be ended first.
            executor.executor.shutdown(wait=False, cancel_futures=True)
            _end_children()
    workflow.shutdown()


def _end_children() -> None:
    """Send SIGTERM to all that descends from this process; a job's shell would not pass it on."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
    pending = list(children.get(os.getpid(), ()))
    while pending:
        pid = pending.pop()
        pending.extend(children.get(pid, ()))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
