"""Every use of a name that pipe_base and ctrl_mpexec keep to themselves.

Neither has a place where a builder's first query, or the builder itself, could be exchanged. What this subpackage needs of their
inside is here, and nowhere else; ``tests/pipetask/test_contract.py`` is the contract, to be run against each new release.
"""

from __future__ import annotations

__all__ = ("QueryingBuilder", "exchanged", "stock_group", "stock_script")

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any, cast

import click
from lsst.daf.butler import Butler
from lsst.daf.butler.queries import Query
from lsst.pipe.base import PipelineGraph
from lsst.pipe.base.all_dimensions_quantum_graph_builder import AllDimensionsQuantumGraphBuilder


class QueryingBuilder(AllDimensionsQuantumGraphBuilder):  # type: ignore[misc]
    """The standard builder, with the query that all data IDs come from left to a subclass.

    Notes
    -----
    The standard builder is final for type checkers, so that its methods may be renamed without notice. It asks one query for each
    independent part of a pipeline, and everything else in the graph is a projection of the rows.
    """

    @abstractmethod
    def open_query(self, butler: Butler, tasks: PipelineGraph) -> AbstractContextManager[Query]:
        """Open the query that the data IDs of an independent part of the pipeline come from.

        Parameters
        ----------
        butler : `lsst.daf.butler.Butler`
            The builder's Butler.
        tasks : `lsst.pipe.base.PipelineGraph`
            The part.

        Returns
        -------
        query : context manager of `lsst.daf.butler.queries.Query`
            The query, for as long as it is needed.
        """

    def _query_for_data_ids(self, tree: Any) -> None:
        butler = self.butler
        self.butler: Any = _QueryingButler(butler, lambda: self.open_query(butler, tree.subgraph))
        try:
            super()._query_for_data_ids(tree)
        finally:
            self.butler = butler


class _QueryingButler:
    """A Butler of which only `query` is another."""

    def __init__(self, butler: Butler, query: Callable[[], AbstractContextManager[Query]]) -> None:
        self._butler = butler
        self.query = query

    def __getattr__(self, name: str) -> Any:
        return getattr(self._butler, name)


def stock_group() -> click.Group:
    """Give the whole of stock ``pipetask``."""
    from lsst.ctrl.mpexec.cli import pipetask

    return pipetask.cli


def stock_script() -> Callable[..., Any]:
    """Give the function that makes and saves a graph, for ``qgraph`` and for ``run``."""
    script: Callable[..., Any] = _script_module().qgraph
    return script


def _script_module() -> Any:
    # As an attribute of the package this is the function of the same name.
    return import_module("lsst.ctrl.mpexec.cli.script.qgraph")


@contextmanager
def exchanged(*, builder: Callable[..., Any], script: Callable[..., Any]) -> Iterator[None]:
    """Let stock commands make graphs by another builder and another script, within this block only.

    Parameters
    ----------
    builder : callable
        What makes a builder; it takes a pipeline graph, a Butler, and what the standard one takes.
    script : callable
        What is called in place of `stock_script`, with the same arguments.
    """
    module, package = _script_module(), cast("Any", import_module("lsst.ctrl.mpexec.cli.script"))
    before = module.AllDimensionsQuantumGraphBuilder, package.qgraph
    module.AllDimensionsQuantumGraphBuilder, package.qgraph = builder, script
    try:
        yield
    finally:
        module.AllDimensionsQuantumGraphBuilder, package.qgraph = before
