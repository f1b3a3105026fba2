"""Whether sets fit a pipeline: judged for each part of it that is built by a query of its own."""

from __future__ import annotations

__all__ = ("Judgement", "applicability", "judge", "require_use")

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from lsst.daf.butler import DimensionUniverse
from lsst.pipe.base import PipelineGraph

from .._conditions import Fit, Fitness, SetCondition
from .._errors import DataIdSetDimensionsError, Problem
from .._settled import SettledCondition, settled

_USED = (Fitness.APPLIED, Fitness.TRANSLATED)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """How one set meets one independent part of a pipeline.

    Attributes
    ----------
    condition : `SetCondition`
        The set.
    tasks : `dict` [`str`, set of `str`]
        The dimensions of each of the part's tasks, by the tasks' labels.
    names : set of `str`
        All dimensions of the part.
    fit : `Fit`
        How the set meets them.
    """

    condition: SetCondition
    tasks: dict[str, Set[str]]
    names: Set[str]
    fit: Fit

    @property
    def is_use(self) -> bool:
        """Whether the set has an effect on this part (`bool`)."""
        return self.fit.fitness in _USED

    def removes_quanta(self, task: str) -> bool:
        """Whether the set decides on quanta of a task, not only on what they read."""
        return self.is_use and any(self._dimensions_of(way) <= self.tasks[task] for way in self.fit.ways)

    def fitness_for(self, task: str) -> Fitness:
        """Tell how the set meets a task."""
        as_it_is, *translated = self.fit.ways
        if translated and not self._dimensions_of(as_it_is) <= self.tasks[task] and self.removes_quanta(task):
            return Fitness.TRANSLATED
        return self.fit.fitness

    def _dimensions_of(self, way: Fit) -> set[str]:
        listed = set(self.condition.dimensions.required)
        return (listed - {way.path[0]}) | {way.path[-1]} if way.path else listed

    def applied(self) -> SettledCondition:
        """Give the condition for this part's query."""
        return settled(self.condition, self.fit)


def judge(pipeline_graph: PipelineGraph, conditions: Iterable[SetCondition]) -> list[Judgement]:
    """Hold sets against each independent part of a pipeline.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.PipelineGraph`
        The pipeline, resolved.
    conditions : iterable of `SetCondition`
        The sets.

    Returns
    -------
    judgements : `list` [`Judgement`]
        One for each set and part, in the order of the sets.
    """
    parts = []
    for part in pipeline_graph.split_independent():
        names = part.get_all_dimensions(prerequisites=False).names
        tasks: dict[str, Set[str]] = {label: node.dimensions.names for label, node in part.tasks.items()}
        parts.append((tasks, names))
    return [
        Judgement(condition=condition, tasks=tasks, names=names, fit=condition.fit_to_graph(names))
        for condition in conditions
        for tasks, names in parts
    ]


def require_use(judgements: Sequence[Judgement]) -> None:
    """Refuse sets that do not fit a part of the pipeline, or that have nothing to do with any of it.

    Raises
    ------
    DataIdSetDimensionsError
        If there are any; its problems name the tasks.
    """
    problems = [_unfit(each) for each in judgements if each.fit.fitness is Fitness.UNFIT]
    told = {id(each.condition) for each in judgements if each.is_use or each.fit.fitness is Fitness.UNFIT}
    for each in judgements:
        if id(each.condition) not in told:
            told.add(id(each.condition))
            problems.append(_useless(each.condition, [other for other in judgements if other.condition is each.condition]))
    if problems:
        raise DataIdSetDimensionsError(problems)


def _unfit(judgement: Judgement) -> Problem:
    condition = judgement.condition
    return Problem(
        code="dimensions_do_not_fit",
        where=f"{condition.role.value} {condition.label}",
        message=f"Its data IDs have {', '.join(condition.dimensions.required)}; the tasks {', '.join(judgement.tasks)} "
        f"have {', '.join(sorted(judgement.names))} and lack {', '.join(judgement.fit.missing)}.",
        remedy="Make the graph of these tasks without it, or project it to fewer dimensions with `butler combine-dataid-sets`.",
    )


def _useless(condition: SetCondition, judgements: Sequence[Judgement]) -> Problem:
    tasks = ", ".join(task for each in judgements for task in each.tasks)
    return Problem(
        code="set_without_effect",
        where=f"{condition.role.value} {condition.label}",
        message=f"Its data IDs have {', '.join(condition.dimensions.required)}; "
        f"no task of this graph has to do with them: {tasks}.",
        remedy="Leave it out, or use it for the step that it is meant for.",
    )


def applicability(
    pipeline_graph: PipelineGraph, conditions: Iterable[SetCondition], *, by_step: bool = True
) -> list[dict[str, Any]]:
    """Tell what sets would do to each task of a pipeline, without making a graph.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.PipelineGraph`
        The pipeline; it need not be resolved, and is not changed.
    conditions : iterable of `SetCondition`
        The sets; see `DataIdSets.conditions`.
    by_step : `bool`, optional
        Whether each of the pipeline's steps is judged for itself, as it is run; otherwise the whole pipeline is one graph.

    Returns
    -------
    entries : `list` [`dict`]
        One for each set, step and task, ready for JSON, with these keys: ``set``, ``role``, ``rule`` and ``visit_system``, what
        was asked; ``step`` and ``task``, where, with `None` for tasks of no step; ``fit``, one of ``applied``, ``translated``,
        ``not_applicable`` and ``unfit``; ``path``, what the set is translated over; ``missing``, the dimensions that are lacking;
        ``effect``, which is ``quanta`` where quanta of the task go, ``inputs`` where only some of what they read does, and
        ``none``.

    Notes
    -----
    A set that is ``unfit`` anywhere in a step, or ``not_applicable`` to all of its tasks, makes that step's graph fail.
    """
    listed = list(conditions)
    if not listed:
        return []
    entries: list[dict[str, Any]] = []
    for step, part in _steps(pipeline_graph, listed[0].dimensions.universe, by_step=by_step):
        for judgement in judge(part, listed):
            entries.extend(_entry(judgement, step, task) for task in judgement.tasks)
    return entries


def _steps(
    pipeline_graph: PipelineGraph, universe: DimensionUniverse, *, by_step: bool
) -> Iterator[tuple[str | None, PipelineGraph]]:
    """Give each step as a pipeline of its own, resolved, and the tasks of no step."""
    steps = list(pipeline_graph.steps) if by_step else []
    chosen: dict[str | None, set[str]] = {step: set(pipeline_graph.task_subsets[step]) for step in steps}
    others = set(pipeline_graph.tasks) - set().union(*chosen.values())
    if others:
        chosen[None] = others
    for step, tasks in chosen.items():
        part = pipeline_graph.copy()
        for label in list(part.task_subsets):
            part.remove_task_subset(label)
        part.remove_tasks(set(part.tasks) - tasks)
        # Registered dataset types could say no more of dimensions than the tasks do.
        part.resolve(dimensions=universe, dataset_types={}, visualization_only=True)
        yield step, part


def _entry(judgement: Judgement, step: str | None, task: str) -> dict[str, Any]:
    condition, fit = judgement.condition, judgement.fit
    effect = "none"
    if judgement.is_use:
        effect = "quanta" if judgement.removes_quanta(task) else "inputs"
    return {
        "set": condition.label,
        "role": condition.role.value,
        "rule": condition.rule.value,
        "visit_system": condition.visit_system,
        "step": step,
        "task": task,
        "fit": judgement.fitness_for(task).value,
        "path": list(fit.path),
        "missing": list(fit.missing),
        "effect": effect,
    }
