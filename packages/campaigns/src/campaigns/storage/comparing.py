"""What campaigns came to, added up in the database: the same few statements, however many submissions they have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Double, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from campaigns.domain.comparedcosts import Cost, Effort
from campaigns.domain.comparison import FailureCount, Runs
from campaigns.domain.graphpins import GraphPins
from campaigns.domain.identity import Identity
from campaigns.domain.quanta import COUNTS, QuantaCounts
from campaigns.domain.states import Judgement, SubmissionStatus
from campaigns.schema.agent_order import AgentOrderRow
from campaigns.schema.quantum_failure import QuantumFailureRow
from campaigns.schema.stored_file import StoredFileRow
from campaigns.schema.submission import SubmissionRow
from campaigns.schema.submission_graph import SubmissionGraphRow
from campaigns.schema.task_counts import TaskCountsRow
from campaigns.schema.task_spent import TaskSpentRow
from campaigns.storage.visibility import may_see_rows_of

__all__ = ("ComparisonStore", "Key", "MetricsFile")

Key: TypeAlias = tuple[str, int | None]
"""A campaign's UUID, and the revision whose submissions alone count, if only one's do."""

MAX_FAILURES = 5000
"""How many different messages are read at most."""

MAX_FILES = 200
"""How many files of metrics are read at most."""


@dataclass(frozen=True, slots=True)
class MetricsFile:
    """A file of metrics of a campaign, by the campaign's place among those that are compared."""

    subject: int
    submission: int
    name: str
    title: str
    size: int
    sha256: str


