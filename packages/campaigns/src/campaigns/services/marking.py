"""What people, or programs, say of submissions that the service does not run: counts as they come, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from campaigns.domain.errors import IllegalTransition, InvalidInput, NotReady
from campaigns.domain.quanta import QuantaCounts, TaskCounts
from campaigns.domain.states import (
    ENDED,
    FINAL_CAMPAIGNS,
    SUBMISSION_TRANSITIONS,
    SubmissionAction,
    SubmissionStatus,
    transition,
)
from campaigns.domain.submission import Submission
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.lookup import check_runs_here, checked_reason, found_submission, locked_submission
from campaigns.storage.submissions import SubmissionStore

__all__ = ("MarkService",)

_ACTIONS: Final = {
    SubmissionStatus.RUNNING: SubmissionAction.RUN,
    SubmissionStatus.SUCCEEDED: SubmissionAction.SUCCEED,
    SubmissionStatus.PARTLY_SUCCEEDED: SubmissionAction.PARTLY_SUCCEED,
    SubmissionStatus.FAILED: SubmissionAction.FAIL,
    SubmissionStatus.CANCELLED: SubmissionAction.CANCEL,
    SubmissionStatus.LOST_CONTACT: SubmissionAction.LOSE,
}


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

    def tell(
        self,
        ref: str,
        *,
        tasks: Sequence[TaskCounts] | None = None,
        status: SubmissionStatus | None = None,
        reason: str | None = None,
        message: str = "",
    ) -> Submission:
        """Take what somebody says of a submission.

        Parameters
        ----------
        ref : `str`
            A submission of an adopted campaign.
        tasks : sequence of `TaskCounts`, optional
            The newest counts of all its tasks, in their order.
        status : `SubmissionStatus`, optional
            What became of it; recorded with who says so and why. Counts alone are not, as there may be many.
        reason : `str`, optional
            Why; needed with a status.
        message : `str`, optional
            What it is doing.

        Returns
        -------
        submission : `Submission`
            As it stands.

        Raises
        ------
        IllegalTransition
            If it has ended, and another end or other counts are told.
        InvalidInput
            If nothing is said, or counts do not add up.
        NotReady
            If the service runs it itself, another server does, or its campaign is over.
        """
        campaign, submission = locked_submission(self._context, ref)
        if campaign.runs_here:
            raise NotReady(
                f"{submission.id} is run by the service: its site tells what becomes of it.",
                where=submission.id,
                remedy=f"`campaign cancel {submission.id}` stops it.",
            )
        if not campaign.adopted or campaign.origin is not None:
            check_runs_here(campaign)
        if campaign.status in FINAL_CAMPAIGNS:
            raise NotReady(f"{campaign.id} is {campaign.status.value}: its submissions stand as they are.", where=campaign.id)
        if tasks is None and status is None and not message:
            raise InvalidInput("Nothing is said of it.", where="body", remedy="Give `tasks`, `status` or `message`.")
        if tasks is not None and submission.status in ENDED and tuple(tasks) != submission.tasks:
            raise IllegalTransition(
                f"{submission.id} has ended as {submission.status.value.replace('_', ' ')}: its counts stand.",
                where="tasks",
                remedy="Write a note that says what is wrong with them.",
            )
        if tasks is not None and submission.status not in ENDED:
            submission = self._count(submission, tasks)
        if message:
            submission = replace(submission, phase_message=message)
        if status is not None and status is not submission.status:
            submission = self._mark(submission, status, checked_reason(reason))
        self._store.save(replace(submission, updated_us=self._context.clock.now_us()))
        Conductor(self._context).touch(campaign)
        return found_submission(self._context, submission.uuid)

    def _count(self, submission: Submission, tasks: Sequence[TaskCounts]) -> Submission:
        for position, task in enumerate(tasks):
            told = task.succeeded + task.failed + task.blocked + task.unknown
            if told != task.expected or task.caveats > task.succeeded:
                raise InvalidInput(
                    f"The counts of {task.label} do not add up: {told} of {task.expected} are told of.",
                    where=f"tasks[{position}]",
                    remedy="`succeeded`, `failed`, `blocked` and `unknown` make up `expected`; `caveats` are among `succeeded`.",
                )
        self._store.set_counts(submission, tasks)
        counts = QuantaCounts.total(tasks)
        return replace(
            submission,
            tasks=tuple(tasks),
            quanta_source=f"told by {self._context.identity.name}",
            n_failures=counts.failed + counts.blocked,
        )

    def _mark(self, submission: Submission, status: SubmissionStatus, reason: str) -> Submission:
        moved = transition(SUBMISSION_TRANSITIONS, submission.status, _ACTIONS[status], what=submission.id)
        now = self._context.clock.now_us()
        ends = moved in ENDED
        self._context.record(
            "submission.marked",
            f"{submission.id} marked: {submission.status.value.replace('_', ' ')} → {moved.value.replace('_', ' ')}",
            reason=reason,
            campaign=submission.campaign_uuid,
            submission=submission.uuid,
            details={"from": submission.status.value, "to": moved.value, "quanta": submission.quanta.model_dump()},
        )
        return replace(
            submission,
            status=moved,
            status_reason=reason,
            status_remedy=None,
            running_us=submission.running_us or (now if moved is SubmissionStatus.RUNNING else None),
            ended_us=now if ends else submission.ended_us,
            quanta_final=ends and bool(submission.tasks),
        )
