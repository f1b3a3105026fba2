"""The pipelines of steps, with the configuration that a campaign gives their tasks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.resources import ResourcePath

from campaigns_instack.bpsfiles import read_bps
from campaigns_instack.faults import StackError

__all__ = ("both_queries", "bps_files_of", "load_step", "task_labels", "unused_overrides")


def task_labels(pipeline: str) -> list[str]:
    """List the labels of a pipeline's tasks; no task is imported.

    Parameters
    ----------
    pipeline : `str`
        Its URI, which may begin with a variable.
    """
    return list(_read(pipeline, "pipeline").task_labels)


def bps_files_of(step: dict[str, Any], where: str) -> dict[str, Any]:
    """Read the BPS files of a step, and tell of their faults by the step's place; see `read_bps`."""
    own = step.get("file")
    try:
        return read_bps([*step.get("include_configs", []), *([own] if own is not None else [])], own)
    except StackError as error:
        raise StackError(error.code, error.message, where=f"{where}.{error.where}", remedy=error.remedy) from error


def both_queries(settings: dict[str, Any], data_query: str) -> str:
    """Give the data query of a BPS file and the definition's, both of which must hold."""
    told = [query for query in (str(settings.get("payload", {}).get("dataQuery") or ""), data_query) if query.strip()]
    return told[0] if len(told) == 1 else " AND ".join(f"({query})" for query in told)


def load_step(uri: str, step: dict[str, Any], within: str) -> PipelineGraph:
    """Make the graph of a step's pipeline, configured as the campaign has it.

    Parameters
    ----------
    uri : `str`
        The pipeline.
    step : `dict`
        The step, with its ``name``, ``config_overrides`` and ``shared_overrides``.
    within : `str`
        The step's place in the definition.

    Raises
    ------
    StackError
        If the pipeline, a task or a file of configuration is not there, or they do not fit.
    """
    where = f"{within}.pipeline"
    pipeline = _read(uri, where)
    labels = list(pipeline.task_labels)
    for index, override in enumerate(step.get("shared_overrides", [])):
        if override["label"] in labels:
            _override(pipeline, override, f"config_overrides[{index}]")
    for index, override in enumerate(step.get("config_overrides", [])):
        place = f"{within}.config_overrides[{index}]"
        if override["label"] not in labels:
            raise _no_task(override["label"], f"The step {step['name']}", place, labels)
        _override(pipeline, override, place)
    try:
        graph = pipeline.to_graph()
    except ImportError as error:
        remedy = "Take a stack that has the package, or correct the task's class."
        raise StackError("task_not_found", f"A task of {uri} cannot be imported: {error}", where=where, remedy=remedy) from error
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        remedy = "Look at the pipeline's file, and at what the definition configures."
        raise StackError("pipeline_invalid", f"{uri} cannot be used: {error}", where=where, remedy=remedy) from error
    graph.sort()
    if not graph.tasks:
        remedy = "Name a subset that has tasks."
        raise StackError("pipeline_invalid", f"{uri} has no tasks.", where=where, remedy=remedy)
    return graph


def unused_overrides(steps: Sequence[dict[str, Any]], pipelines: Sequence[tuple[str, PipelineGraph]]) -> list[dict[str, Any]]:
    """Tell of configuration for all steps that is for a task of none.

    Parameters
    ----------
    steps : sequence of `dict`
        The steps; all have the same ``shared_overrides``.
    pipelines : sequence of (`str`, `PipelineGraph`)
        The name and the pipeline of each step.
    """
    labels = list(dict.fromkeys(label for _, graph in pipelines for label in graph.tasks))
    shared = steps[0].get("shared_overrides", []) if steps else []
    return [
        _no_task(override["label"], "The campaign", f"config_overrides[{index}].label", labels).as_dict()
        for index, override in enumerate(shared)
        if override["label"] not in labels
    ]


def _no_task(label: str, whose: str, where: str, labels: list[str]) -> StackError:
    remedy = f"Tasks there are: {', '.join(labels)}."
    return StackError("task_label_not_found", f"{whose} has no task {label}.", where=where, remedy=remedy)


def _read(uri: str, where: str) -> Pipeline:
    try:
        return Pipeline.from_uri(os.path.expandvars(uri))
    except FileNotFoundError as error:
        remedy = "Correct the path, and look whether the site can read it."
        raise StackError("pipeline_not_found", f"There is no pipeline {uri}.", where=where, remedy=remedy) from error
    except ImportError as error:
        remedy = "Take a stack that has the package, or correct the task's class."
        raise StackError("task_not_found", f"A task of {uri} cannot be imported: {error}", where=where, remedy=remedy) from error
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        remedy = "Look at the subset's name and at the pipeline's file."
        raise StackError("pipeline_invalid", f"{uri} cannot be used: {error}", where=where, remedy=remedy) from error


def _override(pipeline: Pipeline, override: dict[str, Any], where: str) -> None:
    path = override.get("file")
    if path is not None:
        found = os.path.expandvars(path)
        if not ResourcePath(found).exists():
            remedy = "Correct the path, which is one at the site or in the repository of the processing specification."
            raise StackError("override_not_found", f"There is no file {path}.", where=f"{where}.file", remedy=remedy)
        pipeline.addConfigFile(override["label"], found)
    for key, value in override.get("settings", {}).items():
        pipeline.addConfigOverride(override["label"], key, value)
