"""Writing down which sets a graph was made under, once it is made."""

from __future__ import annotations

__all__ = ("record_graph",)

from collections.abc import Iterable
from typing import Any

import sqlalchemy.exc
from lsst.daf.butler import Butler
from lsst.daf.butler.registry.interfaces import ReadOnlyDatabaseError
from lsst.resources import ResourcePath
from lsst.utils.logging import getLogger

from .._conditions import SetCondition
from .._errors import DataIdSetError
from .._sets import DataIdSets
from ._provenance import PROVENANCE_KEY

# Commands show what loggers below `lsst` say, and of others only warnings.
_LOG = getLogger("lsst.dataid_sets")


def record_graph(butler_config: Any, conditions: Iterable[SetCondition], header: Any, *, graph: str | None = None) -> bool:
    """Write down in the registry that sets were used for a graph, if this is allowed.

    Parameters
    ----------
    butler_config : convertible to `lsst.resources.ResourcePath`
        The repository; it is opened for writing for this moment alone.
    conditions : iterable of `SetCondition`
        The sets; data IDs of files are left out.
    header : `lsst.pipe.base.quantum_graph.HeaderModel`
        The graph's header, with the provenance of the sets in the order of the conditions. Its data query, its inputs and what it
        skips are written down, too, since graphs are not always saved.
    graph : `str`, optional
        Where the graph is saved.

    Returns
    -------
    recorded : `bool`
        Whether it was; if not, a warning tells why, and the graph's header has it in any case.
    """
    fits = header.metadata[PROVENANCE_KEY]
    asked = {
        "query": header.metadata.get("data_query") or "",
        "inputs": list(header.inputs),
        "skip_existing_in": list(header.metadata.get("skip_existing_in") or ()),
    }
    used = [(condition, fit) for condition, fit in zip(conditions, fits, strict=True) if condition.table is None]
    if not used:
        return True
    place = None if graph is None else ResourcePath(graph, forceDirectory=False)
    saved = None if place is None else (place.ospath if place.isLocal else place.geturl())
    try:
        with Butler.from_config(butler_config, writeable=True, without_datastore=True) as butler:
            sets = DataIdSets(butler)
            for condition, fit in used:
                translation = {**{key: fit[key] for key in ("rule", "visit_system", "fit", "path")}, **asked}
                sets.record_use(condition, kind="graph", collection=header.output_run, graph=saved, translation=translation)
    except (DataIdSetError, ReadOnlyDatabaseError, sqlalchemy.exc.SQLAlchemyError, OSError, RuntimeError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()
        _LOG.warning("The use of sets could not be recorded in the registry; the graph's header has it. %s", *reason[:1])
        return False
    return True
