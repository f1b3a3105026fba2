"""Which outputs have some data IDs: before these are left out, people see what was made of them already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from lsst.daf.butler import Butler, DatasetType

from campaigns_instack.combined import Reached
from campaigns_instack.outputs import open_butler
from campaigns_instack.sets import check_installed, fault_of

__all__ = ("find_outputs",)

IN_ONE_QUERY = 100

MAX_LOOKED = 10_000
"""About how many data IDs collections are asked at most, lists and ranges written out."""


def find_outputs(
    repository: str, collections: list[str], data_ids: list[dict[str, Any]], submit_dirs: Sequence[str] = ()
) -> dict[str, Any]:
    """Count the datasets that collections have of some data IDs, or that were made from these.

    Parameters
    ----------
    repository : `str`
        The repository's root or configuration.
    collections : `list` [`str`]
        RUN collections.
    data_ids : `list` [`dict`]
        Data IDs of the same dimensions; lists and ranges stand for all their values.
    submit_dirs : sequence of `str`, optional
        Where the graphs of submissions are, in the order in which they ran.

    Returns
    -------
    result : `dict`
        ``outputs``, each with ``collection``, ``dataset_type`` and ``datasets``; none where there are no datasets; ``n_graphs``,
        how many graphs were read, and ``unread``, submit directories without one. Or ``faults``, if these are no data IDs.

    Notes
    -----
    Counted are datasets that have the dimensions of the data IDs themselves, and those of the exposures of a visit. The data ID of
    what was combined from several visits, as coadds are, does not tell: that is found by the graphs.
    """
    counted, known = [], set()
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
                found = _found(butler, butler.get_dataset_type(name), run, expanded)
                known |= found
                if found:
                    counted.append({"collection": run, "dataset_type": name, "datasets": len(found)})
        reached = Reached(expanded, ids=set(known))
        reached.follow(submit_dirs)
        counted += reached.counted(butler, collections, known=known)
    return {"outputs": counted, "n_graphs": reached.n_graphs, "unread": reached.unread}


def _found(butler: Butler, dataset_type: DatasetType, run: str, data_ids: list[dict[str, Any]]) -> set[UUID]:
    keys = {name for name in data_ids[0] if name not in butler.dimensions.governor_dimensions.names}
    own = set(dataset_type.dimensions.names)
    if not all(key in own or (key == "visit" and "exposure" in own) for key in keys):
        return set()
    ids: set[UUID] = set()
    for start in range(0, len(data_ids), IN_ONE_QUERY):
        where, bind = _condition(data_ids[start : start + IN_ONE_QUERY])
        found = butler.query_datasets(dataset_type, run, find_first=False, where=where, bind=bind, explain=False, limit=None)
        ids |= {ref.id for ref in found}
    return ids


def _condition(data_ids: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Make a query for any of some data IDs, and the values to be bound in it."""
    bind = {f"campaigns_{row}_{name}": value for row, data_id in enumerate(data_ids) for name, value in data_id.items()}
    rows = (" AND ".join(f"{name} = :campaigns_{row}_{name}" for name in data_id) for row, data_id in enumerate(data_ids))
    return " OR ".join(f"({row})" for row in rows), bind
