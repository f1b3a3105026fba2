"""Which of a submission's DataId sets have to do with its pipeline; and that they are still what was pinned.

A campaign's sets are for all its steps, and a set of visits means nothing to a step that only draws what was combined. Such a
set is told of as not applicable; the others narrow the quantum graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

from campaigns.agent import shim
from campaigns.agent.orderfolder import OrderFolder
from campaigns.agent.worker import StackRefused, StackWorker
from campaigns.domain.dataidsets import Outcome
from campaigns.wire.agent import FaultModel, SubmitPayload
from campaigns.wire.agentsets import GraphSet, PinnedSet
from campaigns.wire.processing import ProcessingModel

__all__ = ("SetFitting", "SetsDoNotFit", "surroundings_of")

FILE = "sets.json"
"""What was found out is kept in the order's folder, for an agent that comes back."""

TIMEOUT_S = 600.0


def surroundings_of(processing: ProcessingModel) -> dict[str, Any]:
    """Give what a campaign sets over the stack, as the helper in the stack takes it."""
    return {"environment": processing.environment, "local_packages": processing.local_packages}


class SetsDoNotFit(Exception):
    """Sets that are pinned cannot be applied.

    Parameters
    ----------
    faults : `list` [`FaultModel`]
        Why.
    """

    def __init__(self, faults: list[FaultModel]) -> None:
        super().__init__(faults[0].message)
        self.faults = faults


class HasSets(Protocol):
    """What is needed of a subject."""

    payload: SubmitPayload
    folder: OrderFolder
    repository: str

    @property
    def worker(self) -> StackWorker:
        """The helper in the stack."""


@dataclass(frozen=True, slots=True)
class SetFitting:
    """How the sets of a submission meet its pipeline.

    Attributes
    ----------
    applied : `tuple` [`PinnedSet`, ...]
        Those that narrow the graph.
    others : `tuple` [`GraphSet`, ...]
        Those that have nothing to do with it.
    """

    applied: tuple[PinnedSet, ...] = ()
    others: tuple[GraphSet, ...] = ()

    @classmethod
    def find(cls, subject: HasSets, *, pipeline: str | None = None) -> Self:
        """Find out, and keep it.

        Parameters
        ----------
        subject : `HasSets`
            The submission.
        pipeline : `str`, optional
            Where its pipeline is found at the site; by default where it says.

        Raises
        ------
        SetsDoNotFit
            If a set is gone or has another digest, or does not fit a task.
        """
        if not subject.payload.sets:
            return cls()
        pinned = [one.model_dump(mode="json") for one in subject.payload.sets]
        try:
            told = subject.worker.call(
                "fit_sets",
                repository=subject.repository,
                pipeline=pipeline or subject.payload.pipeline,
                sets=pinned,
                translation=subject.payload.processing.translation,
                surroundings=surroundings_of(subject.payload.processing),
                timeout_s=TIMEOUT_S,
            )
        except StackRefused as error:
            raise SetsDoNotFit([FaultModel.model_validate(error.fault.as_dict())]) from error
        if told["faults"]:
            raise SetsDoNotFit([FaultModel(**fault) for fault in told["faults"]])
        shim.write_durably(str(subject.folder.path), FILE, {"fits": told["fits"]})
        return cls._of(subject.payload, told["fits"])

    @classmethod
    def known(cls, subject: HasSets) -> Self:
        """Give what was found out."""
        kept = subject.folder.read(FILE) if subject.payload.sets else None
        return cls() if kept is None else cls._of(subject.payload, kept["fits"])

    @classmethod
    def _of(cls, payload: SubmitPayload, fits: list[Mapping[str, Any]]) -> Self:
        applied: list[PinnedSet] = []
        others: list[GraphSet] = []
        for pinned, fit in zip(payload.sets, fits, strict=True):
            if fit["outcome"] == Outcome.NOT_APPLICABLE:
                told = {"outcome": Outcome.NOT_APPLICABLE, "detail": fit["detail"]}
                others.append(GraphSet.model_validate({**pinned.model_dump(), **told}))
            else:
                applied.append(pinned)
        return cls(tuple(applied), tuple(others))