class ComparisonStore:
    """Sums over the submissions of campaigns that an identity may see; only the newest attempt of each group counts.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A read session.
    identity : `Identity`
        Who asks; every read is filtered by it.
    keys : sequence of `tuple`
        What is compared.
    """

    def __init__(self, session: Session, identity: Identity, keys: Sequence[Key]) -> None:
        self._session = session
        self._keys = keys
        chosen = [
            and_(SubmissionRow.campaign_id == uuid, *([SubmissionRow.revision == revision] if revision is not None else []))
            for uuid, revision in keys
        ]
        self._chosen = and_(or_(*chosen), may_see_rows_of(identity, SubmissionRow.campaign_id))
        self._counting = and_(self._chosen, SubmissionRow.superseded.is_(False))

    def quanta(self) -> list[dict[str, QuantaCounts]]:
        """Give the counts of each task, by label in the pipeline's order, for each that is compared."""
        sums = [func.sum(getattr(TaskCountsRow, name)) for name in COUNTS]
        statement = (
            select(*self._own, TaskCountsRow.label, func.min(TaskCountsRow.position), *sums)
            .join(SubmissionRow, SubmissionRow.id == TaskCountsRow.submission_id)
            .where(self._counting)
            .group_by(*self._own, TaskCountsRow.label)
            .order_by(func.min(TaskCountsRow.position), TaskCountsRow.label)
        )
        parts: list[dict[str, list[QuantaCounts]]] = [defaultdict(list) for _ in self._keys]
        for uuid, revision, label, _, *numbers in self._session.execute(statement):
            counts = QuantaCounts(**{name: int(number) for name, number in zip(COUNTS, numbers, strict=True)})
            for subject in self._subjects(uuid, revision):
                parts[subject][label].append(counts)
        return [{label: QuantaCounts.total(counts) for label, counts in one.items()} for one in parts]

    def costs(self) -> list[dict[str, Cost]]:
        """Give what the quanta of each task took, by label in the pipeline's order, also of tasks of which nothing is known."""
        task, spent = TaskCountsRow, TaskSpentRow
        # As many quanta as succeeded are taken to have cost what those cost whose records were read. Numbers with a point,
        # since of many submissions together an integer may not hold the sum.
        share = cast(task.succeeded, Double) / spent.n_read
        sums = (
            func.sum(task.succeeded),
            func.sum(case((spent.n_read.is_not(None), task.succeeded), else_=0)),
            func.sum(func.coalesce(spent.n_read, 0)),
            func.coalesce(func.sum(share * spent.cpu_us), 0),
            func.coalesce(func.sum(share * spent.run_us), 0),
        )
        statement = (
            select(*self._own, task.label, func.min(task.position), *sums, func.max(spent.max_memory_bytes))
            .join(SubmissionRow, SubmissionRow.id == task.submission_id)
            .outerjoin(spent, and_(spent.submission_id == task.submission_id, spent.label == task.label))
            .where(self._counting)
            .group_by(*self._own, task.label)
            .order_by(func.min(task.position), task.label)
        )
        parts: list[dict[str, list[Any]]] = [defaultdict(list) for _ in self._keys]
        for uuid, revision, label, _, *numbers in self._session.execute(statement):
            for subject in self._subjects(uuid, revision):
                parts[subject][label].append(numbers)
        return [{label: _cost(rows) for label, rows in one.items()} for one in parts]

    def commands(self) -> list[dict[str, tuple[str, ...]]]:
        """Give by which commands each step ran that the service did not start, as people tell, in the steps' order."""
        statement = (
            select(*self._own, SubmissionRow.step, SubmissionRow.commands)
            .where(self._counting, SubmissionRow.commands.is_not(None))
            .order_by(SubmissionRow.number)
        )
        found: list[dict[str, tuple[str, ...]]] = [{} for _ in self._keys]
        for uuid, revision, step, commands in self._session.execute(statement):
            for subject in self._subjects(uuid, revision):
                told = found[subject].get(step, ())
                found[subject][step] = told + tuple(one for one in commands or () if one not in told)
        return found

    def efforts(self) -> list[Effort]:
        """Give what each took."""
        ran = func.coalesce(SubmissionRow.ended_us - func.coalesce(SubmissionRow.running_us, SubmissionRow.acquiring_us), 0)
        statement = (
            select(
                *self._own,
                SubmissionRow.status,
                SubmissionRow.superseded,
                func.count(),
                func.min(func.coalesce(SubmissionRow.acquiring_us, SubmissionRow.running_us)),
                func.max(SubmissionRow.ended_us),
                func.sum(case((ran > 0, ran), else_=0)),
            )
            .where(self._chosen)
            .group_by(*self._own, SubmissionRow.status, SubmissionRow.superseded)
        )
        parts: list[list[Any]] = [[] for _ in self._keys]
        for uuid, revision, *told in self._session.execute(statement):
            for subject in self._subjects(uuid, revision):
                parts[subject].append(told)
        return [_effort(rows) for rows in parts]

    def failures(self) -> tuple[list[FailureCount], bool]:
        """Count the quanta that did not succeed by task and message, and tell whether there are more messages than are told."""
        failed = QuantumFailureRow
        columns = (failed.task, failed.status, failed.exception, failed.message)
        statement = (
            select(*self._own, *columns, func.count())
            .join(SubmissionRow, SubmissionRow.id == failed.submission_id)
            .where(self._counting)
            .group_by(*self._own, *columns)
            .order_by(func.count().desc(), *columns)
            .limit(MAX_FAILURES + 1)
        )
        rows = self._session.execute(statement).all()
        found = [
            FailureCount(subject, task, status, exception, message, number)
            for uuid, revision, task, status, exception, message, number in rows[:MAX_FAILURES]
            for subject in self._subjects(uuid, revision)
        ]
        return found, len(rows) > MAX_FAILURES

    def runs(self) -> list[Runs]:
        """Give the output runs that count, newest last."""
        statement = (
            select(
                *self._own,
                SubmissionRow.judgement,
                SubmissionRow.output_run,
                SubmissionRow.site,
                SubmissionRow.repository,
            )
            .where(self._counting, SubmissionRow.registered.is_(True))
            .order_by(SubmissionRow.number)
        )
        parts: list[list[Any]] = [[] for _ in self._keys]
        for uuid, revision, *told in self._session.execute(statement):
            for subject in self._subjects(uuid, revision):
                parts[subject].append(told)
        return [_runs(rows) for rows in parts]

    def graphs(self) -> list[list[GraphPins]]:
        """Give what the graphs were made from, where that is known."""
        graph = SubmissionGraphRow
        statement = (
            select(*self._own, graph.pins).join(SubmissionRow, SubmissionRow.id == graph.submission_id).where(self._counting)
        )
        parts: list[list[GraphPins]] = [[] for _ in self._keys]
        for uuid, revision, pins in self._session.execute(statement):
            for subject in self._subjects(uuid, revision):
                parts[subject].append(GraphPins.from_dict(pins))
        return parts

    def metrics_files(self, kind: str) -> tuple[list[MetricsFile], int]:
        """List the files of a kind, by submission and name, at most so many as are read; and tell how many more there are."""
        file = StoredFileRow
        statement = (
            select(*self._own, SubmissionRow.number, file.name, file.title, file.size, file.sha256)
            .join(SubmissionRow, SubmissionRow.id == file.submission_id)
            .where(self._counting, file.kind == kind)
            .order_by(SubmissionRow.number, file.name)
        )
        most = MAX_FILES * len(self._keys)
        rows = self._session.execute(statement.limit(most)).all()
        n_more = 0
        if len(rows) == most:
            n_more = (self._session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or most) - most
        files = [MetricsFile(subject, *told) for uuid, revision, *told in rows for subject in self._subjects(uuid, revision)]
        return files, n_more

    def metrics_left_at_sites(self) -> list[tuple[int, int, int]]:
        """List submissions of whose bundles of metrics a site brought only some: the number, how many it left, how many came."""
        left = AgentOrderRow.result["metrics_left"].as_integer()
        kept = AgentOrderRow.result["metrics_brought"].as_integer()
        statement = (
            select(SubmissionRow.number, left, kept)
            .join(AgentOrderRow, AgentOrderRow.id == SubmissionRow.order_id)
            .where(self._counting, left > 0)
            .order_by(SubmissionRow.number)
        )
        return [(number, n_left, n_kept) for number, n_left, n_kept in self._session.execute(statement)]

    @property
    def _own(self) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        return SubmissionRow.campaign_id.expression, SubmissionRow.revision.expression

    def _subjects(self, uuid: str, revision: int) -> list[int]:
        return [index for index, key in enumerate(self._keys) if key in ((uuid, None), (uuid, revision))]


