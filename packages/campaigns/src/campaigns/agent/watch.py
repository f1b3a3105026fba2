"""Look at a submission that runs: which phase, how far the quanta are, what the workflow system says.

Only what has changed is reported, and looking takes a small share of the time whatever the size of the graph.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from campaigns.agent.results import scan_counts
from campaigns.agent.subject import Subject
from campaigns.agent.worker import StackRefused
from campaigns.domain.quanta import TaskCounts
from campaigns.domain.settings import merge
from campaigns.wire.agent import PhaseReport, ProgressReport, WorkflowReport

__all__ = ("Cadence", "Watch")

UNDER_WAY = frozenset({"UNREADY", "READY", "PENDING", "RUNNING", "HELD"})
"""States of a workflow that may yet move."""


class Cadence:
    """When to look again: so that looking takes at most an eighth of the time.

    Parameters
    ----------
    least_s, most_s : `float`
        Limits of the interval.
    """

    def __init__(self, least_s: float, most_s: float) -> None:
        self._least_s = least_s
        self._most_s = most_s
        self._next_s = 0.0

    def is_due(self) -> bool:
        """Tell whether it is time."""
        return time.monotonic() >= self._next_s

    def done(self, began_s: float) -> None:
        """Note that a look has ended which began at a `time.monotonic`."""
        now_s = time.monotonic()
        self._next_s = now_s + min(self._most_s, max(self._least_s, 8 * (now_s - began_s)))


class Watch:
    """Looks at one submission.

    Parameters
    ----------
    subject : `Subject`
        The order and what belongs to it.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._post = subject.post
        self._worker = subject.worker
        self._wms_class = str(merge(subject.around.site.bps, subject.payload.bps).get("wmsServiceClass", ""))
        self._quanta = Cadence(1.0, 60.0)
        self._workflow = Cadence(2.0, 30.0)
        self._acquiring = Cadence(5.0, 5.0)
        self._message = ""
        self._tasks: list[TaskCounts] = []
        self._said: dict[str, Any] = {}
        self._reports = True

    def look(self) -> None:
        """Look once, at what it is time to look at."""
        graph = self._subject.graph
        if graph is None or not self._subject.log.is_submitting:
            self._tell_acquiring(self._subject.log.message)
            return
        if self._quanta.is_due():
            self._look_at_quanta(graph)
        if self._reports and self._workflow.is_due():
            self._look_at_workflow(str(self._subject.submit_dir))

    def follow_workflow(self, *, wait: Callable[[], bool]) -> str:
        """Where the workflow goes on without its launcher, watch it to its end; otherwise report its last word.

        Parameters
        ----------
        wait : callable
            Waits a moment, and gives whether the workflow is to be cancelled now.

        Returns
        -------
        state : `str`
            The workflow's last state; empty if the workflow system has none to tell.
        """
        run_id, graph = self._subject.log.run_id() or str(self._subject.submit_dir), self._subject.graph
        if graph is None or not self._subject.log.is_submitting or not self._reports:
            return ""
        while (said := self._look_at_workflow(run_id)).get("state") in UNDER_WAY:
            while not self._workflow.is_due():
                if wait():
                    outcome = self._ask("wms_cancel", run_id)
                    self._subject.says.info("workflow cancelled", run=run_id, outcome=outcome)
                if self._quanta.is_due():
                    self._look_at_quanta(graph)
        return str(said["state"]) if said.get("known") else ""

    def _tell_acquiring(self, message: str) -> None:
        if message and message != self._message and self._acquiring.is_due():
            self._acquiring.done(time.monotonic())
            self._message = message
            self._post.put(PhaseReport(phase="acquiring", message=message))

    def _look_at_quanta(self, graph: Path) -> None:
        began_s = time.monotonic()
        try:
            scan = self._worker.call("scan", graph=str(graph), repository=self._subject.repository)
        except StackRefused as error:
            self._subject.says.warning("progress cannot be seen", reason=error.fault.message)
            tasks = self._tasks
        else:
            tasks = scan_counts(scan)
            self._subject.tell_graph(scan)
        self._quanta.done(began_s)
        if tasks and "phase:running" not in self._post.folder.outbox.kinds:
            n_quanta = sum(task.expected for task in tasks)
            message = f"{n_quanta} quanta of {len(tasks)} {'task' if len(tasks) == 1 else 'tasks'}."
            self._post.put(PhaseReport(phase="running", n_quanta=n_quanta, message=message))
        if tasks != self._tasks:
            self._tasks = tasks
            self._post.put(ProgressReport(tasks=tasks))

    def _look_at_workflow(self, run_id: str) -> dict[str, Any]:
        began_s = time.monotonic()
        said = self._ask("workflow", run_id)
        self._workflow.done(began_s)
        self._reports = bool(said.get("supported", True))
        if said.get("known") and said != self._said:
            self._said = said
            self._post.put(
                WorkflowReport(state=said["state"], run_id=said["run_id"], jobs=said["jobs"], message=said["message"][:2000])
            )
        return said

    def _ask(self, verb: str, run_id: str) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._worker.call(verb, wms_class=self._wms_class, run_id=run_id)
        except StackRefused as error:
            self._subject.says.warning("the workflow system does not answer", reason=error.fault.message)
            return {}
        return answer
