"""The orders about DataId sets: make one, tell of them, see which outputs have some data IDs. Doing one twice does no harm."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import structlog

from campaigns.agent.courier import Backoff, Post
from campaigns.agent.server import Refused, ServerClient, ServerGone
from campaigns.agent.site import Site
from campaigns.agent.smallorders import check_names, failed
from campaigns.agent.subject import AgentStopping
from campaigns.agent.worker import StackRefused, Workers
from campaigns.domain.errors import CampaignError
from campaigns.wire.agent import DoneReport, FailedReport, FaultModel, Report
from campaigns.wire.agentsets import (
    ROWS_FILE,
    FindOutputsPayload,
    ListedSet,
    ListSetsPayload,
    ShowSetPayload,
    UploadSetPayload,
)

__all__ = ("SetOrders",)

TIMEOUT_S = 1800.0

log = structlog.get_logger("campaigns.agent")


class SetOrders:
    """Carries out orders about sets.

    Parameters
    ----------
    site : `Site`
        The site.
    workers : `Workers`
        The helpers in the stacks.
    server : `ServerClient`
        Where data IDs are brought to.
    stopping : `threading.Event`
        Set when the agent is to end; the order is then taken up again by the next one.
    """

    def __init__(self, site: Site, workers: Workers, server: ServerClient, *, stopping: threading.Event) -> None:
        self._site = site
        self._workers = workers
        self._server = server
        self._stopping = stopping

    def carry_out(self, post: Post, payload: UploadSetPayload | ListSetsPayload | ShowSetPayload | FindOutputsPayload) -> Report:
        """Carry out one order, and give the report that ends it.

        Raises
        ------
        AgentStopping
            If the agent is to end before.
        """
        rows = post.folder.path / ROWS_FILE
        try:
            check_names(self._site, payload.repository)
            told = self._ask(payload, mark=f"order {post.order.id}", rows=rows)
        except StackRefused as error:
            return failed(error.fault)
        except CampaignError as error:
            return failed(*error.as_faults())
        if told.get("faults"):
            return FailedReport(faults=[FaultModel(**fault) for fault in told["faults"]])
        if rows.exists():
            self._bring(post, rows)
        return DoneReport(result=told)

    def _ask(
        self, payload: UploadSetPayload | ListSetsPayload | ShowSetPayload | FindOutputsPayload, *, mark: str, rows: Path
    ) -> dict[str, Any]:
        repository = self._site.repositories[payload.repository].uri
        match payload:
            case UploadSetPayload(listed=ListedSet() as listed):
                made = self._workers.make_sets(
                    payload.stack, repository=repository, lists=[listed.model_dump()], mark=mark, timeout_s=TIMEOUT_S
                )
                return {"faults": made["faults"]} if made["faults"] else {**made["sets"][0], "fits": []}
            case UploadSetPayload():
                arguments: dict[str, Any] = {
                    "name": payload.name,
                    "data_ids": payload.data_ids,
                    "description": payload.description,
                    "source": payload.source,
                    "mark": mark,
                    "unknown": payload.unknown.value,
                    "pipelines": [one.model_dump() for one in payload.fit_to],
                    "rows_file": str(rows),
                }
            case ShowSetPayload():
                arguments = {"name": payload.name, "version": payload.version, "rows_file": str(rows)}
            case FindOutputsPayload():
                arguments = payload.model_dump(include={"collections", "data_ids", "submissions"})
            case ListSetsPayload():
                arguments = {"known": [[one.name, one.version, one.digest] for one in payload.known]}
        worker = self._workers.get(payload.stack)
        told: dict[str, Any] = worker.call(payload.kind.value, repository=repository, timeout_s=TIMEOUT_S, **arguments)
        return told

    def _bring(self, post: Post, rows: Path) -> None:
        """Bring the data IDs to the server, trying again for as long as it is away."""
        backoff = Backoff()
        while not self._stopping.is_set() and not post.disowned.is_set():
            try:
                self._server.bring_rows(post.order, rows)
            except ServerGone:
                self._stopping.wait(backoff.next_s())
            except Refused as refused:
                if refused.status == 409:
                    log.info("nobody asks for the data IDs of a set any more", order=post.order.id, why=str(refused))
                    return
                if refused.status not in (413, 422):
                    raise
                # The set is there all the same; only what it has cannot be read at the service.
                log.warning("the server refuses the data IDs of a set", order=post.order.id, why=str(refused))
                return
            else:
                return
        raise AgentStopping
