"""Look whether a campaign could run here: repository, collections, pipelines, data queries, BPS settings. Nothing is changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lsst.ctrl.bps import BPS_DEFAULTS, BPS_SEARCH_ORDER, BpsConfig
from lsst.daf.butler import (
    Butler,
    ButlerUserError,
    CollectionType,
    DimensionGroup,
    MissingCollectionError,
    MissingDatasetTypeError,
)
from lsst.daf.butler.queries import Query
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.resources import ResourcePath
from lsst.utils import doImportType

from campaigns_instack.faults import StackError
from campaigns_instack.outputs import open_butler
from campaigns_instack.pipelines import both_queries, bps_files_of, load_step, unused_overrides
from campaigns_instack.setlists import find_sets

__all__ = ("preflight",)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A step whose pipeline could be read."""

    name: str
    where: str
    needs: list[str]
    graph: PipelineGraph
    data_queries: list[str]


class Findings:
    """What preflight has found so far."""

    def __init__(self) -> None:
        self.faults: list[dict[str, str | None]] = []
        self.steps: list[dict[str, Any]] = []
        self.sets: list[dict[str, Any]] = []
        self.fits: list[dict[str, Any]] = []
        self.loaded: list[Loaded] = []

    @property
    def pipelines(self) -> list[tuple[str, PipelineGraph]]:
        """The name and the pipeline of each step that could be read (`list` [`tuple`])."""
        return [(loaded.name, loaded.graph) for loaded in self.loaded]

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Note a problem and go on with the next thing to look at."""
        try:
            yield
        except StackError as error:
            self.faults.append(error.as_dict())


def preflight(
    repository: str,
    input_collections: list[str],
    output: str,
    steps: list[dict[str, Any]],
    bps: dict[str, Any],
    instrument: str | None = None,
    sets: list[dict[str, Any]] | None = None,
    lists: list[dict[str, Any]] | None = None,
    skymap: str | None = None,
) -> dict[str, Any]:
    """Look at everything that can be looked at without running anything.

    Parameters
    ----------
    repository : `str`
        The repository's root or configuration.
    input_collections : `list` [`str`]
        Where the first steps read from.
    output : `str`
        The campaign's output collection.
    steps : `list` [`dict`]
        Each with ``name``, ``pipeline``, ``data_queries``, ``needs``, the steps before it, and ``translation``; and ``file``,
        ``include_configs`` and ``config_overrides``, and as ``shared_overrides`` those of all steps, where it has any.
    bps : `dict`
        The BPS settings, the site's and the campaign's.
    instrument : `str`, optional
        The instrument's name.
    sets : `list` [`dict`], optional
        The DataId sets, each with ``where``, ``reference``, ``role`` and ``step``, which is `None` for all steps.
    lists : `list` [`dict`], optional
        Lists of data IDs that stand for sets, each with ``name``, ``path`` and ``text``.
    skymap : `str`, optional
        The skymap's name.

    Returns
    -------
    findings : `dict`
        ``faults``, in the order they were found, each with ``code``, ``message``, ``where`` and ``remedy``; ``sets`` and
        ``fits``, as `find_sets` gives them; and ``steps``, each with ``name``, ``tasks`` (labels in order), ``awaits``, what it
        reads that steps before it make (dataset type to step), and ``groups``: ``data_query`` and, where nothing is awaited,
        ``quanta``, an upper bound by task.
    """
    findings = Findings()
    with findings.collect():
        _check_bps(bps)
    butler: Butler | None = None
    with findings.collect():
        butler = open_butler(repository)
        _check_repository(butler, findings, input_collections, output)
        for dimension, name in (("instrument", instrument), ("skymap", skymap)):
            if name is not None:
                with findings.collect():
                    _check_known(butler, dimension, name)
    # What is wrong with the inputs is told once, not again as the reason why every step finds nothing.
    searched = None if any("input_collections" in (fault["where"] or "") for fault in findings.faults) else input_collections
    for index, step in enumerate(steps):
        with findings.collect():
            _load(findings, step, f"steps[{index}]")
    for loaded in findings.loaded:
        _check_step(butler, findings, loaded, searched, _made_before(loaded, findings.loaded))
    if len(findings.loaded) == len(steps):
        findings.faults.extend(unused_overrides(steps, findings.pipelines))
    if butler is not None:
        butler.close()
        if sets:
            with findings.collect():
                translations = {step["name"]: step.get("translation") or {} for step in steps}
                told = find_sets(repository, sets, findings.pipelines, translations, lists or [])
                findings.sets.extend(told["sets"])
                findings.fits.extend(told["fits"])
                findings.faults.extend(told["faults"])
    return {"faults": findings.faults, "steps": findings.steps, "sets": findings.sets, "fits": findings.fits}


def _check_includes(bps: dict[str, Any]) -> None:
    included = bps.get("includeConfigs", "")
    for name in included if isinstance(included, list) else re.split(r"[,\s]+", str(included).strip()):
        if name and not ResourcePath(os.path.expandvars(name)).exists():
            raise StackError(
                "include_not_found",
                f"There is no BPS configuration {name} to include.",
                where="bps.includeConfigs",
                remedy="Correct the path, which is one at the site, or a resource of the stack.",
            )


def _check_bps(bps: dict[str, Any]) -> None:
    _check_includes(bps)
    wms_class = bps.get("wmsServiceClass", BPS_DEFAULTS["wmsServiceClass"])
    try:
        # BPS imports the class while it merges the defaults of its plugin in.
        BpsConfig(bps, search_order=BPS_SEARCH_ORDER, defaults=BPS_DEFAULTS)
        doImportType(wms_class)
    except (ImportError, TypeError) as error:
        raise StackError(
            "wms_not_found",
            f"The WMS service class {wms_class} cannot be imported: {error}.",
            where="bps.wmsServiceClass",
            remedy="Name a class that the stack has, or take a stack with that plugin.",
        ) from error
    site = bps.get("computeSite")
    if site is not None and "site" in bps and site not in bps["site"]:
        known = ", ".join(sorted(bps["site"])) or "none"
        raise StackError(
            "compute_site_not_found",
            f"BPS has no compute site {site!r}.",
            where="bps.computeSite",
            remedy=f"Known here: {known}.",
        )


def _check_repository(butler: Butler, findings: Findings, input_collections: list[str], output: str) -> None:
    for index, name in enumerate(input_collections):
        with findings.collect():
            _check_input(butler, name, f"input_collections[{index}]", output)
    with findings.collect():
        _check_output(butler, output)


def _check_input(butler: Butler, name: str, where: str, output: str) -> None:
    try:
        parts = butler.collections.query(name, flatten_chains=True, include_chains=True)
    except MissingCollectionError as error:
        raise StackError(
            "collection_not_found",
            f"There is no collection {name} in the repository.",
            where=where,
            remedy="Correct the name, or ingest and chain the inputs first.",
        ) from error
    # That no name in the definition is a user's own, its rules have seen to.
    own = [part for part in parts if part.startswith("u/")]
    if own and not output.startswith("u/"):
        raise StackError(
            "user_input",
            f"The shared output {output} would be made from {own[0]}, within {name}, which is a user's own and may change or go.",
            where=where,
            remedy="Take a chain without it as input, or give an output below `u/`.",
        )


def _check_output(butler: Butler, output: str) -> None:
    try:
        info = butler.collections.get_info(output)
    except MissingCollectionError:
        return
    if info.type is not CollectionType.CHAINED:
        raise StackError(
            "not_chained",
            f"{output} exists already and is a {info.type.name} collection; the campaign's output has to be a chain.",
            where="output",
            remedy="Give the campaign another output collection.",
        )


def _check_known(butler: Butler, dimension: str, name: str) -> None:
    known = sorted(str(record.dataId[dimension]) for record in butler.query_dimension_records(dimension, explain=False))
    if name not in known:
        raise StackError(
            f"{dimension}_not_found",
            f"The repository knows no {dimension} {name}.",
            where=dimension,
            remedy=f"Known there: {', '.join(known) or 'none'}.",
        )


def _load(findings: Findings, step: dict[str, Any], where: str) -> None:
    settings = bps_files_of(step, where)
    own = step.get("file") is not None
    graph = load_step(settings["pipelineYaml"] if own else step["pipeline"], step, where)
    queries = [both_queries(settings, query) if own else query for query in step["data_queries"]]
    findings.loaded.append(Loaded(step["name"], where, list(step.get("needs", ())), graph, queries))


def _made_before(step: Loaded, steps: list[Loaded]) -> dict[str, str]:
    """Give what a step reads that others make which come before it: the dataset type, and the step."""
    by_name = {one.name: one for one in steps}
    before: list[str] = []
    wanted = list(step.needs)
    while wanted:
        if (name := wanted.pop()) not in before:
            before.append(name)
            wanted += by_name[name].needs if name in by_name else []
    made = {
        edge.parent_dataset_type_name: name
        for name in before
        if name in by_name
        for task in by_name[name].graph.tasks.values()
        for edge in task.iter_all_outputs()
    }
    return {name: made[name] for name, _ in step.graph.iter_overall_inputs() if name in made}


def _check_step(
    butler: Butler | None, findings: Findings, step: Loaded, input_collections: list[str] | None, awaits: dict[str, str]
) -> None:
    groups: list[dict[str, Any]] = []
    findings.steps.append({"name": step.name, "tasks": list(step.graph.tasks), "awaits": awaits, "groups": groups})
    if butler is None:
        return
    step.graph.resolve(butler.registry)
    for number, data_query in enumerate(step.data_queries):
        group: dict[str, Any] = {"data_query": data_query}
        groups.append(group)
        with findings.collect():
            collections = None if awaits else input_collections
            where = f"{step.where}.data_queries[{number}]"
            group["quanta"] = _count(butler, step.graph, data_query, where=where, collections=collections)


def _count(
    butler: Butler, graph: PipelineGraph, data_query: str, *, where: str, collections: list[str] | None
) -> dict[str, int] | None:
    """Count the data IDs each task could run on; without collections only look whether the query can be understood."""
    counts: dict[str, int] = {}
    try:
        for part in graph.split_independent():
            with butler.query() as empty:
                dimensions = DimensionGroup.union(*(task.dimensions for task in part.tasks.values()), universe=butler.dimensions)
                query = empty.join_dimensions(dimensions).where(part.data_id, data_query)
                if collections is None:
                    continue
                query = _join_inputs(query, part, collections, where)
                for label, task in part.tasks.items():
                    counts[label] = query.data_ids(task.dimensions).count(exact=False)
                if not any(counts[label] for label in part.tasks):
                    _explain(query, where)
    except (ButlerUserError, LookupError, ValueError, RuntimeError, TypeError) as error:
        raise StackError(
            "data_query_invalid",
            f"The data query cannot be used: {error}",
            where=where,
            remedy="Correct the expression; strings are in single quotes, and dimensions must belong to the pipeline's.",
        ) from error
    return None if collections is None else counts


def _join_inputs(query: Query, graph: PipelineGraph, collections: list[str], where: str) -> Query:
    for name, node in graph.iter_overall_inputs():
        if node is None or node.is_prerequisite or not node.dimensions:
            continue
        try:
            query = query.join_dataset_search(name, collections)
        except MissingDatasetTypeError as error:
            raise StackError(
                "inputs_not_found",
                f"The repository has no datasets of type {name}, which the pipeline reads.",
                where=where,
                remedy="Look whether the step needs another one before it, or whether the inputs were ingested.",
            ) from error
    return query


def _explain(query: Query, where: str) -> None:
    reasons = "; ".join(str(reason) for reason in query.explain_no_results())
    raise StackError(
        "no_data",
        f"The data query matches nothing in the input collections. {reasons}".strip(),
        where=where,
        remedy="Widen the data query, or look whether the inputs were ingested and chained.",
    )
