"""Making quantum graphs under sets."""

from __future__ import annotations

__all__ = ("SetQuantumGraphBuilder",)

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from lsst.daf.butler import Butler
from lsst.daf.butler.queries import Query
from lsst.pipe.base import PipelineGraph
from lsst.pipe.base.quantum_graph import PredictedQuantumGraphComponents

from .._conditions import SetCondition
from .._internals import Inside
from .._query import open_query
from .._sets import DataIdSets
from ._fitness import Judgement, judge, require_use
from ._provenance import PROVENANCE_KEY, provenance
from ._stock import QueryingBuilder


class SetQuantumGraphBuilder(QueryingBuilder):  # type: ignore[misc] # as the base is
    """The standard builder of quantum graphs, under sets.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.PipelineGraph`
        The pipeline.
    butler : `lsst.daf.butler.Butler`
        The Butler; it need not be allowed to write.
    conditions : iterable of `SetCondition`, optional
        The sets; see `DataIdSets.conditions`. Without any, graphs are those of the standard builder.
    **stock : `typing.Any`
        What `lsst.pipe.base.all_dimensions_quantum_graph_builder.AllDimensionsQuantumGraphBuilder` takes.

    Raises
    ------
    DataIdSetDimensionsError
        If a set does not fit one of the pipeline's independent parts, or has nothing to do with any of them.
    UnsupportedButlerError
        If there are sets, and the Butler has no registry database of its own.

    Notes
    -----
    Sets hold for the data IDs that quanta are made of, not for prerequisite inputs, and for datasets only as far as data IDs of
    quanta lead to them. Where a set has more dimensions than a task, a quantum of that task stays as long as one of its data IDs
    does: of two tracts that a visit overlaps, one may be excluded.

    Only `finish` writes of the sets into the graph's header; the old `build` does not.
    """

    def __init__(
        self, pipeline_graph: PipelineGraph, butler: Butler, *, conditions: Iterable[SetCondition] = (), **stock: Any
    ) -> None:
        self._conditions = list(conditions)
        self._judgements: list[Judgement] = []
        super().__init__(pipeline_graph, butler, **stock)
        if self._conditions:
            self._inside = Inside(self.butler)
            self._judgements = judge(pipeline_graph, self._conditions)
            require_use(self._judgements)

    def open_query(self, butler: Butler, tasks: PipelineGraph) -> AbstractContextManager[Query]:
        """Open the query for one part of the pipeline, under the sets that have to do with it."""
        if not self._conditions:
            return butler.query()
        first = next(iter(tasks.tasks))
        mine = [each for each in self._judgements if first in each.tasks]
        for each in mine:
            if not each.is_use:
                self.log.info("%s has nothing to do with the tasks %s.", each.condition.label, ", ".join(each.tasks))
        return open_query(self._inside, [each.applied() for each in mine if each.is_use])

    def finish(
        self,
        output: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        attach_datastore_records: bool = True,  # noqa: FBT001, FBT002
    ) -> PredictedQuantumGraphComponents:
        """Make the graph; its header's metadata tells of the sets under ``dataid_sets``.

        Raises
        ------
        DataIdSetConflictError
            If a set was removed meanwhile, or may no longer be read.
        """
        if not self._conditions:
            return super().finish(output, metadata=metadata, attach_datastore_records=attach_datastore_records)
        sets = DataIdSets(self.butler)
        sets.require_there(self._conditions)
        metadata = {**(metadata or {}), PROVENANCE_KEY: provenance(sets, self._judgements)}
        finished = super().finish(output, metadata=metadata, attach_datastore_records=attach_datastore_records)
        # The queries are over. A set that was removed before them would have excluded nothing.
        sets.require_there(self._conditions)
        return finished
