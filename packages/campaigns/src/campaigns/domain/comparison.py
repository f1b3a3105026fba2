"""Campaigns side by side: definitions, sets, outcomes and results. The first is what the others are held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.domain.campaign import Campaign, Revision
from campaigns.domain.comparedcosts import Cost, CostRow, Effort
from campaigns.domain.comparedinputs import InputRow
from campaigns.domain.dataidsets import NamedSet, Pin, named_sets
from campaigns.domain.definition import Definition
from campaigns.domain.differences import Difference, DifferenceKind, Item, Path, differences, document_of, is_nothing, value_at
from campaigns.domain.differences import path_text as written
from campaigns.domain.failures import message_pattern, rank_of
from campaigns.domain.lineage import FieldGroup, Relation, group_of
from campaigns.domain.metrics import MetricRow
from campaigns.domain.quanta import QuantaCounts
from campaigns.domain.specifications import SpecPin, SpecRole

__all__ = (
    "CommandRow",
    "Comparison",
    "FailureCount",
    "FailureRow",
    "FieldRow",
    "Runs",
    "SetCell",
    "SetRow",
    "SpecRow",
    "Subject",
    "TaskRow",
    "compared_failures",
    "compared_fields",
    "compared_sets",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One that is compared.

    Attributes
    ----------
    campaign : `Campaign`
        The campaign.
    revision : `Revision`
        The definition that is compared.
    chosen : `bool`
        Whether that revision was asked for: then only submissions made by it count.
    """

    campaign: Campaign
    revision: Revision
    chosen: bool = False

    @property
    def label(self) -> str:
        """How one asks for it, such as ``C-2`` or ``C-2@3`` (`str`)."""
        return f"{self.campaign.id}@{self.revision.number}" if self.chosen else self.campaign.id

    @property
    def key(self) -> tuple[str, int | None]:
        """The campaign's UUID, and the revision if only its submissions count (`tuple`)."""
        return self.campaign.uuid, self.revision.number if self.chosen else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """A place in the definitions, with what each has there.

    Attributes
    ----------
    is_order : `bool`
        Whether the values are names whose order differs.
    differs : `bool`
        Whether not all have the same.
    """

    path: Path
    group: FieldGroup
    values: tuple[Any, ...]
    differs: bool
    is_order: bool = False

    @property
    def where(self) -> str:
        """The place as people write it (`str`)."""
        return written(self.path)

    @property
    def is_text(self) -> bool:
        """Whether it is text of several lines (`bool`)."""
        return any(isinstance(value, str) and "\n" in value.strip() for value in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCell:
    """A DataId set as one campaign has it; what is not pinned yet has no digest."""

    reference: str
    role: str
    steps: tuple[str, ...]
    version: int | None = None
    digest: str | None = None
    rows: int | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """What must be the same for two to be the same set (`tuple`)."""
        return (self.role, self.steps, self.digest or self.reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRow:
    """A DataId set by its name, as each has it; `None` where one does not name it."""

    name: str
    cells: tuple[SetCell | None, ...]

    @property
    def differs(self) -> bool:
        """Whether not all have the same (`bool`)."""
        return len({cell.identity if cell else None for cell in self.cells}) > 1


@dataclass(frozen=True, slots=True)
class SpecRow:
    """A specification in git, and the commit that each was resolved to; `None` where it was not."""

    role: SpecRole
    cells: tuple[SpecPin | None, ...]

    @property
    def differs(self) -> bool:
        """Whether not all have the same commit (`bool`)."""
        return len({(cell.repository, cell.commit) if cell else None for cell in self.cells}) > 1

    @property
    def has_log(self) -> bool:
        """Whether there can be commits between the first and the last (`bool`)."""
        first, last = self.cells[0], self.cells[-1]
        return bool(first and last and first.repository == last.repository and first.commit != last.commit)


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A step, and by which commands each ran it without the service, as people tell; `None` where nobody has."""

    step: str
    cells: tuple[tuple[str, ...] | None, ...]

    @property
    def differs(self) -> bool:
        """Whether not all ran by the same (`bool`)."""
        return len(set(self.cells)) > 1


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task, and its quanta over the newest attempts; `None` where it did not run."""

    label: str
    cells: tuple[QuantaCounts | None, ...]

    @property
    def differs(self) -> bool:
        """Whether not all have the same (`bool`)."""
        return len(set(map(repr, self.cells))) > 1


@dataclass(frozen=True, slots=True)
class FailureCount:
    """How many quanta of a task ended with the same words."""

    subject: int
    task: str
    status: str
    exception: str
    message: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRow:
    """Failures of the same sort, and how many each has."""

    task: str
    status: str
    error: str
    pattern: str
    counts: tuple[int, ...]

    @property
    def differs(self) -> bool:
        """Whether not all have as many (`bool`)."""
        return len(set(self.counts)) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """The output runs of a campaign that count: accepted ones, or where there are none, all of the newest attempts.

    Attributes
    ----------
    places : `frozenset` [`tuple` [`str`, `str`]]
        Site and repository of each.
    """

    names: tuple[str, ...] = ()
    accepted: bool = False
    places: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Campaigns side by side.

    Attributes
    ----------
    relations : `tuple` [`Relation`, ...]
        What each has in common with the first.
    fields : `tuple` [`FieldRow`, ...]
        What stands in the definitions, differing or not.
    totals : `tuple` [`QuantaCounts`, ...]
        Over all tasks.
    meant : `tuple` [`int` or `None`, ...]
        How many quanta the first steps could have at most, as the site found before the start; `None` where it was not asked.
    costs, total_costs : `tuple`
        What the tasks took, and all of them together, over the newest attempts.
    failures_cut : `bool`
        Whether there are more sorts of failures than were counted.
    inputs : `tuple` [`InputRow`, ...]
        What their graphs were made from.
    metrics_left_out : `tuple` [`str`, ...]
        Files of metrics that could not be read, with why.
    """

    subjects: tuple[Subject, ...]
    relations: tuple[Relation, ...]
    fields: tuple[FieldRow, ...]
    specs: tuple[SpecRow, ...]
    sets: tuple[SetRow, ...]
    commands: tuple[CommandRow, ...]
    tasks: tuple[TaskRow, ...]
    totals: tuple[QuantaCounts, ...]
    meant: tuple[int | None, ...]
    efforts: tuple[Effort, ...]
    costs: tuple[CostRow, ...]
    total_costs: tuple[Cost | None, ...]
    failures: tuple[FailureRow, ...]
    failures_cut: bool
    metrics: tuple[MetricRow, ...]
    metrics_left_out: tuple[str, ...]
    runs: tuple[Runs, ...]
    inputs: tuple[InputRow, ...]

    @property
    def changed_fields(self) -> tuple[FieldRow, ...]:
        """Only the places that differ (`tuple`)."""
        return tuple(row for row in self.fields if row.differs)


def compared_fields(definitions: Sequence[Definition]) -> list[FieldRow]:
    """Put the fields of definitions side by side.

    Parameters
    ----------
    definitions : sequence of `Definition`
        At least one; the first is what the others are held against.

    Returns
    -------
    rows : `list` [`FieldRow`]
        By what they are about, then in the schema's order; what says nothing in any is left out.
    """
    documents = [document_of(definition) for definition in definitions]
    found: dict[tuple[Path, bool], Difference] = {}
    for other in documents[1:]:
        for one in differences(documents[0], other):
            found.setdefault((one.path, one.kind is DifferenceKind.ORDER), one)
    rows = []
    for path, is_order in found:
        values = tuple(value_at(document, path) for document in documents)
        rows.append(FieldRow(path=path, group=group_of(path), values=values, differs=True, is_order=is_order))
    told = {row.path for row in rows}
    for path in _leaves(documents[0], ()):
        if not any(path[: len(one)] == one or one[: len(path)] == path for one in told):
            values = tuple(value_at(document, path) for document in documents)
            rows.append(FieldRow(path=path, group=group_of(path), values=values, differs=False))
    order = {group: position for position, group in enumerate(FieldGroup)}
    keys = {key: position for position, key in enumerate(documents[0])}
    return sorted(rows, key=lambda row: (order[row.group], keys.get(str(row.path[0]), len(keys))))


def _leaves(value: Any, path: Path) -> Iterable[Path]:
    if is_nothing(value):
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in value):
        for one in value:
            yield from _leaves(one, (*path, Item(one["name"], "name")))
    else:
        yield path


def compared_sets(columns: Sequence[tuple[Definition, Mapping[str, Pin]]]) -> list[SetRow]:
    """Put the DataId sets of campaigns side by side, by name.

    Parameters
    ----------
    columns : sequence of `tuple`
        Each campaign's definition, and what it pinned by its references.
    """
    cells = [_set_cells(named_sets(definition), pins, everywhere=tuple(definition.step_names)) for definition, pins in columns]
    names = sorted({name for column in cells for name in column})
    return [
        SetRow(name=name, cells=tuple(found))
        for name in names
        for found in _side_by_side([column.get(name, []) for column in cells])
    ]


def _set_cells(named: Sequence[NamedSet], pins: Mapping[str, Pin], *, everywhere: tuple[str, ...]) -> dict[str, list[SetCell]]:
    steps: dict[tuple[str, str], list[str | None]] = {}
    for one in named:
        steps.setdefault((one.role.value, one.reference), []).append(one.step)
    found: dict[str, list[SetCell]] = {}
    for (role, reference), places in steps.items():
        pin = pins.get(reference)
        told = everywhere if None in places else tuple(step for step in places if step is not None)
        version = pin.version if pin else _version(reference)
        cell = SetCell(
            reference=reference,
            role=role,
            steps=told,
            version=version,
            digest=pin.digest if pin else None,
            rows=pin.rows if pin else None,
        )
        found.setdefault(reference.partition("@")[0], []).append(cell)
    return found


def _side_by_side(columns: Sequence[Sequence[SetCell]]) -> list[list[SetCell | None]]:
    """Put several versions of one set side by side: the first of each, the second of each, and so on."""
    longest = max(map(len, columns))
    return [[column[index] if index < len(column) else None for column in columns] for index in range(longest)]


def _version(reference: str) -> int | None:
    digits = reference.partition("@")[2]
    return int(digits) if digits else None


def compared_failures(found: Iterable[FailureCount], *, n_subjects: int) -> list[FailureRow]:
    """Bring failures together by task, state, exception and pattern: failed before blocked, then the largest change first."""
    counts: dict[tuple[str, str, str, str], list[int]] = {}
    for one in found:
        error = one.exception.rpartition(".")[2]
        row = counts.setdefault((one.task, one.status, error, message_pattern(one.message)), [0] * n_subjects)
        row[one.subject] += one.number
    rows = [
        FailureRow(task=task, status=status, error=error, pattern=pattern, counts=tuple(numbers))
        for (task, status, error, pattern), numbers in counts.items()
    ]
    changes = {row: max(row.counts) - min(row.counts) for row in rows}
    return sorted(rows, key=lambda row: (rank_of(row.status), -changes[row], -sum(row.counts), row.task, row.pattern))
