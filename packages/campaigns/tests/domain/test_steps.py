"""Where each step stands."""

from __future__ import annotations

import pytest

from campaigns.domain.campaign import Wait, WaitKind
from campaigns.domain.definition import Definition, Split, Step
from campaigns.domain.quanta import TaskCounts
from campaigns.domain.states import Judgement, Kind, SubmissionStatus
from campaigns.domain.steps import StepStatus, step_states
from campaigns.domain.submission import Submission

J, S = Judgement, SubmissionStatus
DEFINITION = Definition(
    name="c", title="T", reason="R", kind=Kind.OTHER,
    steps=[Step(name="one", split=Split(dimension="visit", values=[1, 2])), Step(name="two", needs=["one"])],
)  # fmt: skip


def submission(
    number: int, group: str, status: SubmissionStatus, *, judgement: Judgement = J.PENDING, attempt: int = 1
) -> Submission:
    return Submission(
        uuid=f"u{number}", number=number, campaign_uuid="c", campaign_id="C-1", campaign_name="c", revision=1, step="one",
        group=group, attempt=attempt, status=status, judgement=judgement, operator="otto", site="here", stack="w", repository="r",
        pipeline="p", input_collections=(), output="o", output_run=f"o/{number}", data_query="", bps={}, created_us=0,
        updated_us=0, tasks=(TaskCounts(label="isr", expected=2, succeeded=1, unknown=1),),
    )  # fmt: skip


def status_of_first(*submissions: Submission, waits: tuple[Wait, ...] = ()) -> StepStatus:
    return step_states(DEFINITION, submissions, waits=waits)[0].status


def wait(kind: WaitKind) -> Wait:
    return Wait(kind=kind, step="one", group="g1", text="…")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((S.RUNNING, J.PENDING), (S.QUEUED, J.PENDING), StepStatus.RUNNING),
        ((S.ACQUIRING, J.PENDING), (S.QUEUED, J.PENDING), StepStatus.ACQUIRING),
        ((S.SUCCEEDED, J.ACCEPTED), (S.QUEUED, J.PENDING), StepStatus.QUEUED),
        ((S.SUCCEEDED, J.ACCEPTED), (S.SUCCEEDED, J.ACCEPTED), StepStatus.ACCEPTED),
        ((S.LOST_CONTACT, J.PENDING), (S.RUNNING, J.PENDING), StepStatus.LOST_CONTACT),
        ((S.FAILED, J.PENDING), (S.SUCCEEDED, J.ACCEPTED), StepStatus.FAILED),
        ((S.SUCCEEDED, J.PENDING), (S.SUCCEEDED, J.ACCEPTED), StepStatus.PAUSED),
        ((S.CANCELLED, J.PENDING), (S.SUCCEEDED, J.ACCEPTED), StepStatus.CANCELLED),
    ],
)
def test_what_is_most_pressing_counts(
    first: tuple[SubmissionStatus, Judgement], second: tuple[SubmissionStatus, Judgement], expected: StepStatus
) -> None:
    made = (submission(1, "g1", first[0], judgement=first[1]), submission(2, "g2", second[0], judgement=second[1]))
    assert status_of_first(*made) is expected


def test_what_waits_for_a_person_goes_before_what_runs() -> None:
    running = submission(1, "g1", S.RUNNING)
    assert status_of_first(running, waits=(wait(WaitKind.JUDGE),)) is StepStatus.PAUSED
    assert status_of_first(running, waits=(wait(WaitKind.RECOVER),)) is StepStatus.FAILED


def test_a_step_without_submissions_is_planned_and_one_with_some_groups_accepted_too() -> None:
    assert status_of_first() is StepStatus.PLANNED
    assert status_of_first(submission(1, "g1", S.SUCCEEDED, judgement=J.ACCEPTED)) is StepStatus.PLANNED


def test_only_the_newest_attempts_count() -> None:
    state = step_states(DEFINITION, [submission(1, "g1", S.FAILED), submission(2, "g1", S.RUNNING, attempt=2)])[0]
    assert state.status is StepStatus.RUNNING
    assert state.quanta.expected == 2
    assert [(group.name, group.n_attempts) for group in state.groups] == [("g1", 2), ("g2", 0)]
    assert state.n_accepted == 0
