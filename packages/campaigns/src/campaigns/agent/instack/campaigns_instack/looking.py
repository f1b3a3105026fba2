"""Which outputs have some data IDs: before these are left out, people see what was made of them already."""

from __future__ import annotations

from typing import Any

from lsst.daf.butler import Butler, DatasetType

from campaigns_instack.outputs import open_butler
from campaigns_instack.sets import check_installed, fault_of

__all__ = ("find_outputs",)

IN_ONE_QUERY = 100

MAX_LOOKED = 10_000
"""About how many data IDs collections are asked at most, lists and ranges written out."""


def find_outputs(repository: str, collections: list[str], data_ids: list[dict[str, Any]]) -> dict[str, Any]:
    """Count the datasets that collections have of some data IDs.

    Parameters
    ----------
    repository : `str`
        The repository's root or configuration.
    collections : `list` [`str`]
        RUN collections.
    data_ids : `list` [`dict`]
        Data IDs of the same dimensions; lists and ranges stand for all their values.

    Returns
    -------
    result : `dict`
        ``outputs``, each with ``collection``, ``dataset_type`` and ``datasets``; none where there are no datasets. Or ``faults``,
        if these are no data IDs.

    Notes
    -----
    Counted are datasets that have the dimensions of the data IDs themselves, and those of the exposures of a visit. What was
    combined from several visits, as coadds are, is not: its data ID does not tell.
    """
    counted = []
    check_installed()
    with open_butler(repository) as butler:
        from dataid_sets import DataIdSetError  # noqa: PLC0415 - a stack may be without it
        from dataid_sets.files import parse_document  # noqa: PLC0415 - a stack may be without it

        try:
            table = parse_document(data_ids, universe=butler.dimensions, limit_rows=MAX_LOOKED)
        except DataIdSetError as error:
            remedy = "Give data IDs that all have the same dimensions, each with values of their types."
            faults = [fault_of(problem) for problem in error.problems]
            return {
                "faults": [{**one, "where": f"data_ids{one['where'] or ''}", "remedy": one["remedy"] or remedy} for one in faults]
            }
        expanded = table.arrow.select(sorted(table.dimensions.required)).to_pylist()
        for run in collections:
            summary = butler.collections.get_info(run, include_summary=True).dataset_types or ()
            for name in sorted(summary):
                number = _count(butler, butler.get_dataset_type(name), run, expanded)
                if number:
                    counted.append({"collection": run, "dataset_type": name, "datasets": number})
    return {"outputs": counted}


def _count(butler: Butler, dataset_type: DatasetType, run: str, data_ids: list[dict[str, Any]]) -> int:
    keys = {name for name in data_ids[0] if name not in butler.dimensions.governor_dimensions.names}
    own = set(dataset_type.dimensions.names)
    if not all(key in own or (key == "visit" and "exposure" in own) for key in keys):
        return 0
    number = 0
    for start in range(0, len(data_ids), IN_ONE_QUERY):
        where, bind = _condition(data_ids[start : start + IN_ONE_QUERY])
        found = butler.query_datasets(dataset_type, run, find_first=False, where=where, bind=bind, explain=False, limit=None)
        number += len(set(found))
    return number


def _condition(data_ids: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Make a query for any of some data IDs, and the values to be bound in it."""
    bind = {f"campaigns_{row}_{name}": value for row, data_id in enumerate(data_ids) for name, value in data_id.items()}
    rows = (" AND ".join(f"{name} = :campaigns_{row}_{name}" for name in data_id) for row, data_id in enumerate(data_ids))
    return " OR ".join(f"({row})" for row in rows), bind
