"""Groups by tasks: for each step a table of its submissions, a cell for each task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.domain.definition import GateKind, StartKind
from campaigns.domain.quanta import TaskCounts
from campaigns.domain.steps import GroupState, StepState
from campaigns.domain.submission import Submission
from campaigns.pictures.looks import LEGEND, Look, look_of, settled
from campaigns.web.views.submission import look_of_submission

__all__ = ("GridRow", "StepGrid", "step_grids")

SHOWN_NAMES = 6
"""How many groups of a step that has not begun are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """A group: its newest attempt, the attempts before it, and a cell for each task of the step."""

    group: str
    submission: Submission | None
    look: Look
    cells: list[TaskCounts | None]
    older: list[Submission]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepGrid:
    """A step's table; ``labels`` are the tasks in the pipeline's order, ``begun`` tells whether there is anything to show."""

    state: StepState
    look: Look
    labels: list[str]
    begun: bool
    remarks: list[str]
    rows: list[GridRow]


def step_grids(states: Sequence[StepState], submissions: Sequence[Submission], *, ended: bool) -> list[StepGrid]:
    """Make the tables of a campaign's steps.

    Parameters
    ----------
    states : sequence of `StepState`
        The steps.
    submissions : sequence of `Submission`
        All submissions of the campaign.
    ended : `bool`
        Whether the campaign has ended, so that nothing needs anyone.
    """
    grids = []
    attempts: dict[tuple[str, str], list[Submission]] = {}
    for submission in submissions:
        attempts.setdefault((submission.step, submission.group), []).append(submission)
    for state in states:
        labels = _labels(state.groups)
        look = look_of(state.status)
        grids.append(
            StepGrid(
                state=state,
                look=settled(look) if ended else look,
                labels=labels,
                begun=any(group.newest for group in state.groups),
                remarks=_remarks(state),
                rows=[
                    _row(group, labels, attempts.get((state.step.name, group.name), []), ended=ended) for group in state.groups
                ],
            )
        )
    return grids


def _labels(groups: Sequence[GroupState]) -> list[str]:
    found: dict[str, None] = {}
    for group in groups:
        for counts in group.newest.tasks if group.newest else ():
            found.setdefault(counts.label)
    return list(found)


def _remarks(state: StepState) -> list[str]:
    """Say what else is to be known of a step: its groups, what it comes after, and whose word it waits for."""
    step, names = state.step, [group.name for group in state.groups]
    remarks = []
    if not any(group.newest for group in state.groups):
        if step.needs:
            remarks.append(f"after {', '.join(step.needs)}")
        if len(names) > 1:
            remarks.append(f"{len(names)} groups: {', '.join(names[:SHOWN_NAMES])}{' …' if len(names) > SHOWN_NAMES else ''}")
    elif len(names) > 1:
        remarks.append(f"{state.n_accepted} of {len(names)} groups accepted")
    if step.start is StartKind.PERSON:
        remarks.append("started by a person")
    if step.gate.accept is GateKind.PERSON:
        remarks.append("accepted by a person")
    return remarks


def _row(group: GroupState, labels: Sequence[str], attempts: Sequence[Submission], *, ended: bool) -> GridRow:
    newest = group.newest
    if newest is None:
        return GridRow(group=group.name, submission=None, look=LEGEND["planned"], cells=[None] * len(labels), older=[])
    counts = {one.label: one for one in newest.tasks}
    return GridRow(
        group=group.name,
        submission=newest,
        look=look_of_submission(newest, newest=not ended),
        cells=[counts.get(label) for label in labels],
        older=sorted((one for one in attempts if one.uuid != newest.uuid), key=lambda one: -one.attempt),
    )
