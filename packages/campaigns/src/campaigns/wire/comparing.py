"""Campaigns side by side, as they go over REST. Values stand in lists, one for each that is compared, in the order asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from campaigns.domain.comparedcosts import Cost, Effort
from campaigns.domain.comparedinputs import InputKind
from campaigns.domain.comparison import Comparison, FieldRow, SetCell, Subject
from campaigns.domain.lineage import FieldGroup, Relation
from campaigns.domain.quanta import QuantaCounts
from campaigns.domain.specifications import SpecRole
from campaigns.domain.states import CampaignStatus, OrderStatus
from campaigns.services.comparing import OutputsCompared
from campaigns.wire.agentoutputs import ComparedType
from campaigns.wire.interface import Wire
from campaigns.wire.specifications import SpecificationModel

__all__ = ("CompareOutputsBody", "ComparisonModel")


class SubjectModel(Wire):
    """One that is compared."""

    id: str
    name: str
    title: str
    status: CampaignStatus
    revision: int
    digest: str = Field(description="SHA-256 of the revision's document.")

    @classmethod
    def of(cls, one: Subject) -> SubjectModel:
        """Make the model of one."""
        campaign = one.campaign
        return cls(
            id=campaign.id,
            name=campaign.name,
            title=campaign.title,
            status=campaign.status,
            revision=one.revision.number,
            digest=one.revision.digest,
        )


class FieldModel(Wire):
    """A place in the definitions."""

    where: str
    group: FieldGroup
    differs: bool
    is_order: bool = Field(description="Whether the same things stand in another order.")
    values: list[Any]

    @classmethod
    def of(cls, row: FieldRow) -> FieldModel:
        """Make the model of a row."""
        return cls(where=row.where, group=row.group, differs=row.differs, is_order=row.is_order, values=list(row.values))


class SetCellModel(Wire):
    """A DataId set as one campaign has it."""

    reference: str
    role: str
    steps: list[str]
    version: int | None
    digest: str | None = Field(description="Null until the campaign has started.")
    rows: int | None

    @classmethod
    def of(cls, cell: SetCell) -> SetCellModel:
        """Make the model of a cell."""
        return cls.model_validate({**{name: getattr(cell, name) for name in cls.model_fields}, "steps": list(cell.steps)})


class SetModel(Wire):
    """A DataId set, by its name; null where one does not name it."""

    name: str
    differs: bool
    values: list[SetCellModel | None]


class SpecRowModel(Wire):
    """A specification in git; null where it was not resolved."""

    role: SpecRole
    differs: bool
    values: list[SpecificationModel | None]


class CommandRowModel(Wire):
    """By which commands a step ran without the service, as people tell; null where nobody has."""

    step: str
    differs: bool
    values: list[list[str] | None]


class TaskModel(Wire):
    """A task's quanta over the newest attempts; null where it did not run."""

    label: str
    differs: bool
    values: list[QuantaCounts | None]


class FailureModel(Wire):
    """Failures of the same sort."""

    task: str
    status: str
    error: str
    pattern: str
    differs: bool
    values: list[int]


class InputModel(Wire):
    """What graphs were made from: of a run, how many datasets are read; of all else, in how many graphs it is."""

    kind: InputKind
    name: str
    differs: bool
    values: list[int | None] = Field(description="0 where one has other inputs; null where it is not known what it read.")


class EffortModel(Wire):
    """What one took. Times are in microseconds."""

    n_groups: int = Field(description="Submissions that count: the newest attempt of each group.")
    n_attempts: int
    begun_us: int | None
    ended_us: int | None
    wall_us: int | None = Field(description="From the beginning of the first submission to the end of the last.")
    run_us: int = Field(description="How long all submissions ran, added up.")
    lost_us: int = Field(description="How much of it in attempts that were replaced.")
    states: dict[str, int]

    @classmethod
    def of(cls, effort: Effort) -> EffortModel:
        """Make the model of an effort."""
        told = {name: getattr(effort, name) for name in cls.model_fields if name != "states"}
        return cls(**told, states={status.value: number for status, number in effort.states.items()})


class CostModel(Wire):
    """What quanta took that succeeded, over the newest attempts, as their own records tell."""

    n_read: int = Field(description="Of how many quanta the records were read.")
    n_quanta: int = Field(description="How many quanta succeeded.")
    estimated: bool = Field(description="Whether not all records were read.")
    cpu_us: int = Field(description="Processor time of all that succeeded, in microseconds.")
    cpu_each_us: int = Field(description="Processor time of one quantum, in the mean.")
    run_us: int = Field(description="How long all of them ran, added up, in microseconds.")
    max_memory_bytes: int | None = Field(description="The most memory that a process had; null where it is not known.")


class CostRowModel(Wire):
    """What a task took; null where that is not known."""

    label: str
    differs: bool = Field(description="Whether processor time or memory of a quantum differ by more than a tenth.")
    values: list[CostModel | None]


