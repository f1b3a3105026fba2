"""Carry out a submit order: prepare, launch once, follow to the end.

Every step looks first at what is on disk, so that an agent that comes back goes on where the last one was.
"""

from __future__ import annotations

import socket
import time

from campaigns.agent.checkout import lay_out
from campaigns.agent.configuring import configure
from campaigns.agent.ending import Ending
from campaigns.agent.launch import Ended, LaunchFailed, LaunchState
from campaigns.agent.launcherlog import tail
from campaigns.agent.setfitting import SetsDoNotFit
from campaigns.agent.stack import Stack
from campaigns.agent.subject import Subject
from campaigns.agent.watch import Watch
from campaigns.agent.worker import StackRefused
from campaigns.wire.agent import (
    DoneReport,
    FailedReport,
    FaultModel,
    LaunchedReport,
    LauncherReport,
    PhaseReport,
    PreparedReport,
)

__all__ = ("Submission",)

TICK_S = 0.5
"""How often a running submission is looked at; its end is seen at once."""

LOG_TAIL_BYTES = 20_000


class Submission:
    """One submit order that is being carried out.

    Parameters
    ----------
    subject : `Subject`
        The order and what belongs to it.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._launch = subject.launch
        self._orphaned = False
        self._cancel_sent_s: float | None = None

    def carry_out(self) -> None:
        """Bring the order to its end.

        Raises
        ------
        AgentStopping
            If the agent is to end before.
        """
        ending = Ending(self._subject)
        if self._subject.folder.read("records-lost.json") is not None:
            ending.without_records()
            return
        state = self._launch.state()
        if state is not LaunchState.NEVER:
            self._subject.says.info("taken up again", state=state.value)
            self._tell_launched()
        elif not self._begin():
            return
        workflow = self._follow()
        ending.finish(orphaned=self._orphaned, workflow=workflow)

    def _begin(self) -> bool:
        """Prepare and launch; tell whether it was launched."""
        subject = self._subject
        if subject.cancel_reason is not None:
            subject.post.put(DoneReport(cancelled=True, result={"launched": False}))
            return False
        stack = Stack(subject.around.site, subject.payload.stack)
        try:
            command = self._prepare()
            processing = subject.payload.processing
            whole = stack.command(command, packages=processing.local_packages, variables=processing.environment)
            self._launch.start(whole, cwd=subject.directory, env=stack.environ({"PWD": str(subject.directory)}))
        except SetsDoNotFit as error:
            subject.post.put(FailedReport(faults=error.faults))
            return False
        except StackRefused as error:
            subject.post.put(FailedReport(faults=[FaultModel.model_validate(error.fault.as_dict())]))
            return False
        except (LaunchFailed, OSError) as error:
            remedy = "Look at the agent's log, its state directory and the site's work directory. Nothing was started."
            subject.post.put(FailedReport(faults=[FaultModel(code="launch_failed", message=str(error), remedy=remedy)]))
            return False
        self._tell_launched()
        subject.worker.warm()
        return True

    def _tell_launched(self) -> None:
        subject, child = self._subject, self._launch.child()
        if child is None:
            return
        subject.once(LaunchedReport(pid=child.pid, host=socket.gethostname(), boot_id=child.boot_id, started_us=child.at_us))
        subject.once(PhaseReport(phase="acquiring"))
        subject.says.info("launched", pid=child.pid, run=subject.payload.output_run)

    def _prepare(self) -> list[str]:
        subject, site = self._subject, self._subject.around.site
        specification = subject.payload.processing.specification
        lay_out(site, subject.around.server, subject.post.order, specification, pause=subject.pause)
        path, text = configure(subject, site)
        command = ["bps", "--long-log", "submit", str(path)]
        report = PreparedReport(
            command=command, bps_yaml=text, submit_dir=str(subject.submit_dir), work_dir=str(subject.directory)
        )
        subject.once(report)
        return command

    def _follow(self) -> str:
        """Watch until nothing of it runs any more; give the workflow's last state, empty if it has none of its own."""
        subject = self._subject
        watch = Watch(subject)
        while (state := self._launch.state()) in (LaunchState.RUNNING, LaunchState.ORPHANED):
            subject.stop_here_if_asked()
            self._orphaned = self._orphaned or state is LaunchState.ORPHANED
            self._see_to_cancel()
            subject.log.read_on()
            watch.look()
            self._launch.wait(TICK_S)
        subject.log.read_on()
        if state is LaunchState.VANISHED:
            subject.says.warning("bps has gone without a word", n_swept=self._launch.sweep())
        self._report_launcher(self._launch.ended())
        return watch.follow_workflow(wait=self._wait_for_workflow)

    def _see_to_cancel(self) -> None:
        if self._subject.cancel_reason is None:
            return
        now_s = time.monotonic()
        if self._cancel_sent_s is None:
            self._subject.says.info("stopping")
            self._launch.stop()
            self._cancel_sent_s = now_s
        elif now_s - self._cancel_sent_s > self._subject.around.site.cancel_grace_s:
            self._subject.says.warning("did not stop in time and is ended by force")
            self._launch.kill()

    def _wait_for_workflow(self) -> bool:
        """Wait a moment while a workflow goes on without its launcher, and tell whether it is to be cancelled now."""
        self._subject.stop_here_if_asked()
        self._subject.pause(TICK_S)
        if self._subject.cancel_reason is None or self._cancel_sent_s is not None:
            return False
        self._cancel_sent_s = time.monotonic()
        return True

    def _report_launcher(self, ended: Ended | None) -> None:
        report = LauncherReport(
            exit_code=ended.exit_code if ended is not None else None,
            signal=ended.signal if ended is not None else None,
            ended_us=ended.ended_us if ended is not None else time.time_ns() // 1000,
            log_tail=tail(self._launch.log, LOG_TAIL_BYTES),
        )
        self._subject.once(report)
        self._subject.says.info("launcher ended", exit_code=report.exit_code, signal=report.signal)
