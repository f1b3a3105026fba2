"""A submission as the agent has it before it: the order, where things lie, what it runs by."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog

from campaigns.agent.bpsyaml import SUBMISSION_YAML, submission_dir
from campaigns.agent.courier import Post
from campaigns.agent.launch import Launch
from campaigns.agent.launcherlog import LauncherLog
from campaigns.agent.server import ServerClient
from campaigns.agent.setfitting import SetFitting
from campaigns.agent.site import Site
from campaigns.agent.worker import StackRefused, StackWorker, Workers
from campaigns.wire.agent import Report, SubmitPayload
from campaigns.wire.agentsets import GraphPinsModel, GraphReport, GraphSet

__all__ = ("AgentStopping", "Subject", "Surroundings")

PINS_TIMEOUT_S = 600.0

log = structlog.get_logger("campaigns.agent")


class AgentStopping(Exception):
    """The agent is to end, or has lost the order; what runs is left as it is."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What carrying out an order needs of the agent."""

    site: Site
    workers: Workers
    server: ServerClient
    stopping: threading.Event
    release: Callable[[str], None]
    """Gives the place of a submit order free before its end, for one of which nothing is heard any more."""


class Subject:
    """One submit order and what belongs to it.

    Parameters
    ----------
    post : `Post`
        The order, its folder and its reports.
    payload : `SubmitPayload`
        What to submit.
    around : `Surroundings`
        The agent.
    """

    def __init__(self, post: Post, payload: SubmitPayload, around: Surroundings) -> None:
        self.post = post
        self.folder = post.folder
        self.payload = payload
        self.around = around
        self.launch = Launch(post.folder.launch, post.order.id)
        self.log = LauncherLog(self.launch.log)
        self.directory = submission_dir(around.site, payload)
        self.submit_dir = self.directory / "submit"
        self.bps_yaml = self.directory / SUBMISSION_YAML
        self.repository = around.site.repositories[payload.repository].uri
        self.says = log.bind(order=post.order.id, submission=payload.submission_id)

    @cached_property
    def worker(self) -> StackWorker:
        """The helper in the submission's stack (`StackWorker`)."""
        return self.around.workers.get(self.payload.stack)

    @property
    def graph(self) -> Path | None:
        """The quantum graph, once BPS has made its file (`pathlib.Path` or `None`)."""
        return next(iter(sorted(self.submit_dir.glob("*.qg"))), None)

    @property
    def cancel_reason(self) -> str | None:
        """Why the submission is to be stopped, or `None` if it is not."""
        return self.folder.cancel_reason()

    def once(self, report: Report) -> None:
        """Report something that is said once, unless it was said before a restart."""
        if not self.folder.outbox.has_said(report):
            self.post.put(report)

    def tell_graph(self, scan: dict[str, Any], *, at_end: bool = False) -> None:
        """Report, once, what the graph was made from, and with which DataId sets; at the end also what is known of it."""
        if self.graph is None or "graph" in self.folder.outbox.kinds:
            return
        pins: GraphPinsModel | None = None
        try:
            told = self.worker.call("graph_pins", graph=str(self.graph), repository=self.repository, timeout_s=PINS_TIMEOUT_S)
            pins = GraphPinsModel.model_validate(told)
        except (StackRefused, ValueError) as error:
            self.says.warning("what the graph was made from cannot be seen", reason=str(error).splitlines()[0])
            if not (at_end and self.payload.sets):
                return
        sets = [GraphSet.model_validate(one) for one in scan.get("sets", ())] if self.payload.sets else []
        self.once(GraphReport(sets=[*sets, *SetFitting.known(self).others], pins=pins))

    def pause(self, seconds: float) -> None:
        """Wait a while, less if a cancel comes.

        Raises
        ------
        AgentStopping
            If the agent is to end meanwhile.
        """
        before, deadline_s = self.cancel_reason, time.monotonic() + seconds
        while (left_s := deadline_s - time.monotonic()) > 0 and self.cancel_reason == before:
            self.around.stopping.wait(min(left_s, 0.5))
            self.stop_here_if_asked()

    def stop_here_if_asked(self) -> None:
        """Leave the order where it is.

        Raises
        ------
        AgentStopping
            If the agent is to end, or the server has taken the order away.
        """
        if self.around.stopping.is_set() or self.post.disowned.is_set():
            raise AgentStopping
