"""What people, or programs, say of submissions that the service does not run: counts, commands, and what became of them.

What a person said can be corrected by a person, with a reason; what was said before stays as events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from campaigns.domain.adoption import disagreement
from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import CountsDisagree, IllegalTransition, InvalidInput, NotReady
from campaigns.domain.quanta import QuantaCounts, TaskCounts
from campaigns.domain.states import (
    ENDED,
    FINAL_CAMPAIGNS,
    MARK_TRANSITIONS,
    MARKS,
    Judgement,
    SubmissionStatus,
    transition,
)
from campaigns.domain.submission import Submission
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.lookup import check_runs_here, checked_reason, found_submission, locked_submission
from campaigns.storage.submissions import SubmissionStore

__all__ = ("MarkService", "Told")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody says of a submission.

    Attributes
    ----------
    tasks : sequence of `TaskCounts`, optional
        The newest counts of all its tasks, in their order.
    status : `SubmissionStatus`, optional
        What became of it; recorded with who says so and why. Counts alone are not, as there may be many.
    reason : `str`, optional
        Why; needed with a status, and with counts of what has ended.
    message : `str`
        What it is doing.
    commands : sequence of `str`, optional
        What was typed to run it: all of it, in place of what was said before.
    confirmed : `bool`
        Whether it is meant although the counts say otherwise.
    """

    tasks: Sequence[TaskCounts] | None = None
    status: SubmissionStatus | None = None
    reason: str | None = None
    message: str = ""
    commands: Sequence[str] | None = None
    confirmed: bool = False


