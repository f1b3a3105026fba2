"""Build quantum graphs as submissions would, for somebody who asks what would run.

Each is built by the ``bps`` of the campaign's stack, from the configuration that a submission would have, in a folder of its own
that is removed afterwards. BPS ends with the graph: nothing is run, and nothing is registered in the repository.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaigns.agent.bpsyaml import submission_dir
from campaigns.agent.configuring import configure
from campaigns.agent.diagnosis import GENERATION_LOG, diagnose
from campaigns.agent.launch import Ended, Launch, LaunchFailed, LaunchState
from campaigns.agent.launcherlog import LauncherLog, tail
from campaigns.agent.orderfolder import OrderFolder
from campaigns.agent.setfitting import SetsDoNotFit
from campaigns.agent.site import Site
from campaigns.agent.stack import Stack
from campaigns.agent.worker import StackRefused, StackWorker
from campaigns.wire.agent import FaultModel, SubmitPayload

__all__ = ("TrialFailed", "TrialGraph", "TrialLate")

TICK_S = 0.5
TAIL_BYTES = 4000
CLEARING_S = 30.0


class TrialLate(Exception):
    """The graph was not done in time."""


class TrialFailed(Exception):
    """There is no graph.

    Parameters
    ----------
    fault : `FaultModel`
        Why.
    said : `str`
        The last of what ``pipetask`` wrote.
    """

    def __init__(self, fault: FaultModel, said: str = "") -> None:
        super().__init__(fault.message)
        self.fault = fault
        self.said = said


@dataclass
class _Tried:
    """What a submission is made from that is only tried."""

    payload: SubmitPayload
    folder: OrderFolder
    repository: str
    worker: StackWorker


class TrialGraph:
    """One quantum graph that is built to be counted.

    Parameters
    ----------
    site : `Site`
        The site.
    payload : `SubmitPayload`
        The submission as it would be; its id names the folder, below that of the campaign.
    order_id : `str`
        The order, by which processes are marked.
    worker : `StackWorker`
        The helper in the stack.
    """

    def __init__(self, site: Site, payload: SubmitPayload, *, order_id: str, worker: StackWorker) -> None:
        self._site = site
        self._payload = payload
        self._directory = submission_dir(site, payload)
        self._launch = Launch(self._directory / "launch", order_id)
        self._worker = worker

    def build(self, *, deadline_s: float, stopping: threading.Event, tell: Callable[[str], None]) -> dict[str, int]:
        """Build it, count its quanta, and remove it.

        Parameters
        ----------
        deadline_s : `float`
            When to give up, by the monotonic clock.
        stopping : `threading.Event`
            Set when the agent is to end.
        tell : callable
            Told from time to time what ``pipetask`` says.

        Returns
        -------
        quanta : `dict` [`str`, `int`]
            Number by task.

        Raises
        ------
        TrialFailed
            If it cannot be built, or is empty.
        TrialLate
            If the time is up, or the agent is to end.
        """
        # An agent that was killed has left it, and what it started, behind.
        self._clear()
        try:
            self._start()
            self._wait(deadline_s, stopping, tell)
            return self._count()
        except SetsDoNotFit as error:
            raise TrialFailed(error.faults[0]) from error
        except StackRefused as error:
            raise TrialFailed(FaultModel.model_validate(error.fault.as_dict())) from error
        except (LaunchFailed, OSError) as error:
            remedy = "Look at the agent's log and at the site's work directory."
            raise TrialFailed(FaultModel(code="launch_failed", message=str(error), remedy=remedy)) from error
        finally:
            self._clear()

    def _start(self) -> None:
        (self._directory / "launch").mkdir(parents=True)
        repository = self._site.repositories[self._payload.repository].uri
        tried = _Tried(self._payload, OrderFolder(self._directory), repository, self._worker)
        path, _ = configure(tried, self._site)
        stack, processing = Stack(self._site, self._payload.stack), self._payload.processing
        command = ["bps", "--long-log", "acquire", str(path)]
        whole = stack.command(command, packages=processing.local_packages, variables=processing.environment)
        self._launch.start(whole, cwd=self._directory, env=stack.environ({"PWD": str(self._directory)}))

    def _wait(self, deadline_s: float, stopping: threading.Event, tell: Callable[[str], None]) -> None:
        log = LauncherLog(self._launch.log)
        while self._launch.state() in (LaunchState.RUNNING, LaunchState.ORPHANED):
            if stopping.is_set() or time.monotonic() >= deadline_s:
                raise TrialLate
            log.read_on()
            tell(log.message)
            self._launch.wait(TICK_S)

    def _count(self) -> dict[str, int]:
        submit_dir, ended = self._directory / "submit", self._launch.ended()
        graph = next(iter(sorted(submit_dir.glob("*.qg"))), None)
        if graph is None or ended is None or ended.exit_code != 0:
            said = tail(submit_dir / GENERATION_LOG, TAIL_BYTES) or tail(self._launch.log, TAIL_BYTES)
            raise TrialFailed(_fault(self._launch.log, submit_dir, ended), said)
        found: dict[str, dict[str, int]] = self._worker.call("count_quanta", graph=str(graph))
        return found["quanta"]

    def _clear(self) -> None:
        deadline_s = time.monotonic() + CLEARING_S
        while self._launch.state() in (LaunchState.RUNNING, LaunchState.ORPHANED) and time.monotonic() < deadline_s:
            self._launch.kill()
            self._launch.wait(TICK_S)
        self._launch.sweep()
        shutil.rmtree(self._directory, ignore_errors=True)


def _fault(log: Path, submit_dir: Path, ended: Ended | None) -> FaultModel:
    how = "no word" if ended is None else f"exit code {ended.exit_code}" if ended.signal is None else f"signal {ended.signal}"
    fault = diagnose(log, submit_dir, how=how)
    changes: dict[str, Any] = {"where": None}
    if fault.code == "bps_failed":
        changes["remedy"] = "Read what pipetask wrote; `bps acquire` with the same configuration says it again."
    return fault.model_copy(update=changes)
