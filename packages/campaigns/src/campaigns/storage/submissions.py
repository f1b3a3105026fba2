"""Submissions, their counts, failures and files in the database."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, false, func, insert, select
from sqlalchemy.orm import Session

from campaigns.domain.campaign import campaign_id
from campaigns.domain.dataidsets import SetUse
from campaigns.domain.errors import Fault
from campaigns.domain.graphpins import GraphPins
from campaigns.domain.identity import Identity
from campaigns.domain.quanta import COUNTS, QuantumFailure, TaskCounts, TaskSpent
from campaigns.domain.states import Judgement, SubmissionStatus
from campaigns.domain.submission import (
    Launcher,
    StoredFile,
    Submission,
    Workflow,
    parse_submission_id,
)
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.quantum_failure import QuantumFailureRow
from campaigns.schema.stored_file import StoredFileRow
from campaigns.schema.submission import SubmissionRow
from campaigns.schema.submission_graph import SubmissionGraphRow
from campaigns.schema.task_counts import TaskCountsRow
from campaigns.schema.task_spent import TaskSpentRow
from campaigns.storage.campaigncounts import counts_of, shift_counts
from campaigns.storage.visibility import may_see_campaign

__all__ = ("SubmissionStore",)

_PLAIN = (
    "revision", "step", "attempt", "recovers", "status_reason", "status_remedy", "phase_message", "judged_by", "judged_reason",
    "judged_us", "chained_us", "operator", "order_id", "cancel_requested_by", "site", "stack", "repository", "pipeline", "output",
    "output_run", "data_query", "bps", "bps_yaml", "submit_dir", "quanta_source", "quanta_final", "registered", "n_failures",
    "created_us", "updated_us", "acquiring_us", "running_us", "ended_us", "origin_number",
)  # fmt: skip
"""Columns that are named and typed as the fields of `Submission`."""


class SubmissionStore:
    """Submissions that an identity may see.

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

    def find(self, ref: str) -> Submission | None:
        """Give a submission by local id or UUID, with what its quanta took; `None` if there is none to be seen."""
        found = next(iter(self._read(self._visible().where(_matches(ref)))), None)
        return None if found is None else replace(found, spent=self.spent(found))

    def of_campaign(self, campaign_uuid: str) -> list[Submission]:
        """List a campaign's submissions, oldest first."""
        return self._read(self._visible().where(SubmissionRow.campaign_id == campaign_uuid).order_by(SubmissionRow.number))

    def of_run(self, site: str, repository: str, output_run: str) -> Submission | None:
        """Give the submission that has a RUN collection as its own, or `None`."""
        run = (SubmissionRow.site == site, SubmissionRow.repository == repository, SubmissionRow.output_run == output_run)
        return next(iter(self._read(self._visible().where(*run))), None)

    def changed_us(self, campaign_uuid: str) -> int:
        """Tell when any submission of a campaign changed last, UTC microseconds; 0 if it has none."""
        statement = self._visible().where(SubmissionRow.campaign_id == campaign_uuid)
        newest = statement.with_only_columns(func.max(SubmissionRow.updated_us), maintain_column_froms=True)
        return self._session.scalar(newest) or 0

    def add(self, submission: Submission) -> None:
        """Write a new submission; earlier attempts at its group no longer count."""
        same_group = (SubmissionRow.step == submission.step, SubmissionRow.group_name == submission.group)
        earlier = select(SubmissionRow).where(SubmissionRow.campaign_id == submission.campaign_uuid, *same_group)
        rows = list(self._session.scalars(earlier))
        gone = counts_of(self._session, [row.id for row in rows])
        for row in rows:
            row.superseded = True
        self._session.add(
            SubmissionRow(
                id=submission.uuid,
                number=submission.number,
                campaign_id=submission.campaign_uuid,
                superseded=False,
                **_columns(submission),
            )
        )
        self._session.flush()
        changes = Counter(n_submissions=1)
        changes.subtract(gone)
        shift_counts(self._session, submission.campaign_uuid, changes)

    def save(self, submission: Submission) -> None:
        """Write what may have changed of a submission, without its counts."""
        row = self._session.get_one(SubmissionRow, submission.uuid)
        for name, value in _columns(submission).items():
            if getattr(row, name) != value:
                setattr(row, name, value)

    def set_counts(self, submission: Submission, tasks: Sequence[TaskCounts]) -> None:
        """Replace the counts of a submission's tasks."""
        before = counts_of(self._session, [submission.uuid])
        self._session.execute(delete(TaskCountsRow).where(TaskCountsRow.submission_id == submission.uuid))
        rows = [
            {"submission_id": submission.uuid, "position": position, **task.model_dump()} for position, task in enumerate(tasks)
        ]
        if rows:
            self._session.execute(insert(TaskCountsRow), rows)
        changes = counts_of(self._session, [submission.uuid])
        changes.subtract(before)
        shift_counts(self._session, submission.campaign_uuid, changes)

    def set_spent(self, submission: Submission, spent: Sequence[TaskSpent]) -> None:
        """Replace what the quanta of a submission's tasks took; of two with one label, the last counts."""
        self._session.execute(delete(TaskSpentRow).where(TaskSpentRow.submission_id == submission.uuid))
        rows = {one.label: {"submission_id": submission.uuid, **one.model_dump()} for one in spent}
        if rows:
            self._session.execute(insert(TaskSpentRow), list(rows.values()))

    def spent(self, submission: Submission) -> tuple[TaskSpent, ...]:
        """Give what the quanta of a submission's tasks took, by label, as far as it is known."""
        statement = select(TaskSpentRow).where(TaskSpentRow.submission_id == submission.uuid).order_by(TaskSpentRow.label)
        names = list(TaskSpent.model_fields)
        rows = self._session.scalars(statement.execution_options(populate_existing=True))
        return tuple(TaskSpent(**{name: getattr(row, name) for name in names}) for row in rows)

    def set_failures(self, submission: Submission, failures: Sequence[QuantumFailure]) -> None:
        """Replace the quanta that did not succeed."""
        self._session.execute(delete(QuantumFailureRow).where(QuantumFailureRow.submission_id == submission.uuid))
        rows = [
            {"submission_id": submission.uuid, "position": position, **failure.model_dump()}
            for position, failure in enumerate(failures)
        ]
        if rows:
            self._session.execute(insert(QuantumFailureRow), rows)

    def failures(self, submission: Submission, *, limit: int, start: int = 0) -> list[QuantumFailure]:
        """List quanta that did not succeed, in the order in which they were reported, from a position on."""
        statement = (
            select(QuantumFailureRow)
            .where(QuantumFailureRow.submission_id == submission.uuid, QuantumFailureRow.position >= start)
            .order_by(QuantumFailureRow.position)
            .limit(limit)
        )
        names = list(QuantumFailure.model_fields)
        return [QuantumFailure(**{name: getattr(row, name) for name in names}) for row in self._session.scalars(statement)]

    def set_graph(self, submission: Submission, pins: GraphPins) -> None:
        """Write what a submission's graph was made from, over what was written before."""
        self._session.merge(SubmissionGraphRow(submission_id=submission.uuid, pins=pins.as_dict()))

    def graph(self, submission: Submission) -> GraphPins | None:
        """Give what a submission's graph was made from; `None` where that is not known."""
        row = self._session.get(SubmissionGraphRow, submission.uuid)
        return None if row is None else GraphPins.from_dict(row.pins)

    def put_file(self, submission: Submission, file: StoredFile) -> None:
        """Write a file's entry over the one of the same name."""
        self._session.merge(StoredFileRow(submission_id=submission.uuid, **asdict(file)))

    def files(self, submission: Submission) -> list[StoredFile]:
        """List a submission's files by kind and name."""
        statement = (
            select(StoredFileRow)
            .where(StoredFileRow.submission_id == submission.uuid)
            .order_by(StoredFileRow.kind, StoredFileRow.name)
        )
        return [_file(row) for row in self._session.scalars(statement)]

    def _visible(self) -> Select[SubmissionRow, int, str]:
        statement = select(SubmissionRow, CampaignRow.number, CampaignRow.name).join(
            CampaignRow, CampaignRow.id == SubmissionRow.campaign_id
        )
        # An agent's uploads are checked against its order instead.
        if self._identity.site is not None:
            return statement.where(SubmissionRow.site == self._identity.site)
        return statement.where(may_see_campaign(self._identity))

    def _read(self, statement: Select[SubmissionRow, int, str]) -> list[Submission]:
        rows = list(self._session.execute(statement.execution_options(populate_existing=True)))
        counts = self._counts([row[0].id for row in rows])
        return [replace(_submission(row, number=number, name=name), tasks=counts.get(row.id, ())) for row, number, name in rows]

    def _counts(self, uuids: Iterable[str]) -> dict[str, tuple[TaskCounts, ...]]:
        statement = (
            select(TaskCountsRow)
            .where(TaskCountsRow.submission_id.in_(list(uuids)))
            .order_by(TaskCountsRow.submission_id, TaskCountsRow.position)
            .execution_options(populate_existing=True)
        )
        found: dict[str, tuple[TaskCounts, ...]] = {}
        for row in self._session.scalars(statement):
            counts = TaskCounts(label=row.label, **{name: getattr(row, name) for name in COUNTS})
            found[row.submission_id] = (*found.get(row.submission_id, ()), counts)
        return found