class MetricModel(Wire):
    """A metric side by side; null where it was not measured."""

    source: str
    group: str
    name: str
    unit: str
    differs: bool
    values: list[float | None]
    base: int = Field(description="Which of them the others are held against: the first that was measured, from 0.")
    changes: list[float | None] = Field(description="Each less the base; null for the base.")
    relatives: list[float | None] = Field(description="The changes as parts of the base; null where that is 0.")


class OutputsModel(Wire):
    """What a site found of the datasets of the first and the last."""

    possible: bool
    why_not: str
    order: str | None
    status: OrderStatus | None
    types: list[ComparedType]


class ComparisonModel(Wire):
    """Campaigns side by side: only what differs, unless all was asked for."""

    subjects: list[SubjectModel]
    relations: list[Relation] = Field(description="What each has in common with the first.")
    same: int = Field(description="How many places of the definitions are the same in all.")
    fields: list[FieldModel]
    specifications: list[SpecRowModel] = Field(description="The commits that specifications in git were resolved to.")
    sets: list[SetModel]
    commands: list[CommandRowModel]
    inputs: list[InputModel] = Field(description="What the graphs were made from, less the campaign's own runs.")
    totals: list[QuantaCounts]
    meant: list[int | None] = Field(description="How many quanta the first steps could have at most, as the site found.")
    tasks: list[TaskModel]
    failures: list[FailureModel]
    failures_cut: bool = Field(description="Whether there are more sorts of failures than were counted.")
    efforts: list[EffortModel]
    costs: list[CostRowModel]
    total_costs: list[CostModel | None] = Field(description="What all tasks took; null where nothing is known.")
    metrics: list[MetricModel] = Field(description="The largest relative change first.")
    metrics_left_out: list[str] = Field(description="What was measured and is not compared, with why.")
    outputs: OutputsModel

    @classmethod
    def of(cls, comparison: Comparison, outputs: OutputsCompared, *, everything: bool) -> ComparisonModel:
        """Make the model of a comparison."""

        def wanted(rows: Sequence[Any]) -> list[Any]:
            return [row for row in rows if everything or row.differs]

        return cls(
            subjects=[SubjectModel.of(one) for one in comparison.subjects],
            relations=list(comparison.relations),
            same=sum(not row.differs for row in comparison.fields),
            fields=[FieldModel.of(row) for row in wanted(comparison.fields)],
            specifications=[
                SpecRowModel(
                    role=row.role,
                    differs=row.differs,
                    values=[SpecificationModel.of(pin) if pin else None for pin in row.cells],
                )
                for row in wanted(comparison.specs)
            ],
            sets=[
                SetModel(
                    name=row.name, differs=row.differs, values=[SetCellModel.of(cell) if cell else None for cell in row.cells]
                )
                for row in wanted(comparison.sets)
            ],
            commands=[
                CommandRowModel(
                    step=row.step, differs=row.differs, values=[list(cell) if cell is not None else None for cell in row.cells]
                )
                for row in wanted(comparison.commands)
            ],
            inputs=[
                InputModel(kind=row.kind, name=row.name, differs=row.differs, values=list(row.cells))
                for row in wanted(comparison.inputs)
            ],
            totals=list(comparison.totals),
            meant=list(comparison.meant),
            tasks=[TaskModel(label=row.label, differs=row.differs, values=list(row.cells)) for row in wanted(comparison.tasks)],
            failures=[_failure(row) for row in wanted(comparison.failures)],
            failures_cut=comparison.failures_cut,
            efforts=[EffortModel.of(effort) for effort in comparison.efforts],
            costs=[
                CostRowModel(label=row.label, differs=row.differs, values=[_cost(cell) for cell in row.cells])
                for row in wanted(comparison.costs)
            ],
            total_costs=[_cost(total) for total in comparison.total_costs],
            metrics=[MetricModel.model_validate(row) for row in wanted(comparison.metrics)],
            metrics_left_out=list(comparison.metrics_left_out),
            outputs=OutputsModel(
                possible=outputs.possible,
                why_not=outputs.why_not,
                order=outputs.order.id if outputs.order else None,
                status=outputs.order.status if outputs.order else None,
                types=list(outputs.types),
            ),
        )


class CompareOutputsBody(Wire):
    """Which datasets a site is to compare."""

    dataset_types: list[str] = Field(
        default_factory=list, max_length=1000, description="Only these; by default all but logs, metadata and configurations."
    )


def _cost(cost: Cost | None) -> CostModel | None:
    return None if cost is None else CostModel.model_validate(cost)


def _failure(row: Any) -> FailureModel:
    told = {name: getattr(row, name) for name in ("task", "status", "error", "pattern", "differs")}
    return FailureModel(**told, values=list(row.counts))
