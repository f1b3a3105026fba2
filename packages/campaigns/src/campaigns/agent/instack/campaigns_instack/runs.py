"""Look at what ran without the service: a BPS submit directory, or collections of a Butler repository. Nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from lsst.daf.butler import Butler, CollectionType, MissingCollectionError

from campaigns_instack.faults import StackError
from campaigns_instack.graphs import load
from campaigns_instack.outputs import open_butler

__all__ = ("inspect_run",)

METADATA, LOG = "_metadata", "_log"
MAX_CONFIG = 100_000
MAX_RUNS = 200

FROM_REGISTRY = "metadata and logs in the registry"


def inspect_run(repository: str, submit_dir: str | None = None, collections: list[str] | None = None) -> dict[str, Any]:
    """Tell what is known of some runs.

    Parameters
    ----------
    repository : `str`
        The repository's root or configuration.
    submit_dir : `str`, optional
        A BPS submit directory.
    collections : `list` [`str`], optional
        RUN collections, or chains of which the RUN collections are meant that tasks have written to.

    Returns
    -------
    found : `dict`
        ``runs``, each with ``run`` and what is known of it; ``graph`` is the path of its quantum graph, where there is one.

    Raises
    ------
    StackError
        If there is no such directory or collection, or nothing in it that ran.
    """
    with open_butler(repository) as butler:
        runs: dict[str, dict[str, Any]] = {}
        if submit_dir is not None:
            found = _of_submit_dir(Path(submit_dir))
            runs[found["run"]] = found
        for name in collections or ():
            for run in _runs_of(butler, name):
                if run not in runs:
                    runs[run] = _of_run(butler, run)
    if len(runs) > MAX_RUNS:
        message = f"There are {len(runs)} runs; at most {MAX_RUNS} are taken into one campaign."
        raise StackError("too_many_runs", message, where="collections", remedy="Name fewer collections.")
    return {"runs": list(runs.values())}


def _runs_of(butler: Butler, name: str) -> list[str]:
    try:
        info = butler.collections.get_info(name)
        if info.type is CollectionType.RUN:
            return [name]
        below = butler.collections.query_info(name, flatten_chains=True, include_summary=True)
    except MissingCollectionError as error:
        raise StackError(
            "collection_not_found", f"The collection {name} does not exist.", where=name, remedy="Look how it is spelled."
        ) from error
    # Inputs such as raw data are part of many chains, and no task has written to them.
    runs = [
        one.name
        for one in below
        if one.type is CollectionType.RUN and any(_label(kind, METADATA) for kind in one.dataset_types or ())
    ]
    if not runs:
        message = f"No task has written to {name}, or to what is in it."
        raise StackError("nothing_ran", message, where=name, remedy="Name a collection that tasks have written to.")
    return runs


def _of_run(butler: Butler, run: str) -> dict[str, Any]:
    kinds = butler.collections.get_info(run, include_summary=True).dataset_types or ()
    labels = sorted({label for kind in kinds for ending in (METADATA, LOG) if (label := _label(kind, ending))})
    tasks = []
    for label in labels:
        succeeded, ran = _count(butler, label + METADATA, run, kinds), _count(butler, label + LOG, run, kinds)
        expected = max(succeeded, ran)
        if expected:
            told = {"expected": expected, "succeeded": succeeded, "failed": expected - succeeded}
            tasks.append({"label": label, "caveats": 0, "blocked": 0, "unknown": 0, **told})
    # Quanta that never ran have left nothing: what was expected of them is not known, and the service calls no such run ended.
    return {"run": run, "tasks": tasks, "registered": True, "source": FROM_REGISTRY}


def _label(kind: str, ending: str) -> str:
    return kind[: -len(ending)] if kind.endswith(ending) and len(kind) > len(ending) else ""


def _count(butler: Butler, kind: str, run: str, kinds: Any) -> int:
    if kind not in kinds:
        return 0
    with butler.query() as query:
        return query.datasets(kind, run).count(exact=False)


def _of_submit_dir(path: Path) -> dict[str, Any]:
    graph = next(iter(sorted(path.glob("*.qg"))), None) if path.is_dir() else None
    if graph is None:
        raise StackError(
            "no_submit_directory",
            f"There is no quantum graph in {path}." if path.is_dir() else f"There is no directory {path} here.",
            where="submit_dir",
            remedy="Give the directory that `bps submit` has told as its submit dir; older graphs (*.qgraph) are not read.",
        )
    try:
        read = load(str(graph))
    except (OSError, ValueError, LookupError, RuntimeError) as error:
        raise StackError("graph_unreadable", f"The quantum graph cannot be read: {error}", where=str(graph)) from error
    config = next(iter(sorted(path.glob("*_config.yaml"))), None)
    text = config.read_text(errors="replace")[:MAX_CONFIG] if config is not None else ""
    told = _settings(text)
    given = told.get("payload")
    payload: dict[str, Any] = given if isinstance(given, dict) else {}
    stamps = [one.stat().st_mtime_ns // 1000 for one in path.iterdir() if one.is_file()]
    return {
        "run": read.output_run,
        "graph": str(graph),
        "submit_dir": str(path),
        "bps_yaml": text,
        "pipeline": _text(told.get("pipelineYaml")),
        "data_query": _text(read.metadata.get("data_query") or payload.get("dataQuery")),
        "operator": _text(told.get("operator")),
        "workflow_system": _text(told.get("wmsServiceClass")),
        "inputs": _inputs(read.metadata.get("input") or payload.get("inCollection")),
        "started_us": (config or graph).stat().st_mtime_ns // 1000,
        "ended_us": max(stamps),
    }


def _settings(text: str) -> dict[str, Any]:
    try:
        told = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return told if isinstance(told, dict) else {}


def _text(value: Any) -> str:
    """Give a setting's text; one that BPS would still have to fill in tells nothing."""
    return value if isinstance(value, str) and "{" not in value else ""


def _inputs(value: Any) -> list[str]:
    if isinstance(value, str):
        return [name for name in value.replace(",", " ").split() if "{" not in name]
    return [str(name) for name in value] if isinstance(value, list | tuple) else []
