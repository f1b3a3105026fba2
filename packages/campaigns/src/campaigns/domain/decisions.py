"""What follows by rule, and what only a person can decide.

One pure function looks at a campaign and its submissions and says what to do next. It is called in every transaction that could
change the answer, so that nothing depends on a timer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from campaigns.domain.campaign import Wait, WaitKind
from campaigns.domain.definition import Definition, GateKind, StartKind, Step
from campaigns.domain.groups import groups_of
from campaigns.domain.states import (
    ACTIVE,
    CampaignAction,
    CampaignStatus,
    Judgement,
    SubmissionStatus,
)
from campaigns.domain.submission import Submission

__all__ = ("Decision", "Start", "decide", "gate_holds", "inputs_of", "newest_attempts", "step_accepted")

_MAX_WHY: Final = 300
"""How much is told of why nothing ran, in letters."""


@dataclass(frozen=True, slots=True)
class Start:
    """A submission to make: the next attempt of a group."""

    step: str
    group: str


@dataclass(slots=True)
class Decision:
    """What follows.

    Attributes
    ----------
    accept : `list` [`str`]
        UUIDs of submissions whose gates hold by rule.
    start : `list` [`Start`]
        Submissions to make now.
    ready : `list` [`Start`]
        Submissions that could be made if somebody says so: the campaign is held, or a person must start the step.
    waits : `list` [`Wait`]
        Decisions that only a person can take.
    action : `CampaignAction`, optional
        What becomes of the campaign's own state.
    """

    accept: list[str] = field(default_factory=list)
    start: list[Start] = field(default_factory=list)
    ready: list[Start] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    action: CampaignAction | None = None


def newest_attempts(submissions: Sequence[Submission]) -> dict[tuple[str, str], Submission]:
    """Give the newest attempt of each (step, group) that has one."""
    newest: dict[tuple[str, str], Submission] = {}
    for submission in submissions:
        key = (submission.step, submission.group)
        if key not in newest or newest[key].attempt < submission.attempt:
            newest[key] = submission
    return newest


def gate_holds(step: Step, submission: Submission) -> bool:
    """Tell whether a step's gate accepts a submission by rule.

    Parameters
    ----------
    step : `Step`
        The step, with its gate.
    submission : `Submission`
        An attempt at one of its groups.

    Returns
    -------
    holds : `bool`
        False where a person's word is asked for, where the end is not known or cannot be chained, or the threshold is passed.
    """
    if step.gate.accept is GateKind.PERSON or not submission.quanta_final or not submission.registered:
        return False
    if submission.status not in (SubmissionStatus.SUCCEEDED, SubmissionStatus.PARTLY_SUCCEEDED):
        return False
    counts = submission.quanta
    return counts.expected > 0 and counts.expected - counts.succeeded <= step.gate.max_failed_fraction * counts.expected


def step_accepted(definition: Definition, step: Step, newest: dict[tuple[str, str], Submission]) -> bool:
    """Tell whether every group of a step has an accepted newest attempt."""
    return all(
        (attempt := newest.get((step.name, group.name))) is not None and attempt.judgement is Judgement.ACCEPTED
        for group in groups_of(definition, step)
    )


def decide(
    definition: Definition,
    submissions: Sequence[Submission],
    *,
    status: CampaignStatus,
    held: bool,
    awaited: frozenset[str] = frozenset(),
) -> Decision:
    """Say what follows from where a campaign stands.

    Parameters
    ----------
    definition : `Definition`
        Its newest revision.
    submissions : sequence of `Submission`
        All its submissions.
    status : `CampaignStatus`
        The campaign's state.
    held : `bool`
        Whether a person paused it.
    awaited : `frozenset` [`str`], optional
        Steps for which a DataId set is being made that they are to leave out: they do not start before it is there.

    Returns
    -------
    decision : `Decision`
        Empty unless the campaign runs or is paused. Where submissions are accepted by rule, the caller accepts them and
        asks again.
    """
    decision = Decision()
    if status not in (CampaignStatus.RUNNING, CampaignStatus.PAUSED):
        return decision
    newest = newest_attempts(submissions)
    for step in definition.steps:
        if all(step_accepted(definition, definition.step(needed), newest) for needed in step.needs):
            _look_at_step(definition, step, newest, decision, held=held, awaited=step.name in awaited)
    if decision.accept:
        return decision
    # Accepted outputs that are not chained yet are on their way: the campaign neither waits nor is it complete.
    active = any(
        submission.status in ACTIVE or (submission.judgement is Judgement.ACCEPTED and submission.chained_us is None)
        for submission in submissions
    )
    if all(step_accepted(definition, step, newest) for step in definition.steps) and not active and not awaited:
        decision.action = CampaignAction.COMPLETE
    elif status is CampaignStatus.RUNNING and not active and not decision.start and not awaited:
        decision.action = CampaignAction.WAIT
    elif status is CampaignStatus.PAUSED and not held and (active or decision.start):
        decision.action = CampaignAction.GO_ON
    return decision


def _look_at_step(
    definition: Definition,
    step: Step,
    newest: dict[tuple[str, str], Submission],
    decision: Decision,
    *,
    held: bool,
    awaited: bool,
) -> None:
    begun = any((step.name, group.name) in newest for group in groups_of(definition, step))
    by_person = step.start is StartKind.PERSON and not begun
    if by_person and not awaited:
        first = groups_of(definition, step)[0].name
        text = f"{step.name} is ready and waits for somebody to start it."
        decision.waits.append(Wait(kind=WaitKind.START, step=step.name, group=first, text=text))
    for group in groups_of(definition, step):
        attempt = newest.get((step.name, group.name))
        if attempt is None and awaited:
            continue
        if attempt is None:
            start = Start(step.name, group.name)
            (decision.ready if held or by_person else decision.start).append(start)
        elif attempt.judgement is Judgement.ACCEPTED or attempt.status in ACTIVE:
            continue
        elif attempt.judgement is Judgement.PENDING and gate_holds(step, attempt):
            decision.accept.append(attempt.uuid)
        else:
            decision.waits.append(_wait_for(step, attempt))


def _wait_for(step: Step, attempt: Submission) -> Wait:
    counts = attempt.quanta
    told = f"{counts.succeeded} of {counts.expected} quanta succeeded"
    name = step.name if attempt.group == "all" else f"{step.name} {attempt.group}"
    kind, text = WaitKind.RECOVER, f"{name}: {attempt.id} "
    if attempt.judgement is Judgement.REJECTED:
        text += "was rejected: restart it, or end the campaign."
    elif attempt.status is SubmissionStatus.LOST_CONTACT:
        text += "has lost contact: find out what became of it, then restart or cancel it."
    elif attempt.status is SubmissionStatus.CANCELLED:
        text += "was cancelled: restart it, or end the campaign."
    elif attempt.status is SubmissionStatus.FAILED and (counts.succeeded == 0 or not attempt.registered):
        text += (
            f"failed ({told}): restart it, or end the campaign."
            if counts.expected
            else f"failed before anything ran: {_why_nothing_ran(attempt)}mend and restart it."
        )
    else:
        kind, text = WaitKind.JUDGE, text + f"waits to be accepted or rejected ({told})."
    return Wait(kind=kind, step=attempt.step, group=attempt.group, submission=attempt.id, text=text)


def _why_nothing_ran(attempt: Submission) -> str:
    """Give what was told of the first mistake, so that it stands wherever the decision does."""
    said = attempt.faults[0].message if attempt.faults else attempt.status_reason or ""
    return f"{said[:_MAX_WHY].rstrip().rstrip('.')}; " if said.strip() else ""


def inputs_of(definition: Definition, step: str, existing: Sequence[Submission]) -> list[str]:
    """Give the input collections of a step: accepted runs of all steps before it, newest first, then the campaign's.

    Parameters
    ----------
    definition : `Definition`
        The campaign's definition.
    step : `str`
        The step's name.
    existing : sequence of `Submission`
        The campaign's submissions, oldest first.
    """
    before: set[str] = set()
    waiting = list(definition.step(step).needs)
    while waiting:
        name = waiting.pop()
        if name not in before:
            before.add(name)
            waiting.extend(definition.step(name).needs)
    runs = [
        submission.output_run
        for submission in reversed(existing)
        if submission.step in before and submission.judgement is Judgement.ACCEPTED
    ]
    return [*runs, *definition.inputs]
