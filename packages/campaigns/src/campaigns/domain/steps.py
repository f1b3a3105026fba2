"""Where each step stands, derived from its groups' newest attempts and from what the campaign waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaigns.domain.campaign import Wait, WaitKind
from campaigns.domain.decisions import newest_attempts
from campaigns.domain.definition import Definition, Step
from campaigns.domain.groups import groups_of
from campaigns.domain.quanta import QuantaCounts
from campaigns.domain.states import Judgement, SubmissionStatus
from campaigns.domain.submission import Submission

__all__ = ("GroupState", "StepState", "StepStatus", "step_states")


class StepStatus(StrEnum):
    """Where a step stands."""

    PLANNED = "planned"
    QUEUED = "queued"
    ACQUIRING = "acquiring"
    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"
    LOST_CONTACT = "lost_contact"
    CANCELLED = "cancelled"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupState:
    """A group with its newest attempt, if it has one, and how many attempts there were."""

    name: str
    newest: Submission | None
    n_attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """A step and where it stands.

    Attributes
    ----------
    step : `Step`
        Its definition.
    status : `StepStatus`
        What is most pressing among its groups.
    groups : `tuple` [`GroupState`, ...]
        In the split's order.
    quanta : `QuantaCounts`
        The sums over the newest attempts.
    """

    step: Step
    status: StepStatus
    groups: tuple[GroupState, ...]
    quanta: QuantaCounts

    @property
    def n_accepted(self) -> int:
        """How many groups are accepted (`int`)."""
        return sum(1 for group in self.groups if group.newest and group.newest.judgement is Judgement.ACCEPTED)


_ACTIVE_ORDER = (
    (SubmissionStatus.RUNNING, StepStatus.RUNNING),
    (SubmissionStatus.ACQUIRING, StepStatus.ACQUIRING),
    (SubmissionStatus.QUEUED, StepStatus.QUEUED),
    (SubmissionStatus.PLANNED, StepStatus.QUEUED),
)
"""Of what is under way, the furthest counts."""


def step_states(definition: Definition, submissions: Sequence[Submission], *, waits: Sequence[Wait] = ()) -> list[StepState]:
    """Derive where each step stands.

    Parameters
    ----------
    definition : `Definition`
        The campaign's newest revision.
    submissions : sequence of `Submission`
        All its submissions.
    waits : sequence of `Wait`, optional
        What the campaign waits for.

    Returns
    -------
    states : `list` [`StepState`]
        In the order of the definition.
    """
    newest = newest_attempts(submissions)
    n_attempts = Counter((submission.step, submission.group) for submission in submissions)
    states = []
    for step in definition.steps:
        groups = tuple(
            GroupState(
                name=group.name,
                newest=newest.get((step.name, group.name)),
                n_attempts=n_attempts[step.name, group.name],
            )
            for group in groups_of(definition, step)
        )
        attempts = [group.newest for group in groups if group.newest]
        own_waits = [wait for wait in waits if wait.step == step.name]
        states.append(
            StepState(
                step=step,
                status=_status(attempts, own_waits, n_groups=len(groups)),
                groups=groups,
                quanta=QuantaCounts.total(attempt.quanta for attempt in attempts),
            )
        )
    return states


def _status(attempts: Sequence[Submission], waits: Sequence[Wait], *, n_groups: int) -> StepStatus:
    """Judge a step: what needs a person first, then what is under way, then what is done."""
    pending = [attempt for attempt in attempts if attempt.judgement is not Judgement.ACCEPTED]
    statuses = {attempt.status for attempt in pending}
    if SubmissionStatus.LOST_CONTACT in statuses:
        return StepStatus.LOST_CONTACT
    if any(wait.kind is WaitKind.RECOVER for wait in waits) or (SubmissionStatus.FAILED in statuses and not waits):
        return StepStatus.FAILED
    if waits:
        return StepStatus.PAUSED
    active = [meant for status, meant in _ACTIVE_ORDER if status in statuses]
    if active:
        return active[0]
    if not pending:
        return StepStatus.ACCEPTED if attempts and len(attempts) == n_groups else StepStatus.PLANNED
    return StepStatus.CANCELLED if SubmissionStatus.CANCELLED in statuses else StepStatus.PAUSED
