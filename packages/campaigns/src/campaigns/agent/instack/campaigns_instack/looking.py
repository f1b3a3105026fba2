"""Which outputs have some data IDs: before these are left out, people see what was made of them already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from lsst.daf.butler import Butler, DatasetType

from campaigns_instack.combined import Made, Reached
from campaigns_instack.outputs import open_butler
from campaigns_instack.sets import check_installed, fault_of

__all__ = ("find_outputs",)

IN_ONE_QUERY = 100

MAX_FOLLOWED_S = 1200.0
"""Well below what the agent waits: what was found by the data IDs is told though not all graphs could be read."""

MAX_LOOKED = 10_000
"""About how many data IDs collections are asked at most, lists and ranges written out."""


def find_outputs(
    repository: str,
    collections: list[str],
    data_ids: list[dict[str, Any]],
    submissions: Sequence[Mapping[str, str | None]] = (),
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
    submissions : sequence of mapping, optional
        Whose graphs are followed: each with ``run`` and ``submit_dir``, in the order in which they ran.

    Returns
    -------
    result : `dict`
        ``outputs``, each with ``collection``, ``dataset_type`` and ``datasets``; none where there are no datasets; ``n_graphs``,
        how many graphs were read, and ``unread``, the runs whose graph was not. Or ``faults``, if these are no data IDs.

    Notes
    -----
    Counted are datasets that have the dimensions of the data IDs themselves, and those of the exposures of a visit. The data ID
    of what was combined from several visits, as coadds are, does not tell: that is found by the graphs, see `combined`.
    """
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
        found = _of_data_ids(butler, collections, expanded)
        reached = Reached(butler, expanded, found)
        reached.follow(submissions, within_s=MAX_FOLLOWED_S)
    for key, ids in reached.made.items():
        if key[0] in collections:
            found.setdefault(key, set()).update(ids)
    outputs = [
        {"collection": run, "dataset_type": name, "datasets": len(found[run, name])}
        for run, name in sorted(found, key=lambda key: (collections.index(key[0]), key[1]))
    ]
    return {"outputs": outputs, "n_graphs": reached.n_graphs, "unread": reached.unread}


def _of_data_ids(butler: Butler, collections: list[str], data_ids: list[dict[str, Any]]) -> Made:
    """Find the datasets that have some data IDs themselves."""
    found: Made = {}
    for run in collections:
        for name in butler.collections.get_info(run, include_summary=True).dataset_types or ():
            ids = _found(butler, butler.get_dataset_type(name), run, data_ids)
            if ids:
                found[run, name] = ids
    return found


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
