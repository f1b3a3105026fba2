"""The order to look whether a campaign could run, and, where that is asked, what would run. Doing it twice does no harm."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from campaigns.agent.bpsyaml import located
from campaigns.agent.checkout import lay_out
from campaigns.agent.courier import Post
from campaigns.agent.site import Site
from campaigns.agent.smallorders import check_names, failed
from campaigns.agent.subject import AgentStopping, Surroundings
from campaigns.agent.trialgraphs import TrialFailed, TrialGraph, TrialLate
from campaigns.agent.worker import StackRefused
from campaigns.domain.definition import ConfigOverride
from campaigns.domain.errors import CampaignError
from campaigns.domain.settings import merge
from campaigns.wire.agent import (
    DoneReport,
    FailedReport,
    FaultModel,
    FindingsReport,
    PreflightPayload,
    PreflightStep,
    Report,
    SubmitPayload,
    TrialModel,
)
from campaigns.wire.agentsets import PinnedSet
from campaigns.wire.processing import PinnedSpecification

__all__ = ("PreflightOrders",)

TIMEOUT_S = 1800.0
TELLING_S = 2.0
"""How often the server is told what ``pipetask`` says, at most."""


class PreflightOrders:
    """Looks whether campaigns could run.

    Parameters
    ----------
    around : `Surroundings`
        The agent.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        # One graph at a time, whoever asks: building one takes a processor and much memory.
        self._turn = threading.Lock()

    def carry_out(self, post: Post, payload: PreflightPayload) -> Report:
        """Look whether a campaign could run.

        Parameters
        ----------
        post : `Post`
            The order.
        payload : `PreflightPayload`
            What to look at.

        Returns
        -------
        report : `Report`
            Failed, with all that was found, if the campaign could not; else done, with its ``output``, its ``steps``, the
            DataId ``sets`` it names, and what these would do to each task in ``fits``. Where graphs were asked for, each group of
            the steps has a ``graph``: its ``quanta`` and the ``seconds`` it took, or why it was ``not_built``, or has ``failed``,
            with what pipetask ``said``.

        Raises
        ------
        AgentStopping
            If the agent is to end before.
        """
        try:
            found = self._look(post, payload)
            if payload.make_sets and payload.lists and not found["faults"]:
                found = self._with_sets(post, payload, found)
            if found["faults"]:
                return FailedReport(faults=[FaultModel(**fault) for fault in found["faults"]])
            result = {
                "output": payload.output,
                "steps": found["steps"],
                "sets": found.get("sets", []),
                "fits": found.get("fits", []),
            }
            if payload.trial is not None:
                return self._tried(post, payload, payload.trial, result)
        except StackRefused as error:
            return failed(error.fault)
        except CampaignError as error:
            return failed(*error.as_faults())
        return DoneReport(result=result)

    def _look(self, post: Post, payload: PreflightPayload) -> dict[str, Any]:
        site = self._around.site
        check_names(site, payload.repository)
        lay_out(site, self._around.server, post.order, payload.specification, pause=self._around.stopping.wait)
        found: dict[str, Any] = self._around.workers.get(payload.stack).call(
            "preflight",
            repository=site.repositories[payload.repository].uri,
            input_collections=payload.input_collections,
            output=payload.output,
            steps=[_step(step, site, payload.specification) for step in payload.steps],
            bps=merge({"computeSite": site.name}, site.bps, payload.bps),
            instrument=payload.instrument,
            skymap=payload.skymap,
            sets=[one.model_dump(mode="json") for one in payload.sets],
            lists=[one.model_dump() for one in payload.lists],
            surroundings={"environment": payload.environment, "local_packages": payload.local_packages},
            timeout_s=TIMEOUT_S,
        )
        return found

    def _with_sets(self, post: Post, payload: PreflightPayload, found: dict[str, Any]) -> dict[str, Any]:
        """Make the sets of lists that a campaign is about to start with; one that is there is not made again."""
        made = self._around.workers.make_sets(
            payload.stack,
            repository=self._around.site.repositories[payload.repository].uri,
            lists=[one.model_dump() for one in payload.lists],
            mark=f"order {post.order.id}",
            timeout_s=TIMEOUT_S,
        )
        others = [one for one in found["sets"] if one["set"] is not None and "list" not in one]
        return {**found, "faults": made["faults"], "sets": [*others, *made["sets"]]}

    def _tried(self, post: Post, payload: PreflightPayload, trial: TrialModel, result: dict[str, Any]) -> Report:
        """Build graphs and put what they have beside what was counted."""
        post.put(FindingsReport(result=result))
        with _Turn(self._turn, self._around.stopping):
            faults = _Trials(post, payload, trial, result, self._around).build_all()
        if faults:
            # The counts stay with the order: what can be built is told besides what cannot.
            post.put(FindingsReport(result={**result, "progress": None}))
            return FailedReport(faults=faults)
        return DoneReport(result={**result, "progress": None})