def _matches(ref: str) -> ColumnElement[bool]:
    number = parse_submission_id(ref)
    if number is not None:
        return SubmissionRow.number == number
    try:
        return SubmissionRow.id == str(uuid.UUID(ref))
    except ValueError:
        return false()


def _columns(submission: Submission) -> dict[str, Any]:
    return {
        **{name: getattr(submission, name) for name in _PLAIN},
        "group_name": submission.group,
        "status": submission.status.value,
        "judgement": submission.judgement.value,
        "input_collections": list(submission.input_collections),
        "sets": [use.as_dict() for use in submission.sets],
        "command": list(submission.command),
        "commands": list(submission.commands) or None,
        "launcher": asdict(submission.launcher),
        "workflow": asdict(submission.workflow),
        "faults": [fault.as_dict() for fault in submission.faults],
    }


def _submission(row: SubmissionRow, *, number: int, name: str) -> Submission:
    return Submission(
        uuid=row.id,
        number=row.number,
        campaign_uuid=row.campaign_id,
        campaign_id=campaign_id(number),
        campaign_name=name,
        group=row.group_name,
        status=SubmissionStatus(row.status),
        judgement=Judgement(row.judgement),
        input_collections=tuple(row.input_collections),
        sets=tuple(SetUse.from_dict(use) for use in row.sets),
        command=tuple(row.command),
        commands=tuple(row.commands or ()),
        launcher=Launcher(**row.launcher),
        workflow=Workflow(**row.workflow),
        faults=tuple(Fault.from_dict(fault) for fault in row.faults),
        **{name: getattr(row, name) for name in _PLAIN},
    )


def _file(row: StoredFileRow) -> StoredFile:
    return StoredFile(
        name=row.name,
        kind=row.kind,
        title=row.title,
        content_type=row.content_type,
        size=row.size,
        sha256=row.sha256,
        created_us=row.created_us,
    )
