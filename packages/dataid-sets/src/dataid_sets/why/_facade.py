"""The asking of why; `DataIdSets` has it."""

from __future__ import annotations

__all__ = ("SetExplaining",)

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .._querying import SetQuerying
from .._uses import SetUses
from ._explanation import Explanation

if TYPE_CHECKING:
    from lsst.daf.butler import DataCoordinate


class SetExplaining(SetQuerying, SetUses):
    """The asking of why; `DataIdSets` has it."""

    def explain(
        self,
        collection: str,
        data_id: DataCoordinate | Mapping[str, Any],
        *,
        dataset_type: str | None = None,
        graph: str | None = None,
        inputs: str | Iterable[str] | None = None,
    ) -> Explanation:
        """Tell why a data ID is not in an output.

        Parameters
        ----------
        collection : `str`
            The output: a RUN, a chain with the runs of several attempts, or a TAGGED collection.
        data_id : `lsst.daf.butler.DataCoordinate` or mapping
            The data ID: a visit, an exposure, a visit and a detector, a tract, or any other.
        dataset_type : `str`, optional
            What is missed; by default all that tasks make of the data ID.
        graph : `str`, optional
            Where the quantum graph is; by default wherever `record_use` was told.
        inputs : `str` or iterable of `str`, optional
            The input collections; by default those of the graph, or else those of the chain that are no outputs.

        Returns
        -------
        explanation : `Explanation`
            The first reason that holds, in this order: it is there after all; the registry does not know it; the inputs have
            nothing of it; the data query does not select it; a set excludes it, or does not include it; a set that was used is
            gone, so that nobody can tell; nothing was planned for it; and, where something was, a task failed, was blocked by one
            that did, had no work, or did not run yet.

        Raises
        ------
        DataIdSetValueError
            If there is no such collection, dataset type, dimension or graph.

        Notes
        -----
        Without a graph, what is known comes from the output's datasets and the record of uses, which has the data query and the
        inputs. What tasks did is judged by their logs and metadata
        in the registry, where those of a batch system arrive only with its final job.
        """
        # This needs pipe_base, which the rest of the package does not.
        from ._explain import explain

        listed = None if inputs is None else [inputs] if isinstance(inputs, str) else list(inputs)
        return explain(self, collection, data_id, dataset_type=dataset_type, graph=graph, inputs=listed)
