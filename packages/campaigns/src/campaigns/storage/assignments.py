"""Who operates which submission, in the database."""

from __future__ import annotations

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from campaigns.domain.identity import Identity
from campaigns.domain.people import Assignment
from campaigns.domain.submission import submission_id
from campaigns.schema.assignment import AssignmentRow
from campaigns.schema.submission import SubmissionRow
from campaigns.storage.visibility import may_see_rows_of

__all__ = ("AssignmentStore",)


class AssignmentStore:
    """Assignments of operators to submissions that an identity may see.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A read session, or a write session for what changes anything.
    identity : `Identity`
        Who asks; every read is filtered by it.
    """

    def __init__(self, session: Session, identity: Identity) -> None:
        self._session = session
        self._identity = identity

    def of_submission(self, submission_uuid: str, *, at_us: int | None = None) -> list[Assignment]:
        """List the assignments of a submission, oldest first; with a time, only those that held then."""
        statement = self._visible().where(AssignmentRow.submission_id == submission_uuid)
        if at_us is not None:
            ended = or_(AssignmentRow.until_us.is_(None), AssignmentRow.until_us > at_us)
            statement = statement.where(AssignmentRow.from_us <= at_us, ended)
        rows = self._session.execute(statement.order_by(AssignmentRow.from_us, AssignmentRow.operator, AssignmentRow.id))
        return [_assignment(row, number) for row, number in rows]

    def now_of_campaign(self, campaign_uuid: str) -> dict[str, list[str]]:
        """Give the operators of each of a campaign's submissions, by the submissions' ids; longest assigned first."""
        statement = self._visible().where(SubmissionRow.campaign_id == campaign_uuid, AssignmentRow.until_us.is_(None))
        found: dict[str, list[str]] = {}
        for row, number in self._session.execute(statement.order_by(AssignmentRow.from_us, AssignmentRow.operator)):
            found.setdefault(submission_id(number), []).append(row.operator)
        return found

    def add(self, assignment: Assignment, *, submission_uuid: str) -> None:
        """Write a new assignment."""
        self._session.add(
            AssignmentRow(
                id=assignment.uuid,
                submission_id=submission_uuid,
                operator=assignment.operator,
                from_us=assignment.from_us,
                assigned_by=assignment.assigned_by,
                reason=assignment.reason,
            )
        )
        self._session.flush()

    def end(self, uuid: str, *, by: str, reason: str, at_us: int) -> None:
        """Write that an assignment has ended."""
        row = self._session.get_one(AssignmentRow, uuid)
        row.until_us, row.ended_by, row.ended_reason = at_us, by, reason
        self._session.flush()

    def _visible(self) -> Select[AssignmentRow, int]:
        return (
            select(AssignmentRow, SubmissionRow.number)
            .join(SubmissionRow, SubmissionRow.id == AssignmentRow.submission_id)
            .where(may_see_rows_of(self._identity, SubmissionRow.campaign_id))
            .execution_options(populate_existing=True)
        )


def _assignment(row: AssignmentRow, number: int) -> Assignment:
    return Assignment(
        uuid=row.id,
        submission=submission_id(number),
        operator=row.operator,
        from_us=row.from_us,
        until_us=row.until_us,
        assigned_by=row.assigned_by,
        reason=row.reason,
        ended_by=row.ended_by,
        ended_reason=row.ended_reason,
    )