class MarkService:
    """Marks submissions of adopted campaigns, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = SubmissionStore(context.session, context.identity)

    def tell(self, ref: str, told: Told) -> Submission:
        """Take what somebody says of a submission.

        Parameters
        ----------
        ref : `str`
            A submission of an adopted campaign.
        told : `Told`
            What is said.

        Returns
        -------
        submission : `Submission`
            As it stands.

        Raises
        ------
        CountsDisagree
            If its counts say otherwise, and it is not confirmed.
        IllegalTransition
            If it has ended, and other counts are told without a reason.
        InvalidInput
            If nothing is said, or counts do not add up.
        NotReady
            If the service runs it itself, another server does, or its campaign is over.
        """
        campaign, submission = locked_submission(self._context, ref)
        _check_told_here(campaign, submission)
        _check_said(campaign, told)
        before = submission
        if told.tasks is not None and tuple(told.tasks) != submission.tasks:
            submission = self._count(submission, told.tasks, told.reason)
        if told.commands is not None and tuple(told.commands) != submission.commands:
            submission = self._enter(submission, told.commands, told.reason)
        if told.message:
            submission = replace(submission, phase_message=told.message)
        if told.status is not None and told.status is not submission.status:
            submission = self._mark(submission, told.status, checked_reason(told.reason))
        if not told.confirmed and (submission.status, submission.tasks) != (before.status, before.tasks):
            _check_agrees(submission)
        self._store.save(replace(submission, updated_us=self._context.clock.now_us()))
        Conductor(self._context).touch(campaign)
        return found_submission(self._context, submission.uuid)

    def _count(self, submission: Submission, tasks: Sequence[TaskCounts], reason: str | None) -> Submission:
        _check_counts(tasks)
        counts = QuantaCounts.total(tasks)
        if submission.status in ENDED:
            if not (reason or "").strip():
                raise IllegalTransition(
                    f"{submission.id} has ended as {_words(submission.status)}: its counts stand.",
                    where="tasks",
                    remedy="Give a `reason` with them, if they were wrong; it is recorded with what they were.",
                )
            self._record(
                submission,
                "submission.recounted",
                f"{submission.id} counted again: {_shown(submission.quanta)} → {_shown(counts)}",
                reason=checked_reason(reason),
                details={"from": submission.quanta.model_dump(), "to": counts.model_dump()},
            )
        self._store.set_counts(submission, tasks)
        return replace(
            submission,
            tasks=tuple(tasks),
            quanta_source=f"told by {self._context.identity.name}",
            quanta_final=submission.status in ENDED,
            n_failures=counts.failed + counts.blocked,
        )

    def _enter(self, submission: Submission, commands: Sequence[str], reason: str | None) -> Submission:
        number = f"{len(commands)} command{'' if len(commands) == 1 else 's'}" if commands else "no command"
        self._record(
            submission,
            "submission.commands",
            f"{submission.id}: {number} told of{', in place of others' if submission.commands else ''}",
            reason=checked_reason(reason) if reason else None,
            details={"from": list(submission.commands), "to": list(commands)},
        )
        return replace(submission, commands=tuple(commands))

    def _mark(self, submission: Submission, status: SubmissionStatus, reason: str) -> Submission:
        moved = transition(MARK_TRANSITIONS, submission.status, MARKS[status], what=submission.id)
        corrects = submission.status in ENDED
        self._record(
            submission,
            "submission.marked",
            f"{submission.id} {'corrected' if corrects else 'marked'}: {_words(submission.status)} → {_words(moved)}"
            + (f"; that it was {submission.judgement.value} no longer holds" if _is_judged(submission) else ""),
            reason=reason,
            details={
                "from": submission.status.value,
                "to": moved.value,
                "corrects": corrects,
                "judgement": submission.judgement.value,
                "quanta": submission.quanta.model_dump(),
            },
        )
        now = self._context.clock.now_us()
        ends = moved in ENDED
        return replace(
            _unjudged(submission),
            status=moved,
            status_reason=reason,
            status_remedy=None,
            running_us=submission.running_us or (now if moved is SubmissionStatus.RUNNING else None),
            # What was called by a wrong name ended when it did.
            ended_us=(submission.ended_us if corrects else now) if ends else None,
            quanta_final=ends and bool(submission.tasks),
        )

    def _record(self, submission: Submission, kind: str, summary: str, *, reason: str | None, details: dict[str, object]) -> None:
        self._context.record(
            kind,
            summary,
            reason=reason,
            campaign=submission.campaign_uuid,
            submission=submission.uuid,
            details=details,
        )


def _check_told_here(campaign: Campaign, submission: Submission) -> None:
    if campaign.runs_here:
        remedy = f"`campaign cancel {submission.id}` stops it."
        if submission.status is SubmissionStatus.LOST_CONTACT:
            remedy = (
                f"Look whether anything of it still runs. When nothing does, `campaign cancel {submission.id}` says so, "
                f"and `campaign restart {submission.id}` runs its group again."
            )
        raise NotReady(
            f"{submission.id} is run by the service: its site tells what becomes of it.", where=submission.id, remedy=remedy
        )
    if not campaign.adopted or campaign.origin is not None:
        check_runs_here(campaign)


def _check_said(campaign: Campaign, told: Told) -> None:
    moves = told.tasks is not None or told.status is not None or bool(told.message)
    if not moves and told.commands is None:
        raise InvalidInput("Nothing is said of it.", where="body", remedy="Give `tasks`, `status`, `message` or `commands`.")
    if moves and campaign.status in FINAL_CAMPAIGNS:
        raise NotReady(
            f"{campaign.id} is {campaign.status.value}: its submissions stand as they are.",
            where=campaign.id,
            remedy="The commands that ran can still be entered.",
        )


def _check_counts(tasks: Sequence[TaskCounts]) -> None:
    for position, task in enumerate(tasks):
        told = task.succeeded + task.failed + task.blocked + task.unknown
        if told != task.expected or task.caveats > task.succeeded:
            raise InvalidInput(
                f"The counts of {task.label} do not add up: {told} of {task.expected} are told of.",
                where=f"tasks[{position}]",
                remedy="`succeeded`, `failed`, `blocked` and `unknown` make up `expected`; `caveats` are among `succeeded`.",
            )


def _check_agrees(submission: Submission) -> None:
    against = disagreement(submission.status, submission.quanta)
    if against is not None:
        raise CountsDisagree(
            f"{submission.id} would be {_words(submission.status)}, but {against}.",
            where="status",
            remedy="Give other counts, or another state; or confirm that it is meant: `confirmed`, with the command `--yes`.",
        )


def _is_judged(submission: Submission) -> bool:
    return submission.judgement is not Judgement.PENDING


def _unjudged(submission: Submission) -> Submission:
    """Take back a judgement: it was passed on what is no longer said."""
    if not _is_judged(submission):
        return submission
    return replace(submission, judgement=Judgement.PENDING, judged_by=None, judged_reason=None, judged_us=None)


def _shown(counts: QuantaCounts) -> str:
    return f"{counts.succeeded} of {counts.expected} succeeded"


def _words(status: SubmissionStatus) -> str:
    return status.value.replace("_", " ")
