"""Tell the truth about a submission after its end: what ran, or why nothing did, or that it cannot be told."""

from __future__ import annotations

from campaigns.agent import shim
from campaigns.agent.diagnosis import diagnose
from campaigns.agent.launch import Ended
from campaigns.agent.results import Truth, find_truth
from campaigns.agent.subject import Subject
from campaigns.agent.uploads import File, config_files, export_metrics, export_plots, result_files, upload_all
from campaigns.agent.worker import StackRefused
from campaigns.wire.agent import DoneReport, FailedReport, LostReport

__all__ = ("Ending",)

RETRIES_S = (0.5, 2.0, 5.0)
"""A stack that cannot look at the quanta at first may only have been starting, or its database away for a moment."""

LOST_TICK_S = 30.0

UNREADABLE = "graph_unreadable"


class Ending:
    """The end of one submission.

    Parameters
    ----------
    subject : `Subject`
        The order and what belongs to it.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def finish(self, *, orphaned: bool, workflow: str) -> None:
        """Find out what became of the quanta and report the end; where that cannot be told, say so and keep looking.

        Parameters
        ----------
        orphaned : `bool`
            Whether the launcher was seen to run, and to go, without its shim.
        workflow : `str`
            The last state of a workflow that went on by itself, or empty.

        Raises
        ------
        AgentStopping
            If the agent is to end before.
        """
        ended = self._subject.launch.ended()
        n_tries = 0
        while True:
            cancelled = self._was_cancelled(ended, workflow)
            truth: Truth | None = None
            reason = ""
            try:
                truth = self._look()
            except StackRefused as error:
                reason = f"The quanta cannot be looked at: {error.fault.message}"
            if reason and n_tries < len(RETRIES_S) and not cancelled:
                self._subject.pause(RETRIES_S[n_tries])
                n_tries += 1
                continue
            if not reason:
                if not cancelled and self._nothing_ran(ended, truth):
                    self._fail(ended)
                    return
                if truth is not None and ended is None and not orphaned and truth.n_unknown:
                    reason = self._why_lost()
            if cancelled or not reason:
                self._report_end(truth, cancelled=cancelled)
                return
            self._lose(reason)

    def without_records(self) -> None:
        """Report that it is not known whether the submission was ever launched, until a person has it cancelled."""
        while self._subject.cancel_reason is None:
            self._lose("The agent's records of this order are gone, so that it cannot tell whether bps was ever started.")
        self._report_end(None, cancelled=True)

    def _was_cancelled(self, ended: Ended | None, workflow: str) -> bool:
        """Tell whether it was stopped on request; one that had come to its end before was not."""
        came_to_its_end = ended is not None and ended.exit_code == 0 and workflow != "DELETED"
        return self._subject.cancel_reason is not None and not came_to_its_end

    def _look(self) -> Truth | None:
        subject = self._subject
        if (graph := subject.graph) is None:
            return None
        try:
            return find_truth(subject.worker, graph=graph, repository=subject.repository, directory=subject.folder.path)
        except StackRefused as error:
            if error.fault.code == UNREADABLE and not subject.log.is_submitting:
                # It was cut short while the graph was written: nothing can have run from it.
                return None
            raise

    def _nothing_ran(self, ended: Ended | None, truth: Truth | None) -> bool:
        if truth is None:
            return True
        seen = sum(task.succeeded + task.failed for task in truth.report.tasks)
        return seen == 0 and ended is not None and ended.exit_code != 0 and not self._subject.log.is_submitting

    def _fail(self, ended: Ended | None) -> None:
        """Report that nothing ran, and why; the submit directory is kept."""
        subject = self._subject
        fault = diagnose(subject.launch.log, subject.submit_dir, how=_describe(ended))
        self._upload([*config_files(subject.bps_yaml, subject.submit_dir), *self._result_files(None)])
        subject.post.put(FailedReport(faults=[fault]))
        subject.says.warning("came to nothing", code=fault.code, reason=fault.message)

    def _report_end(self, truth: Truth | None, *, cancelled: bool) -> None:
        subject = self._subject
        files = [*config_files(subject.bps_yaml, subject.submit_dir), *self._result_files(truth)]
        left: dict[str, int] = {}
        if truth is not None:
            # The graph may have been made and run between two looks.
            subject.tell_graph(truth.scan, at_end=True)
            subject.once(truth.report)
            if truth.report.registered:
                run = subject.payload.output_run
                plots = export_plots(subject.worker, subject.repository, run, subject.folder.path)
                metrics = export_metrics(subject.worker, subject.repository, run, subject.folder.path)
                files += [*plots.files, *metrics.files]
                left |= {"plots_left": plots.n_left, "metrics_left": metrics.n_left, "metrics_brought": len(metrics.files)}
        left_out = self._upload(files)
        result = {"submit_dir": str(subject.submit_dir), "run_id": subject.log.run_id(), "files_left_out": left_out, **left}
        subject.post.put(DoneReport(result=result, cancelled=cancelled))
        subject.says.info("done", cancelled=cancelled, registered=truth is not None and truth.report.registered)

    def _result_files(self, truth: Truth | None) -> list[File]:
        return list(result_files(self._subject.launch.log, truth, self._subject.folder.path))

    def _upload(self, files: list[File]) -> list[str]:
        subject = self._subject
        left_out = upload_all(
            subject.around.server, subject.post, subject.payload.submission_id, files, stopping=subject.around.stopping
        )
        subject.stop_here_if_asked()
        return left_out

    def _lose(self, reason: str) -> None:
        """Say once that contact is lost, and wait until it is time to look again."""
        subject = self._subject
        remedy = (
            f"Look into {subject.submit_dir} and, on a cluster, for jobs that still run. When none does, cancel the submission: "
            "what its quanta did is then reported, and it can be restarted."
        )
        subject.says.error("contact lost", reason=reason)
        subject.once(LostReport(reason=reason, remedy=remedy))
        subject.around.release(subject.post.order.id)
        subject.pause(LOST_TICK_S)

    def _why_lost(self) -> str:
        child = self._subject.launch.child()
        if child is not None and child.boot_id != shim.boot_id():
            return "The machine was started anew while bps ran, and not all quanta are accounted for."
        return "bps and its launch shim are both gone without a word, and not all quanta are accounted for."


def _describe(ended: Ended | None) -> str:
    if ended is None:
        return "nobody there to see how"
    return f"signal {ended.signal}" if ended.signal is not None else f"exit code {ended.exit_code}"