def _cost(rows: Sequence[Any]) -> Cost:
    """Add up what a task took, and estimate by it what it took in submissions of which nothing is known."""
    succeeded, known, n_read = (sum(int(row[place]) for row in rows) for place in range(3))
    scale = succeeded / known if known else 1.0
    cpu_us, run_us = (round(scale * sum(float(row[place]) for row in rows)) for place in (3, 4))
    memory = [int(row[5]) for row in rows if row[5] is not None]
    return Cost(n_read=n_read, n_quanta=succeeded, cpu_us=cpu_us, run_us=run_us, max_memory_bytes=max(memory, default=None))


def _effort(rows: Sequence[Any]) -> Effort:
    states: dict[SubmissionStatus, int] = defaultdict(int)
    for status, superseded, number, *_ in rows:
        if not superseded:
            states[SubmissionStatus(status)] += number
    begun = [begun_us for *_, begun_us, _, _ in rows if begun_us is not None]
    ended = [ended_us for *_, ended_us, _ in rows if ended_us is not None]
    return Effort(
        n_groups=sum(states.values()),
        n_attempts=sum(number for _, _, number, *_ in rows),
        states=dict(states),
        begun_us=min(begun, default=None),
        ended_us=max(ended, default=None),
        run_us=sum(int(run_us) for *_, run_us in rows),
        lost_us=sum(int(run_us) for _, superseded, *_, run_us in rows if superseded),
    )


def _runs(rows: Sequence[Any]) -> Runs:
    accepted = [row for row in rows if row[0] == Judgement.ACCEPTED.value]
    told = accepted or rows
    return Runs(
        names=tuple(run for _, run, _, _ in told),
        accepted=bool(accepted),
        places=frozenset((site, repository) for _, _, site, repository in told),
    )
