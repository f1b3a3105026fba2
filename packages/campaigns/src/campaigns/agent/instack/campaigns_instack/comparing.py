"""Which datasets are in the runs of one campaign and not in those of another."""

from __future__ import annotations

from typing import Any

from lsst.daf.butler import Butler, MissingCollectionError

from campaigns_instack.faults import StackError
from campaigns_instack.outputs import open_butler

__all__ = ("compare_outputs",)

PASSED_OVER = ("_log", "_metadata", "_config")
"""How the names end of dataset types that tell of quanta; what became of those is known already."""

MAX_TOLD = 20
"""How many data IDs are told of each dataset type and each side."""

DataId = tuple[tuple[str, Any], ...]


def compare_outputs(repository: str, before: list[str], after: list[str], dataset_types: list[str]) -> dict[str, Any]:
    """Compare the datasets of two lists of runs by dataset type and data ID.

    Parameters
    ----------
    repository : `str`
        The repository's root or configuration.
    before, after : `list` [`str`]
        RUN collections.
    dataset_types : `list` [`str`]
        Only these; empty for all but logs, metadata, configurations and packages.

    Returns
    -------
    result : `dict`
        ``types``: each with ``dataset_type``; ``only_before``, ``only_after`` and ``both``, which count data IDs; and the first
        data IDs of those in one only as ``first_before`` and ``first_after``. The types that differ most come first.

    Raises
    ------
    StackError
        If a run does not exist.
    """
    with open_butler(repository) as butler:
        runs = {run: _types(butler, run) for run in dict.fromkeys([*before, *after])}
        known = sorted({name for names in runs.values() for name in names})
        wanted = set(dataset_types)
        names = [name for name in known if (name in wanted if wanted else _is_told(name))]
        types = [_compared(butler, name, _having(name, before, runs), _having(name, after, runs)) for name in names]
    types.sort(key=lambda one: (-(one["only_before"] + one["only_after"]), one["dataset_type"]))
    return {"types": types}


def _types(butler: Butler, run: str) -> frozenset[str]:
    try:
        return frozenset(butler.collections.get_info(run, include_summary=True).dataset_types or ())
    except MissingCollectionError as error:
        raise StackError(
            "collection_not_found",
            f"The collection {run} does not exist any more.",
            where=run,
            remedy="Somebody removed it; the campaigns can be compared by all but their datasets.",
        ) from error


def _is_told(name: str) -> bool:
    return not name.endswith(PASSED_OVER) and name != "packages"


def _having(name: str, collections: list[str], runs: dict[str, frozenset[str]]) -> list[str]:
    return [run for run in collections if name in runs[run]]


def _compared(butler: Butler, name: str, before: list[str], after: list[str]) -> dict[str, Any]:
    old, new = _data_ids(butler, name, before), _data_ids(butler, name, after)
    return {
        "dataset_type": name,
        "only_before": len(old - new),
        "only_after": len(new - old),
        "both": len(old & new),
        "first_before": _first(old - new),
        "first_after": _first(new - old),
    }


def _data_ids(butler: Butler, name: str, runs: list[str]) -> set[DataId]:
    if not runs:
        return set()
    found = butler.query_datasets(name, runs, find_first=False, explain=False, limit=None)
    return {tuple(ref.dataId.required.items()) for ref in found}


def _first(data_ids: set[DataId]) -> list[dict[str, Any]]:
    # Values of one dimension are all numbers or all texts.
    return [dict(data_id) for data_id in sorted(data_ids)[:MAX_TOLD]]