class _Turn:
    """Waits for a lock, and for the agent's end."""

    def __init__(self, lock: threading.Lock, stopping: threading.Event) -> None:
        self._lock = lock
        self._stopping = stopping

    def __enter__(self) -> None:
        while not self._lock.acquire(timeout=0.5):
            if self._stopping.is_set():
                raise AgentStopping

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class _Trials:
    """The graphs of one look: those that can be built now, up to what the site allows."""

    def __init__(
        self, post: Post, payload: PreflightPayload, trial: TrialModel, result: dict[str, Any], around: Surroundings
    ) -> None:
        self._post = post
        self._payload = payload
        self._trial = trial
        self._result = result
        self._around = around
        self._bounds = around.site.would_run
        self._deadline_s = time.monotonic() + self._bounds.timeout_s
        self._told_s = 0.0

    def build_all(self) -> list[FaultModel]:
        """Write into each group of the result what its graph has, or why there is none; give what is wrong."""
        faults, wanted = [], []
        for index, (step, found) in enumerate(zip(self._payload.steps, self._result["steps"], strict=True)):
            for number, group in enumerate(found["groups"]):
                group["name"] = step.groups[number]
                if why := _awaited(found["awaits"]) or self._to_be_made(step.name):
                    group["graph"] = {"not_built": why}
                else:
                    wanted.append((index, number, group))
        for done, (index, number, group) in enumerate(wanted):
            if done >= self._bounds.max_graphs:
                group["graph"] = {"not_built": f"the site builds {self._bounds.max_graphs} graphs at most to tell what would run"}
                continue
            group["graph"], fault = self._build(index, number, done, min(len(wanted), self._bounds.max_graphs))
            faults += [fault] if fault is not None else []
            self._post.put(FindingsReport(result={"steps": self._result["steps"]}))
        return faults

    def _build(self, index: int, number: int, done: int, total: int) -> tuple[dict[str, Any], FaultModel | None]:
        step = self._payload.steps[index]
        late = {"not_built": f"the {self._bounds.timeout_s:g} s were over that the site takes to tell what would run"}
        if time.monotonic() >= self._deadline_s:
            return late, None
        what = f"{step.name} {step.groups[number]}"
        site, stopping = self._around.site, self._around.stopping
        worker, order_id = self._around.workers.get(self._payload.stack), self._post.order.id
        graph = TrialGraph(site, self._submission(index, number), order_id=order_id, worker=worker)
        began_s = time.monotonic()
        try:
            quanta = graph.build(deadline_s=self._deadline_s, stopping=stopping, tell=self._teller(what, done, total))
        except TrialLate:
            if stopping.is_set():
                raise AgentStopping from None
            return late, None
        except TrialFailed as error:
            fault = error.fault.model_copy(
                update={
                    "message": f"The quantum graph of {what} cannot be built: {error.fault.message}",
                    "where": error.fault.where or f"steps[{index}].data_queries[{number}]",
                }
            )
            return {"failed": error.fault.message, "said": error.said}, fault
        return {"quanta": quanta, "seconds": round(time.monotonic() - began_s, 1)}, None

    def _teller(self, what: str, done: int, total: int) -> Callable[[str], None]:
        def tell(message: str) -> None:
            now_s = time.monotonic()
            if now_s - self._told_s >= TELLING_S:
                self._told_s = now_s
                progress = {"now": what, "done": done, "total": total, "message": message}
                self._post.put(FindingsReport(result={"progress": progress}))

        return tell

    def _submission(self, index: int, number: int) -> SubmitPayload:
        """Give the submission of a group as it would be, but for the names of its folder and run, which are nobody's."""
        payload, trial, step = self._payload, self._trial, self._payload.steps[index]
        group, find = self._result["steps"][index]["groups"][number], f"would-run-{self._post.order.id}"
        return SubmitPayload(
            submission_id=f"{find}-{index}-{number}",
            campaign_id=trial.campaign_id,
            campaign_name=trial.campaign_name,
            step=step.name,
            group=group["name"],
            attempt=1,
            revision=trial.revision,
            operator=trial.operator,
            stack=payload.stack,
            repository=payload.repository,
            instrument=payload.instrument,
            pipeline=step.pipeline,
            input_collections=payload.input_collections,
            output=payload.output,
            output_run=f"{payload.output}/{step.name}/{find}",
            data_query=step.data_queries[number],
            bps=step.bps,
            sets=self._sets(step.name),
            processing=step.processing,
        )

    def _to_be_made(self, step: str) -> str:
        """Say which set of a step the start is to make; nothing where all are there."""
        lacking = {one["reference"] for one in self._result["sets"] if one["set"] is None}
        named = [one.reference for one in self._payload.sets if one.step in (None, step) and one.reference in lacking]
        return f"needs the set {named[0]}, which is made when the campaign starts" if named else ""

    def _sets(self, step: str) -> list[PinnedSet]:
        found = {one["reference"]: one["set"] for one in self._result["sets"]}
        used = [one for one in self._payload.sets if one.step in (None, step)]
        return [
            PinnedSet(role=one.role, **{name: found[one.reference][name] for name in ("name", "version", "digest")})
            for one in used
        ]


def _awaited(awaits: dict[str, str]) -> str:
    """Say why the graph of a step cannot be built yet; nothing where it can."""
    by_step: dict[str, list[str]] = {}
    for dataset_type, step in awaits.items():
        by_step.setdefault(step, []).append(dataset_type)
    told = [f"{_some(types)}, which {step} makes" for step, types in by_step.items()]
    return f"reads {', and '.join(told)}" if told else ""


def _some(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"


def _step(step: PreflightStep, site: Site, specification: PinnedSpecification | None) -> dict[str, Any]:
    """Give a step with its files as they are found at the site."""
    find, processing = located(site, specification), step.processing

    def found(overrides: list[ConfigOverride]) -> list[dict[str, Any]]:
        return [one.model_dump() | ({"file": find(one.file)} if one.file is not None else {}) for one in overrides]

    return {
        **step.model_dump(include={"name", "data_queries", "needs"}),
        "translation": processing.translation,
        "pipeline": find(step.pipeline),
        "file": None if processing.file is None else find(processing.file),
        "include_configs": list(map(find, processing.include_configs)),
        "config_overrides": found(processing.config_overrides),
        "shared_overrides": found(processing.shared_overrides),
    }
