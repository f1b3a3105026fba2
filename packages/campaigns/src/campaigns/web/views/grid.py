"""Groups by tasks: for each step a table of its submissions, a cell for each task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.domain.quanta import TaskCounts
from campaigns.domain.steps import GroupState, StepState
from campaigns.domain.submission import Submission
from campaigns.pictures.looks import Look, look_of, settled
from campaigns.web.views.submission import look_of_submission

__all__ = ("GridRow", "StepGrid", "step_grids")


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
    for state in states:
        labels = _labels(state.groups)
        look = look_of(state.status)
        grids.append(
            StepGrid(
                state=state,
                look=settled(look) if ended else look,
                labels=labels,
                begun=any(group.newest for group in state.groups),
                rows=[_row(state, group, labels, submissions, ended=ended) for group in state.groups],
            )
        )
    return grids


def _labels(groups: Sequence[GroupState]) -> list[str]:
    found: dict[str, None] = {}
    for group in groups:
        for counts in group.newest.tasks if group.newest else ():
            found.setdefault(counts.label)
    return list(found)


def _row(
    state: StepState, group: GroupState, labels: Sequence[str], submissions: Sequence[Submission], *, ended: bool
) -> GridRow:
    newest = group.newest
    if newest is None:
        return GridRow(
            group=group.name, submission=None, look=look_of(state.status.PLANNED), cells=[None] * len(labels), older=[]
        )
    counts = {one.label: one for one in newest.tasks}
    mine = [one for one in submissions if (one.step, one.group) == (state.step.name, group.name) and one.uuid != newest.uuid]
    return GridRow(
        group=group.name,
        submission=newest,
        look=look_of_submission(newest, newest=not ended),
        cells=[counts.get(label) for label in labels],
        older=sorted(mine, key=lambda one: -one.attempt),
    )
